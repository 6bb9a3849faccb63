/** The header of a tag list: which column is which. */
import { plain, quoted } from './spelling.ts';

export const COLUMNS = [
  'server',
  'unit',
  'table',
  'address',
  'name',
  'type',
  'word_order',
  'scale',
  'offset',
  'engineering_unit',
  'low',
  'high',
  'notation',
] as const;
export type Column = (typeof COLUMNS)[number];

const SPELLINGS: { [column in Column]: string[] } = {
  server: ['ip', 'host', 'device'],
  unit: ['unit_id', 'slave', 'slave_id'],
  table: ['area', 'register_type'],
  address: ['register', 'register_address'],
  name: ['tag', 'tag_name'],
  type: ['data_type', 'datatype'],
  word_order: ['wordorder', 'order', 'byte_order', 'endianness'],
  scale: ['factor', 'gain'],
  offset: [],
  engineering_unit: ['eu', 'units', 'engineering_units', 'eng_unit'],
  low: ['min', 'lo', 'minimum'],
  high: ['max', 'hi', 'maximum'],
  notation: ['address_notation'],
};

const BY_SPELLING = new Map(COLUMNS.flatMap((column) => [column, ...SPELLINGS[column]].map((spelling): [string, Column] => [spelling, column])));

/** Where each column stands, or what is wrong with the header. `table` may be missing where a notation tells it. */
export type Header = { at: Map<Column, number>; faults: { column: string; text: string }[] };

/**
 * Reads a header. Both the Modbus unit and the engineering unit are called "unit" by many: of two such columns the first is the
 * Modbus unit; of one alone too, unless there is a `unit_id` (or `slave`) beside it.
 */
export function readHeader(fields: readonly string[]): Header {
  const names = fields.map(plain);
  while (names.at(-1) === '') names.pop();
  const header: Header = { at: new Map(), faults: [] };
  const explicit = names.some((name) => name !== 'unit' && BY_SPELLING.get(name) === 'unit');
  for (const [at, name] of names.entries()) {
    const second = name === 'unit' && (explicit || names.indexOf('unit') < at);
    const column = second ? 'engineering_unit' : BY_SPELLING.get(name);
    if (column === undefined) header.faults.push({ column: fields[at]?.trim() || `${at + 1}`, text: unknown(name) });
    else if (header.at.has(column))
      header.faults.push({ column, text: `stands there twice, in columns ${(header.at.get(column) as number) + 1} and ${at + 1}` });
    else header.at.set(column, at);
  }
  return header;
}

const unknown = (name: string): string => `${name === '' ? 'has no name' : `${quoted(name)} is no column`}; the columns are ${COLUMNS.join(', ')}`;

/** The required columns that are not there. */
export const missing = (header: Header, required: readonly Column[]): Column[] => required.filter((column) => !header.at.has(column));
