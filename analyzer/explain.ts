import type { Value } from '../sensor/observation.ts';
import { type Fact, factText } from './fact.ts';
import { fill } from './rules/template.ts';

/** Values of one list that a sentence names; the rest is counted. */
const MAX_LISTED = 8;
const MAX_SENTENCE = 1000;

/** A value as a sentence says it. */
export function valueText(value: Value | undefined): string {
  if (value === null || value === undefined) return 'unknown';
  if (!Array.isArray(value)) return typeof value === 'object' ? JSON.stringify(value) : String(value);
  const shown = value.slice(0, MAX_LISTED).map(valueText).join(', ');
  return value.length > MAX_LISTED ? `${shown} and ${value.length - MAX_LISTED} more` : shown;
}

/** The nearest facts as a sentence part, `nothing of the kind` when none were learned. */
export function nearestText(facts: readonly Fact[]): string {
  if (facts.length === 0) return 'nothing of the kind';
  return facts.slice(0, 3).map(factText).join('; ');
}

/** Units of time, and how many ms of them are said in it: two units would be more than a sentence needs. */
const SPANS: [below: number, size: number, unit: string][] = [
  [1000, 1, 'ms'],
  [120_000, 1000, 's'],
  [7_200_000, 60_000, 'min'],
  [172_800_000, 3_600_000, 'h'],
  [730 * 86_400_000, 86_400_000, 'days'],
  [Number.POSITIVE_INFINITY, 365.25 * 86_400_000, 'years'],
];

/** `ms` as a span of time in words, such as `-1.5 s` or `64 h`. */
export function spanText(ms: number): string {
  const [, size, unit] = SPANS.find(([below]) => Math.abs(ms) < below) ?? (SPANS.at(-1) as (typeof SPANS)[number]);
  const amount = ms / size;
  return `${Math.abs(amount) < 10 ? Math.round(amount * 10) / 10 : Math.round(amount)} ${unit}`;
}

/** Fills the places of a rule's sentence. */
export function explain(template: string, get: (name: string) => Value | undefined): string {
  const text = fill(template, ({ name, form }) => {
    const value = get(name);
    return form === 'time' && typeof value === 'number' ? spanText(value) : valueText(value);
  });
  return text.slice(0, MAX_SENTENCE);
}
