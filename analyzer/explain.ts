import type { Value } from '../sensor/observation.ts';
import { type Fact, factText } from './fact.ts';

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

/** Fills `{field}` places of a rule's sentence. */
export function explain(template: string, get: (name: string) => Value | undefined): string {
  return template.replace(/\{([^{}]+)\}/g, (_, name: string) => valueText(get(name.trim()))).slice(0, MAX_SENTENCE);
}
