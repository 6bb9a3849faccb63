/** What is used stays, what is not makes room, and the ceiling says so. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Latest } from './latest.ts';

const of = (...keys: string[]): Latest<string> => {
  const latest = new Latest<string>('things', 3);
  for (const key of keys) latest.set(key, key.toUpperCase());
  return latest;
};
const held = (latest: Latest<string>) => ['a', 'b', 'c', 'd'].filter((key) => latest.get(key) !== undefined).join('');

it('the one used least recently makes room', () => {
  const latest = of('a', 'b', 'c');
  assert.equal(latest.get('a'), 'A');
  latest.set('d', 'D');
  assert.equal(held(latest), 'acd');
  assert.deepEqual(latest.ceiling(), { name: 'things', limit: 3, used: 3, hit: 1 });
});

it('a key that comes again takes no room, and counts as used', () => {
  const latest = of('a', 'b', 'c', 'a');
  assert.deepEqual(latest.ceiling(), { name: 'things', limit: 3, used: 3, hit: 0 });
  latest.set('d', 'D');
  assert.equal(held(latest), 'acd');
});

it('what was deleted leaves room', () => {
  const latest = of('a', 'b', 'c');
  latest.delete('b');
  latest.set('d', 'D');
  assert.equal(held(latest), 'acd');
  assert.equal(latest.ceiling().hit, 0);
});
