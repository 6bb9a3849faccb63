/** Tag lists of many sites: devices of two sites may have the same id, and lists too. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { cluster, remove, SERVERS, siteOf } from '../../../test/elasticsearch/servers.ts';
import { sampleDecision, sampleTag } from '../../../test/samples.ts';
import { missing } from '../../../test/shared.ts';
import { elasticStore } from '../elastic.ts';
import type { Store, TagList } from '../store.ts';
import { type Cluster, scopeOf } from './scope.ts';

const OWNER = 'plc';

const list = (id: string, ...addresses: number[]): TagList => ({ id, owner: OWNER, file: 'tags.csv', tags: addresses.map((address) => sampleTag(address)) });

async function use(store: Store, { id, file }: TagList): Promise<void> {
  await store.decide(sampleDecision({ kind: 'asset', id: OWNER }, 'tags', { id: `use ${id}`, edit: { list: id, file, tags: '1' } }));
}

function cases(node: string): void {
  let one: Cluster;
  before(async () => {
    one = await cluster(node);
  });
  after(() => remove(one));

  it('each counts once, and for its own site', async () => {
    const [north, south, west] = [siteOf(one), siteOf(one), siteOf(one)];
    const lists = [list('same', 1), list('same', 1), list('other', 2)];
    for (const [n, scope] of [north, south, west].entries()) {
      const store = elasticStore(scope);
      await store.save({ tagLists: [lists[n] as TagList] });
      await use(store, lists[n] as TagList);
      await store.close();
    }
    const all = elasticStore({ ...scopeOf(one, null), among: [north, south, west].map(({ site }) => site as string) });
    assert.deepEqual(
      (await all.tags({ owner: OWNER })).map(({ address }) => address),
      [1, 1, 2],
    );
    assert.deepEqual(
      (await all.tagLists(OWNER)).map(({ id, counts }) => [id, counts]),
      [
        ['same', true],
        ['same', true],
        ['other', true],
      ],
    );
  });
}

describe('tags of all sites', { skip: missing('elasticsearch') }, () => {
  for (const node of SERVERS) describe(node, () => cases(node));
});
