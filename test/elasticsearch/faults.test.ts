/** What goes wrong with a real server and on the way to it. Afterwards it holds what was stored, by id: nothing lost, nothing doubled. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Connection, connect } from '../../analyzer/store/elastic/connection.ts';
import { install } from '../../analyzer/store/elastic/install.ts';
import { isStream, KINDS, type Kind, placeOf } from '../../analyzer/store/elastic/kinds.ts';
import { type Scope, scopeOf } from '../../analyzer/store/elastic/scope.ts';
import { templateName, templateOf } from '../../analyzer/store/elastic/templates.ts';
import { Shipper } from '../../analyzer/store/shipping/shipper.ts';
import { type Database, openDatabase } from '../../analyzer/store/sqlite/database.ts';
import { backlog, deadLetters } from '../../analyzer/store/sqlite/outbox.ts';
import { openSqlite } from '../../analyzer/store/sqlite.ts';
import type { Store } from '../../analyzer/store/store.ts';
import { authority, issue } from '../lab/certificate.ts';
import { missing } from '../shared.ts';
import { NO_LIMITS, refresh, waiting } from './appliance.ts';
import { documentsOf, store as load } from './load.ts';
import { freePort, TestNode } from './node.ts';
import { HttpProxy } from './proxy.ts';

const CONNECTION: Connection = { nodes: [], apiKey: '', user: '', password: '', ca: '', fingerprint: '', timeout: 2000 };
const FINDINGS = 2000;
/** ms that all may take to arrive once nothing is wrong any more. */
const PATIENCE = 90_000;

let made = 0;

/** An appliance with a store of its own that ships to `nodes`. */
class Appliance {
  readonly folder: string;
  readonly path: string;
  readonly store: Store;
  readonly db: Database;
  readonly scope: Scope;
  readonly shipper: Shipper;
  private readonly disk: boolean;

  /** `mib`: of a disk of its own. */
  constructor(nodes: string[], connection: Partial<Connection> = {}, mib = 0) {
    this.folder = mkdtempSync(join(tmpdir(), 'stillwatch-faults-'));
    if (mib > 0) execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', this.folder]);
    this.path = join(this.folder, 'stillwatch.db');
    this.disk = mib > 0;
    this.store = openSqlite(this.path);
    this.db = openDatabase(this.path);
    this.scope = scopeOf({ client: connect({ ...CONNECTION, nodes, ...connection }), prefix: `faults-${made++}` }, 'site');
    this.shipper = new Shipper(this.db, this.scope, NO_LIMITS, null);
  }

  /** Stores the load; says how long (ms) storing it took at most, whatever the server did. */
  async load(findings = FINDINGS): Promise<void> {
    await load(this.store, findings);
  }

  async drained(patience = PATIENCE): Promise<void> {
    for (const since = performance.now(); waiting(this.db) > 0; await sleep(50)) {
      if (performance.now() - since > patience) throw new Error(`still waiting: ${JSON.stringify(this.shipper.state())}`);
      this.shipper.hurry();
    }
  }

  trouble(): string {
    const { trouble, lanes } = this.shipper.state();
    return [trouble, ...lanes.map((lane) => lane.trouble)].filter(Boolean).join('\n');
  }

