/** Decisions that people took at a central console come back to the site that owns what they are about. */
import type { Decision } from '../../finding.ts';
import { decisionsWaiting } from '../elastic/decisions.ts';
import type { Scope } from '../elastic/scope.ts';
import type { Database } from '../sqlite/database.ts';

/** Those that wait for this site and are not here yet. What is here already is told by shipping it. */
export async function arrived(db: Database, scope: Scope): Promise<Decision[]> {
  const waiting = await decisionsWaiting(scope);
  return waiting.filter(({ id }) => db.get('SELECT 1 AS found FROM decisions WHERE id = ?', id) === undefined);
}
