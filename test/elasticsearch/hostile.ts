/** JSON as nobody sane would send it, by chance and the same for a seed: to see that no server refuses a document for what the wire says. */
import { OBSERVATION_FIELDS } from '../../analyzer/store/elastic/fields.ts';
import type { Chance } from '../modbus-random.ts';

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

const KEYS = [
  '',
  ' ',
  '.',
  '..',
  '.a',
  'a.',
  'a..b',
  'a.b',
  '\0',
  'a\0b',
  '_id',
  '_source',
  '@timestamp',
  '__proto__',
  'constructor',
  '*',
  '"',
  '\ud800',
  '🏭',
];
const LONG = [255, 256, 257, 1024, 40_000];

const NUMBERS = [0, -0, -1, 0.5, 1e-320, 1.5e308, -1.5e308, 2 ** 31, 2 ** 53, 2 ** 53 + 2, 2 ** 63, 2 ** 64, -(2 ** 63), 1e21];

const TEXTS = [
  '',
  ' ',
  '\0',
  'nul\0inside',
  '\ud800 alone',
  '🏭',
  '\u202eright to left',
  'null',
  'NaN',
  '1e400',
  '-1',
  'true',
  '2026-11-23T10:00:00Z',
  '2026-99-99T99:99:99Z',
  '+275760-09-13T00:00:00Z',
  '10.0.0.1',
  '999.1.1.1',
  'fe80::1%eth0',
  '::ffff:10.0.0.1',
  '01:23:45:67:89:ab',
  '{"a":',
  '<script>',
];

const pick = <T>(next: Chance, list: readonly T[]): T => list[next(list.length)] as T;

/** Letters of one, two, three and four bytes, and half of one. */
const LETTERS = ['x', 'ü', '網', '🏭', '\ud83c'];

/** Mostly short; some longer than a term of Lucene may be (32,766 bytes), in letters of every width. */
export function hostileText(next: Chance, long = 12): string {
  if (long === 0 || next(long) > 0) return pick(next, TEXTS);
  const text = pick(next, LETTERS).repeat(pick(next, [1024, 1025, 10_922, 10_923, 16_383, 32_766, 32_767, 70_000]));
  return `${'a'.repeat(next(4))}${text}`;
}

export function hostileKey(next: Chance): string {
  return next(8) > 0 ? pick(next, KEYS) : pick(next, LETTERS).repeat(pick(next, LONG));
}

/** `depth`: levels that it may still have; `long`: one text in so many is long. */
export function hostile(next: Chance, depth = 6, long = 30): Json {
  const kind = next(depth > 0 ? 9 : 6);
  if (kind < 3) return hostileText(next, long);
  if (kind === 3) return pick(next, NUMBERS);
  if (kind === 4) return next(2) === 0;
  if (kind === 5) return null;
  if (next(40) === 0) return Array.from({ length: 300 }, () => hostile(next, 0, 0));
  if (kind === 6) return Array.from({ length: next(5) }, () => hostile(next, depth - 1, long));
  return object(Array.from({ length: next(5) }, () => [hostileKey(next), hostile(next, depth - 1, long)]));
}

/** As a parser makes it: `__proto__` is a key like others. */
const object = (entries: [string, Json][]): { [key: string]: Json } => Object.fromEntries(entries);

/** One value within so many arrays or objects. */
export function deep(next: Chance, levels: number): Json {
  let value: Json = hostileText(next);
  for (let n = 0; n < levels; n++) value = next(2) === 0 ? [value] : object([[pick(next, KEYS), value]]);
  return value;
}

const NAMES = [...OBSERVATION_FIELDS.keys()];

/** Puts a value where its name says: as objects in each other, some of them lists, or as keys with dots. */
function place(next: Chance, into: { [key: string]: Json }, path: string[], value: Json): void {
  const [first = '', ...rest] = path;
  if (rest.length === 0 || next(8) === 0) {
    into[path.join('.')] = value;
    return;
  }
  const there = into[first];
  const at = typeof there === 'object' && there !== null && !Array.isArray(there) ? there : {};
  into[first] = next(8) === 0 ? [at, at, null, 'text'] : at;
  place(next, at, rest, value);
}

/** An observation with fields of the table that hold anything, and fields that nobody knows. */
export function hostileObservation(next: Chance): { [key: string]: Json } {
  const observation = object([]);
  for (let n = next(30); n >= 0; n--) place(next, observation, pick(next, NAMES).split('.'), next(30) === 0 ? deep(next, 100) : hostile(next));
  for (let n = next(3); n >= 0; n--) observation[hostileKey(next)] = hostile(next);
  return observation;
}
