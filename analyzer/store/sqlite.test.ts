/** What only the embedded store has: a file that is reopened, damaged, locked, full, or left by a process that died. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sampleAsset, sampleDecision, sampleFact, sampleFinding, sampleId, sampleKept, sampleRegisters, sampleTime } from '../../test/samples.ts';
import { verifyAudit } from './sqlite/audit.ts';
import { explain } from './sqlite/errors.ts';
import { openSqlite } from './sqlite.ts';
import { StoreError } from './store.ts';

let folder = '';
let files = 0;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'stillwatch-sqlite-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const file = (): string => join(folder, `${files++}.db`);

/** One readable line that names the file. */
const saysOf = (path: string, pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof StoreError, String(error));
  assert.equal(error.kind, 'storage');
  assert.ok(error.message.startsWith(path), error.message);
  assert.match(error.message, pattern);
  assert.doesNotMatch(error.message, /\n/);
  return true;
};

it('finds everything again in a file that is opened again', async () => {
  const path = join(folder, 'new', 'folder', 'state.db');
  const finding = sampleFinding('a');
  const first = openSqlite(path);
  await first.save({
    findings: [finding],
    assets: [sampleAsset('10.0.0.1')],
    facts: [sampleFact('f')],
    observations: [sampleKept('o')],
    health: [{ '@timestamp': sampleTime(0) }],
  });
  await first.decide(sampleDecision({ kind: 'finding', id: finding.id }, 'close', { resolution: 'true_positive' }));
  await first.close();
  await first.close();
  await assert.rejects(first.findings({}), saysOf(path, /is closed/));
  const second = openSqlite(path);
  assert.equal((await second.finding(finding.id))?.status, 'closed');
  assert.deepEqual((await second.findingFacets({})).status, [{ value: 'closed', count: 1 }]);
  assert.equal((await second.assets({})).total, 1);
  assert.equal((await second.facts({})).total, 1);
  assert.equal((await second.observations({ frames: [10] })).length, 1);
  assert.equal((await second.health({})).length, 1);
  assert.equal((await second.auditLines({})).total, 1);
  await second.close();
});

