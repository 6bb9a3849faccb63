/** One row of a tag list: a tag, or what is wrong with it. */
import { isIP } from 'node:net';
import { ADDRESSES, isBits, isNotation, looksLikeReference, NOTATIONS, type Notation, parseReference, type Table } from '../point.ts';
import type { Column } from './columns.ts';
import { quoted, readOrder, readTable, readType } from './spelling.ts';
import { needsOrder, type Tag, widthOf } from './tag.ts';

/** Characters of a name, and of an engineering unit. */
const MAX_NAME = 200;
const MAX_EU = 24;

/** Takes what is wrong: column, and a sentence with the fix. */
export type Blame = (column: Column, text: string) => void;

export type Given = {
  /** The device the list is for; null when a column says it. */
  server: string | null;
  /** The only unit that the list may name; null for any. */
  unit: number | null;
  /** How addresses are written; null when nobody said, which is `wire` for what cannot be read otherwise. */
  notation: Notation | null;
};

type Fields = (column: Column) => string;

/** The tag of a row; null when something is wrong, which `blame` was told. */
export function readTag(field: Fields, given: Given, blame: Blame): Tag | null {
  let wrong = false;
  const refuse: Blame = (column, text) => {
    wrong = true;
    blame(column, text);
  };
  const server = readServer(field, given, refuse);
  const unit = readUnit(field, given, refuse);
  const place = readPlace(field, given, refuse);
  const value = readValue(field, refuse);
  const limits = readLimits(field, refuse);
  if (wrong || place === null || value === null) return null;
  const tag: Tag = { server, unit, ...place, ...value, ...limits };
  fits(tag, refuse);
  return wrong ? null : tag;
}

function readServer(field: Fields, { server }: Given, blame: Blame): string {
  const text = field('server').trim().toLowerCase();
  if (text === '' && server !== null) return server;
  if (text === '') blame('server', 'says no device; name its IP address, or import the list for one device');
  else if (isIP(text) === 0 && !/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(text)) blame('server', `${quoted(text)} is no IP address`);
  else if (server !== null && text !== server) blame('server', `${quoted(text)} is another device; this list is for ${server}`);
  return text;
}

function readUnit(field: Fields, { unit }: Given, blame: Blame): number {
  const text = field('unit').trim();
  const number = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number <= 255)) blame('unit', `${quoted(text)} is no unit, a number from 0 to 255; the engineering unit has a column of its own, engineering_unit`);
  else if (unit !== null && number !== unit) blame('unit', `${number} is another device behind the gateway; this list is for unit ${unit}`);
  return number;
}

/** The way out where an address can be read in two ways. */
export const SAY_WHICH = 'say which in a column notation: wire (from 0), one-based or modicon';

type Place = Pick<Tag, 'table' | 'address' | 'bit'>;

function readPlace(field: Fields, given: Given, blame: Blame): Place | null {
  const said = field('notation').trim().toLowerCase();
  if (said !== '' && !isNotation(said)) {
    blame('notation', `${quoted(said)} is no notation; write ${NOTATIONS.join(', ')}`);
    return null;
  }
  const notation = said === '' ? given.notation : (said as Notation);
  const written = field('table').trim();
  const table = written === '' ? null : readTable(written);
  if (written !== '' && table === null) {
    blame('table', `${quoted(written)} is no table; write coils, discrete_inputs, input_registers or holding_registers`);
    return null;
  }
  const [text = '', bit] = splitBit(field('address').trim());
  const place = addressed(text, table, notation, blame);
  if (place === null) return null;
  if (bit !== null && isBits(place.table)) blame('address', `${place.table} have no bits; write the address alone`);
  return { ...place, bit };
}

/** `100.3` is bit 3 of register 100, 0 being the lowest. */
function splitBit(text: string): [address: string, bit: number | null] {
  const match = /^(\d+)\.(\d{1,2})$/.exec(text);
  return match === null || Number(match[2]) > 15 ? [text, null] : [match[1] as string, Number(match[2])];
}

