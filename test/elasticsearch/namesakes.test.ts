/** Two appliances that were given the same name of a site are told so. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Status } from '../../analyzer/coverage.ts';
import { announce } from '../../analyzer/store/elastic/presence.ts';
import { namesakes } from '../../analyzer/store/shipping/namesakes.ts';
import { missing } from '../shared.ts';
import { refresh } from './appliance.ts';
import { cluster, remove, SERVERS, siteOf } from './servers.ts';

const STATUS = {
  state: 'capturing',
  clock: '2026-01-01T00:00:00Z',
  frames: 0,
  frames_per_second: 0,
  assets_learning: 0,
  assets_protected: 0,
  blind: [],
  coverage: { interfaces: [], protocols: [], ceilings: [], clock_steps: 0 },
} as unknown as Status;
const NOW = Date.UTC(2026, 0);

describe('two appliances of one site', { skip: missing('elasticsearch') }, () => {
  for (const node of SERVERS)
    it(node, async () => {
      const one = await cluster(node);
      const scope = siteOf(one);
      const say = async (observer: string, contact: number): Promise<void> => {
        await announce({ ...scope, observer }, { version: '1', status: STATUS, rules: [], contact });
        await refresh(scope);
      };
      assert.equal(await namesakes(scope, NOW), null);
      await say(scope.observer, NOW);
      await say('replaced', NOW - 3_600_000);
      assert.equal(await namesakes(scope, NOW), null, 'itself, and one that has gone');
      await say('other', NOW - 5000);
      assert.match((await namesakes(scope, NOW)) ?? '', /^another appliance, "other", says that it is site ".+" too.*\(site\)$/);
      await announce({ ...siteOf(one), observer: 'elsewhere' }, { version: '1', status: STATUS, rules: [], contact: NOW });
      await refresh(scope);
      assert.equal(await namesakes({ ...scope, observer: 'other' }, NOW).then((line) => line?.includes('elsewhere')), false);
      await remove(one);
    });
});
