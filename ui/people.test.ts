import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openAccounts } from './accounts.ts';
import type { Console } from './console.ts';
import { assignable } from './people.ts';

test('nobody is told of accounts that share no site with them', async () => {
  const accounts = openAccounts(':memory:', { cost: { N: 1024, r: 8, p: 1 } });
  const given: [string, string[]][] = [
    ['boss', []],
    ['north', ['North']],
    ['both', ['North', 'South']],
    ['south', ['South']],
  ];
  for (const [name, sites] of given) await accounts.create(name, 'a quiet river at dawn', 'analyst', { sites });
  const at = (here: string | null, name: string) =>
    assignable({ options: { accounts, sites: { here } } } as unknown as Console, accounts.get(name) as NonNullable<ReturnType<typeof accounts.get>>);
  assert.deepEqual(at(null, 'north'), ['boss', 'both', 'north']);
  assert.deepEqual(at(null, 'both'), ['boss', 'both', 'north', 'south']);
  assert.deepEqual(at(null, 'boss'), ['boss', 'both', 'north', 'south']);
  assert.deepEqual(at('South', 'both'), ['boss', 'both', 'south']);
});
