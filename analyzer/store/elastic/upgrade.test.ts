/** A newer mapping: the same documents in new indices, whoever else does it, writes meanwhile or dies. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { cluster, remove, SERVERS, siteOf } from '../../../test/elasticsearch/servers.ts';
import {
  sampleAsset,
  sampleConversation,
  sampleDecision,
  sampleFact,
  sampleFinding,
  sampleId,
  sampleKept,
  sampleRegisters,
  sampleTag,
  sampleTime,
} from '../../../test/samples.ts';
import { missing } from '../../../test/shared.ts';
import { elasticStore } from '../elastic.ts';
import { type Store, StoreError } from '../store.ts';
import { linesOf, pack, send } from './bulk.ts';
import { findingDocument } from './findings.ts';
import { install } from './install.ts';
import { isStream, KINDS, placeOf } from './kinds.ts';
import type { Cluster, Scope } from './scope.ts';

const NUMBERS = Array.from({ length: 30 }, (_, n) => n);

/** Something of everything, decided on. */
async function fill(store: Store): Promise<void> {
  await store.save({
    findings: NUMBERS.map((n) => sampleFinding(`finding ${n}`, { risk: n, count: n + 1 })),
    assets: NUMBERS.map((n) => sampleAsset(`10.0.0.${n}`)),
    facts: NUMBERS.map((n) => sampleFact(`fact ${n}`)),
    conversations: NUMBERS.map((n) => sampleConversation(`10.0.0.${n}`, '10.0.1.1')),
    observations: NUMBERS.map((n) => sampleKept(`kept ${n}`, { frames: [n], kind: n % 2 === 0 ? 'modbus' : 'flow' })),
    registers: [sampleRegisters('10.0.0.9', 1, 'coils')],
    tagLists: [{ id: sampleId('list'), owner: 'configuration', file: 'tags.csv', tags: [sampleTag(100)] }],
    health: NUMBERS.map((n) => ({ '@timestamp': sampleTime(n), frames: n }) as never),
  });
  for (const n of NUMBERS.slice(0, 5)) await store.decide(sampleDecision({ kind: 'finding', id: sampleId(`finding ${n}`) }, 'acknowledge'));
}

async function answers(store: Store): Promise<unknown> {
  return Promise.all([
    store.findings({ sort: 'risk', limit: 100 }),
    store.findingFacets({}),
    store.assets({ limit: 100 }),
    store.facts({ limit: 100 }),
    store.conversations({ limit: 100 }),
    store.observations({ limit: 100 }),
    store.registers({}),
    store.tagLists('configuration'),
    store.decisions({ kind: 'finding', id: sampleId('finding 1') }),
    store.health({ limit: 100 }),
    store.auditLines({ limit: 100 }),
  ]);
}

/** Of plain indices: each with its aliases, and how many documents are in it. */
async function places({ client, prefix }: Cluster): Promise<{ [place: string]: number }> {
  const found = Object.entries(await client.indices.getAlias({ index: `${prefix}-*` }));
  const counted = found.map(async ([index, { aliases }]) => [[index, ...Object.keys(aliases)].join(' '), (await client.count({ index })).count] as const);
  return Object.fromEntries(await Promise.all(counted));
}

const v2 = (places: { [place: string]: number }): { [place: string]: number } =>
  Object.fromEntries(Object.entries(places).map(([place, count]) => [place.replace('-v1 ', '-v2 '), count]));

/** A writer as the shipper is one: what must wait is sent again. Ends when `stop` says so; the last number it wrote. */
class Writer {
  private readonly scope: Scope;
  private stopped = false;
  waits = 0;
  refused: string[] = [];
  written = 0;

  constructor(scope: Scope) {
    this.scope = scope;
  }

  /** Writes one finding after another, and a first one again and again with a count that grows. */
  async run(): Promise<void> {
    for (let n = 1; !this.stopped; n++) {
      const findings = [sampleFinding('hot', { count: n }), sampleFinding(`written ${n}`)];
      let lines = findings.flatMap((finding) => linesOf(this.scope, findingDocument(this.scope, finding, [], n)));
      while (lines.length > 0) {
        const outcomes = await send(this.scope, await pack(lines), false);
        lines = lines.filter((_, line) => outcomes[line >> 1]?.state === 'wait');
        this.refused.push(...outcomes.filter(({ state }) => state === 'refused').map(({ reason }) => reason));
        this.waits += lines.length / 2;
        if (lines.length > 0) await sleep(5);
      }
      this.written = n;
    }
  }

  stop(): void {
    this.stopped = true;
  }
}

async function lostNothing(scope: Scope, { written, refused }: Writer): Promise<void> {
  assert.deepEqual(refused, []);
  await scope.client.indices.refresh({ index: placeOf(scope.prefix, 'findings') });
  const store = elasticStore(scope);
  assert.equal((await store.finding(sampleId('hot')))?.count, written);
  const ids = Array.from({ length: written }, (_, n) => `${scope.site}/${sampleId(`written ${n + 1}`)}`);
  const { docs } = await scope.client.mget({ index: placeOf(scope.prefix, 'findings'), ids, _source: false });
  assert.equal(docs.filter((doc) => 'found' in doc && doc.found).length, written);
}

