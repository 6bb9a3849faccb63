/** When pages are read from the cluster. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { LaneState } from '../analyzer/store/shipping/state.ts';
import { unfit } from './fit.ts';

const NOW = Date.UTC(2026, 0);
const TROUBLE = 'Elasticsearch does not take findings now (cluster_block_exception)';

const lane = (kind: string, changes: Partial<LaneState> = {}): LaneState => ({
  kind,
  waiting: 0,
  oldest: 0,
  shipped: 0,
  rate: 0,
  given_up: 0,
  dead: 0,
  trouble: '',
  tries: 0,
  ...changes,
});
const says = (kind: string, changes: Partial<LaneState>): string => unfit({ ready: true, trouble: '', lanes: [lane('flows'), lane(kind, changes)] }, NOW);
const waited = (ms: number): Partial<LaneState> => ({ waiting: 3, oldest: NOW - ms });

it('says why the cluster is not ready', () => {
  assert.equal(unfit({ ready: false, trouble: '', lanes: [] }, NOW), 'Elasticsearch is being made ready.');
  assert.equal(unfit({ ready: false, trouble: 'Elasticsearch does not answer in time', lanes: [] }, NOW), 'Elasticsearch does not answer in time');
});

it('says nothing while documents go as they should, however many there are of what is not listed', () => {
  for (const kind of ['findings', 'decisions']) assert.equal(says(kind, waited(2000)), '');
  for (const kind of ['assets', 'facts', 'conversations', 'registers']) assert.equal(says(kind, waited(20_000)), '');
  assert.equal(says('findings', { waiting: 5 }), '', 'just now');
  assert.equal(says('observations', { ...waited(3_600_000), waiting: 90_000, tries: 9, trouble: TROUBLE, dead: 5 }), '');
});

it('says so when a try failed and something waits', () => {
  for (const kind of ['findings', 'assets', 'decisions', 'audit']) assert.equal(says(kind, { waiting: 1, tries: 1, trouble: TROUBLE }), TROUBLE);
  assert.equal(says('findings', { tries: 1, trouble: TROUBLE }), '', 'nothing waits');
});

it('says so when something waits for longer than it should, or much does', () => {
  assert.equal(says('findings', waited(10_000)), 'The newest findings are still on their way to Elasticsearch.');
  assert.equal(says('assets', waited(40_000)), 'The newest assets are still on their way to Elasticsearch.');
  assert.equal(says('findings', { waiting: 2001 }), '2,001 findings are still on their way to Elasticsearch.');
});

it('says so when pages would lack what was refused', () => {
  for (const kind of ['findings', 'assets', 'facts', 'decisions']) assert.match(says(kind, { dead: 1 }), /refused some .+ for good/);
  assert.equal(says('registers', { dead: 1 }), '');
});
