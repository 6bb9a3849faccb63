/** Values as Elasticsearch takes them, so that nothing the wire says makes it refuse a document. */
import { isIP } from 'node:net';
import type { MappingType } from './fields.ts';

/** Bytes of a term (Lucene's IndexWriter.MAX_TERM_LENGTH). */
const MAX_TERM = 32_766;
/** Values of one list that can be searched. */
const MAX_VALUES = 256;
/** Characters of a word that is one term; what is longer is several that overlap. */
const WORD = 8000;
/** Of objects whose keys the wire decides: levels, and characters of a key. */
const DEPTH = 12;
const MAX_KEY = 256;

/** The text as one term: as it is, or as much of its beginning as fits. */
export function exact(text: string): string {
  if (text.length * 3 <= MAX_TERM || Buffer.byteLength(text) <= MAX_TERM) return text;
  return Buffer.from(text)
    .subarray(0, MAX_TERM - 3)
    .toString()
    .replace(/\ufffd+$/, '');
}

/** An address as ECS's type `ip` takes it; undefined for any other text. */
export const ipOf = (text: string | null | undefined): string | undefined =>
  text !== null && text !== undefined && isIP(text) !== 0 && !text.includes('%') ? text : undefined;

/** `00-1D-9C-C0-FF-EE` (RFC 7042), as ECS has it. */
export const macOf = (text: string): string => text.replaceAll(':', '-').toUpperCase();

/** Words as they are searched, whole or in pieces: see `containing` in search.ts. */
export function wordsOf(searchable: string): string[] {
  const found = new Set<string>();
  for (const word of searchable.split(/\s+/)) {
    if (word.length <= WORD) found.add(word);
    else for (let from = 0; from < word.length; from += WORD / 2) found.add(word.slice(from, from + WORD));
  }
  found.delete('');
  return [...found];
}

type Scalar = string | number | boolean;

const scalar = (value: unknown): Scalar =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : JSON.stringify(value);

const CONVERT: { [type in MappingType]: (value: unknown) => unknown } = {
  keyword: (value) => exact(String(scalar(value))),
  exact: (value) => exact(String(scalar(value))),
  stored: (value) => value,
  ip: (value) => (typeof value === 'string' ? ipOf(value) : undefined),
  date: (value) => (typeof value === 'string' && /^\d{4}-/.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined),
  long: (value) => (Number.isSafeInteger(value) ? value : undefined),
  double: (value) => (typeof value === 'number' && Number.isFinite(value) ? value : undefined),
  boolean: (value) => (typeof value === 'boolean' ? value : undefined),
  flattened: (value) => flat(value, 0),
};

/** The value, or each of a list, as the type takes it; undefined when there is nothing that it takes. */
export function converted(type: MappingType, value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  if (!Array.isArray(value)) return CONVERT[type](value);
  const some = value.slice(0, MAX_VALUES).filter((one) => one !== null && one !== undefined);
  const taken = some.map(CONVERT[type]).filter((one) => one !== undefined);
  return taken.length === 0 ? undefined : taken;
}

/** An object with keys and depth that a flattened field takes. */
function flat(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return depth === 0 ? { value: exactly(value) } : exactly(value);
  if (depth > DEPTH) return JSON.stringify(value);
  if (Array.isArray(value)) {
    const items = value.slice(0, MAX_VALUES).map((item) => flat(item, depth + 1));
    return depth === 0 ? { values: items } : items;
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [keyOf(key), flat(inner, depth + 1)]));
}

const exactly = (value: unknown): unknown => (typeof value === 'string' ? value.replaceAll('\0', ' ') : value);

const keyOf = (key: string): string => key.slice(0, MAX_KEY).replaceAll('\0', ' ') || '_';
