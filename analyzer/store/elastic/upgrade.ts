/** A new mapping: a new index, a copy of the documents, and the alias moved over. Writers wait meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises';
import { portions, send } from './bulk.ts';
import { typeOf } from './errors.ts';
import { type Kind, placeOf } from './kinds.ts';
import type { Cluster, Hit } from './scope.ts';

const KEEP = '5m';
const AT_ONCE = 1000;
/** How long (ms) another appliance may take that copies already, and how often it is looked. */
const PATIENCE = 600_000;
const LOOK = 1000;

async function* documents({ client }: Cluster, index: string): AsyncGenerator<Hit[]> {
  const { id } = await client.openPointInTime({ index, keep_alive: KEEP });
  let after: unknown[] | undefined;
  for (;;) {
    const body = { size: AT_ONCE, pit: { id, keep_alive: KEEP }, sort: [{ _shard_doc: 'asc' }], ...(after === undefined ? {} : { search_after: after }) };
    const { hits } = (await client.search(body as object)).hits as unknown as { hits: Hit[] };
    if (hits.length === 0) break;
    yield hits;
    after = hits.at(-1)?.sort;
  }
  await client.closePointInTime({ id });
}

async function copy(cluster: Cluster, from: string, to: string): Promise<void> {
  for await (const hits of documents(cluster, from)) {
    const lines = hits.map(({ _id, _source }) => [JSON.stringify({ index: { _index: to, _id } }), JSON.stringify(_source)] as const);
    for (const portion of portions(lines)) {
      const bad = (await send(cluster, portion, false)).find(({ state }) => state !== 'done');
      if (bad !== undefined) throw new Error(`could not copy ${from} to ${to} (${bad.reason})`);
    }
  }
}

/** Who makes the new index copies; the others wait until the alias has moved. */
async function claimed({ client }: Cluster, index: string): Promise<boolean> {
  try {
    await client.indices.create({ index });
    return true;
  } catch (error) {
    if (typeOf(error) === 'resource_already_exists_exception') return false;
    throw error;
  }
}

async function moved({ client }: Cluster, alias: string, to: string): Promise<boolean> {
  const answer = await client.indices.getAlias({ index: to, name: alias }, { ignore: [404] });
  return to in answer;
}

async function wait(cluster: Cluster, alias: string, to: string): Promise<void> {
  for (const since = performance.now(); performance.now() - since < PATIENCE; await sleep(LOOK)) if (await moved(cluster, alias, to)) return;
  throw new Error(`has waited for ${to} to be filled by another Stillwatch: when none does that any more, delete ${to} and start again`);
}

export async function upgrade(cluster: Cluster, kind: Kind, from: string, to: string): Promise<void> {
  const { client, prefix } = cluster;
  const alias = placeOf(prefix, kind);
  if (!(await claimed(cluster, to))) return wait(cluster, alias, to);
  const block = (write: boolean | null): Promise<unknown> => client.indices.putSettings({ index: from, settings: { 'index.blocks.write': write } });
  try {
    await block(true);
    await client.indices.refresh({ index: from });
    await copy(cluster, from, to);
    await client.indices.updateAliases({ actions: [{ remove: { index: from, alias } }, { add: { index: to, alias, is_write_index: true } }] });
  } catch (error) {
    // As before: the next start tries again.
    await block(null).catch(() => undefined);
    await client.indices.delete({ index: to }, { ignore: [404] }).catch(() => undefined);
    throw error;
  }
  await client.indices.delete({ index: from }, { ignore: [404] });
}
