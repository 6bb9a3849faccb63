/** Makes a cluster ready: templates and indices that are missing, newer mappings, and a clear line where that must not be. */
import { StoreError } from '../store.ts';
import { explain, statusOf, typeOf } from './errors.ts';
import { isStream, KINDS, type Kind, placeOf } from './kinds.ts';
import type { Cluster } from './scope.ts';
import { indexOf, SCHEMA, templateName, templateOf } from './templates.ts';
import { upgrade } from './upgrade.ts';

export type Installed = { kind: Kind; before: number | null; now: number };

/** Schema of the template that is there, null when there is none of ours. */
async function installed({ client, prefix }: Cluster, kind: Kind): Promise<number | null> {
  const answer = await client.indices.getIndexTemplate({ name: templateName(prefix, kind) }, { ignore: [404] });
  const meta = answer.index_templates?.[0]?.index_template._meta as { managed_by?: string; schema?: number } | undefined;
  return meta?.managed_by === 'stillwatch' && typeof meta.schema === 'number' ? meta.schema : null;
}

/** The indices behind an alias; none when there is no alias. */
async function behind({ client }: Cluster, alias: string): Promise<string[]> {
  const answer = await client.indices.getAlias({ name: alias }, { ignore: [404] });
  return Object.keys(answer).filter((name) => name !== 'error' && name !== 'status');
}

const schemaOf = (index: string): number => Number(/-v(\d+)$/.exec(index)?.[1] ?? 0);

async function create(cluster: Cluster, kind: Kind, schema: number): Promise<void> {
  const { client, prefix } = cluster;
  try {
    await client.indices.create({ index: indexOf(prefix, kind, schema), aliases: { [placeOf(prefix, kind)]: { is_write_index: true } } });
  } catch (error) {
    // Another appliance made it a moment ago.
    if (typeOf(error) !== 'resource_already_exists_exception') throw error;
  }
}

/** A stream that is there takes a new mapping with its next index. */
async function renew({ client, prefix }: Cluster, kind: Kind): Promise<void> {
  try {
    await client.indices.rollover({ alias: placeOf(prefix, kind) });
  } catch (error) {
    if (![400, 404].includes(statusOf(error))) throw error;
  }
}

async function one(cluster: Cluster, kind: Kind, retention: string | null, schema: number): Promise<Installed> {
  const { client, prefix } = cluster;
  const before = await installed(cluster, kind);
  if (before !== null && before > schema) {
    const fix = 'update this Stillwatch, or give it another elasticsearch.prefix';
    throw new StoreError(
      'storage',
      `Elasticsearch holds ${placeOf(prefix, kind)} as a newer Stillwatch wrote it (schema ${before}, this one knows up to ${schema}): ${fix}.`,
    );
  }
  await client.indices.putIndexTemplate({ name: templateName(prefix, kind), ...(templateOf(prefix, kind, retention, schema) as object) });
  if (isStream(kind)) {
    if (before !== null && before < schema) await renew(cluster, kind);
    return { kind, before, now: schema };
  }
  const [index] = await behind(cluster, placeOf(prefix, kind));
  if (index === undefined) await create(cluster, kind, schema);
  else if (schemaOf(index) < schema) await upgrade(cluster, kind, index, indexOf(prefix, kind, schema));
  return { kind, before, now: schema };
}

/** Doing it again changes nothing. Throws a StoreError of one line when it cannot be done, and touches nothing that a newer version wrote. */
export async function install(cluster: Cluster, retention: string | null, schema = SCHEMA): Promise<Installed[]> {
  const done: Installed[] = [];
  try {
    for (const kind of KINDS) done.push(await one(cluster, kind, retention, schema));
  } catch (error) {
    throw explain(error);
  }
  return done;
}
