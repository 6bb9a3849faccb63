/** No server refuses a document for what the wire says: whatever is in it, it is stored. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { hostile, hostileKey, hostileObservation, hostileText, type Json } from '../../../test/elasticsearch/hostile.ts';
import { cluster, remove, SERVERS, siteOf } from '../../../test/elasticsearch/servers.ts';
import type { Chance } from '../../../test/modbus-random.ts';
import {
  sampleAsset,
  sampleAttribute,
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
import { random } from '../../../test/sense.ts';
import { missing } from '../../../test/shared.ts';
import { ATTRIBUTES } from '../../asset.ts';
import { elasticStore } from '../elastic.ts';
import type { Kept } from '../store.ts';
import { assetDocument } from './assets.ts';
import { auditDocument } from './audit.ts';
import { linesOf, type Outcome, pack, portions, send } from './bulk.ts';
import { decisionDocument } from './decisions.ts';
import { conversationDocument, factDocument } from './facts.ts';
import { findingDocument } from './findings.ts';
import { healthDocument, observationDocument } from './observations.ts';
import { registersDocument } from './registers.ts';
import type { Cluster, Document, Scope } from './scope.ts';
import { tagListDocuments } from './tags.ts';

const SEED = 20_261_123;
/** Of each kind. */
const EACH = 200;

const seen = (next: Chance): { [key: string]: Json } => ({ [hostileKey(next)]: hostile(next), network: { protocol: hostile(next) } });
const name = (next: Chance): string | null => (next(3) === 0 ? null : hostileText(next));
const number = (next: Chance): number => [0, 1, 2 ** 53, 1e300, 0.5, -1, Number.NaN, Number.POSITIVE_INFINITY][next(8)] as number;
const list = (next: Chance): string[] => Array.from({ length: next(5) }, () => hostileText(next));

const finding = (next: Chance, n: number) =>
  sampleFinding(`hostile ${n}`, {
    title: hostileText(next),
    explanation: hostileText(next),
    actor: { ip: name(next), name: name(next) },
    target: { ip: name(next), name: name(next), unit_id: next(2) === 0 ? null : number(next) },
    tags: list(next),
    seen: seen(next),
    count: number(next),
    risk: number(next),
    rule: { id: hostileText(next), name: hostileText(next), level: 'high', version: number(next) },
  });

const asset = (next: Chance, n: number) =>
  sampleAsset(
    hostileText(next),
    ATTRIBUTES.map((attribute) => sampleAttribute(attribute, hostileText(next))),
    { id: sampleId(`hostile ${n}`), ip: list(next), mac: list(next) },
  );

const fact = (next: Chance, n: number) =>
  sampleFact(`hostile ${n}`, {
    client: hostileText(next),
    server: hostileText(next),
    protocol: hostileText(next),
    what: hostileText(next),
    access: hostileText(next) as never,
    unit: number(next),
    by: hostileText(next),
  });

const kept = (next: Chance, n: number) =>
  sampleKept(`hostile ${n}`, {
    kind: next(4) === 0 ? 'flow' : hostileText(next),
    frames: [number(next), number(next)],
    source: hostileText(next),
    destination: hostileText(next),
    json: hostileObservation(next),
  });

/** As it comes back from where the appliance kept it. */
const stored = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** Whatever RFC 3339 allows. */
const TIMES = [
  '2026-11-23T10:00:00Z',
  '2026-11-23t10:00:00.5z',
  '2026-11-23T10:00:00.123456789012Z',
  '2026-11-23T24:00:00Z',
  '2026-11-23T24:00:00.000000Z',
  '2026-02-30T10:00:00.000000Z',
  '2026-11-23T10:00:00+14:00',
  '1969-12-31T23:59:59.999999Z',
  '0000-01-01T00:00:00Z',
  '0000-01-01T00:00:00+02:00',
  '9999-12-31T23:59:59.999999Z',
];

type Maker = (scope: Scope, next: Chance, n: number) => Document;

const MAKERS: { [kind: string]: Maker } = {
  observations: (scope, next, n) => observationDocument(scope, stored(kept(next, n)), n),
  findings: (scope, next, n) => {
    const decisions = [sampleDecision({ kind: 'finding', id: 'x' }, 'close', { by: hostileText(next), comment: hostileText(next) })];
    return findingDocument(scope, stored(finding(next, n)), decisions, n);
  },
  assets: (scope, next, n) => {
    const edit = { [ATTRIBUTES[next(ATTRIBUTES.length)] as string]: hostileText(next) };
    return assetDocument(scope, stored(asset(next, n)), [sampleDecision({ kind: 'asset', id: 'x' }, 'edit', { edit: edit as never })], n);
  },
  facts: (scope, next, n) => factDocument(scope, stored(fact(next, n)), [], n),
  conversations: (scope, next, n) => {
    const changes = { id: sampleId(`hostile ${n}`), protocol: hostileText(next), transport: hostileText(next), port: number(next), frames: number(next) };
    return conversationDocument(scope, stored(sampleConversation(hostileText(next), hostileText(next), changes)), n);
  },
  decisions: (scope, next, n) => {
    const changes = { id: sampleId(`hostile ${n}`), by: hostileText(next), comment: hostileText(next) };
    return decisionDocument(scope, stored(sampleDecision({ kind: 'asset', id: hostileText(next) }, 'edit', changes)), n);
  },
  registers: (scope, next) => registersDocument(scope, stored(sampleRegisters(hostileText(next), number(next), 'coils')), 1),
  tagLists: (scope, next, n) => {
    const tags = [sampleTag(1, { name: hostileText(next), eu: hostileText(next) })];
    const list = { id: sampleId(`hostile ${n}`), owner: hostileText(next), file: hostileText(next), tags };
    return tagListDocuments(scope, stored(list), n)[0] as Document;
  },
  health: (scope, next, n) => healthDocument(scope, stored({ [hostileKey(next)]: hostile(next), '@timestamp': sampleTime(n) }) as never, n),
  audit: (scope, next, n) => {
    const line = { '@timestamp': sampleTime(n), by: hostileText(next), action: hostileText(next), on: hostileText(next), detail: hostile(next) };
    return auditDocument(scope, stored(line) as never, n, hostileText(next));
  },
};