it('makes a file that its owner alone can read', async () => {
  const path = file();
  await openSqlite(path).close();
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

it('lets one process read what another writes', async () => {
  const path = file();
  const writer = openSqlite(path);
  const reader = openSqlite(path);
  await writer.save({ findings: [sampleFinding('a')] });
  assert.equal((await reader.findings({})).total, 1);
  await reader.decide(sampleDecision({ kind: 'finding', id: sampleId('a') }, 'acknowledge'));
  assert.equal((await writer.finding(sampleId('a')))?.status, 'acknowledged');
  await reader.close();
  await writer.close();
});

it('brings a file of the first version up to date and loses nothing of it', async () => {
  const path = file();
  const raw = new DatabaseSync(path);
  raw.exec('PRAGMA application_id = 0x5374776c; CREATE TABLE schema_version (version INTEGER PRIMARY KEY) STRICT; INSERT INTO schema_version VALUES (1)');
  raw.exec(readFileSync(new URL('./migrations/0001_start.sql', import.meta.url), 'utf8'));
  raw.prepare("INSERT INTO health (at, digest, json) VALUES (1, 'x', ?)").run(JSON.stringify({ '@timestamp': '2026-01-01T00:00:00Z' }));
  raw.close();
  const store = openSqlite(path);
  assert.equal((await store.health({})).length, 1);
  await store.save({ registers: [sampleRegisters('10.0.0.9', 1, 'coils')] });
  assert.equal((await store.registers({})).length, 1);
  await store.close();
});

it('refuses a file of a newer version, and leaves it as it is', async () => {
  const path = file();
  await openSqlite(path).close();
  const raw = new DatabaseSync(path);
  raw.exec('INSERT INTO schema_version VALUES (9999)');
  raw.close();
  assert.throws(() => openSqlite(path), saysOf(path, /newer Stillwatch \(schema 9999/));
  assert.throws(() => openSqlite(path), saysOf(path, /newer/));
});

it('refuses a database of another program, a text and a damaged file', async () => {
  const other = file();
  const raw = new DatabaseSync(other);
  raw.exec('CREATE TABLE theirs (id)');
  raw.close();
  assert.throws(() => openSqlite(other), saysOf(other, /another program/));
  const text = file();
  writeFileSync(text, 'not a database '.repeat(1000));
  assert.throws(() => openSqlite(text), saysOf(text, /not a database/));

  const damaged = file();
  const store = openSqlite(damaged);
  await store.save({ findings: Array.from({ length: 200 }, (_, i) => sampleFinding(`${i}`)) });
  await store.close();
  const size = statSync(damaged).size;
  writeFileSync(damaged, Buffer.alloc(size - 4096, 0xff), { flag: 'r+' });
  assert.throws(() => openSqlite(damaged), saysOf(damaged, /not a database|damaged/));
});

it('says that pages inside are damaged when it meets them', async () => {
  const path = file();
  const store = openSqlite(path);
  await store.save({ findings: Array.from({ length: 500 }, (_, i) => sampleFinding(`${i}`)) });
  await store.close();
  const raw = new DatabaseSync(path);
  const root = Number(raw.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'findings'").get()?.['rootpage']);
  raw.close();
  const { openSync, writeSync, closeSync } = await import('node:fs');
  const handle = openSync(path, 'r+');
  writeSync(handle, Buffer.alloc(4096, 0xff), 0, 4096, (root - 1) * 4096);
  closeSync(handle);
  const again = openSqlite(path);
  await assert.rejects(again.findings({}), saysOf(path, /damaged/));
  await again.close();
});

it('says what is wrong with a place that cannot be written', () => {
  const blocked = join(folder, 'a-file');
  writeFileSync(blocked, '');
  assert.throws(() => openSqlite(join(blocked, 'x.db')), saysOf(blocked, /STILLWATCH_STATE/));
  const directory = join(folder, 'a-folder');
  mkdirSync(directory);
  assert.throws(() => openSqlite(directory), saysOf(directory, /is a folder/));
  // Root may write anywhere that is not /proc.
  assert.throws(() => openSqlite('/proc/stillwatch.db'), saysOf('/proc/stillwatch.db', /STILLWATCH_STATE/));
  if (process.getuid?.() !== 0) {
    const sealed = join(folder, 'sealed');
    mkdirSync(sealed);
    chmodSync(sealed, 0o500);
    assert.throws(() => openSqlite(join(sealed, 'x.db')), saysOf(sealed, /write permission/));
  }
});

it('has words for what SQLite says of a full disk and of a lock', () => {
  const full = new DatabaseSync(':memory:');
  full.exec('PRAGMA max_page_count = 3; CREATE TABLE t (x)');
  let thrown: unknown;
  try {
    full.prepare('INSERT INTO t VALUES (?)').run('x'.repeat(100_000));
  } catch (error) {
    thrown = error;
  }
  assert.ok(saysOf('state.db', /disk is full/)(explain(thrown, 'state.db')));

  const path = file();
  const [one, two] = [new DatabaseSync(path), new DatabaseSync(path)];
  one.exec('BEGIN IMMEDIATE');
  try {
    two.exec('BEGIN IMMEDIATE');
  } catch (error) {
    thrown = error;
  }
  assert.ok(saysOf(path, /locked by another process/)(explain(thrown, path)));
  for (const db of [full, one, two]) db.close();
});

it('passes a mistake of ours on as it is', () => {
  const mistake = new TypeError('x is not a function');
  assert.equal(explain(mistake, 'state.db'), mistake);
});

it('proves its audit trail, and names the line that was changed, taken out or put in', async () => {
  const build = async (): Promise<string> => {
    const path = file();
    const store = openSqlite(path);
    for (let i = 0; i < 5; i++) await store.audit({ '@timestamp': sampleTime(i), by: 'anna', action: 'login', on: 'console', detail: `${i}` });
    await store.decide(sampleDecision({ kind: 'fact', id: 'f' }, 'approve'));
    await store.close();
    return path;
  };
  const tamper = async (sql: string): Promise<number | null> => {
    const path = await build();
    const raw = new DatabaseSync(path);
    raw.exec(`DROP TRIGGER audit_stays; DROP TRIGGER audit_stands; ${sql}`);
    raw.close();
    return verifyAudit(path).broken;
  };
  const whole = verifyAudit(await build());
  assert.deepEqual([whole.lines, whole.broken, whole.head.length], [6, null, 64]);
  assert.equal(await tamper("UPDATE audit SET line = replace(line, 'anna', 'mallory') WHERE seq = 3"), 3);
  assert.equal(await tamper('DELETE FROM audit WHERE seq = 2'), 2);
  assert.equal(await tamper("UPDATE audit SET hash = 'x' WHERE seq = 4"), 4);
  assert.equal(await tamper("INSERT INTO audit VALUES (7, 'x', 'y', 'z', '{}')"), 7);
  assert.throws(() => verifyAudit(join(folder, 'none.db')), saysOf(folder, /does not exist/));
});

it('lets nobody change or remove a decision or an audit line', async () => {
  const path = file();
  const store = openSqlite(path);
  await store.decide(sampleDecision({ kind: 'finding', id: 'f' }, 'close'));
  await store.close();
  const raw = new DatabaseSync(path);
  for (const sql of ['DELETE FROM decisions', "UPDATE decisions SET json = '{}'", 'DELETE FROM audit', "UPDATE audit SET line = '{}'"]) {
    assert.throws(() => raw.exec(sql), /append-only/, sql);
  }
  raw.close();
});

const SAVER = `
import { openSqlite } from ${JSON.stringify(new URL('./sqlite.ts', import.meta.url).href)};
import { sampleAsset, sampleDecision, sampleFinding, sampleId, sampleKept } from ${JSON.stringify(new URL('../../test/samples.ts', import.meta.url).href)};
const store = openSqlite(process.argv[1]);
for (let i = 0; ; i++) {
  const findings = Array.from({ length: 20 }, (_, j) => sampleFinding(i + ' ' + j, { count: i }));
  await store.save({ findings, assets: [sampleAsset('10.0.0.1', [], { mac: [String(i)] })], observations: [sampleKept('o' + i)] });
  await store.decide(sampleDecision({ kind: 'finding', id: sampleId(i + ' 0') }, 'close'));
  if (i === 20) process.stdout.write('saving');
}`;

it('is whole after the process that saved into it was killed', async () => {
  for (const delay of [0, 7, 23]) {
    const path = file();
    const child = spawn(process.execPath, ['--input-type=module', '-e', SAVER, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
    });
    const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on('exit', (_code, signal) => resolve(signal)));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await new Promise((resolve) => setTimeout(resolve, delay));
    child.kill('SIGKILL');
    assert.equal(await ended, 'SIGKILL');

    const raw = new DatabaseSync(path);
    assert.deepEqual({ ...raw.prepare('PRAGMA integrity_check').get() }, { integrity_check: 'ok' });
    raw.close();
    const store = openSqlite(path);
    const { total } = await store.findings({});
    const facets = await store.findingFacets({});
    const closed = facets.status.find(({ value }) => value === 'closed')?.count ?? 0;
    assert.ok(total >= 20 * 21, `${total}`);
    assert.equal(total % 20, 0, 'each save is there whole or not at all');
    assert.ok(closed === total / 20 || closed === total / 20 - 1, `${closed} decisions of ${total / 20} saves`);
    assert.equal((await store.asset('10.0.0.1'))?.mac[0], String(total / 20 - 1));
    assert.equal((await store.auditLines({})).total, closed);
    await store.close();
    assert.deepEqual([verifyAudit(path).lines, verifyAudit(path).broken], [closed, null]);
  }
});
