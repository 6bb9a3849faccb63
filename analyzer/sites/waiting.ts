/** What was decided centrally and has not reached its site yet, of a whole list. */
import { decisionsWaiting } from '../store/elastic/decisions.ts';
import type { Scope, Subject } from '../store/elastic/scope.ts';
import { exact } from '../store/elastic/values.ts';

/** Those of `ids` with a decision that their site has not taken. */
export async function waitingAmong(scope: Scope, kind: Subject['kind'], ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const waiting = await decisionsWaiting(scope, { kind, ids }, ['stillwatch.subject']);
  const subjects = new Set(waiting.map((source) => source['stillwatch.subject']));
  return new Set(ids.filter((id) => subjects.has(exact(id))));
}
