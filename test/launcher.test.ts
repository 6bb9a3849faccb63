/** The launcher, beside a main.ts that says what reached it, under this Node and under one that says it is too old. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { at } from './tree.ts';

const MAIN = `
import { DatabaseSync } from 'node:sqlite';
new DatabaseSync(':memory:').close();
const [what, ...rest]: string[] = process.argv.slice(2);
if (what === 'echo') console.log(JSON.stringify(rest));
if (what === 'exit') process.exit(Number(rest[0]));
if (what === 'warn') process.emitWarning('the disk is getting warm');
if (what === 'die') process.kill(process.pid, 'SIGKILL');
if (what === 'wait') {
  process.once('SIGTERM', () => { console.log('told to stop'); process.exit(7); });
  console.log('waiting');
  setTimeout(() => {}, 60_000);
}
`;
/** Once: what it starts is of the version it is. */
const TOO_OLD =
  "if (!process.env.OLD_ONCE) { process.env.OLD_ONCE = '1'; Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.0.0' } }); }";
const ALWAYS_OLD = TOO_OLD.replace("process.env.OLD_ONCE = '1';", '');

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'stillwatch-launcher-'));
  for (const name of ['stillwatch.js', 'package.json']) copyFileSync(at(name), join(folder, name));
  writeFileSync(join(folder, 'main.ts'), MAIN);
  mkdirSync(join(folder, 'node_modules', '.bin'), { recursive: true });
  symlinkSync(process.execPath, join(folder, 'node_modules', '.bin', 'node'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

type Ended = { code: number | null; signal: NodeJS.Signals | null; out: string; err: string };

const start = (preload: string, args: string[]): ChildProcess => {
  const load = preload === '' ? [] : ['--import', `data:text/javascript,${encodeURIComponent(preload)}`];
  return spawn(process.execPath, [...load, join(folder, 'stillwatch.js'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
};

const ended = (child: ChildProcess): Promise<Ended> =>
  new Promise((resolve) => {
    let [out, err] = ['', ''];
    child.stdout?.on('data', (data) => (out += data));
    child.stderr?.on('data', (data) => (err += data));
    child.on('close', (code, signal) => resolve({ code, signal, out, err }));
  });

for (const [name, preload] of [
  ['a Node that is new enough', ''],
  ['a Node that is too old', TOO_OLD],
] as const) {
  describe(name, () => {
    it('passes arguments on and says nothing of its own', async () => {
      const args = ['a b', '--x=1', "'", '*'];
      assert.deepEqual(await ended(start(preload, ['echo', ...args])), { code: 0, signal: null, out: `${JSON.stringify(args)}\n`, err: '' });
    });

    it('ends with the code or by the signal of main', async () => {
      assert.equal((await ended(start(preload, ['exit', '3']))).code, 3);
      assert.equal((await ended(start(preload, ['die']))).signal, 'SIGKILL');
    });

    it('lets warnings of others through', async () => {
      assert.match((await ended(start(preload, ['warn']))).err, /the disk is getting warm/);
    });

    it('hands signals on', async () => {
      const child = start(preload, ['wait']);
      const end = ended(child);
      await Promise.race([end, new Promise((resolve) => child.stdout?.once('data', resolve))]);
      child.kill('SIGTERM');
      const { code, out } = await end;
      assert.deepEqual([code, out], [7, 'waiting\ntold to stop\n']);
    });
  });
}

it('says what to do when no Node will do, and does not try for ever', async () => {
  const { code, err } = await ended(start(ALWAYS_OLD, ['echo']));
  assert.equal(code, 2);
  assert.match(err, /^stillwatch: needs Node\.js 24 or newer .*npm ci.*\n$/);
});
