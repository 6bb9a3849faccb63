/** Values as Elasticsearch takes them, so that nothing the wire says makes it refuse a document. */
import { isIP } from 'node:net';
import { micros } from '../order.ts';
import type { MappingType } from './fields.ts';

/** Bytes of a term (Lucene's IndexWriter.MAX_TERM_LENGTH). */
const MAX_TERM = 32_766;
/** Values of one field that can be searched, and characters of them all. */
export const MAX_VALUES = 256;
const MAX_CHARACTERS = 65_536;
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

/** The same, to be asked for whatever the case. */
export const lower = (text: string): string => exact(text.toLowerCase());

/** Written so already, on a day that every month has: most times are. */
const PLAIN = /^\d{4}-\d\d-(?:[01]\d|2[0-8])T(?:[01]\d|2[0-3]):\d\d:\d\d\.\d{6}Z$/;

/** The time as every server reads it, in UTC and with microseconds. Throws a StoreError (`query`) when it is none. */
export function timeOf(time: string): string {
  const at = micros(time);
  if (PLAIN.test(time)) return time;
  const ms = Math.floor(at / 1000);
  const text = new Date(ms).toISOString().replace('Z', `${String(at - ms * 1000).padStart(3, '0')}Z`);
  // Time zones reach beyond the years that have four digits.
  return text.startsWith('+') ? '9999-12-31T23:59:59.999999Z' : text.startsWith('-') ? '0000-01-01T00:00:00.000000Z' : text;
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

/** What may still be taken of one field. */
type Left = { values: number; characters: number };

const isLeft = ({ values, characters }: Left): boolean => values > 0 && characters > 0;

function counted<T>(value: T, left: Left): T {
  left.values--;
  if (typeof value === 'string') left.characters -= value.length;
  return value;
}

const CONVERT: { [type in MappingType]: (value: unknown, left: Left) => unknown } = {
  keyword: (value, left) => counted(exact(String(scalar(value))), left),
  exact: (value, left) => counted(exact(String(scalar(value))), left),
  stored: (value) => value,
  ip: (value) => (typeof value === 'string' ? ipOf(value) : undefined),
  date: (value) => (typeof value === 'string' && /^\d{4}-/.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined),
  long: (value) => (Number.isSafeInteger(value) ? value : undefined),
  double: (value) => (typeof value === 'number' && Number.isFinite(value) ? value : undefined),
  boolean: (value) => (typeof value === 'boolean' ? value : undefined),
  flattened: (value, left) => flat(value, 0, left),
};

/** The value, or each of a list as far as there is room, as the type takes it; undefined when there is nothing that it takes. */
export function converted(type: MappingType, value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  const left = { values: MAX_VALUES, characters: MAX_CHARACTERS };
  if (!Array.isArray(value)) return CONVERT[type](value, left);
  const taken: unknown[] = [];
  for (const one of value.slice(0, MAX_VALUES)) {
    if (!isLeft(left)) break;
    const some = one === null || one === undefined ? undefined : CONVERT[type](one, left);
    if (some !== undefined) taken.push(some);
  }
  return taken.length === 0 ? undefined : taken;
}

/** An object with keys and depth that a flattened field takes. */
function flat(value: unknown, depth: number, left: Left): unknown {
  if (typeof value !== 'object' || value === null) return depth === 0 ? { value: leaf(value, left) } : leaf(value, left);
  if (depth > DEPTH) return counted(exact(JSON.stringify(value)), left);
  if (Array.isArray(value)) {
    const items = value.slice(0, MAX_VALUES).flatMap((item) => (isLeft(left) ? [flat(item, depth + 1, left)] : []));
    return depth === 0 ? { values: items } : items;
  }
  const entries = Object.entries(value).flatMap(([key, inner]) => (isLeft(left) ? [[counted(keyOf(key), left), flat(inner, depth + 1, left)]] : []));
  return Object.fromEntries(entries);
}

const leaf = (value: unknown, left: Left): unknown => counted(typeof value === 'string' ? exact(value.replaceAll('\0', ' ')) : value, left);

const keyOf = (key: string): string => key.slice(0, MAX_KEY).replaceAll('\0', ' ') || '_';