async function refusals(one: Cluster, documents: Document[]): Promise<string[]> {
  const found: string[] = [];
  for (const portion of portions(documents.map((document) => linesOf(one, document)))) {
    const outcomes = await send(one, await pack(portion), false);
    found.push(...outcomes.flatMap(({ state, reason }, n) => (state === 'done' ? [] : [`${reason} ${portion[2 * n]}`])));
  }
  return found;
}

describe('documents of anything', { skip: missing('elasticsearch') }, () => {
  for (const node of SERVERS) {
    describe(node, () => {
      let one: Cluster;
      before(async () => {
        one = await cluster(node);
      });
      after(() => remove(one));

      for (const [kind, make] of Object.entries(MAKERS)) {
        it(`${kind} are taken`, async () => {
          const next = random(SEED);
          const scope = siteOf(one);
          const documents = Array.from({ length: EACH }, (_, n) => make(scope, next, n));
          assert.deepEqual(await refusals(one, documents), []);
        });
      }

      it('at any time, and of a site with any name', async () => {
        const scope = { ...siteOf(one), site: '網🏭\0'.repeat(50) };
        const documents = TIMES.map((time, n) => observationDocument(scope, sampleKept(`time ${n}`, { '@timestamp': time }), n));
        assert.deepEqual(await refusals(one, [...documents, findingDocument(scope, sampleFinding('site'), [], 1)]), []);
        await one.client.indices.refresh({ index: `${one.prefix}-findings` });
        assert.equal((await elasticStore(scope).finding(sampleId('site')))?.id, sampleId('site'));
      });

      it('larger than a server takes are refused for good, rather than tried for ever', async () => {
        const of = (bytes: number): Document => {
          const made = findingDocument(siteOf(one), sampleFinding('huge'), [], 1);
          return { ...made, source: { ...made.source, 'stillwatch.document': 'x'.repeat(bytes) } };
        };
        const states = new Map<number, string>();
        for (const megabytes of [1, 20, 40, 60, 80, 104, 120]) {
          const [outcome] = (await send(one, await pack(linesOf(one, of(megabytes * 1_000_000))), false)) as [Outcome];
          states.set(megabytes, outcome.state);
          if (outcome.state === 'refused') assert.match(outcome.reason, /^a server takes no document as large as this/);
        }
        assert.deepEqual([states.get(1), states.get(120), [...states.values()].includes('wait')], ['done', 'refused', false]);
      });

      it('of a message as large as they come, without the end of it', async () => {
        const scope = siteOf(one);
        const store = elasticStore(scope);
        const large = Array.from({ length: 2000 }, () => ({ node_id: 'ns=2;s=Pump', value: '\u0001"'.repeat(4096) }));
        const observation = sampleKept('large', { json: { kind: 'opcua', opcua: { nodes: large, service: 'Write' } } });
        await store.save({ observations: [observation], findings: [sampleFinding('large', { seen: { opcua: { nodes: large } } })] });
        const [found] = (await store.observations({})) as [Kept];
        const { nodes, service } = found.json['opcua'] as { nodes: unknown[]; service: string };
        assert.equal(service, 'Write');
        assert.ok(nodes.length > 10 && nodes.length < 100, `${nodes.length} nodes`);
        assert.deepEqual(nodes[0], large[0]);
        assert.equal((await store.finding(sampleId('large')))?.title, sampleFinding('large').title);
        const { count } = await one.client.count({
          index: [`${one.prefix}-observations`, `${one.prefix}-findings`],
          query: { term: { 'stillwatch.shortened': true } },
        });
        assert.equal(count, 2);
      });
    });
  }
});

it('a measurement says how shipping goes in numbers, and nothing that is none', () => {
  const scope = { site: 'plant', observer: '', organization: '' } as Scope;
  const fields = (shipping: unknown): [string, unknown][] =>
    Object.entries(healthDocument(scope, { '@timestamp': sampleTime(1), shipping }, 1).source).filter(([name]) => name.startsWith('ot.'));
  assert.deepEqual(fields({ waiting: 3, age: 1200, rate: 'fast', odd: 1 }), [
    ['ot.shipping.waiting', 3],
    ['ot.shipping.age', 1200],
  ]);
  for (const none of ['x', null, [], { waiting: 1e300 }]) assert.deepEqual(fields(none), []);
});
