/** What becomes of an appliance that dies, has no room, or whose cluster loses a node: nothing lost, nothing doubled. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { missing } from '../shared.ts';
import { documentsOf } from './load.ts';
import { freePort, TestNode } from './node.ts';
import { Appliance, agree, FINDINGS, through } from './shipment.ts';

describe('crashes', { skip: missing('elasticsearch') }, () => {
  let node: TestNode;
  before(async () => {
    node = await new TestNode(await freePort()).start();
  });
  after(() => node.remove());

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
        // It may be done before.
        const ended = once(child, 'exit');
        await sleep(400 + random(round + 1) * 1.5);
        child.kill('SIGKILL');
        await ended;
      }
      assert.deepEqual(await once(begin(), 'exit'), [0, null]);
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
        async (appliance) => {
          const { client, prefix } = appliance.scope;
          await appliance.ready();
          // Of a shard without a copy nothing would be left.
          await appliance.drained();
          await client.cluster.health({ index: `${prefix}-*`, wait_for_status: 'green', timeout: '60s' }, { requestTimeout: 60_000 });
          const [master] = (await client.cat.master({ format: 'json' })) as { node?: string }[];
          const lost = nodes.find(({ port }) => master?.node === `node-${port}`);
          assert.ok(lost, `${master?.node}`);
          await Promise.all([appliance.load(), lost.signal('SIGKILL')]);
        },
        { timeout: 10_000 },
      );
    } finally {
      for (const one of nodes) await one.remove();
    }
  });
});
