/** A tag: what a plant calls a value of a Modbus device, and how its registers make the value. */
import type { Table } from '../point.ts';

/** Tags in all, over every list and device. */
export const MAX_TAGS = 500_000;

export const NUMBER_TYPES = ['int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64', 'float32', 'float64', 'bcd16', 'bcd32'] as const;
export type NumberType = (typeof NUMBER_TYPES)[number];
export type TagType = 'bool' | NumberType | 'string';
export const TAG_TYPES = ['bool', ...NUMBER_TYPES, 'string'] as const satisfies readonly TagType[];

/**
 * Where the bytes of a value lie, A its highest: ABCD as in the frame, CDAB with the low word first, BADC with the bytes of each
 * word swapped, DCBA both. The specification orders the bytes of one register (section 4.2) and says nothing of values that take several.
 */
export const WORD_ORDERS = ['ABCD', 'CDAB', 'BADC', 'DCBA'] as const;
export type WordOrder = (typeof WORD_ORDERS)[number];

export type Tag = {
  server: string;
  unit: number;
  table: Table;
  /** From 0, as on the wire. */
  address: number;
  /** 0 to 15, of a bool that is one bit of a register; else null. */
  bit: number | null;
  name: string;
  type: TagType;
  /** Characters of a string; 0 elsewhere. */
  length: number;
  /** null: nobody said. A value of several words then is not decoded. */
  order: WordOrder | null;
  /** value = number on the wire x scale + offset. */
  scale: number;
  offset: number;
  /** Engineering unit: `m`, `bar`, `l/s`. */
  eu: string;
  /** Limits in engineering units. */
  low: number | null;
  high: number | null;
};

const WORDS: { [type in TagType]: number } = {
  bool: 1,
  int16: 1,
  uint16: 1,
  int32: 2,
  uint32: 2,
  int64: 4,
  uint64: 4,
  float32: 2,
  float64: 4,
  bcd16: 1,
  bcd32: 2,
  string: 0,
};

/** Addresses a tag takes; a string has two characters a register. */
export const widthOf = ({ type, length }: Pick<Tag, 'type' | 'length'>): number => (type === 'string' ? Math.ceil(length / 2) : WORDS[type]);

/** Whether the value cannot be told without a word order. Strings are read high byte first, as registers are sent. */
export const needsOrder = ({ type }: Pick<Tag, 'type'>): boolean => WORDS[type] > 1;

/** `string(12)`, `float32`. */
export const typeText = ({ type, length }: Pick<Tag, 'type' | 'length'>): string => (type === 'string' ? `string(${length})` : type);

/** `100` or `100.3`, from 0 as on the wire. */
export const addressText = ({ address, bit }: Pick<Tag, 'address' | 'bit'>): string => (bit === null ? String(address) : `${address}.${bit}`);

/** `1/holding_registers/100.3`. */
export const tagPoint = (tag: Pick<Tag, 'unit' | 'table' | 'address' | 'bit'>): string => `${tag.unit}/${tag.table}/${addressText(tag)}`;

/** By device, unit, table, address and bit: the order of lists and of exports. */
export const byPoint = (a: Tag, b: Tag): number =>
  (a.server < b.server ? -1 : a.server > b.server ? 1 : 0) ||
  a.unit - b.unit ||
  (a.table < b.table ? -1 : a.table > b.table ? 1 : 0) ||
  a.address - b.address ||
  (a.bit ?? -1) - (b.bit ?? -1);
