/** When shipping is behind. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { behind, type LaneState, measured, type ShippingState } from './state.ts';

const NOW = Date.UTC(2026, 0);
const MINUTE = 60_000;

const lane = (waited: number, tries: number, kind = 'findings'): LaneState => ({
  kind,
  waiting: waited > 0 ? 1 : 0,
  oldest: waited > 0 ? NOW - waited : 0,
  shipped: 0,
  rate: 0,
  given_up: 0,
  dead: 0,
  reason: '',
  trouble: tries > 0 ? 'Elasticsearch does not answer in time' : '',
  tries,
});
const state = (lanes: LaneState[], trouble = ''): ShippingState => ({ ready: trouble === '', trouble, lanes });

it('is behind when something waits for more than five minutes and tries fail in a row, whatever it is', () => {
  assert.equal(behind(state([lane(0, 0), lane(6 * MINUTE, 5, 'decisions'), lane(7 * MINUTE, 9, 'assets')]), NOW), 7 * MINUTE);
  assert.equal(behind(state([lane(5 * MINUTE, 9)]), NOW), 0, 'not yet');
});

it('is not while a long history goes its way, though a try fails now and then', () => {
  assert.equal(behind(state([lane(90 * MINUTE, 0), lane(90 * MINUTE, 4, 'flows')]), NOW), 0);
  assert.equal(behind(state([lane(90 * MINUTE, 0), lane(MINUTE, 9, 'flows')]), NOW), 0, 'of another kind');
});

it('is when the cluster cannot be made ready', () => {
  assert.equal(behind(state([lane(6 * MINUTE, 0)], 'Elasticsearch refuses the API key or password'), NOW), 6 * MINUTE);
  assert.equal(behind(state([lane(0, 0)], 'Elasticsearch refuses the API key or password'), NOW), 0, 'nothing waits');
  assert.equal(behind(state([]), NOW), 0);
});

it('is measured in numbers', () => {
  const lanes = [lane(6 * MINUTE, 5), { ...lane(0, 0, 'flows'), rate: 2.4, given_up: 7 }, { ...lane(MINUTE, 0, 'assets'), rate: 1.3, dead: 2 }];
  assert.deepEqual(measured(state(lanes), NOW), { waiting: 2, age: 6 * MINUTE, rate: 4, failing: 1, refused: 2, given_up: 7 });
  assert.deepEqual(measured(state([lane(0, 0)], 'away'), NOW), { waiting: 0, age: 0, rate: 0, failing: 1, refused: 0, given_up: 0 });
});
