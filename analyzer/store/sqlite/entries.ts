/** Everything in the file, a portion at a time: others have their turn between two. */
import { setImmediate } from 'node:timers/promises';
import { ENTRY_KINDS, type Entry, type EntryKind } from '../store.ts';
import type { Database, Row } from './database.ts';

/** Rows read at a time; fewer of what is large. */
const PORTION = 100;
const FEW = 10;

type Place = {
  table: string;
  /** What its rows are numbered by, in the order in which they came. */
  number: 'seq' | 'rowid';
  columns: string;
  portion: number;
};

const TAG_LIST = 'id, owner, file, (SELECT json_group_array(json(r.json) ORDER BY r.seq) FROM tag_runs r WHERE r.list = tag_lists.id) AS json';

const PLACES: { [kind in EntryKind]: Place } = {
  audit: { table: 'audit', number: 'seq', columns: 'line AS json', portion: PORTION },
  decision: { table: 'decisions', number: 'seq', columns: 'json', portion: PORTION },
  tagList: { table: 'tag_lists', number: 'seq', columns: TAG_LIST, portion: 1 },
  asset: { table: 'assets', number: 'rowid', columns: 'wire AS json', portion: PORTION },
  fact: { table: 'facts', number: 'rowid', columns: 'json', portion: PORTION },
  finding: { table: 'findings', number: 'rowid', columns: 'json', portion: PORTION },
  conversation: { table: 'conversations', number: 'rowid', columns: 'json', portion: PORTION },
  registers: { table: 'registers', number: 'rowid', columns: 'json', portion: FEW },
  observation: { table: 'observations', number: 'seq', columns: 'json', portion: PORTION },
  health: { table: 'health', number: 'seq', columns: 'json', portion: PORTION },
};

function read(kind: EntryKind, { id, owner, file, json }: Row): Entry['value'] {
  const value = JSON.parse(String(json));
  return kind === 'tagList' ? { id: String(id), owner: String(owner), file: String(file), tags: value.flat() } : value;
}

async function* portions(db: Database, { table, number, columns, portion }: Place): AsyncGenerator<Row[]> {
  const sql = `SELECT ${number} AS number, ${columns} FROM ${table} WHERE ${number} > ? ORDER BY ${number} LIMIT ?`;
  for (let after = 0; ; await setImmediate()) {
    const rows = db.all(sql, after, portion);
    yield rows;
    if (rows.length < portion) return;
    after = Number(rows.at(-1)?.['number']);
  }
}

export async function* entries(db: Database): AsyncGenerator<Entry> {
  for (const kind of ENTRY_KINDS) {
    for await (const rows of portions(db, PLACES[kind])) for (const row of rows) yield { kind, value: read(kind, row) } as Entry;
  }
}
