/** A page of a register table: what was seen of it and what tags make of it, address by address. */
import { ADDRESSES, isBits } from '../analyzer/point.ts';
import type { RegisterRange, RegisterTable } from '../analyzer/registers/map.ts';
import { decode, type Reading } from '../analyzer/tags/decode.ts';
import { type Guess, guess } from '../analyzer/tags/guess.ts';
import { type NumberType, needsOrder, type Tag, widthOf } from '../analyzer/tags/tag.ts';

/** What was seen of one address; `range` is null where nothing was. */
export type Cell = { address: number; value: number | null; low: number | null; high: number | null; range: RegisterRange | null };

export type PointRow = {
  address: number;
  /** One, or as many as the tag takes. */
  cells: Cell[];
  tag: Tag | null;
  /** null without a tag. */
  reading: Reading | null;
  /** Whether its registers may be read as a number of several words whose order nobody said. */
  open: boolean;
};

export type PointPage = { rows: PointRow[] /** Address of the next page, null on the last. */; next: number | null };

/** Number of the first range that ends after an address. */
function rangeFrom(ranges: readonly RegisterRange[], address: number): number {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle] as RegisterRange;
    if (range.from + range.quantity <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function cellAt(map: RegisterTable | null, address: number): Cell {
  const range = map?.ranges[rangeFrom(map.ranges, address)];
  if (range === undefined || range.from > address) return { address, value: null, low: null, high: null, range: null };
  const n = address - range.from;
  return { address, value: range.values[n] ?? null, low: range.low[n] ?? null, high: range.high[n] ?? null, range };
}

/** The first address at or after one that was seen; ADDRESSES when there is none. */
export function seenFrom(map: RegisterTable | null, address: number): number {
  const range = map?.ranges[rangeFrom(map.ranges, address)];
  return range === undefined ? ADDRESSES : Math.max(range.from, address);
}

/** The address `count` seen ones after `from`: how far a page may reach. */
export function reach(map: RegisterTable | null, from: number, count: number): number {
  let left = count;
  for (const range of map === null ? [] : map.ranges.slice(rangeFrom(map.ranges, from))) {
    const start = Math.max(range.from, from);
    const here = range.from + range.quantity - start;
    if (here > left) return start + left;
    left -= here;
  }
  return ADDRESSES;
}

/** Up to about `limit` rows from an address on. `tags` are those of this table from there on, by address. */
export function pointPage(map: RegisterTable | null, tags: readonly Tag[], from: number, limit: number, onlyNamed: boolean): PointPage {
  const rows: PointRow[] = [];
  let t = 0;
  let at = Math.min(from, tags[0]?.bit === null ? tags[0].address : from);
  while (rows.length < limit) {
    const seen = onlyNamed ? ADDRESSES : seenFrom(map, at);
    const address = Math.min(seen, tags[t]?.address ?? ADDRESSES);
    if (address >= ADDRESSES) return { rows, next: null };
    const own: Tag[] = [];
    while (tags[t]?.address === address) own.push(tags[t++] as Tag);
    const whole = own.find(({ bit }) => bit === null) ?? null;
    const alone = tags[t]?.address === address + 1 && tags[t]?.bit === null;
    if (whole !== null || (!onlyNamed && seen === address)) rows.push(row(map, address, whole, alone));
    for (const bit of own) if (bit !== whole) rows.push(row(map, address, bit, alone));
    at = address + (whole === null ? 1 : widthOf(whole));
  }
  const more = Math.min(onlyNamed ? ADDRESSES : seenFrom(map, at), tags[t]?.address ?? ADDRESSES);
  return { rows, next: more >= ADDRESSES ? null : more };
}

/** `alone`: the next register belongs to another value. */
function row(map: RegisterTable | null, address: number, tag: Tag | null, alone: boolean): PointRow {
  const width = tag === null ? 1 : widthOf(tag);
  const cells = Array.from({ length: width }, (_, n) => cellAt(map, address + n));
  const values = cells.map(({ value }) => value);
  const open = tag === null ? !alone && pairs(map, address) : needsOrder(tag) && tag.order === null;
  return { address, cells, tag, reading: tag === null ? null : decode(tag, values), open };
}

/** Whether a register and the next were both seen with a value. */
const pairs = (map: RegisterTable | null, address: number): boolean =>
  map !== null && !isBits(map.table) && cellAt(map, address).value !== null && cellAt(map, address + 1).value !== null;

export type Offer = { type: NumberType; guess: Guess };

/** What the registers of a row may mean in each word order: for a tag its type, else the two common ones of two registers. */
export function offers(map: RegisterTable | null, { tag, address }: PointRow): Offer[] {
  const types: NumberType[] = tag === null ? ['float32', 'int32'] : [tag.type as NumberType];
  return types.map((type) => {
    const cells = Array.from({ length: tag === null ? 2 : widthOf(tag) }, (_, n) => cellAt(map, address + n));
    const clues = { type, values: cells.map((c) => c.value), low: cells.map((c) => c.low), high: cells.map((c) => c.high) };
    return { type, guess: guess({ ...clues, limits: tag }) };
  });
}
