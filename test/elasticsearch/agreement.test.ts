/** What an appliance recorded and shipped reads the same from Elasticsearch as from its own store, value by value and page by page. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { OPEN } from '../../analyzer/finding.ts';
import { SHIPPED } from '../../analyzer/store/elastic/kinds.ts';
import type { Cluster, Scope } from '../../analyzer/store/elastic/scope.ts';
import { elasticStore } from '../../analyzer/store/elastic.ts';
import { openDatabase } from '../../analyzer/store/sqlite/database.ts';
import { beginAnew } from '../../analyzer/store/sqlite/outbox.ts';
import { openSqlite } from '../../analyzer/store/sqlite.ts';
import type { Page, Store } from '../../analyzer/store/store.ts';
import { capture } from '../opcua-wire.ts';
import { sampleDecision, sampleTag } from '../samples.ts';
import { missing } from '../shared.ts';
import { fill, PLANT, shipAll } from './appliance.ts';
import { cluster, remove, SERVERS, siteOf } from './servers.ts';

type Read<T> = (store: Store, cursor: string | undefined) => Promise<Page<T>>;

async function pages<T>(store: Store, read: Read<T>): Promise<{ items: T[]; total: number }[]> {
  const found: { items: T[]; total: number }[] = [];
  for (let cursor: string | undefined; found.length < 2000; ) {
    const { items, next, total } = await read(store, cursor);
    found.push({ items, total });
    if (next === null) return found;
    cursor = next;
  }
  throw new Error('paging does not end');
}

const FAR = '2999-01-01T00:00:00Z';
const NOW = '2026-01-01T00:00:00Z';

/** Decisions of every kind on what is there, and a tag list. */
async function decideSome(store: Store): Promise<void> {
  const { items: findings } = await store.findings({ limit: 40 });
  for (const [n, { id }] of findings.entries()) {
    const kind = (['acknowledge', 'start', 'close', 'comment'] as const)[n % 4] as 'close';
    await store.decide(sampleDecision({ kind: 'finding', id }, kind, kind === 'close' ? { resolution: 'true_positive' } : {}));
    if (n % 3 === 0) await store.decide(sampleDecision({ kind: 'finding', id }, 'assign', { edit: { assignee: 'ben' } }));
    if (n % 5 === 0) await store.decide(sampleDecision({ kind: 'finding', id }, 'suppress', { edit: { until: FAR }, comment: 'until the outage' }));
  }
  for (const { id } of (await store.facts({ limit: 20 })).items) await store.decide(sampleDecision({ kind: 'fact', id }, 'approve'));
  const [asset] = (await store.assets({})).items;
  await store.decide(sampleDecision({ kind: 'asset', id: asset!.id }, 'edit', { edit: { name: 'Kläranlage 1', role: 'safety controller' } }));
  const list = { id: 'list', owner: asset!.id, file: 'tags.csv', tags: [sampleTag(3), sampleTag(1)] };
  await store.save({ tagLists: [list] });
  await store.decide(sampleDecision({ kind: 'asset', id: asset!.id }, 'tags', { edit: { list: list.id, file: list.file, tags: '2' } }));
}

const LISTS: [name: string, read: Read<unknown>][] = [
  ...(['last_seen', 'opened', 'risk', 'count'] as const).flatMap((sort) =>
    (['asc', 'desc'] as const).map((order): [string, Read<unknown>] => [
      `findings by ${sort} ${order}`,
      (store, cursor) => store.findings({ sort, order, limit: 7, cursor }),
    ]),
  ),
  ['findings that are closed', (store, cursor) => store.findings({ status: ['closed'], limit: 3, cursor })],
  ['findings that are suppressed', (store, cursor) => store.findings({ status: ['suppressed'], at: NOW, limit: 3, cursor })],
  ['findings that are open and not suppressed', (store, cursor) => store.findings({ status: [...OPEN], at: NOW, limit: 3, cursor })],
  ["findings that are somebody's", (store, cursor) => store.findings({ assignee: ['ben'], limit: 3, cursor })],
  ['findings with words', (store, cursor) => store.findings({ text: 'WROTE 10.', limit: 5, cursor })],
  ...(['address', 'first_seen', 'last_seen'] as const).map((sort): [string, Read<unknown>] => [
    `assets by ${sort}`,
    (store, cursor) => store.assets({ sort, limit: 4, cursor }),
  ]),
  ['facts', (store, cursor) => store.facts({ limit: 50, cursor })],
  ['facts that were approved', (store, cursor) => store.facts({ state: 'approved', limit: 6, cursor })],
  ['conversations', (store, cursor) => store.conversations({ limit: 9, cursor })],
  ['audit lines', (store, cursor) => store.auditLines({ limit: 11, cursor })],
];

