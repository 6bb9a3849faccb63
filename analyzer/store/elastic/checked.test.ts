/** One document that somebody else wrote takes nothing else with it. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { cluster, remove, SERVERS, siteOf } from '../../../test/elasticsearch/servers.ts';
import { entriesOf } from '../../../test/everything.ts';
import {
  sampleAsset,
  sampleConversation,
  sampleDecision,
  sampleFact,
  sampleFinding,
  sampleId,
  sampleKept,
  sampleRegisters,
  sampleTime,
} from '../../../test/samples.ts';
import { missing } from '../../../test/shared.ts';
import { elasticStore } from '../elastic.ts';
import type { Store } from '../store.ts';
import { MAX_WHOLE } from './excerpt.ts';
import { isStream, type Kind, placeOf } from './kinds.ts';
import { type Cluster, type Scope, scopeOf } from './scope.ts';

const GARBAGE = ['{}', 'no json', 'null', '[]', '7', '{"id":"x","on":{}}', `${'['.repeat(5000)}${']'.repeat(5000)}`];

/** What sorts and filters of pages ask for, so that it comes first. */
const LAST = 9e15;
const FIELDS: { [kind in Kind]?: object } = {
  findings: { 'stillwatch.status': 'new', 'stillwatch.last_seen': LAST },
  assets: { 'stillwatch.last_seen': LAST },
  facts: { 'stillwatch.state': 'approved', 'stillwatch.first_seen': LAST },
  decisions: { 'stillwatch.kind': 'finding', 'stillwatch.subject': sampleId('a'), 'stillwatch.applied': true, 'stillwatch.at': LAST },
  conversations: { 'stillwatch.last_seen': LAST },
  observations: { 'stillwatch.at': LAST },
  health: { 'stillwatch.at': LAST },
};

async function put({ client, prefix, site }: Scope, kind: Kind, document: string, more: object = {}): Promise<void> {
  const id = `${site}/${document.slice(0, 20)}`;
  const op_type = isStream(kind) ? 'create' : 'index';
  const own = { 'stillwatch.site': site, 'stillwatch.id': id, 'stillwatch.key': id, 'stillwatch.document': document };
  await client.index({
    index: placeOf(prefix, kind),
    id,
    op_type,
    refresh: true,
    document: { '@timestamp': '2026-11-23T10:00:00Z', ...FIELDS[kind], ...own, ...more },
  });
}

const KINDS: Kind[] = ['findings', 'assets', 'facts', 'decisions', 'conversations', 'registers', 'observations', 'health', 'audit'];

async function garbage(scope: Scope): Promise<void> {
  for (const kind of KINDS) for (const document of GARBAGE) await put(scope, kind, document);
}

const fill = (store: Store): Promise<void> =>
  store.save({
    findings: [sampleFinding('a'), sampleFinding('b')],
    assets: [sampleAsset('10.0.0.1')],
    facts: [sampleFact('a')],
    conversations: [sampleConversation('10.0.0.1', '10.0.0.2')],
    registers: [sampleRegisters('10.0.0.2', 1, 'holding_registers')],
    observations: [sampleKept('a')],
    health: [{ '@timestamp': sampleTime(1) }],
    audit: [{ '@timestamp': sampleTime(1), by: 'anna', action: 'login', on: '', detail: '' }],
  });

const read = async (store: Store) => [
  (await store.findings({})).items.length,
  (await store.assets({})).items.length,
  (await store.facts({})).items.length,
  (await store.conversations({})).items.length,
  (await store.observations({})).length,
  (await store.health({})).length,
  (await store.auditLines({})).items.length,
  (await store.registers({})).length,
];

function cases(node: string): void {
  let one: Cluster;
  before(async () => {
    one = await cluster(node);
  });
  after(() => remove(one));

  it('is left out of lists of one site and of all, and of what is exported', async () => {
    const scope = siteOf(one);
    const store = elasticStore(scope);
    await fill(store);
    const [before, entries] = [await read(store), await entriesOf(store)];
    assert.deepEqual(before, [2, 1, 1, 1, 1, 1, 1, 1]);
    await garbage(scope);
    assert.deepEqual(await read(store), before);
    assert.deepEqual(await read(elasticStore({ ...scopeOf(one, null), among: [scope.site as string] })), before);
    assert.deepEqual(await entriesOf(store), entries);
    await store.close();
  });

  it('is nothing where one is asked for', async () => {
    const scope = siteOf(one);
    await garbage(scope);
    const all = elasticStore({ ...scopeOf(one, null), among: [scope.site as string] });
    assert.equal(await all.finding(`${scope.site}/{}`), null);
    assert.equal(await all.asset(`${scope.site}/{}`), null);
  });

  it('does not keep decisions from counting', async () => {
    const scope = siteOf(one);
    const store = elasticStore(scope);
    await garbage(scope);
    await fill(store);
    await store.decide(sampleDecision({ kind: 'finding', id: sampleId('a') }, 'start'));
    assert.equal((await store.finding(sampleId('a')))?.status, 'in_progress');
    assert.equal((await store.decisions({ kind: 'finding', id: sampleId('a') })).length, 1);
    await store.close();
  });

  it('does not count where it claims to be about something else', async () => {
    const scope = siteOf(one);
    const store = elasticStore(scope);
    await store.save({ findings: [sampleFinding('a')] });
    await put(scope, 'decisions', JSON.stringify(sampleDecision({ kind: 'finding', id: 'other' }, 'close')));
    assert.deepEqual(await store.decisions({ kind: 'finding', id: sampleId('a') }), []);
    await store.close();
  });

  it('leaves its page shorter, and the pages after it as they are', async () => {
    const scope = siteOf(one);
    const store = elasticStore(scope);
    await garbage(scope);
    for (const name of ['last_seen', 'key']) await put(scope, 'findings', name, { [`stillwatch.${name}`]: undefined });
    await store.save({ findings: Array.from({ length: 6 }, (_, n) => sampleFinding(`paged ${n}`)) });
    const found: string[] = [];
    for (let cursor: string | undefined, pages = 0; pages < 20; pages++) {
      const { items, next } = await store.findings({ limit: 1, cursor });
      found.push(...items.map(({ id }) => id));
      if (next === null) break;
      cursor = next;
    }
    assert.equal(new Set(found).size, 6);
    await store.close();
  });

  it('a status that nobody knows makes no finding', async () => {
    const scope = siteOf(one);
    const store = elasticStore(scope);
    for (const [n, more] of [{ 'stillwatch.status': 'gone' }, { 'stillwatch.suppressed': '{}' }, { 'stillwatch.resolution': 'x' }].entries())
      await put(scope, 'findings', JSON.stringify(sampleFinding(`bad ${n}`)), more);
    assert.deepEqual((await store.findings({})).items, []);
    await store.close();
  });

  it('what was shortened is still read', async () => {
    const scope = siteOf(one);
    const store = elasticStore(scope);
    const expected = [sampleFact('a'), sampleFact('b', { what: 'x'.repeat(MAX_WHOLE) }), sampleFact('c')];
    await store.save({ findings: [sampleFinding('long', { expected })] });
    assert.equal((await store.findings({})).items[0]?.id, sampleId('long'));
    await store.close();
  });
}

describe('a document that is none of ours', { skip: missing('elasticsearch') }, () => {
  for (const node of SERVERS) describe(node, () => cases(node));
});
