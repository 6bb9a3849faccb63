/** Makes a cluster ready: templates and indices that are missing, newer mappings, and a clear line where that must not be. */
import { StoreError } from '../store.ts';
import { explain, typeOf } from './errors.ts';
import { isStream, KINDS, type Kind, placeOf } from './kinds.ts';
import type { Cluster } from './scope.ts';
import { indexOf, SCHEMA, templateName, templateOf } from './templates.ts';
import { upgrade } from './upgrade.ts';

export type Installed = { kind: Kind; before: number | null; now: number };

/** What is there of a kind: schemas, null where there is none of ours. */
type Found = {
  kind: Kind;
  template: number | null;
  /** Of the index that is written to. */
  written: number | null;
  /** Its name, of a plain index. */
  index: string;
};

/** How long streams that expire are kept (`30d`), null for good, undefined to leave that to whoever ships. */
export type Retention = string | null | undefined;

type Meta = { managed_by?: string; schema?: number } | undefined;

const schemaIn = (meta: Meta): number | null => (meta?.managed_by === 'stillwatch' && typeof meta.schema === 'number' ? meta.schema : null);

const schemaOf = (index: string): number => Number(/-v(\d+)$/.exec(index)?.[1] ?? 0);

/** The index behind an alias, '' when there is no alias. */
async function behind({ client }: Cluster, alias: string): Promise<string> {
  const answer = await client.indices.getAlias({ name: alias }, { ignore: [404] });
  return Object.keys(answer).find((name) => answer[name]?.aliases !== undefined) ?? '';
}

/** `.ds-stillwatch-flows-2026.11.25-000007` */
const generation = (index: string): number => Number(/-(\d+)$/.exec(index)?.[1] ?? 0);

/** Schema of the newest index of a stream: null when there is no stream, 0 when that index is not ours. */
async function written({ client }: Cluster, stream: string): Promise<number | null> {
  const answer = await client.indices.getMapping({ index: stream }, { ignore: [404] });
  const indices = Object.entries(answer).filter(([, { mappings }]) => mappings !== undefined);
  const newest = indices.sort(([a], [b]) => generation(a) - generation(b)).at(-1)?.[1];
  return newest === undefined ? null : (schemaIn(newest.mappings._meta as Meta) ?? 0);
}

async function look(cluster: Cluster, kind: Kind): Promise<Found> {
  const { client, prefix } = cluster;
  const answer = await client.indices.getIndexTemplate({ name: templateName(prefix, kind) }, { ignore: [404] });
  const template = schemaIn(answer.index_templates?.[0]?.index_template._meta as Meta);
  if (isStream(kind)) return { kind, template, written: await written(cluster, placeOf(prefix, kind)), index: '' };
  const index = await behind(cluster, placeOf(prefix, kind));
  return { kind, template, written: index === '' ? null : schemaOf(index), index };
}

const newest = ({ template, written }: Found): number | null => (template === null && written === null ? null : Math.max(template ?? 0, written ?? 0));

function check({ prefix }: Cluster, found: Found, schema: number): void {
  const before = newest(found);
  if (before === null || before <= schema) return;
  const what = `Elasticsearch holds ${placeOf(prefix, found.kind)} as a newer Stillwatch wrote it`;
  const fix = 'update this Stillwatch, or give it another elasticsearch.prefix';
  throw new StoreError('storage', `${what} (schema ${before}, this one knows up to ${schema}): ${fix}.`);
}

async function create(cluster: Cluster, kind: Kind, schema: number): Promise<void> {
  const { client, prefix } = cluster;
  const index = indexOf(prefix, kind, schema);
  const alias = placeOf(prefix, kind);
  try {
    await client.indices.create({ index, aliases: { [alias]: { is_write_index: true } } });
  } catch (error) {
    if (typeOf(error) !== 'resource_already_exists_exception') throw error;
    // Another appliance made it a moment ago, or it has lost its alias.
    if ((await behind(cluster, alias)) === '') await client.indices.putAlias({ index, name: alias, is_write_index: true });
  }
}

/** A stream that is there keeps the lifecycle it was made with. Servers without lifecycles do not know the request. */
async function keepFor({ client, prefix }: Cluster, kind: Kind, lifecycle: { data_retention?: string }): Promise<void> {
  await client.indices.putDataLifecycle({ name: placeOf(prefix, kind), ...lifecycle }, { ignore: [400, 404, 405] });
}

async function one(cluster: Cluster, found: Found, retention: Retention, schema: number): Promise<Installed> {
  const { client, prefix } = cluster;
  const { kind, written, index } = found;
  const { template, ...rest } = templateOf(prefix, kind, retention ?? null, schema);
  if (retention !== undefined || found.template !== schema)
    await client.indices.putIndexTemplate({ name: templateName(prefix, kind), template, ...rest } as never);
  if (retention !== undefined && written !== null && template.lifecycle !== undefined) await keepFor(cluster, kind, template.lifecycle);
  const old = written !== null && written < schema;
  // A stream that is there takes a new mapping with its next index.
  if (old && isStream(kind)) await client.indices.rollover({ alias: placeOf(prefix, kind) });
  else if (old) await upgrade(cluster, kind, index, indexOf(prefix, kind, schema));
  else if (written === null && !isStream(kind)) await create(cluster, kind, schema);
  return { kind, before: newest(found), now: schema };
}

/** Doing it again changes nothing. Throws a StoreError of one line when it cannot be done, and touches nothing when a newer version wrote any of it. */
export async function install(cluster: Cluster, retention: Retention, schema = SCHEMA): Promise<Installed[]> {
  try {
    const found: Found[] = [];
    for (const kind of KINDS) found.push(await look(cluster, kind));
    for (const each of found) check(cluster, each, schema);
    const done: Installed[] = [];
    for (const each of found) done.push(await one(cluster, each, retention, schema));
    return done;
  } catch (error) {
    throw explain(error);
  }
}
