/** Real servers that tests use: `.ci/run` starts them and names them in STILLWATCH_TEST_ELASTICSEARCH, as `http://127.0.0.1:19208,http://127.0.0.1:19209`. */
import { Client } from '@elastic/elasticsearch';
import { install } from '../../analyzer/store/elastic/install.ts';
import { KINDS, placeOf } from '../../analyzer/store/elastic/kinds.ts';
import { type Cluster, type Scope, scopeOf } from '../../analyzer/store/elastic/scope.ts';

/** Addresses of the servers. */
export const SERVERS: readonly string[] = (process.env['STILLWATCH_TEST_ELASTICSEARCH'] ?? '').split(',').filter(Boolean);

let made = 0;

/** A part of a server that no other test has, ready for documents. */
export async function cluster(node: string, ready = true): Promise<Cluster> {
  const one = { client: new Client({ node }), prefix: `test-${process.pid}-${made++}` };
  if (ready) await install(one, null);
  return one;
}

let sites = 0;
export const siteOf = (one: Cluster): Scope => scopeOf(one, `site ${sites++}`, 'appliance');

/** Takes away what a test left, streams as far as a server allows it: by name, since servers refuse patterns. */
export async function remove({ client, prefix }: Cluster): Promise<void> {
  for (const kind of KINDS) await client.transport.request({ method: 'DELETE', path: `/_data_stream/${placeOf(prefix, kind)}` }).catch(() => undefined);
  const left = Object.keys(await client.indices.getAlias({ index: `${prefix}-*` }));
  await Promise.all(left.map((index) => client.indices.delete({ index }).catch(() => undefined)));
  await Promise.all(KINDS.map((kind) => client.indices.deleteIndexTemplate({ name: placeOf(prefix, kind) }).catch(() => undefined)));
  await client.close();
}
