/** What goes wrong with a real server and on the way to it. Afterwards it holds what was stored, by id: nothing lost, nothing doubled. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../analyzer/store/elastic/connection.ts';
import { install } from '../../analyzer/store/elastic/install.ts';
import { KINDS, placeOf } from '../../analyzer/store/elastic/kinds.ts';
import { templateName, templateOf } from '../../analyzer/store/elastic/templates.ts';
import { elasticStore } from '../../analyzer/store/elastic.ts';
import { deadLetters } from '../../analyzer/store/sqlite/letters.ts';
import { backlog } from '../../analyzer/store/sqlite/outbox.ts';
import { tiered } from '../../analyzer/store/tiered.ts';
import { authority, issue } from '../lab/certificate.ts';
import { missing } from '../shared.ts';
import { refresh } from './appliance.ts';
import { documentsOf } from './load.ts';
import { freePort, TestNode } from './node.ts';
import { HttpProxy } from './proxy.ts';
import { Appliance, agree, CONNECTION, FINDINGS, idsIn, through } from './shipment.ts';

describe('faults', { skip: missing('elasticsearch') }, () => {
  let node: TestNode;
  before(async () => {
    node = await new TestNode(await freePort()).start();
  });
  after(() => node.remove());

  it('the server is stopped and started', () =>
    through([node.url], async (appliance) => {
      await appliance.ready();
      await sleep(100);
      await node.signal('SIGTERM');
      await appliance.load();
      await appliance.told(/^Elasticsearch cannot be reached \(.+\): check that it runs, and elasticsearch.nodes$/m);
      await node.start();
    }));

  it('it is killed in the middle of requests, again and again', () =>
    through([node.url], async (appliance) => {
      for (const part of [0.75, 1]) {
        await appliance.ready();
        await Promise.all([appliance.load(FINDINGS * part), sleep(150)]);
        await node.signal('SIGKILL');
        await node.start();
      }
    }));

  it('it freezes and thaws, and the console goes on meanwhile with what is here', () =>
    through([node.url], async (appliance) => {
      const { store, scope } = appliance;
      await appliance.ready();
      await node.signal('SIGSTOP');
      const client = connect({ ...CONNECTION, nodes: [node.url], timeout: 500 });
      const console = tiered({ local: store, central: elasticStore({ ...scope, client }), unfit: () => '', record: async () => {} });
      for (let page = 0; page < 20; page++) {
        assert.ok((await console.findings({ sort: 'opened', order: 'asc', limit: 50 })).items.length > 0);
        assert.equal(console.reason(), 'Elasticsearch does not answer in time: check that it runs, and elasticsearch.nodes');
        await sleep(200);
      }
      await client.close();
      await node.signal('SIGCONT');
    }));

  it('it answers after 30 s, and to a client that waits for 20', async () => {
    const proxy = new HttpProxy(node.url);
    const port = await proxy.listen();
    const slow = async (appliance: Appliance): Promise<void> => {
      await appliance.ready();
      proxy.delay = 30_000;
      await appliance.load();
      await sleep(35_000);
      proxy.delay = 0;
    };
    await through([`http://127.0.0.1:${port}`], slow, { timeout: 20_000 }).finally(() => proxy.close());
  });

  it('it asks to come back later', async () => {
    const proxy = new HttpProxy(node.url);
    const port = await proxy.listen();
    const busy = async (appliance: Appliance): Promise<void> => {
      await appliance.ready();
      proxy.refuse = { status: 429, after: '3' };
      await Promise.all([appliance.load(), sleep(1000)]);
      const before = proxy.requests;
      for (const since = performance.now(); performance.now() - since < 1500; await sleep(20)) appliance.shipper.hurry();
      assert.ok(proxy.requests - before <= KINDS.length, `${proxy.requests - before} requests within the time to wait`);
      proxy.refuse = null;
    };
    await through([`http://127.0.0.1:${port}`], busy).finally(() => proxy.close());
  });

  for (const block of ['index.blocks.write', 'index.blocks.read_only_allow_delete']) {
    it(`an index takes nothing (${block})`, () =>
      through([node.url], async (appliance) => {
        const { scope } = appliance;
        const index = `${placeOf(scope.prefix, 'findings')}-v1`;
        await appliance.ready();
        await scope.client.indices.putSettings({ index, settings: { [block]: true } });
        await appliance.load();
        await appliance.told(/does not take findings now \(cluster_block_exception/);
        await scope.client.indices.putSettings({ index, settings: { [block]: null } });
      }));
  }

  it('an index has no shard that works', async () => {
    const appliance = new Appliance([node.url], { timeout: 20_000 });
    const { scope, db, shipper } = appliance;
    try {
      await install(scope, null);
      const alias = placeOf(scope.prefix, 'findings');
      const [index, needs] = [`${alias}-v1`, 'index.routing.allocation.require._name'];
      await scope.client.indices.delete({ index });
      await scope.client.indices.create({ index, aliases: { [alias]: { is_write_index: true } }, settings: { [needs]: 'nobody' }, wait_for_active_shards: 0 });
      shipper.start();
      await appliance.load(500);
      await appliance.told(/^Elasticsearch does not take findings now \(unavailable_shards_exception: \S+ primary shard is not active\)$/m);
      await scope.client.indices.putSettings({ index, settings: { [needs]: null } });
      await appliance.drained();
      assert.equal(await agree(scope, db), documentsOf(500));
    } finally {
      await appliance.end();
    }
  });

  it('one index has a mapping that conflicts: what it refuses is set aside with the reason, the rest goes on', async () => {
    const appliance = new Appliance([node.url]);
    const { scope, db, shipper } = appliance;
    try {
      await install(scope, null);
      const template = templateOf(scope.prefix, 'observations', null) as { template: { mappings: { properties: { [name: string]: unknown } } } };
      template.template.mappings.properties['ot'] = { type: 'boolean' };
      await scope.client.indices.putIndexTemplate({ name: templateName(scope.prefix, 'observations'), ...(template as object) });
      await scope.client.bulk({
        operations: [{ create: { _index: placeOf(scope.prefix, 'observations'), _id: 'first' } }, { '@timestamp': '2026-01-01T00:00:00Z' }],
      });
      shipper.start();
      await appliance.load(500);
      await appliance.drained();
      const dead = deadLetters(db, 'observations', 100_000);
      assert.equal(dead.length, 2000);
      assert.match(dead[0]!.reason, /document_parsing_exception|mapper_parsing_exception/);
      assert.equal(backlog(db).find(({ kind }) => kind === 'observations')?.dead, 2000);
      await refresh(scope);
      assert.equal((await idsIn(scope, 'findings')).length, 500);
      assert.deepEqual(await shipper.replay(), { taken: 0, refused: 2000, queued: 0 }, 'as long as the mapping is wrong');
      await scope.client.indices.rollover({ alias: placeOf(scope.prefix, 'observations') });
      assert.deepEqual(await shipper.replay(), { taken: 2000, refused: 0, queued: 0 });
      assert.deepEqual(deadLetters(db, 'observations', 10), []);
      await refresh(scope);
      assert.equal((await idsIn(scope, 'observations')).filter((id) => id !== 'undefined').length, 2000);
    } finally {
      await appliance.end();
    }
  });

  const basic = (password: string): string => `Basic ${Buffer.from(`stillwatch:${password}`).toString('base64')}`;
  for (const { what, given, wrong, right } of [
    { what: 'password', given: { user: 'stillwatch', password: 'secret' }, wrong: basic('other'), right: basic('secret') },
    { what: 'API key', given: { apiKey: 'c2VjcmV0', user: 'stillwatch', password: 'secret' }, wrong: basic('secret'), right: 'ApiKey c2VjcmV0' },
  ]) {
    it(`the ${what} is wrong, then right`, async () => {
      const proxy = new HttpProxy(node.url);
      const port = await proxy.listen();
      proxy.authorization = wrong;
      const change = async (appliance: Appliance): Promise<void> => {
        await appliance.told(/refuses the API key or password: check elasticsearch.api_key/);
        assert.doesNotMatch(appliance.trouble(), /secret|c2VjcmV0/);
        proxy.authorization = right;
      };
      await through([`http://127.0.0.1:${port}`], change, given).finally(() => proxy.close());
    });
  }

  it('the certificate is not trusted, but its authority or fingerprint is', async () => {
    const own = authority('Plant CA');
    const { key, cert } = issue(own, 'localhost', { host: 'localhost' });
    const proxy = new HttpProxy(node.url, { key, cert: cert + own.cert });
    const port = await proxy.listen();
    const nodes = [`https://localhost:${port}`];
    const stranger = new Appliance(nodes);
    const other = new Appliance(nodes, { fingerprint: '00'.repeat(32) });
    const folder = mkdtempSync(join(tmpdir(), 'stillwatch-ca-'));
    try {
      stranger.shipper.start();
      await stranger.told(/^Elasticsearch shows a certificate that is not trusted: set elasticsearch.ca/);
      writeFileSync(join(folder, 'ca.pem'), own.cert);
      await through(nodes, async () => {}, { ca: join(folder, 'ca.pem') });
      await through(nodes, async () => {}, { fingerprint: createHash('sha256').update(own.der).digest('hex') });
      other.shipper.start();
      await other.told(/^Elasticsearch shows a certificate with another fingerprint/);
    } finally {
      await stranger.end();
      await other.end();
      await proxy.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
