/** What a finding saw, beside what is normal. Everything here came off the wire: text is cut, lists are bounded. */
import type { Fact } from '../analyzer/fact.ts';
import type { Finding } from '../analyzer/finding.ts';
import { value } from './figures.ts';

/** Fields shown of one observation. */
export const MAX_FIELDS = 120;
const MAX_TEXT = 300;
const MAX_DEPTH = 6;

/** Any value as one line of text. Never hands an object on to a template. */
export function text(of: unknown): string {
  if (of === null || of === undefined) return '';
  if (typeof of === 'string') return cut(of);
  if (typeof of === 'number') return value(of);
  if (typeof of === 'boolean') return String(of);
  if (Array.isArray(of) && of.every((one) => typeof one !== 'object' || one === null))
    return cut(of.slice(0, 64).map(text).join(', ') + (of.length > 64 ? `, … (${of.length})` : ''));
  return cut(JSON.stringify(of) ?? '');
}

const cut = (long: string): string => (long.length > MAX_TEXT ? `${long.slice(0, MAX_TEXT)}…` : long);

/** Named values told of one transaction. */
const MAX_NAMED = 12;
const STATES: { [state: string]: string } = {
  low: ' (below its limit)',
  high: ' (above its limit)',
  undecided: ' (word order not known)',
  unreadable: ' (no value)',
};

/** `Tank level 12.3 m; Pump 1 on`: values that the tag list names, as `modbus.tags` holds them. */
export function named(tags: unknown): string {
  if (!Array.isArray(tags)) return text(tags);
  const told = tags.slice(0, MAX_NAMED).map((tag: { name?: unknown; value?: unknown; unit?: unknown; state?: unknown } | null) => {
    const value = typeof tag?.value === 'boolean' ? (tag.value ? 'on' : 'off') : text(tag?.value);
    return `${[text(tag?.name), value, text(tag?.unit)].filter((part) => part !== '').join(' ')}${STATES[String(tag?.state)] ?? ''}`;
  });
  return cut(told.join('; ') + (tags.length > MAX_NAMED ? `; and ${tags.length - MAX_NAMED} more` : ''));
}

/** A field's value as one line of text. */
export const fieldText = (name: string, value: unknown): string => (name === 'modbus.tags' ? named(value) : text(value));

/** Nested JSON as dotted fields, in order; lists stay whole. */
export function flatten(nested: { [key: string]: unknown }): Map<string, unknown> {
  const flat = new Map<string, unknown>();
  const walk = (at: { [key: string]: unknown }, prefix: string, depth: number): void => {
    for (const [key, one] of Object.entries(at)) {
      if (flat.size >= MAX_FIELDS) return;
      const name = (prefix === '' ? key : `${prefix}.${key}`).slice(0, 200);
      if (one !== null && typeof one === 'object' && !Array.isArray(one) && depth < MAX_DEPTH) walk(one as { [key: string]: unknown }, name, depth + 1);
      else flat.set(name, one);
    }
  };
  walk(nested, '', 0);
  return flat;
}

export type Cell = { text: string; differs: boolean };
export type Line = { label: string; mono: boolean; seen: string; normal: Cell[] };

/** Facts that stand beside what was seen. */
export const MAX_BESIDE = 3;

/** One line a property, so that what differs stands side by side. Lines about which neither side says anything are left out. */
export function compare(finding: Finding): Line[] {
  const seen = flatten(finding.seen);
  const at = (...names: string[]): string => text(names.map((name) => seen.get(name)).find((one) => one !== undefined && one !== null));
  const facts = finding.expected.slice(0, MAX_BESIDE);
  const writes = at('modbus.access', 'opcua.access') === 'write';
  const line = (label: string, mono: boolean, here: string, of: (fact: Fact) => string): Line => ({
    label,
    mono,
    seen: here,
    normal: facts.map((fact) => cell(here, of(fact))),
  });
  const lines = [
    line('Client', true, at('source.ip', 'source.mac') || (finding.actor.ip ?? ''), (fact) => clients(fact, writes)),
    line('Server', true, at('destination.ip', 'destination.mac') || (finding.target.ip ?? ''), (fact) => fact.server),
    line('Port', true, at('destination.port'), (fact) => (fact.port > 0 ? String(fact.port) : '')),
    line('Unit', true, at('modbus.unit_id'), (fact) => (fact.unit >= 0 ? String(fact.unit) : '')),
    line('Operation', false, at('modbus.function', 'opcua.service', 'opcua.message_type', 'event.action'), (fact) =>
      fact.kind === 'operation' ? fact.what : '',
    ),
    line('Access', false, at('modbus.access', 'opcua.access'), (fact) => fact.access),
    line('Point', true, at('modbus.range', 'modbus.address', 'opcua.node_id', 'opcua.node_ids'), (fact) => (fact.kind === 'point' ? fact.what : '')),
    line('Named', false, named(seen.get('modbus.tags')), () => ''),
    line('Value', true, at('modbus.values', 'opcua.value', 'opcua.values'), (fact) =>
      fact.range === null ? '' : `${value(fact.range.min)} to ${value(fact.range.max)}`,
    ),
  ];
  return lines.filter((one) => one.seen !== '' || one.normal.some((cell) => cell.text !== ''));
}

function clients(fact: Fact, writes: boolean): string {
  if (fact.kind !== 'point') return fact.client;
  const parties = writes ? [...fact.writers, ...(fact.callers ?? [])] : [...fact.readers, ...(fact.watchers ?? [])];
  return [...new Set(parties)].slice(0, 8).join(', ') || (writes ? 'nobody writes it' : 'nobody reads it');
}

function cell(seen: string, normal: string): Cell {
  return { text: cut(normal), differs: seen !== '' && normal !== '' && !normal.split(', ').includes(seen) && !inRange(seen, normal) };
}

function inRange(seen: string, normal: string): boolean {
  const match = /^(-?[\d.e+-]+) to (-?[\d.e+-]+)$/.exec(normal);
  if (match === null) return false;
  return seen.split(', ').every((one) => Number(one) >= Number(match[1]) && Number(one) <= Number(match[2]));
}

/** Numbers that were seen, and the range of the first fact that has one; null when there is nothing to draw. */
export function scale(finding: Finding): { seen: number[]; min: number; max: number } | null {
  const range = finding.expected.find((fact) => fact.range !== null)?.range;
  if (range === undefined || range === null || !Number.isFinite(range.min) || !Number.isFinite(range.max)) return null;
  const fields = flatten(finding.seen);
  const values = ['modbus.values', 'opcua.value', 'opcua.values'].map((name) => fields.get(name)).find((one) => one !== undefined && one !== null);
  const seen = [values].flat().filter((one) => typeof one === 'number' && Number.isFinite(one)) as number[];
  return seen.length === 0 ? null : { seen: seen.slice(0, 32), min: range.min, max: range.max };
}
