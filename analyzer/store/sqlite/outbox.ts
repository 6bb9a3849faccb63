/** What is still to be shipped, and what the other side refused. */
import type { Kind } from '../elastic/kinds.ts';
import type { Database, Input, Row } from './database.ts';
import { longestWait, type Queue } from './waits.ts';

/** Documents the other side refused that are kept; those beyond are only counted. */
export const MAX_DEAD_LETTERS = 10_000;

/** Something to be shipped: where it is queued, its JSON, and what its kind needs beside that. */
export type Parcel = {
  /** Queue number: of what is written once the number of the thing itself. */
  seq: number;
  id: string;
  /** How often it changed while queued; 0 of what is written once. */
  changes: number;
  json: string;
  /** Audit: hash of the chain. Tag lists: owner and file. */
  more: { [name: string]: string };
};

/** Written once, in the order of `seq`: where its rows are. `where` ends in AND or is empty. */
const APPENDED: { [kind in Kind]?: { table: string; where: string; columns: string } } = {
  decisions: { table: 'decisions', where: '', columns: 'id, json' },
  observations: { table: 'observations', where: "stream = 'observations' AND ", columns: 'id, json' },
  flows: { table: 'observations', where: "stream = 'flows' AND ", columns: 'id, json' },
  health: { table: 'health', where: '', columns: 'digest AS id, json' },
  audit: { table: 'audit', where: '', columns: 'id, line AS json, hash' },
};

/** Changes in place: the table whose rows are named in the outbox, and their JSON as the wire has it. */
const CHANGED: { [kind in Kind]?: { table: string; columns: string } } = {
  findings: { table: 'findings', columns: 't.json' },
  assets: { table: 'assets', columns: 't.wire AS json' },
  facts: { table: 'facts', columns: 't.json' },
  conversations: { table: 'conversations', columns: 't.json' },
  registers: { table: 'registers', columns: 't.json' },
  taglists: {
    table: 'tag_lists',
    columns: 't.owner, t.file, (SELECT json_group_array(json(r.json)) FROM tag_runs r WHERE r.list = t.id ORDER BY r.seq) AS json',
  },
};

/** Turns shipping on: what is there already is queued, so that history goes too. Doing it again changes nothing. */
export function beginShipping(db: Database, kinds: readonly Kind[]): void {
  db.transaction(() => {
    for (const kind of kinds) {
      const begun = db.run('INSERT INTO shipping (kind, cursor, shipped, given_up) VALUES (?, 0, 0, 0) ON CONFLICT DO NOTHING', kind) === 1;
      const changed = CHANGED[kind];
      if (!begun || changed === undefined) continue;
      db.run(`INSERT INTO outbox (kind, id, queued) SELECT ?, id, ? FROM ${changed.table} WHERE true ORDER BY rowid ON CONFLICT DO NOTHING`, kind, Date.now());
    }
  });
}

/** Turns it off: what was queued is forgotten, and shipping again begins with everything. */
export function endShipping(db: Database): void {
  db.transaction(() => {
    for (const table of ['shipping', 'outbox', 'waits']) db.run(`DELETE FROM ${table}`);
  });
}

const cursorOf = (db: Database, kind: Kind): number => Number(db.get('SELECT cursor FROM shipping WHERE kind = ?', kind)?.['cursor'] ?? 0);

const text = (row: Row, name: string): { [name: string]: string } => (row[name] === undefined ? {} : { [name]: String(row[name]) });

const parcel = (row: Row): Parcel => ({
  seq: Number(row['seq']),
  id: String(row['id']),
  changes: Number(row['changes'] ?? 0),
  json: String(row['json'] ?? ''),
  more: { ...text(row, 'hash'), ...text(row, 'owner'), ...text(row, 'file') },
});

/** The next ones of a kind, in order; without JSON what is gone since it was queued. `after`: of what is written once, behind this number. */
export function nextParcels(db: Database, kind: Kind, limit: number, after = 0): Parcel[] {
  const appended = APPENDED[kind];
  if (appended !== undefined) {
    const { table, where, columns } = appended;
    return db.all(`SELECT seq, ${columns} FROM ${table} WHERE ${where}seq > ? ORDER BY seq LIMIT ?`, Math.max(after, cursorOf(db, kind)), limit).map(parcel);
  }
  const { table, columns } = CHANGED[kind] as { table: string; columns: string };
  const sql = `SELECT o.seq, o.id, o.changes, ${columns} FROM outbox o LEFT JOIN ${table} t ON t.id = o.id WHERE o.kind = ? ORDER BY o.seq LIMIT ?`;
  return db.all(sql, kind, limit).map(parcel);
}

export type DeadLetter = { kind: Kind; id: string; reason: string; action: string; source: string };

