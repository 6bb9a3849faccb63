/** Points of a Modbus device: one coil or register of one table of one unit, and how people write its address. */

/** The four tables of the data model (Modbus Application Protocol V1.1b3, section 4.3). */
export const TABLES = ['coils', 'discrete_inputs', 'input_registers', 'holding_registers'] as const;
export type Table = (typeof TABLES)[number];

/** Addresses of one table: 0 to 65535 on the wire. */
export const ADDRESSES = 65_536;

export type Point = { unit: number; table: Table /** From 0, as on the wire. */; address: number };

/** `1/holding_registers/100`. */
export const pointId = ({ unit, table, address }: Point): string => `${unit}/${table}/${address}`;

/** The point of an id, null for what is none. */
export function parsePoint(id: string): Point | null {
  const match = /^(\d{1,3})\/([a-z_]+)\/(\d{1,5})$/.exec(id);
  if (match === null || !isTable(match[2] as string)) return null;
  const point = { unit: Number(match[1]), table: match[2] as Table, address: Number(match[3]) };
  return point.unit <= 255 && point.address < ADDRESSES ? point : null;
}

export const isTable = (name: string): name is Table => (TABLES as readonly string[]).includes(name);

/** Coils and discrete inputs hold one bit, registers sixteen. */
export const isBits = (table: Table): boolean => table === 'coils' || table === 'discrete_inputs';

/**
 * How an address is written. `wire`: from 0, as in the frame. `one-based`: from 1, as the data model counts (section 4.4: data
 * numbered X is addressed X-1). `modicon`: the reference of Modicon manuals, the table's digit and the number from 1.
 */
export const NOTATIONS = ['wire', 'one-based', 'modicon'] as const;
export type Notation = (typeof NOTATIONS)[number];

export const isNotation = (name: string): name is Notation => (NOTATIONS as readonly string[]).includes(name);

const DIGITS: { [table in Table]: string } = { coils: '0', discrete_inputs: '1', input_registers: '3', holding_registers: '4' };
/** The highest number that a reference of five digits has room for. */
const FIVE_DIGITS = 9999;

/** `100`, `101` or `40101`; references have five digits up to number 9999 and six beyond, each point for itself. */
export function writtenAddress(notation: Notation, table: Table, address: number): string {
  if (notation === 'wire') return String(address);
  if (notation === 'one-based') return String(address + 1);
  return DIGITS[table] + String(address + 1).padStart(address + 1 <= FIVE_DIGITS ? 4 : 5, '0');
}

/** What a Modicon reference names: five or six digits, the first of them the table's. Null for what is none. */
export function parseReference(text: string): { table: Table; address: number } | null {
  if (!/^[0134]\d{4,5}$/.test(text)) return null;
  const table = TABLES.find((one) => DIGITS[one] === text[0]) as Table;
  const address = Number(text.slice(1)) - 1;
  return address < 0 || address >= ADDRESSES ? null : { table, address };
}

/** Whether a number in a wire-notated list looks like a reference into this table: then both readings are possible. */
export const looksLikeReference = (text: string, table: Table): boolean => text[0] === DIGITS[table] && parseReference(text) !== null;