function cases(node: string): void {
  let one: Cluster;
  before(async () => {
    one = await cluster(node, false);
  });
  after(() => remove(one));

  let parts = 0;
  /** A prefix of its own within the test, as schema 1 has it. */
  async function part(): Promise<Cluster> {
    const here = { client: one.client, prefix: `${one.prefix}-${parts++}` };
    await install(here, null, 1);
    return here;
  }

  it('moves everything, and the store answers as before', async () => {
    const here = await part();
    const scope = siteOf(here);
    const store = elasticStore(scope);
    await fill(store);
    const [said, was] = [await answers(store), await places(here)];
    const done = await install(here, null, 2);
    assert.deepEqual(
      done,
      KINDS.map((kind) => ({ kind, before: 1, now: 2 })),
    );
    assert.deepEqual(await answers(store), said);
    for (const [place, count] of Object.entries(v2(was))) assert.equal((await places(here))[place], count, place);
    for (const kind of KINDS.filter(isStream)) {
      const schemas = Object.values(await here.client.indices.getMapping({ index: placeOf(here.prefix, kind) })).map(
        ({ mappings }) => mappings._meta?.['schema'],
      );
      assert.deepEqual(schemas.sort(), [1, 2], kind);
    }
    assert.deepEqual(Object.keys(await here.client.indices.getAlias({ index: `${here.prefix}-*-v1*` })), []);
    const now = await places(here);
    await install(here, null, 2);
    assert.deepEqual(await places(here), now, 'once');
    await fill(store);
    await store.save({ findings: [sampleFinding('later')], observations: [sampleKept('later')] });
    assert.equal((await store.findings({})).total, NUMBERS.length + 1);
    assert.equal((await store.finding(sampleId('finding 1')))?.status, 'acknowledged');
    await store.close();
  });

  it('by several at the same moment, while others write: nothing is lost', async () => {
    const here = await part();
    const scope = siteOf(here);
    const many = Array.from({ length: 3000 }, (_, n) => sampleFinding(`before ${n}`));
    await elasticStore(scope).save({ findings: many });
    const writers = [new Writer(scope), new Writer(siteOf(here))];
    const work = writers.map((writer) => writer.run());
    await Promise.all([install(here, null, 2), install(here, null, 2)]);
    await sleep(200);
    for (const writer of writers) writer.stop();
    await Promise.all(work);
    for (const writer of writers) assert.ok(writer.waits > 0, 'writers wait meanwhile');
    const index = `${here.prefix}-findings-v2`;
    assert.deepEqual(Object.keys(await here.client.indices.getAlias({ index: `${here.prefix}-findings-v*` })), [index]);
    await lostNothing(scope, writers[0] as Writer);
    const total = writers.reduce((sum, { written }) => sum + written + 1, many.length);
    assert.equal((await here.client.count({ index })).count, total);
  });

  /** As an appliance that died in the middle leaves it: `blocked`, with half of the documents copied. */
  async function halfDone(here: Cluster, blocked: boolean): Promise<Scope> {
    const scope = siteOf(here);
    await elasticStore(scope).save({ findings: [sampleFinding('a'), sampleFinding('b')] });
    const to = `${here.prefix}-findings-v2`;
    if (blocked) await here.client.indices.addBlock({ index: `${here.prefix}-findings-v1`, block: 'write' });
    await here.client.indices.create({ index: to, aliases: { [`${to}-filling-gone`]: {} } });
    const { id, source } = findingDocument(scope, sampleFinding('a'), [], 1);
    await here.client.index({ index: to, id, document: source });
    return scope;
  }

  it('goes on where another one died', async () => {
    const here = await part();
    const scope = await halfDone(here, true);
    await install(here, null, 2);
    assert.equal((await elasticStore(scope).findings({})).total, 2);
    assert.deepEqual((await places(here))[`${here.prefix}-findings-v2 ${here.prefix}-findings`], 2);
  });

  it('starts anew when somebody has let writers go on since', async () => {
    const here = await part();
    const scope = await halfDone(here, false);
    await elasticStore(scope).save({ findings: [sampleFinding('a', { count: 7 })] });
    await install(here, null, 2);
    assert.equal((await elasticStore(scope).finding(sampleId('a')))?.count, 7);
    assert.equal((await elasticStore(scope).findings({})).total, 2);
  });

  it('what the new mapping refuses leaves everything as it was', async () => {
    const here = await part();
    const scope = siteOf(here);
    const [from, to] = [`${here.prefix}-findings-v1`, `${here.prefix}-findings-v2`];
    await elasticStore(scope).save({ findings: [sampleFinding('a')] });
    await here.client.indices.putMapping({ index: from, properties: { odd: { type: 'keyword' } } });
    const { source } = findingDocument(scope, sampleFinding('b'), [], 1);
    await here.client.index({ index: from, id: 'odd', document: { ...source, odd: 'x' }, refresh: true });
    await assert.rejects(install(here, null, 2), (error: unknown) => {
      assert.ok(error instanceof StoreError);
      assert.match(error.message, /^Elasticsearch could not copy \S+-findings-v1 to \S+-findings-v2 \(strict_dynamic_mapping_exception: .*odd.*\)$/);
      return true;
    });
    assert.deepEqual(await here.client.indices.exists({ index: to }), false);
    await elasticStore(scope).save({ findings: [sampleFinding('c')] });
    await here.client.delete({ index: from, id: 'odd', refresh: true });
    await install(here, null, 2);
    assert.equal((await elasticStore(scope).findings({})).total, 2);
  });

  it('an index in the way is one clear line', async () => {
    const here = await part();
    await here.client.indices.create({ index: `${here.prefix}-findings-v2` });
    await assert.rejects(install(here, null, 2), /^StoreError: Elasticsearch holds \S+-findings-v2, which nobody fills: when that stays so, delete \S+-v2$/);
  });
}

describe('upgrades', { skip: missing('elasticsearch') }, () => {
  for (const node of SERVERS) describe(node, () => cases(node));
});
