/** Where things are shipped to: another cluster, prefix or name of the site gets everything, and so does a cluster that has lost what it had. */
import { explain } from '../elastic/errors.ts';
import { type Kind, placeOf, SHIPPED } from '../elastic/kinds.ts';
import { type Scope, within } from '../elastic/scope.ts';
import type { Database } from '../sqlite/database.ts';
import { backlog, beginAnew } from '../sqlite/outbox.ts';

/** What Elasticsearch calls a cluster that has not found together yet. */
const NONE_YET = '_na_';

async function nameOf({ client, prefix, site }: Scope): Promise<string> {
  const { cluster_uuid } = (await client.cluster.state({ metric: 'version' })) as { cluster_uuid?: string };
  if (cluster_uuid === NONE_YET) throw new Error('has not formed a cluster yet');
  return JSON.stringify([cluster_uuid, prefix, site]);
}

/** Whether the cluster has nothing of this site, of a kind. */
async function isEmpty(scope: Scope, kind: Kind): Promise<boolean> {
  const index = placeOf(scope.prefix, kind);
  await scope.client.indices.refresh({ index }, { ignore: [404] });
  const { count } = await scope.client.count({ index, query: within(scope, []), terminate_after: 1, ignore_unavailable: true, allow_no_indices: true });
  return count === 0;
}

/** To be called while nothing is under way. Begins anew with what the other side should have and has not. */
export async function recognise(db: Database, scope: Scope): Promise<void> {
  try {
    const target = await nameOf(scope);
    const known = db.get('SELECT target FROM shipped_to')?.['target'];
    if (known !== undefined && known !== target) beginAnew(db, SHIPPED);
    for (const { kind, shipped } of backlog(db)) if (shipped > 0 && (await isEmpty(scope, kind))) beginAnew(db, [kind]);
    db.transaction(() => {
      db.run('DELETE FROM shipped_to');
      db.run('INSERT INTO shipped_to VALUES (?)', target);
    });
  } catch (error) {
    throw explain(error);
  }
}
