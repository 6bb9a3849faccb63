/** What people decided: append-only, oldest first. */
import type { Decision } from '../../finding.ts';
import { inOrder, refuseOvertaken } from '../fold.ts';
import { micros } from '../order.ts';
import type { Database } from './database.ts';

export type DecisionSubject = Decision['on'];

/** In the order they were taken, not in that they arrived: every site that has them all comes to the same end. */
export const decisionsOn = (db: Database, { kind, id }: DecisionSubject): Decision[] =>
  inOrder(
    db.all('SELECT json FROM decisions WHERE kind = ? AND subject = ? ORDER BY at, seq', kind, id).map((row) => JSON.parse(String(row['json'])) as Decision),
  );

/** False when it was there already. */
export function appendDecision(db: Database, decision: Decision, known?: readonly string[]): boolean {
  if (db.get('SELECT 1 AS found FROM decisions WHERE id = ?', decision.id) !== undefined) return false;
  if (known !== undefined) refuseOvertaken(decision, decisionsOn(db, decision.on), known);
  return append(db, decision);
}

const append = (db: Database, decision: Decision): boolean =>
  db.run(
    'INSERT INTO decisions (id, at, kind, subject, json) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
    decision.id,
    micros(decision['@timestamp']),
    decision.on.kind,
    decision.on.id,
    JSON.stringify(decision),
  ) === 1;
