/** Another place gets everything, and one that lost an index gets that again. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { placeOf } from '../../analyzer/store/elastic/kinds.ts';
import type { Cluster, Scope } from '../../analyzer/store/elastic/scope.ts';
import { elasticStore } from '../../analyzer/store/elastic.ts';
import { Shipper } from '../../analyzer/store/shipping/shipper.ts';
import { openDatabase } from '../../analyzer/store/sqlite/database.ts';
import { openSqlite } from '../../analyzer/store/sqlite.ts';
import type { Store } from '../../analyzer/store/store.ts';
import { sampleDecision, sampleFinding, sampleId, sampleKept } from '../samples.ts';
import { missing } from '../shared.ts';
import { NO_LIMITS, shipAll } from './appliance.ts';
import { cluster, remove, SERVERS, siteOf } from './servers.ts';

const on = { kind: 'finding', id: sampleId('a') } as const;

/** Everything is there: as found by what was stored. */
async function isWhole(scope: Scope): Promise<boolean> {
  await scope.client.indices.refresh({ index: ['findings', 'observations'].map((kind) => `${scope.prefix}-${kind}`), ignore_unavailable: true });
  const store = elasticStore(scope);
  const [finding, kept] = [await store.finding(on.id), await store.observations({})];
  return finding?.status === 'acknowledged' && kept.length === 2;
}

function cases(node: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'stillwatch-target-'));
  const path = join(folder, 'store.db');
  let one: Cluster;
  let two: Cluster;
  let store: Store;
  before(async () => {
    [one, two] = [await cluster(node, false), await cluster(node, false)];
    store = openSqlite(path);
    await store.save({ findings: [sampleFinding('a')], observations: [sampleKept('1'), sampleKept('2')] });
    await store.decide(sampleDecision(on, 'acknowledge'));
  });
  after(async () => {
    await store.close();
    await Promise.all([remove(one), remove(two)]);
    rmSync(folder, { recursive: true, force: true });
  });

  it('another prefix, then another name of the site', async () => {
    const first = siteOf(one);
    for (const scope of [first, siteOf(two), siteOf(two), first]) {
      await shipAll(path, scope);
      assert.ok(await isWhole(scope), scope.prefix);
    }
  });

  it('an index that is deleted before a start, and one that is while it runs', async () => {
    const scope = siteOf(one);
    const lose = (): Promise<unknown> => one.client.indices.delete({ index: `${placeOf(one.prefix, 'findings')}-v1` });
    await shipAll(path, scope);
    await lose();
    await shipAll(path, scope);
    assert.ok(await isWhole(scope), 'before a start');
    const db = openDatabase(path);
    const shipper = new Shipper(db, scope, NO_LIMITS, null);
    shipper.start();
    while (!shipper.state().ready) await sleep(50);
    await lose();
    await store.save({ findings: [sampleFinding('b')] });
    for (let n = 0; n < 300; n++) {
      if (shipper.state().ready && (await isWhole(scope).catch(() => false))) break;
      await sleep(100);
    }
    await shipper.stop();
    db.close();
    assert.ok(await isWhole(scope), 'while it runs');
    assert.equal((await elasticStore(scope).findings({})).total, 2);
  });
}

describe('where things are shipped to', { skip: missing('elasticsearch') }, () => {
  for (const node of SERVERS) describe(node, () => cases(node));
});