for (const node of SERVERS.length === 0 ? ['no server'] : SERVERS) {
  describe(`what was shipped to ${node}`, { skip: missing('elasticsearch') }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'stillwatch-agreement-'));
    const path = join(folder, 'stillwatch.db');
    let one: Cluster;
    let scope: Scope;
    let local: Store;
    let central: Store;

    before(async () => {
      one = await cluster(node);
      scope = siteOf(one);
      local = openSqlite(path);
      const { path: other, skip } = capture('opcua-analyser/example.pcapng');
      for (const file of skip === false ? [PLANT, other] : [PLANT]) await fill(local, file);
      await decideSome(local);
      await shipAll(path, scope);
      central = elasticStore(scope);
    });
    after(async () => {
      await local.close();
      await central.close();
      await remove(one);
      rmSync(folder, { recursive: true, force: true });
    });

    for (const [name, read] of LISTS) {
      it(name, async () => {
        const expected = await pages(local, read);
        assert.ok(expected[0]!.items.length > 0, 'there is something to compare');
        assert.deepEqual(await pages(central, read), expected);
      });
    }

    it('page links are good for both', async () => {
      for (const [name, read] of LISTS) {
        const [here, there] = [await read(local, undefined), await read(central, undefined)];
        if (here.next === null) continue;
        const { items } = await read(local, here.next);
        assert.deepEqual((await read(local, there.next as string)).items, items, name);
        assert.deepEqual((await read(central, here.next)).items, items, name);
      }
    });

    it('one by one, with counts, histories and decisions', async () => {
      const { items } = await local.findings({ limit: 1000 });
      for (const { id, actor } of items.slice(0, 60)) {
        assert.deepEqual(await central.finding(id), await local.finding(id));
        assert.deepEqual(await central.decisions({ kind: 'finding', id }), await local.decisions({ kind: 'finding', id }));
        if (actor.ip !== null) assert.deepEqual(await central.findings({ address: actor.ip }), await local.findings({ address: actor.ip }));
      }
      for (const asset of (await local.assets({ limit: 1000 })).items) {
        assert.deepEqual(await central.asset(asset.id), await local.asset(asset.id));
        assert.deepEqual(await central.asset(asset.address.toUpperCase()), await local.asset(asset.address.toUpperCase()));
        const server = asset.address;
        assert.deepEqual(await central.registers({ server }), await local.registers({ server }));
        assert.deepEqual(await central.tags({ server }), await local.tags({ server }));
        const about = { address: asset.address, limit: 500 };
        assert.deepEqual(await central.observations(about), await local.observations(about));
      }
      for (const query of [{}, { level: ['high' as const] }, { text: 'wrote' }, { status: ['closed' as const], since: '2020-01-01T00:00:00Z' }]) {
        assert.deepEqual(await central.findingFacets(query), await local.findingFacets(query));
      }
      for (const query of [{}, { protocol: 'modbus' }, { text: '10.' }]) assert.deepEqual(await central.assetFacets(query), await local.assetFacets(query));
    });

    it('observations, measurements and tag lists', async () => {
      assert.deepEqual(await central.observations({ limit: 10_000 }), await local.observations({ limit: 10_000 }));
      const frames = (await local.observations({ limit: 50 })).flatMap((kept) => kept.frames);
      assert.deepEqual(await central.observations({ frames }), await local.observations({ frames }));
      assert.deepEqual(await central.health({ limit: 10_000 }), await local.health({ limit: 10_000 }));
      assert.deepEqual(await central.tagLists(), await local.tagLists());
      assert.deepEqual(await central.tags({}), await local.tags({}));
    });

    it('shipping it all again changes nothing', async () => {
      const count = async () => (await one.client.count({ index: `${one.prefix}-*`, expand_wildcards: ['open', 'hidden'] })).count;
      const before = await count();
      const db = openDatabase(path);
      beginAnew(db, SHIPPED);
      db.close();
      await shipAll(path, scope);
      assert.equal(await count(), before);
      assert.deepEqual(await pages(central, LISTS[0]![1]), await pages(local, LISTS[0]![1]));
    });
  });
}
