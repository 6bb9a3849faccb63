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
import { storeEverything } from './everything.ts';

const LAUNCHER = fileURLToPath(new URL('../stillwatch.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'stillwatch-store-command-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const [first, second, out] = [join(folder, 'first'), join(folder, 'second'), join(folder, 'all.ndjson.gz')];

function store(state: string, ...args: string[]): { status: number | null; out: string; said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [LAUNCHER, 'store', ...args], {
    encoding: 'utf8',
    env: { ...process.env, STILLWATCH_STATE: state },
  });
  return { status, out: stdout, said: stderr };
}

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
    [['export', '--from', 'elasticsearch'], /elasticsearch\.nodes names no node/],
  ];
  for (const [args, pattern] of cases) {
    const { status, said } = store(join(folder, 'other'), ...args);
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
    assert.match(said, /another|running|use/);
  } finally {
    release();
  }
});
