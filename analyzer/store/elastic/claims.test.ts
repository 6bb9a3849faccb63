/** Of two who decide at once the second is told, whatever the wire changes meanwhile and whoever dies. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { cluster, remove, SERVERS, siteOf } from '../../../test/elasticsearch/servers.ts';
import { sampleDecision, sampleFinding, sampleId } from '../../../test/samples.ts';
import { missing } from '../../../test/shared.ts';
import { knownOf } from '../../finding.ts';
import { elasticStore, record } from '../elastic.ts';
import type { StoreError } from '../store.ts';
import { write } from './bulk.ts';
import { claim } from './claims.ts';
import { decisionDocument, decisionsWaiting } from './decisions.ts';
import { placeOf } from './kinds.ts';
import { type Cluster, documentOf } from './scope.ts';

const isConflict = (error: StoreError): boolean => error.kind === 'conflict' && error.message.includes('anna');

function cases(node: string): void {
  let one: Cluster;
  before(async () => {
    one = await cluster(node);
  });
  after(() => remove(one));

  it('of a decision that is claimed and not written down yet, though the finding was stored anew meanwhile', async () => {
    const scope = siteOf(one);
    const store = elasticStore(scope);
    const on = { kind: 'finding', id: sampleId('stored anew') } as const;
    await store.save({ findings: [sampleFinding('stored anew')] });
    const first = sampleDecision(on, 'start', { after: 0 });
    await claim(scope, first, [], () => assert.fail('nothing was claimed before'));
    await store.save({ findings: [sampleFinding('stored anew', { count: 9 })] });
    const second = sampleDecision(on, 'close', { by: 'ben', resolution: 'false_positive', after: 0 });
    await assert.rejects(store.decide(second, []), isConflict);
    const found = await store.finding(on.id);
    assert.deepEqual([found?.status, found?.count, (await store.decisions(on)).map(({ id }) => id)], ['in_progress', 9, [first.id]]);
    await store.decide({ ...second, after: 1 }, knownOf([first]));
    assert.equal((await store.finding(on.id))?.status, 'closed');
    await store.close();
  });

  it('though not of their own, which they send again since nobody said how it ended', async () => {
    const scope = siteOf(one);
    const store = elasticStore(scope);
    const on = { kind: 'finding', id: sampleId('again') } as const;
    await store.save({ findings: [sampleFinding('again')] });
    const decision = sampleDecision(on, 'start', { after: 0 });
    await claim(scope, decision, [], () => assert.fail('nothing was claimed before'));
    await store.decide(decision, []);
    assert.deepEqual([(await store.finding(on.id))?.status, (await store.decisions(on)).length], ['in_progress', 1]);
    await store.close();
  });

  it('whatever somebody wrote in the place of a claim', async () => {
    const scope = siteOf(one);
    const store = elasticStore(scope);
    for (const [n, document] of ['no json', '{}', '{"id":"x"}', JSON.stringify(sampleDecision({ kind: 'finding', id: 'another' }, 'start'))].entries()) {
      const on = { kind: 'finding', id: sampleId(`hostile ${n}`) } as const;
      await store.save({ findings: [sampleFinding(`hostile ${n}`)] });
      const { id, source } = documentOf(scope, 'claims', `finding/${on.id}`, '2026-01-01T00:00:00Z', {}, document, 1);
      await one.client.index({ index: placeOf(one.prefix, 'claims'), id, document: source });
      await store.decide(sampleDecision(on, 'start', { after: 0 }), []);
      assert.equal((await store.finding(on.id))?.status, 'in_progress');
    }
    await store.close();
  });

  it('and a decision that the site has said to have does not wait for it again', async () => {
    const scope = siteOf(one);
    const on = { kind: 'finding', id: sampleId('late') } as const;
    const decision = sampleDecision(on, 'start', { after: 0 });
    await record(scope, decision, true);
    await write(scope, [decisionDocument(scope, decision, 1, false)], 'create');
    assert.deepEqual(await decisionsWaiting(scope, { kind: on.kind, ids: [on.id] }), []);
    await scope.snapshots.close();
  });

  it('of what the wire changes all the time', async () => {
    const store = elasticStore(siteOf(one));
    const on = { kind: 'finding', id: sampleId('busy') } as const;
    await store.save({ findings: [sampleFinding('busy')] });
    for (let round = 0; round < 5; round++) {
      const people = ['anna', 'ben', 'cleo'].map((by) => sampleDecision(on, 'acknowledge', { by, id: `${by} ${round}`, after: round }));
      const known = knownOf(await store.decisions(on));
      let decided = false;
      const wire = async (): Promise<void> => {
        for (let count = 2; !decided; count++) await store.save({ findings: [sampleFinding('busy', { count })] });
      };
      const storing = wire();
      const ends = await Promise.allSettled(people.map((decision) => store.decide(decision, known)));
      decided = true;
      await storing;
      assert.deepEqual(ends.map(({ status }) => status).sort(), ['fulfilled', 'rejected', 'rejected']);
      assert.equal((await store.decisions(on)).length, round + 1);
    }
    await store.close();
  });
}

describe('people are told', { skip: missing('elasticsearch') }, () => {
  for (const node of SERVERS) describe(node, () => cases(node));
});
