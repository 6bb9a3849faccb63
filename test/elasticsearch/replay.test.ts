/** What was refused, sent again: made anew, folded, and never over something newer. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { install } from '../../analyzer/store/elastic/install.ts';
import { SHIPPED } from '../../analyzer/store/elastic/kinds.ts';
import { elasticStore } from '../../analyzer/store/elastic.ts';
import { bury } from '../../analyzer/store/sqlite/letters.ts';
import { backlog, beginShipping, nextParcels, settle } from '../../analyzer/store/sqlite/outbox.ts';
import { sampleDecision, sampleFinding, sampleId, sampleKept } from '../samples.ts';
import { missing } from '../shared.ts';
import { refresh } from './appliance.ts';
import { SERVERS } from './servers.ts';
import { Appliance } from './shipment.ts';

async function replayed(node: string): Promise<void> {
  const appliance = new Appliance([node]);
  const { db, scope, shipper, store } = appliance;
  try {
    await install(scope, null);
    beginShipping(db, SHIPPED);
    const on = { kind: 'finding', id: sampleId('a') } as const;
    await store.save({ findings: [sampleFinding('a')], observations: [sampleKept('large', { json: { text: 'x'.repeat(3_000_000) } })] });
    await store.decide(sampleDecision(on, 'acknowledge'));
    for (const kind of ['findings', 'observations', 'decisions'] as const) {
      const parcels = nextParcels(db, kind, 10);
      settle(
        db,
        kind,
        parcels,
        parcels.map(({ id }) => ({ kind, id, reason: 'no' })),
      );
    }
    bury(db, 'observations', [{ kind: 'observations', id: sampleId('dropped since'), reason: 'no' }]);
    await store.save({ findings: [sampleFinding('a', { count: 7 })] });
    shipper.start();
    await appliance.drained();
    assert.deepEqual(await shipper.replay(), { taken: 2, refused: 0, queued: 0 });
    assert.deepEqual(
      backlog(db).filter(({ dead }) => dead > 0),
      [],
    );
    await refresh(scope);
    const there = elasticStore(scope);
    const found = await there.finding(on.id);
    assert.deepEqual([found?.status, found?.count], ['acknowledged', 7]);
    assert.equal((await there.observations({})).length, 1);
  } finally {
    await appliance.end();
  }
}

describe('what was refused is sent again', { skip: missing('elasticsearch') }, () => {
  for (const node of SERVERS) it(node, () => replayed(node));
});
