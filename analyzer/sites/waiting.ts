/** What was decided centrally and has not reached its site yet, of a whole list. */

import { type Scope, type Subject, term, terms } from '../store/elastic/scope.ts';
import { everything } from '../store/elastic/search.ts';
import { exact } from '../store/elastic/values.ts';

/** Those of `ids` with a decision that their site has not taken. */
export async function waitingAmong(scope: Scope, kind: Subject['kind'], ids: readonly string[]): Promise<Set<string>> {
  const found = new Set<string>();
  if (ids.length === 0) return found;
  const subjects = new Map(ids.map((id) => [exact(id), id]));
  const filter = [term('stillwatch.applied', false), term('stillwatch.kind', kind), terms('stillwatch.subject', [...subjects.keys()])];
  for await (const hits of everything(scope, 'decisions', filter, [{ 'stillwatch.key': 'asc' }], ['stillwatch.subject'])) {
    for (const { _source } of hits) found.add(subjects.get(String(_source['stillwatch.subject'])) ?? '');
  }
  return found;
}