  async end(): Promise<void> {
    await this.shipper.stop();
    await this.store.close();
    this.db.close();
    await this.scope.client.close();
    if (this.disk) execFileSync('umount', [this.folder]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Ids of every document of a kind, as often as there are documents. */
async function idsIn({ client, prefix }: Scope, kind: Kind): Promise<string[]> {
  const ids: string[] = [];
  for (let after: unknown[] | undefined; ; ) {
    const sort = [{ 'stillwatch.key': 'asc' }, { _index: 'asc' }];
    const body = { size: 10_000, sort, _source: ['stillwatch.id'], ...(after === undefined ? {} : { search_after: after }) };
    const { hits } = (await client.search({ index: placeOf(prefix, kind), ignore_unavailable: true, ...(body as object) })).hits;
    ids.push(...hits.map(({ _source }) => String((_source as { 'stillwatch.id': string })['stillwatch.id'])));
    if (hits.length < 10_000) return ids.sort();
    after = hits.at(-1)?.sort;
  }
}

const TABLES: [Kind, string][] = [
  ['findings', 'SELECT id FROM findings'],
  ['assets', 'SELECT id FROM assets'],
  ['observations', 'SELECT id FROM observations'],
  ['decisions', 'SELECT id FROM decisions'],
  ['audit', 'SELECT id FROM audit'],
];

/** The server holds what the appliance stored. Returns how many that are. */
async function agree(scope: Scope, db: Database): Promise<number> {
  await refresh(scope);
  let documents = 0;
  for (const [kind, sql] of TABLES) {
    const stored = db.all(sql).map(({ id }) => String(id));
    assert.deepEqual(await idsIn(scope, kind), stored.sort(), kind);
    documents += stored.length;
  }
  const closed = await scope.client.count({ index: placeOf(scope.prefix, 'findings'), query: { term: { 'stillwatch.status': 'closed' } } });
  assert.equal(closed.count, db.all("SELECT id FROM findings WHERE status = 'closed'").length);
  return documents;
}

/** While `hurt` does its work the load is stored; it must not take longer than without a server. */
async function through(nodes: string[], hurt: (appliance: Appliance) => Promise<void>, connection: Partial<Connection> = {}): Promise<void> {
  const appliance = new Appliance(nodes, connection);
  try {
    appliance.shipper.start();
    await Promise.all([appliance.load(), hurt(appliance)]);
    await appliance.drained();
    assert.equal(await agree(appliance.scope, appliance.db), documentsOf(FINDINGS));
    assert.deepEqual(deadLetters(appliance.db, 10), []);
  } finally {
    await appliance.end();
  }
}

describe('faults', { skip: missing('elasticsearch') }, () => {
  let node: TestNode;
  before(async () => {
    node = await new TestNode(await freePort()).start();
  });
  after(() => node.remove());

  it('the server is stopped and started', () =>
    through([node.url], async (appliance) => {
      await sleep(500);
      await node.signal('SIGTERM');
      await appliance.load();
      assert.match(appliance.trouble(), /cannot be reached/);
      await node.start();
    }));

  it('it is killed in the middle of requests, again and again', () =>
    through([node.url], async () => {
      for (const ms of [300, 150]) {
        await sleep(ms);
        await node.signal('SIGKILL');
        await node.start();
      }
    }));

  it('it freezes and thaws', () =>
    through([node.url], async () => {
      await sleep(300);
      await node.signal('SIGSTOP');
      await sleep(5000);
      await node.signal('SIGCONT');
    }));

  it('it answers after 30 s, and to a client that waits for 20', async () => {
    const proxy = new HttpProxy(node.url);
    const port = await proxy.listen();
    const slow = async (): Promise<void> => {
      await sleep(500);
      proxy.delay = 30_000;
      await sleep(35_000);
      proxy.delay = 0;
    };
    await through([`http://127.0.0.1:${port}`], slow, { timeout: 20_000 }).finally(() => proxy.close());
  });

  it('it asks to come back later', async () => {
    const proxy = new HttpProxy(node.url);
    const port = await proxy.listen();
    const busy = async (): Promise<void> => {
      await sleep(300);
      proxy.refuse = { status: 429, after: '3' };
      await sleep(1000);
      const before = proxy.requests;
      await sleep(1500);
      assert.ok(proxy.requests - before <= KINDS.length, `${proxy.requests - before} requests within the time to wait`);
      proxy.refuse = null;
    };
    await through([`http://127.0.0.1:${port}`], busy).finally(() => proxy.close());
  });

  for (const block of ['index.blocks.write', 'index.blocks.read_only_allow_delete']) {
    it(`an index takes nothing (${block})`, () =>
      through([node.url], async ({ scope, shipper }) => {
        const index = `${placeOf(scope.prefix, 'findings')}-v1`;
        while (!shipper.state().ready) await sleep(50);
        await scope.client.indices.putSettings({ index, settings: { [block]: true } });
        await sleep(2500);
        const lane = shipper.state().lanes.find(({ kind }) => kind === 'findings');
        assert.match(lane?.trouble ?? '', /does not take findings now \(cluster_block_exception/);
        await scope.client.indices.putSettings({ index, settings: { [block]: null } });
      }));
  }

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
      const dead = deadLetters(db, 100_000);
      assert.equal(dead.length, 2000);
      assert.match(dead[0]!.reason, /document_parsing_exception|mapper_parsing_exception/);
      assert.equal(backlog(db).find(({ kind }) => kind === 'observations')?.dead, 2000);
      await refresh(scope);
      assert.equal((await idsIn(scope, 'findings')).length, 500);
      await scope.client.indices.rollover({ alias: placeOf(scope.prefix, 'observations') });
      assert.deepEqual(await shipper.replay(), { taken: 0, refused: 2000 }, 'as long as the template is wrong');
      await install(scope, null);
      await scope.client.indices.rollover({ alias: placeOf(scope.prefix, 'observations') });
      assert.deepEqual(await shipper.replay(), { taken: 2000, refused: 0 });
      assert.deepEqual(deadLetters(db, 10), []);
      await refresh(scope);
      assert.equal((await idsIn(scope, 'observations')).filter((id) => id !== 'undefined').length, 2000);
    } finally {
      await appliance.end();
    }
  });

  it('the password is wrong, then right', async () => {
    const proxy = new HttpProxy(node.url);
    const port = await proxy.listen();
    proxy.authorization = `Basic ${Buffer.from('stillwatch:other').toString('base64')}`;
    const change = async (appliance: Appliance): Promise<void> => {
      await sleep(1500);
      assert.match(appliance.trouble(), /refuses the API key or password: check elasticsearch.api_key/);
      assert.doesNotMatch(appliance.trouble(), /secret/);
      proxy.authorization = `Basic ${Buffer.from('stillwatch:secret').toString('base64')}`;
    };
    await through([`http://127.0.0.1:${port}`], change, { user: 'stillwatch', password: 'secret' }).finally(() => proxy.close());
  });

  it('the certificate is not trusted, but its authority or fingerprint is', async () => {
    const own = authority('Plant CA');
    const { key, cert } = issue(own, 'localhost', { host: 'localhost' });
    const proxy = new HttpProxy(node.url, { key, cert });
    const port = await proxy.listen();
    const nodes = [`https://localhost:${port}`];
    const stranger = new Appliance(nodes);
    try {
      stranger.shipper.start();
      await sleep(1000);
      assert.match(stranger.trouble(), /^Elasticsearch shows a certificate that is not trusted: set elasticsearch.ca/);
    } finally {
      await stranger.end();
    }
    const folder = mkdtempSync(join(tmpdir(), 'stillwatch-ca-'));
    writeFileSync(join(folder, 'ca.pem'), own.cert);
    try {
      await through(nodes, async () => {}, { ca: join(folder, 'ca.pem') });
    } finally {
      rmSync(folder, { recursive: true, force: true });
      await proxy.close();
    }
  });

  it("the appliance's disk is full for a while", { skip: missing('live') }, async () => {
    const appliance = new Appliance([node.url], {}, 6);
    try {
      appliance.shipper.start();
      await assert.rejects(appliance.load(), /is on a full disk|disk/);
      const before = appliance.db.all('SELECT count(*) AS n FROM findings')[0]?.['n'];
      await sleep(3000);
      assert.equal(appliance.db.all('SELECT count(*) AS n FROM findings')[0]?.['n'], before, 'nothing is half stored, nothing is lost');
      execFileSync('mount', ['-o', 'remount,size=200m', appliance.folder]);
      await appliance.load();
      await appliance.drained();
      assert.equal(await agree(appliance.scope, appliance.db), documentsOf(FINDINGS));
    } finally {
      await appliance.end();
    }
  });

  it('the appliance is killed at random points of a load, many times', async () => {
    const appliance = new Appliance([node.url], { timeout: 20_000 });
    const { path, scope, db } = appliance;
    const findings = 20_000;
    const random = (n: number): number => ((n * 2654435761) >>> 0) % 1000;
    const begin = (): ChildProcess => {
      const args = [path, node.url, scope.prefix, 'site', findings].map(String);
      return spawn(process.execPath, [fileURLToPath(new URL('load.ts', import.meta.url)), ...args], { stdio: 'ignore' });
    };
    try {
      for (let round = 0; round < 12; round++) {
        const child = begin();
        await sleep(400 + random(round + 1) * 1.5);
        child.kill('SIGKILL');
        await new Promise((resolve) => child.once('exit', resolve));
      }
      const last = begin();
      assert.equal(await new Promise((resolve) => last.once('exit', resolve)), 0);
      assert.equal(await agree(scope, db), documentsOf(findings));
    } finally {
      await appliance.end();
    }
  });

  it('a cluster of three loses its master under load', async () => {
    const ports = [await freePort(), await freePort(), await freePort()];
    const nodes = ports.map(
      (port) =>
        new TestNode(
          port,
          ports.filter((other) => other !== port),
        ),
    );
    try {
      for (const one of nodes) one.launch();
      await Promise.all(nodes.map((one) => one.ready()));
      const urls = nodes.map(({ url }) => url);
      await through(
        urls,
        async ({ scope }) => {
          await sleep(1500);
          const [master] = (await scope.client.cat.master({ format: 'json' })) as { node?: string }[];
          const lost = nodes.find(({ port }) => master?.node === `node-${port}`);
          assert.ok(lost, `${master?.node}`);
          await lost.signal('SIGKILL');
        },
        { timeout: 10_000 },
      );
    } finally {
      for (const one of nodes) await one.remove();
    }
  });
});
