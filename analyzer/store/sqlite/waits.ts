/** For how long what is written once has been waiting to be shipped. */
import type { Kind } from '../elastic/kinds.ts';
import type { Database } from './database.ts';

/** What waits of a kind: behind number `after`, up to number `newest`. */
export type Queue = { kind: Kind; after: number; newest: number };

/** Lets `elapsed` ms pass. `step`: how finely (ms) times are told. */
export function passTime(db: Database, { kind, after, newest }: Queue, elapsed: number, step: number): void {
  db.run('DELETE FROM waits WHERE kind = ? AND seq <= ?', kind, after);
  db.run('UPDATE waits SET waited = waited + ? WHERE kind = ?', Math.round(elapsed), kind);
  const last = db.get('SELECT min(waited) AS waited FROM waits WHERE kind = ?', kind)?.['waited'] ?? null;
  if (newest > after && (last === null || Number(last) >= step)) db.run('INSERT INTO waits VALUES (?, ?, 0) ON CONFLICT DO NOTHING', kind, newest);
}

/** Number of the newest that has waited for as long as this (ms), 0 when none has. */
export const waitedFor = (db: Database, kind: Kind, ms: number): number =>
  Number(db.get('SELECT max(seq) AS seq FROM waits WHERE kind = ? AND waited >= ?', kind, ms)?.['seq'] ?? 0);

/** For how long (ms, at least) the first behind number `after` has waited. */
export const longestWait = (db: Database, kind: Kind, after: number): number =>
  Number(db.get('SELECT waited FROM waits WHERE kind = ? AND seq > ? ORDER BY seq LIMIT 1', kind, after)?.['waited'] ?? 0);
