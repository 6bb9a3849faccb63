/** The console over many sites while the cluster takes requests and never answers. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { scopeOf } from '../../analyzer/store/elastic/scope.ts';
import { elasticStore } from '../../analyzer/store/elastic.ts';
import { Central } from '../../commands/central.ts';
import { loadConfig } from '../../config.ts';
import { openAccounts } from '../../ui/accounts.ts';
import { sampleFinding } from '../samples.ts';
import { missing } from '../shared.ts';
import { freePort } from './node.ts';
import { cluster, remove, SERVERS } from './servers.ts';

/** ms: less than the 10 s after which a request is given up, so a page that takes less has not waited for one. */
const AT_ONCE = 8000;
const PASSWORD = 'a quiet river at dawn';

/** Passes bytes on, until it holds them back. */
async function freezer(to: number) {
  const sockets = new Set<Socket>();
  const state = { frozen: false };
  const server = createServer((client) => {
    const upstream = connect(to, '127.0.0.1');
    for (const [from, into] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => state.frozen || into.write(bytes));
      from.on('error', () => into.destroy());
      from.on('close', () => into.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  const close = () => {
    drop();
    server.close();
  };
  return { state, drop, close, port: (server.address() as { port: number }).port };
}

describe('a cluster that is frozen', { skip: missing('elasticsearch') }, () => {
  it('is waited for once; then every page says at once what to check, and comes back with the cluster', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stillwatch-frozen-'));
    const accounts = openAccounts(join(folder, 'accounts.db'));
    await accounts.create('anna', PASSWORD, 'analyst');
    accounts.close();
    const one = await cluster(SERVERS[0] as string);
    await elasticStore(scopeOf(one, 'North', 'appliance')).save({ findings: [sampleFinding('f')] });
    const proxy = await freezer(Number(new URL(SERVERS[0] as string).port));
    const port = await freePort();
    const central = new Central(
      loadConfig(undefined, {
        STILLWATCH_ELASTICSEARCH_NODES: `http://127.0.0.1:${proxy.port}`,
        STILLWATCH_ELASTICSEARCH_PREFIX: one.prefix,
        STILLWATCH_STATE: folder,
        STILLWATCH_LISTEN: `127.0.0.1:${port}`,
      }),
    );
    const url = `http://127.0.0.1:${port}`;
    const login = async () => {
      const body = new URLSearchParams({ name: 'anna', password: PASSWORD, next: '' });
      const { headers } = await fetch(`${url}/login`, { method: 'POST', redirect: 'manual', body });
      return headers.getSetCookie()[0]?.split(';')[0] as string;
    };
    try {
      await central.start(true);
      const cookie = await login();
      const ask = async (path: string) => {
        const since = performance.now();
        const answer = await fetch(url + path, { headers: { cookie } });
        return { status: answer.status, text: await answer.text(), ms: performance.now() - since };
      };
      assert.equal((await ask('/findings')).status, 200);
      proxy.state.frozen = true;
      const first = await ask('/findings');
      assert.equal(first.status, 503);
      assert.ok(first.ms < 10_000 + AT_ONCE, `${first.ms} ms`);
      for (const path of ['/findings', '/assets', '/baseline', '/sites']) {
        const { status, text, ms } = await ask(path);
        assert.equal(status, 503, path);
        assert.match(text, /does not answer in time: check that it runs, and elasticsearch\.nodes/);
        assert.ok(ms < AT_ONCE, `${path}: ${ms} ms`);
      }
      for (const path of ['/account', '/status.json']) {
        const { status, ms } = await ask(path);
        assert.equal(status, 200, path);
        assert.ok(ms < AT_ONCE, `${path}: ${ms} ms`);
      }
      proxy.state.frozen = false;
      proxy.drop();
      for (let n = 0; n < 100 && (await ask('/findings')).status !== 200; n++) await sleep(200);
      assert.equal((await ask('/findings')).status, 200, 'it is back');
    } finally {
      proxy.state.frozen = false;
      proxy.drop();
      await central.stop();
      proxy.close();
      await remove(one);
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