/** What was shipped leaves the outbox, unless it changed meanwhile; what was refused is kept apart. All or nothing. */
export function settle(db: Database, kind: Kind, parcels: readonly Parcel[], dead: readonly DeadLetter[]): void {
  const last = parcels.at(-1);
  if (last === undefined) return;
  db.transaction(() => {
    for (const letter of dead) bury(db, letter);
    const done = Math.max(0, parcels.length - dead.length);
    if (APPENDED[kind] !== undefined) {
      db.run('UPDATE shipping SET cursor = max(cursor, ?), shipped = shipped + ? WHERE kind = ?', last.seq, done, kind);
      return;
    }
    const gone = JSON.stringify(parcels.map(({ seq, changes }) => [seq, changes]));
    db.run('DELETE FROM outbox WHERE (seq, changes) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))', gone);
    db.run('UPDATE shipping SET shipped = shipped + ? WHERE kind = ?', done, kind);
  });
}

function bury(db: Database, { kind, id, reason, action, source }: DeadLetter): void {
  const room = Number(db.get('SELECT count(*) AS n FROM dead_letters')?.['n'] ?? 0) < MAX_DEAD_LETTERS;
  if (!room) return void db.run('UPDATE shipping SET given_up = given_up + 1 WHERE kind = ?', kind);
  const sql = `INSERT INTO dead_letters (kind, id, at, reason, action, source) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (kind, id) DO UPDATE SET at = excluded.at, reason = excluded.reason, action = excluded.action, source = excluded.source`;
  db.run(sql, kind, id, Date.now(), reason, action, source);
}

export type Backlog = {
  kind: Kind;
  /** Documents that wait, and since when the oldest does (ms since the epoch), 0 for none or when that was just now. */
  waiting: number;
  oldest: number;
  shipped: number;
  given_up: number;
  dead: number;
};

const number = (row: Row | undefined, name: string): number => Number(row?.[name] ?? 0);

/** How much waits, by kind; nothing while shipping is off. */
export function backlog(db: Database): Backlog[] {
  return db.all('SELECT kind, cursor, shipped, given_up FROM shipping').map((row) => {
    const kind = String(row['kind']) as Kind;
    const { n, oldest } = waiting(db, kind, Number(row['cursor']));
    const dead = number(db.get('SELECT count(*) AS n FROM dead_letters WHERE kind = ?', kind), 'n');
    return { kind, waiting: n, oldest, shipped: Number(row['shipped']), given_up: Number(row['given_up']), dead };
  });
}

function waiting(db: Database, kind: Kind, cursor: number): { n: number; oldest: number } {
  const appended = APPENDED[kind];
  if (appended === undefined) {
    const row = db.get('SELECT count(*) AS n, min(queued) AS oldest FROM outbox WHERE kind = ?', kind);
    return { n: number(row, 'n'), oldest: number(row, 'oldest') };
  }
  const { table, where } = appended;
  const n = number(db.get(`SELECT count(*) AS n FROM ${table} WHERE ${where}seq > ?`, cursor), 'n');
  const waited = longestWait(db, kind, cursor);
  return { n, oldest: waited === 0 ? 0 : Date.now() - waited };
}

/** What waits of each kind that is written once. */
export const queues = (db: Database): Queue[] =>
  (Object.keys(APPENDED) as Kind[]).map((kind) => {
    const { table, where } = APPENDED[kind] as { table: string; where: string };
    return { kind, after: cursorOf(db, kind), newest: number(db.get(`SELECT max(seq) AS seq FROM ${table} WHERE ${where}true`), 'seq') };
  });

/** Gives up shipping the oldest of a kind that is written once: all but `keep`, and all up to number `until`. They stay here. Returns how many. */
export function giveUp(db: Database, kind: Kind, keep: number, until: number): number {
  const { table, where } = APPENDED[kind] as { table: string; where: string };
  return db.transaction(() => {
    const cursor = cursorOf(db, kind);
    const scope = `FROM ${table} WHERE ${where}seq > ?`;
    const kept = `SELECT min(seq) AS seq FROM (SELECT seq ${scope} AND seq > ? ORDER BY seq DESC LIMIT ?)`;
    const newest = number(db.get(`SELECT max(seq) AS seq ${scope}`, cursor), 'seq');
    const to = keep < 1 ? newest : number(db.get(kept, cursor, until, keep), 'seq') - 1;
    const end = to < 0 ? newest : to;
    const gone = number(db.get(`SELECT count(*) AS n ${scope} AND seq <= ?`, cursor, end), 'n');
    if (gone > 0) db.run('UPDATE shipping SET cursor = ?, given_up = given_up + ? WHERE kind = ?', end, gone, kind);
    return gone;
  });
}

/** The newest first. */
export function deadLetters(db: Database, limit: number): (DeadLetter & { seq: number; at: number })[] {
  return db.all('SELECT * FROM dead_letters ORDER BY seq DESC LIMIT ?', limit).map((row) => ({
    seq: Number(row['seq']),
    kind: String(row['kind']) as Kind,
    id: String(row['id']),
    at: Number(row['at']),
    reason: String(row['reason']),
    action: String(row['action']),
    source: String(row['source']),
  }));
}

/** A dead letter that was taken after all. */
export const unbury = (db: Database, seq: Input): void => void db.run('DELETE FROM dead_letters WHERE seq = ?', seq);
