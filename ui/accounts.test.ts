import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ABSOLUTE, AccountError, IDLE, MAX_SESSIONS, openAccounts } from './accounts.ts';
import { Attempts, FREE_FAILURES, MAX_WAIT } from './attempts.ts';

const cost = { N: 1024, r: 8, p: 1 };
const PASSWORD = 'correct horse battery';

function opened(path = ':memory:') {
  const clock = { at: Date.parse('2026-03-01T08:00:00Z') };
  return { clock, accounts: openAccounts(path, { now: () => clock.at, cost }) };
}

test('a password is verified, names do not depend on case, and a wrong one is nobody', async () => {
  const { accounts } = opened();
  await accounts.create('Anna', PASSWORD, 'analyst');
  assert.equal((await accounts.verify('anna', PASSWORD))?.name, 'Anna');
  assert.equal(await accounts.verify('anna', `${PASSWORD} `), null);
  assert.equal(await accounts.verify('nobody', PASSWORD), null);
  await assert.rejects(accounts.create('ANNA', PASSWORD, 'viewer'), AccountError);
  await assert.rejects(accounts.create('a b', PASSWORD, 'viewer'), AccountError);
  await assert.rejects(accounts.create('bert', 'short', 'viewer'), AccountError);
  await assert.rejects(accounts.create('bert', 'aaaaaaaaaaaaaaaa', 'viewer'), AccountError);
});

test('the file holds neither the password nor a session token, and belongs to its owner alone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stillwatch-accounts-'));
  const path = join(folder, 'accounts.db');
  const { accounts } = opened(path);
  await accounts.create('anna', PASSWORD, 'analyst');
  const token = accounts.openSession('anna');
  accounts.close();
  const bytes = readFileSync(path).toString('latin1');
  assert.ok(bytes.includes('scrypt$1024$8$1$'), 'parameters are stored');
  assert.ok(!bytes.includes(PASSWORD) && !bytes.includes(token));
  assert.equal(statSync(path).mode & 0o077, 0);
  rmSync(folder, { recursive: true });
});

test('a session ends when idle, at its absolute age, at logout, and with a new password', async () => {
  const { accounts, clock } = opened();
  await accounts.create('anna', PASSWORD, 'analyst');
  const idle = accounts.openSession('anna');
  clock.at += IDLE + 1;
  assert.equal(accounts.session(idle, true), null);

  const busy = accounts.openSession('anna');
  for (const end = clock.at + ABSOLUTE; clock.at < end; clock.at += IDLE / 2) assert.ok(accounts.session(busy, true), 'kept alive by use');
  clock.at += 1;
  assert.equal(accounts.session(busy, true), null);

  const polled = accounts.openSession('anna');
  clock.at += IDLE - 1;
  assert.ok(accounts.session(polled, false));
  clock.at += 2;
  assert.equal(accounts.session(polled, false), null, 'polling is not use');

  const [out, changed] = [accounts.openSession('anna'), accounts.openSession('anna')];
  accounts.closeSession(out);
  assert.equal(accounts.session(out, true), null);
  assert.ok(accounts.session(changed, true));
  await accounts.changePassword('anna', 'another long password');
  assert.equal(accounts.session(changed, true), null);
  assert.equal(accounts.session('made up', true), null);
});

test('an account has a bounded number of sessions: the oldest goes', async () => {
  const { accounts, clock } = opened();
  await accounts.create('anna', PASSWORD, 'analyst');
  const first = accounts.openSession('anna');
  for (let i = 0; i < MAX_SESSIONS; i++) {
    clock.at += 1;
    accounts.openSession('anna');
  }
  assert.equal(accounts.session(first, true), null);
});

test('failures make a name at an address wait, and nobody else', async () => {
  const { accounts, clock } = opened();
  await accounts.create('anna', PASSWORD, 'analyst');
  for (let i = 0; i < FREE_FAILURES; i++) assert.equal(await accounts.verify('anna', 'wrong wrong wrong', '10.0.0.66'), null);
  assert.ok(accounts.wait('anna', '10.0.0.66') > 0);
  assert.equal(await accounts.verify('anna', PASSWORD, '10.0.0.66'), null, 'even the right password waits');
  assert.ok(await accounts.verify('anna', PASSWORD, '10.0.0.5'), 'the owner elsewhere does not');
  clock.at += MAX_WAIT;
  assert.ok(await accounts.verify('anna', PASSWORD, '10.0.0.66'));
});

test('the table of failures is bounded and waits grow to a limit', () => {
  const attempts = new Attempts(100);
  for (let i = 0; i < 1000; i++) attempts.failed(`name${i}`, `10.0.${i >> 8}.${i & 255}`, 0);
  assert.ok(attempts.size <= 100);
  for (let i = 0; i < 64; i++) attempts.failed('anna', '10.0.0.66', 0);
  assert.equal(attempts.wait('anna', '10.0.0.66', 0), MAX_WAIT);
});

test('set-up happens once, and the last administrator stays', async () => {
  const { accounts } = opened();
  const both = await Promise.allSettled([
    accounts.create('one', PASSWORD, 'administrator', { first: true }),
    accounts.create('two', PASSWORD, 'administrator', { first: true }),
  ]);
  assert.deepEqual(both.map((r) => r.status).sort(), ['fulfilled', 'rejected']);
  const name = accounts.list()[0]?.name as string;
  assert.throws(() => accounts.remove(name), AccountError);
  await accounts.create('three', PASSWORD, 'administrator');
  accounts.remove(name);
  assert.equal(accounts.count(), 1);
});
