/** A cluster that lacks something answers with an error, not with less. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { cluster, remove, SERVERS, siteOf } from '../../../test/elasticsearch/servers.ts';
import { sampleFinding, sampleId, sampleKept } from '../../../test/samples.ts';
import { missing } from '../../../test/shared.ts';
import { elasticStore } from '../elastic.ts';
import { type Store, StoreError } from '../store.ts';
import { placeOf } from './kinds.ts';
import { type Cluster, scopeOf } from './scope.ts';

const says = (line: string) => (error: unknown) => {
  assert.ok(error instanceof StoreError, String(error));
  assert.equal(error.kind, 'storage');
  assert.equal(error.message, line);
  return true;
};

function cases(node: string): void {
  let one: Cluster;
  let store: Store;
  before(async () => {
    one = await cluster(node);
    store = elasticStore(siteOf(one));
  });
  after(async () => {
    await store.close();
    await remove(one);
  });

  it('a stream that has no document yet is empty', async () => {
    assert.deepEqual(await store.observations({}), []);
    assert.deepEqual((await store.auditLines({})).items, []);
  });

  it('an index that is gone is named, with what to do', async () => {
    await store.save({ findings: [sampleFinding('a')], observations: [sampleKept('a')] });
    await one.client.indices.delete({ index: `${placeOf(one.prefix, 'findings')}-v1` });
    const gone = says(`Elasticsearch has no ${one.prefix}-findings any more: restart Stillwatch, it makes what is missing`);
    await assert.rejects(store.findings({}), gone);
    await assert.rejects(store.findingFacets({}), gone);
    await assert.rejects(store.finding(sampleId('a')), gone);
    await assert.rejects(elasticStore(scopeOf(one, null)).findings({}), gone);
    assert.deepEqual((await store.assets({})).items, [], 'the others are read');
  });
}

describe('what a cluster lacks', { skip: missing('elasticsearch') }, () => {
  for (const node of SERVERS) describe(node, () => cases(node));
});
