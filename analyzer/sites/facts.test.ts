import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cluster, remove, SERVERS } from '../../test/elasticsearch/servers.ts';
import { sampleFact } from '../../test/samples.ts';
import { missing } from '../../test/shared.ts';
import { scopeOf } from '../store/elastic/scope.ts';
import { elasticStore } from '../store/elastic.ts';
import { factsOfSites } from './facts.ts';

describe('facts of many sites', { skip: missing('elasticsearch') }, () => {
  for (const node of SERVERS)
    it(`each is of its site, page by page, in the order of the list of one (${node})`, async () => {
      const one = await cluster(node);
      try {
        for (const site of ['North', 'South']) await elasticStore(scopeOf(one, site, 'appliance')).save({ facts: [sampleFact('a'), sampleFact('b')] });
        const scope = { ...scopeOf(one, null), among: ['North', 'South'] };
        const first = await factsOfSites(scope, { limit: 3 });
        const rest = await factsOfSites(scope, { limit: 3, cursor: first.next as string });
        const plain = await elasticStore(scope).facts({ limit: 4 });
        const all = [...first.items, ...rest.items];
        assert.deepEqual(
          all.map(({ site, ...fact }) => fact),
          plain.items,
        );
        assert.deepEqual(all.map(({ site }) => site).sort(), ['North', 'North', 'South', 'South']);
        assert.deepEqual(
          (await factsOfSites({ ...scope, among: ['South'] }, { kind: sampleFact('a').kind })).items.map(({ site }) => site),
          ['South', 'South'],
        );
      } finally {
        await remove(one);
      }
    });
});
