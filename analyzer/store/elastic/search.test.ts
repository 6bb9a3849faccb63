/** A cluster that lacks something answers with an error, not with less. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { cluster, remove, SERVERS, siteOf } from '../../../test/elasticsearch/servers.ts';
import { entriesOf } from '../../../test/everything.ts';
import { sampleFinding, sampleId, sampleKept } from '../../../test/samples.ts';
import { missing } from '../../../test/shared.ts';
import { elasticStore } from '../elastic.ts';
import { type Store, StoreError } from '../store.ts';
import { type Kind, placeOf } from './kinds.ts';
import { type Cluster, scopeOf } from './scope.ts';

const says = (line: string) => (error: unknown) => {
  assert.ok(error instanceof StoreError, String(error));
  assert.equal(error.kind, 'storage');
  assert.equal(error.message, line);
  return true;
};

/** Adds an index to an alias that no node takes: what it holds cannot be read. */
async function lame({ client, prefix }: Cluster, kind: Kind): Promise<void> {
  const [alias, none] = [placeOf(prefix, kind), { 'index.routing.allocation.require._name': 'none' }];
  await client.indices.create({ index: `${alias}-v0`, aliases: { [alias]: { is_write_index: false } }, settings: none, wait_for_active_shards: 0 });
}

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

  it('what cannot be read in full is an error, not a part of it', async () => {
    const other = await cluster(node);
    const store = elasticStore(siteOf(other));
    await store.save({ findings: [sampleFinding('a'), sampleFinding('b')] });
    const { next } = await store.findings({ limit: 1 });
    for (const kind of ['findings', 'decisions'] as const) await lame(other, kind);
    const short = says('Elasticsearch cannot read all that it holds now, some shards are missing: check the health of the cluster');
    await assert.rejects(store.findings({}), short);
    await assert.rejects(store.findingFacets({}), short);
    await assert.rejects(store.decisions({ kind: 'finding', id: sampleId('a') }), short);
    await assert.rejects(entriesOf(store), short);
    assert.equal((await store.findings({ limit: 1, cursor: next as string })).items.length, 1, 'from before');
    await store.close();
    await remove(other);
  });

  it('an index that is gone is named, with what to do', async () => {
    await store.save({ findings: [sampleFinding('a')], observations: [sampleKept('a')] });
    await one.client.indices.delete({ index: `${placeOf(one.prefix, 'findings')}-v1` });
    const gone = says(`Elasticsearch has no ${one.prefix}-findings any more: whoever ships there makes it again, with all that was in it`);
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
