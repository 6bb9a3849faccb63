import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Recent } from './recent.ts';

it('says the same once a minute', () => {
  const recent = new Recent();
  assert.deepEqual(
    [0, 1, 59_999, 60_000, 60_001, 119_999, 120_000].map((at) => recent.isNew('a', at)),
    [true, false, false, true, false, false, true],
  );
  assert.equal(recent.isNew('b', 120_000), true);
  assert.equal(recent.isNew('a', 50_000), true);
});

it('forgets the oldest when full, and counts what it forgot too early', () => {
  const recent = new Recent(3);
  for (const what of ['a', 'b', 'c', 'd']) assert.equal(recent.isNew(what, 0), true);
  assert.deepEqual([recent.size, recent.forgotten], [3, 1]);
  assert.equal(recent.isNew('d', 1), false);
  assert.equal(recent.isNew('a', 1), true);
  assert.equal(recent.isNew('e', 70_000), true);
  assert.deepEqual([recent.size, recent.forgotten], [3, 2]);
});
