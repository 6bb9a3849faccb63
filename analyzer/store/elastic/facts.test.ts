/** Facts where they are read with those of other sites. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cluster, remove, SERVERS } from '../../../test/elasticsearch/servers.ts';
import { sampleFact } from '../../../test/samples.ts';
import { missing } from '../../../test/shared.ts';
import { elasticStore } from '../elastic.ts';
import { scopeOf } from './scope.ts';

describe('facts of many sites', { skip: missing('elasticsearch') }, () => {
  for (const node of SERVERS)
    it(`each is of its site, page by page, in the order of the list of one (${node})`, async () => {
      const one = await cluster(node);
      try {
        for (const site of ['North', 'South']) await elasticStore(scopeOf(one, site, 'appliance')).save({ facts: [sampleFact('a'), sampleFact('b')] });
        const scope = { ...scopeOf(one, null), among: ['North', 'South'] };
        const store = elasticStore(scope);
        const first = await store.facts({ limit: 3 });
        const rest = await store.facts({ limit: 3, cursor: first.next as string });
        const all = [...first.items, ...rest.items];
        assert.deepEqual(all, (await store.facts({ limit: 4 })).items);
        assert.deepEqual(all.map(({ site }) => site).sort(), ['North', 'North', 'South', 'South']);
        assert.deepEqual(
          (await elasticStore({ ...scope, among: ['South'] }).facts({ kind: sampleFact('a').kind })).items.map(({ site }) => site),
          ['South', 'South'],
        );
        const own = await elasticStore(scopeOf(one, 'South', 'appliance')).facts({});
        assert.ok(
          own.items.every((fact) => !('site' in fact)),
          'of one site nobody needs to say so',
        );
      } finally {
        await remove(one);
      }
    });
});
