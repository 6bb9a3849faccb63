/** What the other side refused for good: kept by name with the reason, until it is taken after all. */
import type { Kind } from '../elastic/kinds.ts';
import type { Database } from './database.ts';

/** Dead letters of each kind that may be given up; those beyond are only counted. Of the other kinds all are kept. */
export const MAX_DEAD_LETTERS = 10_000;

/** What is given up first when too much waits. Findings, decisions, the audit trail and what the baseline knows never are. */
export const SACRIFICE: readonly Kind[] = ['flows', 'health', 'observations'];

export type DeadLetter = { kind: Kind; id: string; reason: string };

export const lettersOf = (db: Database, kind: Kind): number => Number(db.get('SELECT count(*) AS n FROM dead_letters WHERE kind = ?', kind)?.['n'] ?? 0);

/** Keeps them; returns how many there was no room for. */
export function bury(db: Database, kind: Kind, letters: readonly DeadLetter[]): number {
  let room = SACRIFICE.includes(kind) ? MAX_DEAD_LETTERS - lettersOf(db, kind) : Number.POSITIVE_INFINITY;
  let lost = 0;
  for (const { id, reason } of letters) {
    const at = Date.now();
    if (db.run('UPDATE dead_letters SET at = ?, reason = ? WHERE kind = ? AND id = ?', at, reason, kind, id) === 1) continue;
    if (room-- > 0) db.run('INSERT INTO dead_letters (kind, id, at, reason) VALUES (?, ?, ?, ?)', kind, id, at, reason);
    else lost++;
  }
  return lost;
}

/** Those were taken after all. */
export function unbury(db: Database, kind: Kind, ids: readonly string[]): void {
  if (db.get('SELECT 1 AS some FROM dead_letters WHERE kind = ? LIMIT 1', kind) === undefined) return;
  db.run('DELETE FROM dead_letters WHERE kind = ? AND id IN (SELECT value FROM json_each(?))', kind, JSON.stringify(ids));
}

/** The oldest of a kind behind number `after`, in order. */
export const deadLetters = (db: Database, kind: Kind, limit: number, after = 0): (DeadLetter & { seq: number })[] =>
  db.all('SELECT seq, id, reason FROM dead_letters WHERE kind = ? AND seq > ? ORDER BY seq LIMIT ?', kind, after, limit).map((row) => ({
    seq: Number(row['seq']),
    kind,
    id: String(row['id']),
    reason: String(row['reason']),
  }));

/** Why it was, of the newest of a kind; '' when there is none. */
export const lastReason = (db: Database, kind: Kind): string =>
  String(db.get('SELECT reason FROM dead_letters WHERE kind = ? ORDER BY seq DESC LIMIT 1', kind)?.['reason'] ?? '');
