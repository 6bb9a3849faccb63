import assert from 'node:assert/strict';
import { it } from 'node:test';
import { loadConfig } from '../config.ts';
import { lifecycleOf } from './cluster.ts';

it('a retention is said as a data stream lifecycle takes it: without fractions, and nothing for good', () => {
  const said = ['30d', '12h', '1.5d', '0d', '0.0d'].map((observations) =>
    lifecycleOf(loadConfig(undefined, { STILLWATCH_RETENTION_OBSERVATIONS: observations })),
  );
  assert.deepEqual(said, ['30d', '12h', '129600000ms', null, null]);
});
