/** What part of a cluster a store reads and writes. */
import { hash } from 'node:crypto';
import type { Client } from '@elastic/elasticsearch';
import type { Decision } from '../../finding.ts';
import { StoreError } from '../store.ts';
import { isFoldable } from './checked.ts';
import { explain } from './errors.ts';
import { ECS_VERSION } from './fields.ts';
import { isStream, type Kind, placeOf } from './kinds.ts';
import { Snapshots } from './snapshots.ts';
import { timeOf } from './values.ts';

export { parsed, readable } from './checked.ts';

export type Cluster = {
  client: Client;
  /** Of every index, alias, data stream and template. */
  prefix: string;
};

export type Scope = Cluster & {
  /** The site whose documents they are; null: those of all sites, or of those in `among`, to read only. */
  site: string | null;
  among?: readonly string[];
  /** Name of the appliance, and whose the site is. */
  observer: string;
  organization: string;
  snapshots: Snapshots;
};

export type Source = { [field: string]: unknown };
export type Query = { [clause: string]: unknown };

/** Kind of a document, and its id in the cluster. */
export type Place = { kind: Kind; id: string };
export type Document = Place & { source: Source };

export const scopeOf = (cluster: Cluster, site: string | null, observer = '', organization = ''): Scope => ({
  ...cluster,
  site,
  observer,
  organization,
  snapshots: new Snapshots(cluster.client),
});

/** Bytes of an id (IndexRequest.MAX_DOCUMENT_ID_LENGTH_IN_BYTES). */
const MAX_ID = 512;

export function keyOf(site: string, id: string): string {
  const key = `${site}/${id}`;
  return Buffer.byteLength(key) > MAX_ID ? hash('sha256', key) : key;
}

/** Whose a document is, where it is read with those of other sites. */
export const sited = (scope: Scope, source: Source): { site?: string } => (scope.site === null ? { site: String(source['stillwatch.site']) } : {});

const KINDS_OF_EVENT: { [kind in Kind]: string } = {
  findings: 'alert',
  assets: 'asset',
  facts: 'state',
  decisions: 'event',
  conversations: 'state',
  registers: 'state',
  taglists: 'state',
  observations: 'event',
  flows: 'event',
  health: 'metric',
  audit: 'event',
  sites: 'state',
  claims: 'state',
};

const CATEGORIES: { [kind in Kind]?: string } = {
  findings: 'intrusion_detection',
  assets: 'host',
  observations: 'network',
  flows: 'network',
  conversations: 'network',
};

/** Last number given to a document that came without one. */
let last = 0;

/** Numbers that grow, in microseconds since the epoch: by them documents that were stored directly are ordered. */
export function nextSequence(): number {
  last = Math.max(last + 1, Date.now() * 1000);
  return last;
}

/** The document with what every one has; `document` is the whole of what it is about. */
export function documentOf(scope: Scope, kind: Kind, id: string, time: string, fields: Source, document: string, sequence: number): Document {
  const site = scope.site as string;
  const key = keyOf(site, id);
  return {
    kind,
    id: key,
    source: {
      '@timestamp': timeOf(time),
      'ecs.version': ECS_VERSION,
      'event.kind': KINDS_OF_EVENT[kind],
      ...(CATEGORIES[kind] === undefined ? {} : { 'event.category': CATEGORIES[kind] }),
      'event.module': 'stillwatch',
      'event.dataset': `stillwatch.${kind}`,
      'observer.vendor': 'Stillwatch',
      'observer.type': 'ids',
      ...(scope.observer === '' ? {} : { 'observer.name': scope.observer }),
      'observer.geo.name': site,
      ...(scope.organization === '' ? {} : { 'organization.name': scope.organization }),
      'stillwatch.site': site,
      'stillwatch.id': id,
      'stillwatch.key': key,
      'stillwatch.sequence': sequence,
      ...fields,
      'stillwatch.document': document,
    },
  };
}

export type Hit = { _id: string; _index: string; _source: Source; sort?: unknown[]; _seq_no?: number; _primary_term?: number };
export type Answer = { _shards: { total: number }; hits: { hits: Hit[]; total: { value: number } }; aggregations?: { [name: string]: unknown } };

/** A clause that a field has this value. */
export const term = (field: string, value: unknown): Query => ({ term: { [field]: { value } } });
export const terms = (field: string, values: readonly unknown[]): Query => ({ terms: { [field]: values } });

function ofSites({ site, among }: Scope): Query[] {
  if (site !== null) return [term('stillwatch.site', site)];
  return among === undefined ? [] : [terms('stillwatch.site', among)];
}

/** The clauses, of this scope's site. */
export const within = (scope: Scope, filter: readonly Query[]): Query => ({
  bool: { filter: [...ofSites(scope), ...filter] },
});

/** An index that `install` made is gone. */
const gone = (scope: Scope, kind: Kind): StoreError =>
  new StoreError('storage', `Elasticsearch has no ${placeOf(scope.prefix, kind)} any more: whoever ships there makes it again, with all that was in it`);

/** Less than everything would look as if there were no more. */
export const WHOLE = { allow_partial_search_results: false };

/** Asks. A data stream is not there before its first document; a plain index always is. */
export async function search(scope: Scope, kinds: readonly Kind[], body: object): Promise<Answer> {
  const lasting = kinds.find((kind) => !isStream(kind));
  try {
    const index = kinds.map((kind) => placeOf(scope.prefix, kind));
    const answer = (await scope.client.search({ index, ignore_unavailable: true, allow_no_indices: true, ...WHOLE, ...body })) as unknown as Answer;
    if (answer._shards.total === 0 && lasting !== undefined) throw gone(scope, lasting);
    return answer;
  } catch (error) {
    throw explain(error);
  }
}

/** One document with its version, null when it is not there. Of all sites, the one changed last. */
export async function get(scope: Scope, kind: Kind, asked: string): Promise<Hit | null> {
  // Half a character fits into no address.
  const id = asked.toWellFormed();
  if (isStream(kind)) throw new Error(`documents of ${kind} are not read by id`);
  if (scope.site === null) {
    const body = { size: 1, query: within(scope, [term('stillwatch.id', id)]), sort: [{ '@timestamp': 'desc' }], seq_no_primary_term: true };
    return (await search(scope, [kind], body)).hits.hits[0] ?? null;
  }
  try {
    const answer = await scope.client.get<Source>({ index: placeOf(scope.prefix, kind), id: keyOf(scope.site, id) }, { ignore: [404] });
    if ('error' in answer) throw gone(scope, kind);
    return answer.found === true ? (answer as unknown as Hit) : null;
  } catch (error) {
    throw explain(error);
  }
}

/** Many of a site, with their versions; those that are not there, or no document of ours, are left out. */
export async function getAll(scope: Scope, kind: Kind, ids: readonly string[]): Promise<Hit[]> {
  try {
    const { docs } = await scope.client.mget<Source>({ index: placeOf(scope.prefix, kind), ids: ids.map((id) => keyOf(scope.site as string, id)) });
    return (docs as unknown as (Hit & { found?: boolean })[]).filter(({ found, _source }) => found === true && isFoldable(kind, _source));
  } catch (error) {
    throw explain(error);
  }
}

export type Subject = Decision['on'];
