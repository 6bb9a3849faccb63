/** What `stillwatch doctor` says of a cluster, and the fix. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { connect } from '../../analyzer/store/elastic/connection.ts';
import { type Answer, examine } from '../../analyzer/store/elastic/examine.ts';
import { install } from '../../analyzer/store/elastic/install.ts';
import { SCHEMA } from '../../analyzer/store/elastic/templates.ts';
import { missing } from '../shared.ts';
import { freePort } from './node.ts';
import { HttpProxy } from './proxy.ts';
import { cluster, remove, SERVERS } from './servers.ts';
import { CONNECTION } from './shipment.ts';

const LAUNCHER = fileURLToPath(new URL('../../stillwatch.js', import.meta.url));
const SECRET = 'never to be shown';

describe('doctor and Elasticsearch', { skip: missing('elasticsearch') }, () => {
  const proxy = new HttpProxy(SERVERS[0] ?? 'http://127.0.0.1');
  let port = 0;
  before(async () => {
    port = await proxy.listen();
  });
  after(() => proxy.close());

  /** Answers by question. */
  async function asked(nodes: string[], prefix: string): Promise<{ [question: string]: Omit<Answer, 'question'> }> {
    const client = connect({ ...CONNECTION, nodes, user: 'appliance', password: SECRET });
    const answers = await examine({ client, prefix });
    await client.close();
    assert.ok(!JSON.stringify(answers).includes(SECRET));
    return Object.fromEntries(answers.map(({ question, ...answer }) => [question, answer]));
  }

  for (const node of SERVERS) {
    it(`before the first start, after it, and after that of a newer version (${node})`, async () => {
      const one = await cluster(node, false);
      const first = await asked([node], one.prefix);
      assert.deepEqual(Object.keys(first), ['version', 'rights', 'clock', 'templates', 'indices', 'free space']);
      assert.match(first['version']?.says ?? '', /^Elasticsearch [89]\.\d+\.\d+$/);
      assert.deepEqual([first['clock']?.state, first['templates']?.state, first['indices']], ['ok', 'ok', { state: 'ok', says: 'none yet' }]);
      assert.match(first['templates']?.says ?? '', /none yet/);
      assert.match(first['free space']?.says ?? '', /GB \(\d+ %\)/);
      await install(one, null);
      const then = await asked([node], one.prefix);
      assert.deepEqual(then['templates'], { state: 'ok', says: `are there (schema ${SCHEMA})` });
      assert.match(then['indices']?.says ?? '', /are (green|yellow)/);
      await install(one, null, 99);
      const newer = (await asked([node], one.prefix))['templates'];
      assert.deepEqual([newer?.state, newer?.fix], ['fail', 'update this one, or set another elasticsearch.prefix']);
      await remove(one);
    });
  }

  it('nobody answers, somebody refuses the password, something else is there', async () => {
    const away = (await asked([`http://127.0.0.1:${await freePort()}`], 'x'))['reachability'];
    assert.deepEqual([away?.state, away?.fix], ['fail', 'check that it runs, and elasticsearch.nodes']);
    proxy.authorization = 'Basic of somebody else';
    const refused = (await asked([`http://127.0.0.1:${port}`], 'x'))['reachability'];
    proxy.authorization = '';
    assert.match(`${refused?.says}: ${refused?.fix}`, /refuses the API key or password: check elasticsearch\.api_key/);
  });

  it('a clock that is off, and a disk that fills', async () => {
    proxy.rewrite = { path: /_nodes\/stats/, body: (body) => body.replaceAll(/"timestamp":(\d+)/g, (_, at: string) => `"timestamp":${Number(at) - 600_000}`) };
    const off = (await asked([`http://127.0.0.1:${port}`], 'x'))['clock'];
    assert.deepEqual([off?.state, off?.says], ['warn', 'differs from this one by 600 s']);
    proxy.rewrite = { path: /_nodes\/stats/, body: (body) => body.replaceAll(/"available_in_bytes":\d+/g, '"available_in_bytes":1000000000') };
    const full = (await asked([`http://127.0.0.1:${port}`], 'x'))['free space'];
    proxy.rewrite = null;
    assert.deepEqual([full?.state, full?.fix], ['warn', 'make room there, or shorten retention.observations']);
    assert.match(full?.says ?? '', /^1\.0 GB/);
  });

  // The bare server has no security: this is the answer that its documentation shows.
  it('rights that are missing are named', async () => {
    const lacking = { has_all_requested: false, cluster: { monitor: true, manage_index_templates: false }, index: { 'x-*': { read: true, manage: false } } };
    proxy.rewrite = { path: /_has_privileges/, body: () => JSON.stringify(lacking) };
    const rights = (await asked([`http://127.0.0.1:${port}`], 'x'))['rights'];
    proxy.rewrite = null;
    assert.deepEqual([rights?.state, rights?.says], ['fail', 'lacks manage_index_templates, manage on x-*']);
  });

  it('the command says it in lines, and exits with 1 when something fails', () => {
    const env = {
      ...process.env,
      STILLWATCH_ELASTICSEARCH_NODES: 'http://127.0.0.1:1',
      STILLWATCH_ELASTICSEARCH_USER: 'u',
      STILLWATCH_ELASTICSEARCH_PASSWORD: SECRET,
    };
    const { stdout, status } = spawnSync(process.execPath, [LAUNCHER, 'doctor'], { encoding: 'utf8', env, timeout: 30_000 });
    assert.match(stdout, /FAIL {2}elasticsearch reachability: .*\n {6}fix: check that it runs/);
    assert.ok(!stdout.includes(SECRET));
    assert.equal(status, 1);
  });
});
