/** What is still to be shipped. */
import type { Kind } from '../elastic/kinds.ts';
import type { Database, Row } from './database.ts';
import { bury, type DeadLetter, lastReason, lettersOf, unbury } from './letters.ts';
import { longestWait, type Queue } from './waits.ts';

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
const APPENDED: { [kind in Kind]?: { table: string; where: string; id: string; columns: string } } = {
  decisions: { table: 'decisions', where: '', id: 'id', columns: 'id, json' },
  observations: { table: 'observations', where: "stream = 'observations' AND ", id: 'id', columns: 'id, json' },
  flows: { table: 'observations', where: "stream = 'flows' AND ", id: 'id', columns: 'id, json' },
  health: { table: 'health', where: '', id: 'digest', columns: 'digest AS id, json' },
  audit: { table: 'audit', where: '', id: 'id', columns: 'id, line AS json, hash' },
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

/** Begins with everything again, of these kinds; nothing of them may be under way. */
export function beginAnew(db: Database, kinds: readonly Kind[]): void {
  for (const kind of kinds) for (const table of ['shipping', 'outbox', 'waits', 'dead_letters']) db.run(`DELETE FROM ${table} WHERE kind = ?`, kind);
  beginShipping(db, kinds);
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

/** Characters of JSON of the next ones: those that make it more are the last. */
const MAX_READ = 5_000_000;

/** Whether that was enough, row by row. */
function enough(most: number): (row: Row) => boolean {
  let read = 0;
  return ({ json }) => (read += String(json ?? '').length) >= most;
}

/** The next ones of a kind, in order; without JSON what is gone since it was queued. `after`: of what is written once, behind this number. `most`: characters of JSON. */
export function nextParcels(db: Database, kind: Kind, limit: number, after = 0, most = MAX_READ): Parcel[] {
  const appended = APPENDED[kind];
  if (appended !== undefined) {
    const { table, where, columns } = appended;
    const sql = `SELECT seq, ${columns} FROM ${table} WHERE ${where}seq > ? ORDER BY seq LIMIT ?`;
    return db.some(sql, enough(most), Math.max(after, cursorOf(db, kind)), limit).map(parcel);
  }
  const { table, columns } = CHANGED[kind] as { table: string; columns: string };
  const sql = `SELECT o.seq, o.id, o.changes, ${columns} FROM outbox o LEFT JOIN ${table} t ON t.id = o.id WHERE o.kind = ? ORDER BY o.seq LIMIT ?`;
  return db.some(sql, enough(most), kind, limit).map(parcel);
}

/** What was shipped leaves the outbox, unless it changed meanwhile; what was refused is kept apart. All or nothing. */
export function settle(db: Database, kind: Kind, parcels: readonly Parcel[], dead: readonly DeadLetter[]): void {
  const last = parcels.at(-1);
  if (last === undefined) return;
  const refused = new Set(dead.map(({ id }) => id));
  const taken = parcels.filter(({ id }) => !refused.has(id)).map(({ id }) => id);
  db.transaction(() => {
    const lost = bury(db, kind, dead);
    unbury(db, kind, taken);
    db.run('UPDATE shipping SET shipped = shipped + ?, given_up = given_up + ? WHERE kind = ?', taken.length, lost, kind);
    if (APPENDED[kind] !== undefined) return void db.run('UPDATE shipping SET cursor = max(cursor, ?) WHERE kind = ?', last.seq, kind);
    const gone = JSON.stringify(parcels.map(({ seq, changes }) => [seq, changes]));
    db.run('DELETE FROM outbox WHERE (seq, changes) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))', gone);
  });
}

/** Written once, and shipped in that order; else it is queued by id. */
export const isWrittenOnce = (kind: Kind): boolean => APPENDED[kind] !== undefined;

/** What is written once has left the queue: it was taken, refused or given up. */
export const isShipped = (db: Database, kind: Kind, seq: number): boolean => seq <= cursorOf(db, kind);

/** Of what is written once, those of these ids that are still here, to be sent again. */
export function parcelsOf(db: Database, kind: Kind, ids: readonly string[]): Parcel[] {
  const { table, id, columns } = APPENDED[kind] as { table: string; id: string; columns: string };
  return db.all(`SELECT seq, ${columns} FROM ${table} WHERE ${id} IN (SELECT value FROM json_each(?)) ORDER BY seq`, JSON.stringify(ids)).map(parcel);
}

/** Queues what was refused of a kind that changes in place, as it is now. Returns how many. */
export function queueRefused(db: Database, kind: Kind): number {
  const { table } = CHANGED[kind] as { table: string };
  return db.transaction(() => {
    const letters = `SELECT kind, id, ? FROM dead_letters WHERE kind = ? AND id IN (SELECT id FROM ${table})`;
    const queued = db.run(`INSERT INTO outbox (kind, id, queued) ${letters} ON CONFLICT DO UPDATE SET changes = changes + 1`, Date.now(), kind);
    db.run('DELETE FROM dead_letters WHERE kind = ?', kind);
    return queued;
  });
}

export type Backlog = {
  kind: Kind;
  /** Documents that wait, and since when the oldest does (ms since the epoch), 0 for none or when that was just now. */
  waiting: number;
  oldest: number;
  shipped: number;
  given_up: number;
  dead: number;
  /** Why the last of those was refused; '' when none was. */
  reason: string;
};

const number = (row: Row | undefined, name: string): number => Number(row?.[name] ?? 0);

/** How much waits, by kind; nothing while shipping is off. */
export function backlog(db: Database): Backlog[] {
  return db.all('SELECT kind, cursor, shipped, given_up FROM shipping').map((row) => {
    const kind = String(row['kind']) as Kind;
    const { n, oldest } = waiting(db, kind, Number(row['cursor']));
    const [dead, reason] = [lettersOf(db, kind), lastReason(db, kind)];
    return { kind, waiting: n, oldest, shipped: Number(row['shipped']), given_up: Number(row['given_up']), dead, reason };
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
