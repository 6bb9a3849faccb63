/** `stillwatch store`: out of one state directory, into another, and what is said when that cannot be. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openSqlite } from '../analyzer/store/sqlite.ts';
import { claim } from '../commands/lock.ts';
import { cluster, remove, SERVERS } from './elasticsearch/servers.ts';
import { storeEverything } from './everything.ts';
import { missing } from './shared.ts';

const LAUNCHER = fileURLToPath(new URL('../stillwatch.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'stillwatch-store-command-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const [first, second, out] = [join(folder, 'first'), join(folder, 'second'), join(folder, 'all.ndjson.gz')];

type Ended = { status: number | null; out: string; said: string };

function run(env: NodeJS.ProcessEnv, args: string[], input = ''): Ended {
  const options = { encoding: 'utf8', env: { ...process.env, ...env }, input, maxBuffer: 1 << 28 } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [LAUNCHER, 'store', ...args], options);
  return { status, out: stdout, said: stderr };
}

const store = (state: string, ...args: string[]): Ended => run({ STILLWATCH_STATE: state }, args);

/** The lines but the first, which says when they were written. */
const entries = (text: string): string[] => text.split('\n').slice(1);

before(async () => {
  const local = openSqlite(join(first, 'stillwatch.db'));
  await storeEverything(local, 20);
  await local.close();
});

it('moves everything, compressed, from one state directory to another', () => {
  const exported = store(first, 'export', '--out', out);
  assert.deepEqual([exported.status, exported.said], [0, '']);
  assert.match(exported.out, /all\.ndjson\.gz: exported .*20 findings/);
  const imported = store(second, 'import', out);
  assert.equal(imported.status, 0, imported.said);
  assert.match(imported.out, /imported .*20 findings/);
  const [from, to] = [store(first, 'export'), store(second, 'export')];
  assert.ok(entries(from.out).length > 100);
  assert.deepEqual(entries(to.out), entries(from.out));
});

it('says in one line what is wrong', () => {
  const cut = join(folder, 'cut.ndjson');
  writeFileSync(cut, store(first, 'export').out.slice(0, 5000));
  const cases: [string[], RegExp][] = [
    [[], /store takes export or import/],
    [['move'], /store takes export or import, not "move"/],
    [['import'], /store import takes one file/],
    [['import', join(folder, 'none')], /none: no such file/],
    [['import', cut], /cut\.ndjson: ends in the middle; what came before was taken/],
    [['import', LAUNCHER], /is no export of a store/],
    [['export', '--from', 'redis'], /--from takes one of sqlite, elasticsearch, not "redis"/],
    [['export', '--to', 'sqlite'], /store export takes no --to/],
    [['export', 'all.ndjson'], /store export takes --out FILE, not "all\.ndjson"/],
    [['export'], /none-yet\/stillwatch\.db does not exist: name the state directory/],
    [['import', out, '--from', 'sqlite'], /store import takes no --from/],
    [['import', out, out], /store import takes one file/],
    [['import', folder], /is a directory/],
    [['export', '--from', 'elasticsearch'], /elasticsearch\.nodes names no node/],
  ];
  for (const [args, pattern] of cases) {
    const { status, said } = store(join(folder, args.length === 1 ? 'none-yet' : 'other'), ...args);
    assert.equal(status, 2, args.join(' '));
    assert.match(said, pattern);
    assert.equal(said.trimEnd().split('\n').length, 1, said);
  }
});

it('asks for the appliance to be stopped before it imports', () => {
  const release = claim(second);
  try {
    const { status, said } = store(second, 'import', out);
    assert.equal(status, 2);
    assert.match(said, /^stillwatch: another Stillwatch uses the state directory .*second; end it, or set STILLWATCH_STATE/);
  } finally {
    release();
  }
});

it('takes from standard input what it writes to standard output', () => {
  const lines = store(first, 'export');
  assert.match(lines.said, /^exported .*20 findings.*\n$/);
  const imported = run({ STILLWATCH_STATE: join(folder, 'piped') }, ['import', '-'], lines.out);
  assert.deepEqual([imported.status, imported.out], [0, lines.said.replace('exported', 'standard input: imported')]);
  assert.deepEqual(entries(store(join(folder, 'piped'), 'export').out), entries(lines.out));
  const state = '/dev/null/state';
  assert.match(
    run({ STILLWATCH_STATE: state }, ['import', '-'], lines.out).said,
    /^stillwatch: state directory \/dev\/null\/state cannot be written \(ENOTDIR\); set/,
  );
});

for (const node of SERVERS.length === 0 ? ['no server'] : SERVERS) {
  it(`moves everything to ${node} and back`, { skip: missing('elasticsearch') }, async () => {
    const one = await cluster(node, false);
    const back = join(folder, one.prefix);
    const there = { STILLWATCH_STATE: back, STILLWATCH_ELASTICSEARCH_NODES: node, STILLWATCH_ELASTICSEARCH_PREFIX: one.prefix, STILLWATCH_SITE: 'north' };
    try {
      assert.match(run(there, ['import', out, '--to', 'elasticsearch']).out, /imported .*20 findings/);
      const lines = run(there, ['export', '--from', 'elasticsearch']);
      assert.equal(lines.status, 0, lines.said);
      const expected = store(first, 'export').out;
      assert.deepEqual(entries(lines.out).toSorted(), entries(expected).toSorted());
      assert.equal(run(there, ['import', '-'], lines.out).status, 0);
      assert.deepEqual(entries(store(back, 'export').out).toSorted(), entries(expected).toSorted());
      const elsewhere = run({ ...there, STILLWATCH_SITE: 'south' }, ['export', '--from', 'elasticsearch']);
      assert.equal(elsewhere.said, 'exported nothing\n');
    } finally {
      await remove(one);
    }
  });
}

it('says in one line that the cluster is away', () => {
  const { status, said } = run({ STILLWATCH_STATE: first, STILLWATCH_ELASTICSEARCH_NODES: 'http://127.0.0.1:9' }, ['import', out, '--to', 'elasticsearch']);
  assert.equal(status, 2);
  assert.match(said, /^stillwatch: Elasticsearch cannot be reached \(.*ECONNREFUSED.*\n$/);
});
