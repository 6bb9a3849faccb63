/**
 * A new mapping: a new index, a copy of the documents, and the alias moved over. Writers wait meanwhile.
 *
 * Any number of appliances may do it at once, and each may die at any point: the index is filled under a name that only one attempt has, documents
 * there are never overwritten, and the name ends in the same instant in which the alias moves. So whoever comes next goes on where others stopped.
 */
import { randomUUID } from 'node:crypto';
import { pack, portions, send } from './bulk.ts';
import { typeOf } from './errors.ts';
import { type Kind, placeOf } from './kinds.ts';
import type { Cluster, Hit } from './scope.ts';

const KEEP = '5m';
/** Documents read at a time: some are of megabytes. */
const AT_ONCE = 250;

/** One kind on its way: from one index to another, which is filled under `name`. */
type Move = { alias: string; from: string; to: string; name: string };

/** The server does not take a document as it is: trying again would not help. */
class Refused extends Error {}

async function* documents({ client }: Cluster, index: string): AsyncGenerator<Hit[]> {
  let { id } = await client.openPointInTime({ index, keep_alive: KEEP });
  try {
    for (let after: unknown[] | undefined; ; ) {
      const body = { size: AT_ONCE, pit: { id, keep_alive: KEEP }, sort: [{ _shard_doc: 'asc' }], ...(after === undefined ? {} : { search_after: after }) };
      // By default a server answers with what it could read.
      const answer = await client.search({ ...(body as object), allow_partial_search_results: false });
      const { hits } = answer.hits as unknown as { hits: Hit[] };
      if (hits.length === 0) return;
      yield hits;
      id = answer.pit_id ?? id;
      after = hits.at(-1)?.sort;
    }
  } finally {
    await client.closePointInTime({ id }).catch(() => undefined);
  }
}

async function put(cluster: Cluster, { from, to }: Move, portion: string[]): Promise<void> {
  const outcomes = await send(cluster, await pack(portion), false);
  const bad = outcomes.find(({ state }) => state === 'refused') ?? outcomes.find(({ state }) => state === 'wait');
  if (bad === undefined) return;
  const says = `could not copy ${from} to ${to} (${bad.reason})`;
  throw bad.state === 'refused' ? new Refused(says) : new Error(says);
}

async function copy(cluster: Cluster, move: Move): Promise<void> {
  for await (const hits of documents(cluster, move.from)) {
    const lines = hits.map(({ _id, _source }) => {
      const action = { create: { _index: move.name, _id, require_alias: true } };
      return [JSON.stringify(action), JSON.stringify(_source)] as const;
    });
    for (const portion of portions(lines)) await put(cluster, move, portion);
  }
}

async function complete({ client }: Cluster, { from, to }: Move): Promise<void> {
  await client.indices.refresh({ index: to });
  const [before, now] = await Promise.all([from, to].map(async (index) => (await client.count({ index })).count));
  if ((now as number) < (before as number)) throw new Error(`has ${now} of ${before} documents in ${to} after a copy of ${from}`);
}

const NAME = '-filling-';

/** The aliases of an index, none when it is not there. */
async function aliasesOf({ client }: Cluster, index: string): Promise<string[]> {
  return Object.keys((await client.indices.getAlias({ index }, { ignore: [404] }))[index]?.aliases ?? {});
}

/** Under what it is filled; undefined when nobody fills it. */
const nameOf = async (cluster: Cluster, to: string): Promise<string | undefined> =>
  (await aliasesOf(cluster, to)).find((alias) => alias.startsWith(`${to}${NAME}`));

/** Unlike the setting, this waits for what is being written. */
const block = ({ client }: Cluster, index: string): Promise<unknown> => client.indices.addBlock({ index, block: 'write' });

async function isBlocked({ client }: Cluster, index: string): Promise<boolean> {
  const answer = await client.indices.getSettings({ index, name: 'index.blocks.write' }, { ignore: [404] });
  return String(answer[index]?.settings?.index?.blocks?.write) === 'true';
}

const endName = ({ client }: Cluster, to: string, name: string): Promise<unknown> =>
  client.indices.updateAliases({ actions: [{ remove: { index: to, alias: name, must_exist: true } }] });

/** What was begun before somebody let writers go on: it may hold documents as they were then. */
async function discard(cluster: Cluster, from: string, to: string): Promise<void> {
  const name = await nameOf(cluster, to);
  if (name === undefined || (await isBlocked(cluster, from))) return;
  await endName(cluster, to, name);
  await cluster.client.indices.delete({ index: to });
}

/** The name to fill the index under: of our own when it is not there yet, else that of whoever made it. */
async function claim(cluster: Cluster, from: string, to: string): Promise<string> {
  await discard(cluster, from, to);
  // Before, so that whoever finds the name can tell that nothing was written since. After, since one who gave up before may have lifted it.
  await block(cluster, from);
  const own = `${to}${NAME}${randomUUID()}`;
  const name = await cluster.client.indices.create({ index: to, aliases: { [own]: {} } }).then(
    () => own,
    (error: unknown) => {
      if (typeOf(error) !== 'resource_already_exists_exception') throw error;
      return nameOf(cluster, to);
    },
  );
  if (name === undefined) throw new Error(`holds ${to}, which nobody fills: when that stays so, delete ${to}`);
  await block(cluster, from);
  return name;
}

/** The alias moves, all at once: nothing of it happens when the name has ended. */
const finish = ({ client }: Cluster, { alias, from, to, name }: Move): Promise<unknown> =>
  client.indices.updateAliases({
    actions: [{ remove_index: { index: from } }, { remove: { index: to, alias: name, must_exist: true } }, { add: { index: to, alias, is_write_index: true } }],
  });

/** As before. Until the index is gone, nobody starts anew. */
async function giveUp(cluster: Cluster, { from, to, name }: Move): Promise<void> {
  await endName(cluster, to, name);
  await cluster.client.indices.putSettings({ index: from, settings: { 'index.blocks.write': null } });
  await cluster.client.indices.delete({ index: to });
}

async function fill(cluster: Cluster, move: Move): Promise<void> {
  try {
    await cluster.client.indices.refresh({ index: move.from });
    await copy(cluster, move);
    await complete(cluster, move);
    await finish(cluster, move);
  } catch (error) {
    if (error instanceof Refused) await giveUp(cluster, move).catch(() => undefined);
    throw error;
  }
}

/** A node takes an index away before it tells what else changed in the same instant: waits until everything decided so far is told. */
const settle = ({ client }: Cluster): Promise<unknown> => client.cluster.health({ wait_for_events: 'languid', timeout: '30s' }, { ignore: [408] });

/** Throws when it could not be done: then writers go on as before if a document was refused, else they wait for the next try. */
export async function upgrade(cluster: Cluster, kind: Kind, from: string, to: string): Promise<void> {
  const alias = placeOf(cluster.prefix, kind);
  try {
    const name = await claim(cluster, from, to);
    await fill(cluster, { alias, from, to, name });
  } catch (error) {
    // Another appliance may have been faster.
    await settle(cluster).catch(() => undefined);
    if (!(await aliasesOf(cluster, to)).includes(alias)) throw error;
  }
}
