/** Registers to values: integers, floats (IEEE 754), packed decimals and text, in any order of words and bytes. */
import { needsOrder, type Tag, type WordOrder, widthOf } from './tag.ts';

/** `ok`, `low` and `high` by the tag's limits, null where it has none. `undecided`: its word order is not known. `unreadable`: no value has these bits, or some are missing. */
export type State = 'ok' | 'low' | 'high' | 'undecided' | 'unreadable' | null;
export type Reading = { value: number | boolean | string | null; state: State };

const UNDECIDED: Reading = { value: null, state: 'undecided' };
const UNREADABLE: Reading = { value: null, state: 'unreadable' };

const memory = new DataView(new ArrayBuffer(8));

/** The value of a tag from the values of its addresses, in order of address; null for those not known. */
export function decode(tag: Tag, registers: readonly (number | null)[]): Reading {
  if (registers.length < widthOf(tag) || registers.some((one) => one === null)) return UNREADABLE;
  const words = registers as readonly number[];
  if (tag.type === 'bool') return { value: bool(tag, words[0] as number), state: null };
  if (tag.type === 'string') return { value: text(words, tag), state: null };
  if (needsOrder(tag) && tag.order === null) return UNDECIDED;
  const raw = numberIn(tag.type, words, tag.order ?? 'ABCD');
  if (raw === null) return UNREADABLE;
  const exact = typeof raw === 'bigint' && tag.scale === 1 && tag.offset === 0 && !Number.isSafeInteger(Number(raw));
  const value = scaled(Number(raw), tag);
  return Number.isFinite(value) ? { value: exact ? String(raw) : value, state: stateOf(value, tag) } : UNREADABLE;
}

const bool = ({ bit }: Tag, word: number): boolean => (bit === null ? word !== 0 : ((word >> bit) & 1) === 1);

/** Twelve digits are what a scaled value is worth: 123 x 0.1 is 12.3, not 12.3000000001. */
const scaled = (raw: number, { scale, offset }: Tag): number => (scale === 1 && offset === 0 ? raw : Number((raw * scale + offset).toPrecision(12)));

function stateOf(value: number, { low, high }: Tag): State {
  if (low !== null && value < low) return 'low';
  if (high !== null && value > high) return 'high';
  return low === null && high === null ? null : 'ok';
}

/** A number as it lies in registers, before scale and offset; null where the bits mean none (a float's NaN, a digit above nine). */
export function numberIn(type: Tag['type'], words: readonly number[], order: WordOrder): number | bigint | null {
  const count = widthOf({ type, length: 0 });
  const turned = order === 'CDAB' || order === 'DCBA';
  const swapped = order === 'BADC' || order === 'DCBA';
  for (let n = 0; n < count; n++) memory.setUint16(2 * n, words[turned ? count - 1 - n : n] as number, swapped);
  const value = READERS[type]?.() ?? null;
  return typeof value === 'number' && !Number.isFinite(value) ? null : value;
}

const READERS: { [type in Tag['type']]?: () => number | bigint | null } = {
  int16: () => memory.getInt16(0),
  uint16: () => memory.getUint16(0),
  int32: () => memory.getInt32(0),
  uint32: () => memory.getUint32(0),
  int64: () => memory.getBigInt64(0),
  uint64: () => memory.getBigUint64(0),
  // The shortest decimal that is the same float: 0.1, not 0.10000000149.
  float32: () => shortest(memory.getFloat32(0)),
  float64: () => memory.getFloat64(0),
  bcd16: () => packed(memory.getUint16(0), 4),
  bcd32: () => packed(memory.getUint32(0), 8),
};

/** Float32 needs at most nine digits (IEEE 754-2008, 5.12.2); fewer where they say the same. */
function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(9));
}

function packed(bits: number, digits: number): number | null {
  let value = 0;
  for (let n = digits - 1; n >= 0; n--) {
    const digit = Math.floor(bits / 16 ** n) % 16;
    if (digit > 9) return null;
    value = value * 10 + digit;
  }
  return value;
}

/** Two characters a register, the high byte first unless the tag says that bytes are swapped; up to the first NUL. */
function text(words: readonly number[], { length, order }: Tag): string {
  const bytes = words.flatMap((word) => (order === 'BADC' ? [word & 0xff, word >> 8] : [word >> 8, word & 0xff])).slice(0, length);
  const end = bytes.indexOf(0);
  const read = new TextDecoder('utf-8').decode(Uint8Array.from(end < 0 ? bytes : bytes.slice(0, end)));
  return read.replaceAll(/\p{Cc}+/gu, ' ').trim();
}
