import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Rate } from './rate.ts';

it('counts the last ten seconds, and forgets what came before', () => {
  const rate = new Rate();
  const start = 5_000_000_400;
  assert.equal(rate.perSecond(start), 0);
  for (let s = 0; s < 20; s++) rate.add(s < 10 ? 1000 : 50, start + s * 1000);
  assert.equal(rate.perSecond(start + 19_000), 50);
  assert.equal(rate.perSecond(start + 24_000), 25);
  assert.equal(rate.perSecond(start + 29_000), 0);
  rate.add(10, start + 1_000_000);
  assert.equal(rate.perSecond(start + 1_000_000), 1);
});
