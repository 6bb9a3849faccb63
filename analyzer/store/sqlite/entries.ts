/** Everything in the file, a portion at a time: others have their turn between two. */
import { setImmediate } from 'node:timers/promises';
import { ENTRY_KINDS, type Entry, type EntryKind } from '../store.ts';
import type { Database, Row } from './database.ts';

/** Rows read at a time. */
const MAX_PORTION = 100;
/** And bytes of their JSON; a row that is larger alone is read alone. */
const MAX_PORTION_BYTES = 4_194_304;

type Place = {
  table: string;
  /** What its rows are numbered by, in the order in which they came. */
  number: 'seq' | 'rowid';
  columns: string;
  /** Of a row, without reading it. */
  bytes: string;
};

const whole = (table: string, number: Place['number'], column = 'json'): Place => ({
  table,
  number,
  columns: `${column} AS json`,
  bytes: `octet_length(${column})`,
});

const TAG_LIST = 'id, owner, file, (SELECT json_group_array(json(r.json) ORDER BY r.seq) FROM tag_runs r WHERE r.list = tag_lists.id) AS json';

const PLACES: { [kind in EntryKind]: Place } = {
  audit: whole('audit', 'seq', 'line'),
  decision: whole('decisions', 'seq'),
  tagList: { table: 'tag_lists', number: 'seq', columns: TAG_LIST, bytes: 'tags * 256' },
  asset: whole('assets', 'rowid', 'wire'),
  fact: whole('facts', 'rowid'),
  finding: whole('findings', 'rowid'),
  conversation: whole('conversations', 'rowid'),
  registers: whole('registers', 'rowid'),
  observation: whole('observations', 'seq'),
  health: whole('health', 'seq'),
};

function read(kind: EntryKind, { id, owner, file, json }: Row): Entry['value'] {
  const value = JSON.parse(String(json));
  return kind === 'tagList' ? { id: String(id), owner: String(owner), file: String(file), tags: value.flat() } : value;
}

/** Number of the last row of the portion behind `after`; `after` itself when there is none. */
function portionEnd(db: Database, { table, number, bytes }: Place, after: number): number {
  const sql = `SELECT ${number} AS number, ${bytes} AS bytes FROM ${table} WHERE ${number} > ? ORDER BY ${number} LIMIT ${MAX_PORTION}`;
  const rows = db.all(sql, after);
  let sum = 0;
  const over = rows.findIndex((row, n) => (sum += Number(row['bytes'])) > MAX_PORTION_BYTES && n > 0);
  return Number(rows.at(over < 0 ? -1 : over - 1)?.['number'] ?? after);
}

async function* portions(db: Database, place: Place): AsyncGenerator<Row[]> {
  const { table, number, columns } = place;
  const sql = `SELECT ${columns} FROM ${table} WHERE ${number} > ? AND ${number} <= ? ORDER BY ${number}`;
  for (let after = 0; ; await setImmediate()) {
    const end = portionEnd(db, place, after);
    if (end === after) return;
    yield db.all(sql, after, end);
    after = end;
  }
}

export async function* entries(db: Database): AsyncGenerator<Entry> {
  for (const kind of ENTRY_KINDS) {
    for await (const rows of portions(db, PLACES[kind])) for (const row of rows) yield { kind, value: read(kind, row) } as Entry;
  }
}