function addressed(text: string, table: Table | null, notation: Notation | null, blame: Blame): { table: Table; address: number } | null {
  if (!/^\d{1,9}$/.test(text)) return refused(blame, 'address', `${quoted(text)} is no address; write a number, or 100.3 for bit 3 of a register`);
  if (notation === 'modicon') return referenced(text, table, blame);
  if (table === null) return refused(blame, 'table', 'is empty; write coils, discrete_inputs, input_registers or holding_registers');
  const number = Number(text) - (notation === 'one-based' ? 1 : 0);
  if (number < 0) return refused(blame, 'address', '0 is no address in one-based notation');
  if (number >= ADDRESSES) {
    return refused(
      blame,
      'address',
      `${text} is not within 0 to 65535${looksLikeReference(text, table) ? `; if it is a Modicon reference, ${SAY_WHICH}` : ''}`,
    );
  }
  return { table, address: number };
}

/** Spreadsheets take the zeros off 00017: for coils a number that is no reference of five digits is the number itself. */
function referenced(text: string, table: Table | null, blame: Blame): { table: Table; address: number } | null {
  const reference = parseReference(text);
  if (reference === null && table === 'coils' && Number(text) >= 1 && Number(text) <= ADDRESSES) return { table, address: Number(text) - 1 };
  if (reference === null) return refused(blame, 'address', `${quoted(text)} is no Modicon reference; they read 00001, 10001, 30001, 40001 or 400001`);
  if (table !== null && table !== reference.table)
    return refused(blame, 'address', `${text} is a reference into ${reference.table}, but the table is ${table}`);
  return reference;
}

function refused(blame: Blame, column: Column, text: string): null {
  blame(column, text);
  return null;
}

type Value = Pick<Tag, 'name' | 'type' | 'length' | 'order' | 'scale' | 'offset' | 'eu'>;

function readValue(field: Fields, blame: Blame): Value | null {
  const name = cleaned(field('name'), MAX_NAME, 'name', blame);
  if (name === '') blame('name', 'is empty; every tag has a name');
  const eu = cleaned(field('engineering_unit'), MAX_EU, 'engineering_unit', blame);
  const scale = readNumber(field, 'scale', blame) ?? 1;
  if (scale === 0) blame('scale', 'is 0, which makes every value the same; write 1 or leave it empty');
  const offset = readNumber(field, 'offset', blame) ?? 0;
  const type = readType(field('type'));
  const order = readOrder(field('word_order'));
  if (typeof type === 'string') return refused(blame, 'type', type);
  if (typeof order === 'string') return refused(blame, 'word_order', order);
  return { name, ...type, ...order, scale, offset, eu };
}

/** Text for people, on one line and without control characters. */
function cleaned(text: string, most: number, column: Column, blame: Blame): string {
  const clean = text.replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim();
  if (clean.length > most) blame(column, `has ${clean.length} characters; at most ${most} are kept`);
  return clean;
}

/** A number, null for an empty field. A decimal comma is refused: 1,000 is one or a thousand. */
function readNumber(field: Fields, column: Column, blame: Blame): number | null {
  const text = field(column).trim();
  if (text === '') return null;
  const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(text) ? Number(text) : Number.NaN;
  if (Number.isFinite(number)) return number;
  blame(column, `${quoted(text)} is no number${/^[+-]?\d+,\d+$/.test(text) ? '; write a decimal point, not a comma' : ''}`);
  return null;
}

function readLimits(field: Fields, blame: Blame): Pick<Tag, 'low' | 'high'> {
  const low = readNumber(field, 'low', blame);
  const high = readNumber(field, 'high', blame);
  if (low !== null && high !== null && low > high) blame('low', `${low} is above high, ${high}; exchange them`);
  return { low, high };
}

/** Whether table, type, bit and the end of the table go together. */
function fits(tag: Tag, blame: Blame): void {
  if (isBits(tag.table) && tag.type !== 'bool') blame('type', `${tag.table} hold single bits; their type is bool`);
  if (tag.bit !== null && tag.type !== 'bool') blame('type', `a bit of a register is a bool, not ${tag.type}`);
  if (tag.address + widthOf(tag) > ADDRESSES) blame('address', `${tag.type} at ${tag.address} would end beyond 65535`);
  if (tag.order !== null && tag.type === 'bool') tag.order = null;
  if (!needsOrder(tag) && (tag.order === 'CDAB' || tag.order === 'DCBA')) tag.order = tag.order === 'DCBA' ? 'BADC' : 'ABCD';
}
