/** Facts of many sites in one list, each with the site that it is of. */
import type { Fact } from '../fact.ts';
import { parsed, type Scope, type Source, term } from '../store/elastic/scope.ts';
import { page, when } from '../store/elastic/search.ts';
import { exact, lower } from '../store/elastic/values.ts';
import type { FactQuery, Page } from '../store/store.ts';

const read = (source: Source): Fact => ({
  ...parsed<Fact>(source),
  state: source['stillwatch.state'] as Fact['state'],
  by: String(source['stillwatch.decided_by'] ?? ''),
  site: String(source['stillwatch.site']),
});

/** In the order of a single site's list. */
export async function factsOfSites(scope: Scope, { kind, protocol, state, server, unit, client, limit, cursor }: FactQuery): Promise<Page<Fact>> {
  const filter = [
    ...when(kind, (value) => term('stillwatch.kind', value)),
    ...when(protocol, (value) => term('stillwatch.protocol', exact(value))),
    ...when(state, (value) => term('stillwatch.state', value)),
    ...when(server, (value) => term('stillwatch.server', lower(value))),
    ...when(unit, (value) => term('stillwatch.unit', value)),
    ...when(client, (value) => term('stillwatch.client', lower(value))),
  ];
  return page(scope, { kind: 'facts', filter, sort: { field: 'stillwatch.first_seen', type: 'number' }, order: 'desc', limit, cursor, read });
}
