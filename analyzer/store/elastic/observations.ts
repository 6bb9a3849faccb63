/** Observations, flows and measurements: written once, dropped by retention. */
import { hash } from 'node:crypto';
import { micros } from '../order.ts';
import { limited } from '../page.ts';
import type { Health, Kept } from '../store.ts';
import { streamOf } from '../stream.ts';
import { pack, send } from './bulk.ts';
import { contentOf } from './checked.ts';
import { explain } from './errors.ts';
import { excerpt } from './excerpt.ts';
import { type DocumentField, OBSERVATION_FIELDS, OBSERVATION_SETS } from './fields.ts';
import { EXPIRING, isStream, type Kind } from './kinds.ts';
import { type Document, documentOf, type Hit, type Place, type Query, type Scope, type Source, search, term, terms, within } from './scope.ts';
import { everything, when } from './search.ts';
import { converted, exact, lower, MAX_VALUES } from './values.ts';

/** Finds what the field table knows of an observation: values by field, as many as can be searched. */
function find(value: unknown, name: string, found: Map<DocumentField, unknown[]>): void {
  const known = OBSERVATION_FIELDS.get(name);
  if (known !== undefined) {
    const values = found.get(known) ?? [];
    found.set(known, values);
    values.push(...(Array.isArray(value) ? value : [value]).slice(0, MAX_VALUES - values.length));
  } else if (Array.isArray(value)) {
    for (const item of value) if (!Array.isArray(item)) find(item, name, found);
  } else if (typeof value === 'object' && value !== null && (name === '' || OBSERVATION_SETS.has(name))) {
    for (const [key, inner] of Object.entries(value)) find(inner, name === '' ? key : `${name}.${key}`, found);
  }
}

function project(observation: Kept['json']): Source {
  const found = new Map<DocumentField, unknown[]>();
  find(observation, '', found);
  const fields: Source = {};
  for (const [{ name, type }, values] of found) {
    const taken = converted(type, values.length === 1 ? values[0] : values);
    if (taken !== undefined && name !== '@timestamp') fields[name] = taken;
  }
  return fields;
}

/** `json`: the same, where that is at hand. */
export function observationDocument(scope: Scope, kept: Kept, sequence: number, json?: string): Document {
  const { text, shortened } = excerpt(kept, ['json'], json);
  const own: Source = {
    ...project(kept.json),
    ...(shortened ? { 'stillwatch.shortened': true } : {}),
    ...(kept.source === '' ? {} : { 'source.address': exact(kept.source), 'stillwatch.source': lower(kept.source) }),
    ...(kept.destination === '' ? {} : { 'destination.address': exact(kept.destination), 'stillwatch.destination': lower(kept.destination) }),
    'ot.kind': exact(kept.kind),
    'stillwatch.frames': kept.frames,
    'stillwatch.at': micros(kept['@timestamp']),
  };
  return documentOf(scope, streamOf(kept), kept.id, kept['@timestamp'], own, text, sequence);
}

const about = (address: string): Query => {
  const value = lower(address);
  return { bool: { should: [term('stillwatch.source', value), term('stillwatch.destination', value)], minimum_should_match: 1 } };
};

const NEWEST = [{ 'stillwatch.at': 'desc' }, { 'stillwatch.sequence': 'desc' }];

/** The newest `limit` that match, oldest first. */
async function newest(scope: Scope, kinds: Kind[], filter: Query[], limit: number | undefined): Promise<Source[]> {
  const { hits } = await search(scope, kinds, { size: limited(limit, 100), query: within(scope, filter), sort: NEWEST });
  return hits.hits.reverse().map(({ _source }) => _source);
}

type ObservationQuery = { frames?: number[]; address?: string; limit?: number };

export async function listObservations(scope: Scope, { frames, address, limit }: ObservationQuery): Promise<Kept[]> {
  const filter = [...when(frames?.length ? frames : undefined, (list) => terms('stillwatch.frames', list)), ...when(address, about)];
  const found = await newest(scope, ['observations', 'flows'], filter, limit);
  return found.flatMap((source) => contentOf('observation', source) ?? []);
}

/** What is searched of how shipping goes. */
const MEASURED = ['waiting', 'age', 'rate', 'failing', 'refused', 'given_up'] as const;

export function healthDocument(scope: Scope, health: Health, sequence: number): Document {
  const json = JSON.stringify(health);
  const time = health['@timestamp'];
  const shipping = health['shipping'] as Source | undefined;
  const counts = MEASURED.flatMap((name) => (Number.isSafeInteger(shipping?.[name]) ? [[`ot.shipping.${name}`, shipping?.[name]]] : []));
  const fields = { 'stillwatch.at': micros(time), ...Object.fromEntries(counts) };
  return documentOf(scope, 'health', hash('sha256', json), time, fields, json, sequence);
}

/** The newest `limit`, newest last. */
export async function listHealth(scope: Scope, limit: number | undefined): Promise<Health[]> {
  return (await newest(scope, ['health'], [], limit)).flatMap((source) => contentOf('health', source) ?? []);
}

/** Whichever of them are there already: after an answer that got lost nobody knows, and the stream may have rolled over since. */
export async function present(scope: Scope, kind: Kind, ids: readonly string[]): Promise<Set<string>> {
  const { hits } = await search(scope, [kind], { size: ids.length, query: { ids: { values: ids } }, _source: false });
  return new Set(hits.hits.map(({ _id }) => _id));
}

/** Ids asked for at a time. */
const AT_ONCE = 1000;

/** The documents without those of streams that are there already: after a rollover a stream would take them again. */
export async function missing<P extends Place>(scope: Scope, documents: readonly P[]): Promise<P[]> {
  const known = new Set<string>();
  for (const [kind, some] of Map.groupBy(documents, (document) => document.kind)) {
    for (let from = 0; isStream(kind) && from < some.length; from += AT_ONCE) {
      const ids = some.slice(from, from + AT_ONCE).map(({ id }) => id);
      for (const id of await present(scope, kind, ids)) known.add(`${kind} ${id}`);
    }
  }
  return documents.filter(({ kind, id }) => !known.has(`${kind} ${id}`));
}

async function drop(scope: Scope, hits: readonly Hit[]): Promise<number> {
  const lines = hits.map(({ _index, _id }) => JSON.stringify({ delete: { _index, _id } }));
  const outcomes = await send(scope, await pack(lines), true).catch((error: unknown) => {
    throw explain(error);
  });
  return outcomes.filter(({ state }) => state === 'done').length;
}

/** One by one, since a server may lack `_delete_by_query`, and with a lifecycle nothing is left to drop. */
async function expireFrom(scope: Scope, kind: Kind, before: number): Promise<number> {
  let gone = 0;
  const old: Query = { range: { 'stillwatch.at': { lt: before } } };
  for await (const hits of everything(scope, kind, [old], [{ 'stillwatch.at': 'asc' }, { 'stillwatch.key': 'asc' }], false)) gone += await drop(scope, hits);
  return gone;
}

export async function expire(scope: Scope, before: string): Promise<number> {
  const time = micros(before);
  let gone = 0;
  for (const kind of EXPIRING) gone += await expireFrom(scope, kind, time);
  return gone;
}
