/** How people spell types, tables and word orders in tag lists. */
import { TABLES, type Table } from '../point.ts';
import { TAG_TYPES, type TagType, WORD_ORDERS, type WordOrder } from './tag.ts';

/** Lower case, with whatever stands between words as one underscore. */
export const plain = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_\-/]+/g, '_');

const spelled = <T extends string>(own: readonly T[], others: { [spelling: string]: T }): ReadonlyMap<string, T> =>
  new Map([...own.map((one): [string, T] => [one.toLowerCase(), one]), ...Object.entries(others)]);

const TABLE_SPELLINGS = spelled<Table>(TABLES, {
  coil: 'coils',
  co: 'coils',
  '0x': 'coils',
  discrete_input: 'discrete_inputs',
  discrete: 'discrete_inputs',
  di: 'discrete_inputs',
  '1x': 'discrete_inputs',
  input_register: 'input_registers',
  input: 'input_registers',
  ir: 'input_registers',
  '3x': 'input_registers',
  holding_register: 'holding_registers',
  holding: 'holding_registers',
  hr: 'holding_registers',
  '4x': 'holding_registers',
});

/** Beside our own names those of IEC 61131-3 (table 10): INT has 16 bits there, DINT 32, LINT 64. */
const TYPE_SPELLINGS = spelled<TagType>(TAG_TYPES, {
  boolean: 'bool',
  bit: 'bool',
  int: 'int16',
  short: 'int16',
  uint: 'uint16',
  ushort: 'uint16',
  word: 'uint16',
  dint: 'int32',
  udint: 'uint32',
  dword: 'uint32',
  lint: 'int64',
  ulint: 'uint64',
  lword: 'uint64',
  float: 'float32',
  single: 'float32',
  real: 'float32',
  double: 'float64',
  lreal: 'float64',
  bcd: 'bcd16',
});

const ORDER_SPELLINGS = spelled<WordOrder>(WORD_ORDERS, {
  big: 'ABCD',
  big_endian: 'ABCD',
  high_word_first: 'ABCD',
  msw_first: 'ABCD',
  '1234': 'ABCD',
  little: 'CDAB',
  low_word_first: 'CDAB',
  lsw_first: 'CDAB',
  word_swap: 'CDAB',
  word_swapped: 'CDAB',
  '3412': 'CDAB',
  byte_swap: 'BADC',
  byte_swapped: 'BADC',
  big_endian_byte_swap: 'BADC',
  '2143': 'BADC',
  byte_and_word_swap: 'DCBA',
  '4321': 'DCBA',
  abcdefgh: 'ABCD',
  ghefcdab: 'CDAB',
  badcfehg: 'BADC',
  hgfedcba: 'DCBA',
});

/** Tools disagree about these: to some the words are in little-endian order, to others all bytes. */
const AMBIGUOUS_ORDERS = new Set(['little_endian', 'little_endian_byte_swap', 'swap', 'swapped', 'yes', 'no']);

/** Characters a string tag may have: what one read of 125 registers brings (section 6.3). */
export const MAX_STRING = 250;

export const readTable = (text: string): Table | null => TABLE_SPELLINGS.get(plain(text)) ?? null;

/** A type and, for `string(12)` or `string[12]`, its length; a sentence when it is none. */
export function readType(text: string): { type: TagType; length: number } | string {
  const string = /^string\s*[([]\s*(\d{1,4})\s*[)\]]$/i.exec(text.trim());
  if (string !== null) {
    const length = Number(string[1]);
    return length >= 1 && length <= MAX_STRING ? { type: 'string', length } : `a string has 1 to ${MAX_STRING} characters, not ${length}`;
  }
  const type = TYPE_SPELLINGS.get(plain(text));
  if (type === 'string') return 'a string needs its length: string(12)';
  return type === undefined ? `${quoted(text)} is no type; write ${TAG_TYPES.slice(0, -1).join(', ')} or string(N)` : { type, length: 0 };
}

/** A word order, null for an empty field; a sentence when it is none. */
export function readOrder(text: string): { order: WordOrder | null } | string {
  const spelling = plain(text);
  if (spelling === '') return { order: null };
  const order = ORDER_SPELLINGS.get(spelling);
  if (order !== undefined) return { order };
  if (AMBIGUOUS_ORDERS.has(spelling))
    return `${quoted(text)} means different orders to different tools; write ABCD, CDAB, BADC or DCBA, A being the highest byte`;
  return `${quoted(text)} is no word order; write big (ABCD), little (CDAB), BADC or DCBA, or leave it empty`;
}

/** Text of a list inside a sentence: bounded, on one line. */
export const quoted = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
