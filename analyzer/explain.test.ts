/** Sentences of rules. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { explain, spanText } from './explain.ts';

it('says spans of time in one unit', () => {
  assert.deepEqual([0, 340, 1500, 61_000, 3_600_000, 230_225_063, -86_400_000, 59_968_658_934, Number.NEGATIVE_INFINITY].map(spanText), [
    '0 ms',
    '340 ms',
    '1.5 s',
    '61 s',
    '60 min',
    '2.7 days',
    '-24 h',
    '694 days',
    '-Infinity years',
  ]);
});

it('fills fields, and a number of ms as a span when asked to', () => {
  const get = (name: string) => ({ 'loss.duration': 61_000, 'loss.reason': 'no_traffic' })[name];
  assert.equal(explain('{loss.duration} or {loss.duration|time}; {loss.reason|time}, {loss.frames}', get), '61000 or 61 s; no_traffic, unknown');
});
