import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cluster, remove, SERVERS } from '../../test/elasticsearch/servers.ts';
import { sampleDecision, sampleFact } from '../../test/samples.ts';
import { missing } from '../../test/shared.ts';
import { scopeOf } from '../store/elastic/scope.ts';
import { elasticStore, record } from '../store/elastic.ts';
import { waitingAmong } from './waiting.ts';

describe('decisions on a list that wait for their site', { skip: missing('elasticsearch') }, () => {
  for (const node of SERVERS)
    it(`are those of that list and site which it has not taken (${node})`, async () => {
      const one = await cluster(node);
      try {
        const [north, south] = ['North', 'South'].map((site) => scopeOf(one, site, 'central')) as [ReturnType<typeof scopeOf>, ReturnType<typeof scopeOf>];
        const facts = ['a', 'b', 'c', 'x'.repeat(3)].map((name) => sampleFact(name));
        await elasticStore(north).save({ facts });
        const [a, b, c, d] = facts.map(({ id }) => id) as [string, string, string, string];
        for (const id of [a, d]) await record(north, sampleDecision({ kind: 'fact', id }, 'approve'), false);
        await record(north, sampleDecision({ kind: 'fact', id: b }, 'approve'), true);
        assert.deepEqual([...(await waitingAmong(north, 'fact', [a, b, c]))], [a]);
        assert.deepEqual([...(await waitingAmong(north, 'asset', [a]))], []);
        assert.deepEqual([...(await waitingAmong(south, 'fact', [a]))], []);
        assert.deepEqual([...(await waitingAmong(north, 'fact', []))], []);
      } finally {
        await remove(one);
      }
    });
});
