/** A lane and a cluster that fails at the worst moments. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { Client } from '@elastic/elasticsearch';
import { sampleKept, sampleTime } from '../../../test/samples.ts';
import { scopeOf } from '../elastic/scope.ts';
import { openDatabase } from '../sqlite/database.ts';
import { beginShipping } from '../sqlite/outbox.ts';
import { openSqlite } from '../sqlite.ts';
import { StoreError } from '../store.ts';
import { Lane, MAX_DOCUMENTS, Waiting } from './lane.ts';

const folder = mkdtempSync(join(tmpdir(), 'stillwatch-lane-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A cluster that knows nothing, and whose bulk requests end as `fails` says, one after the other. */
function clusterOf(fails: boolean[], taken: Set<string>): Client {
  const bulk = async ({ operations }: { operations: Buffer }): Promise<unknown> => {
    if (fails.shift() === true) throw new Error('the node went away');
    const lines = gunzipSync(operations).toString().trimEnd().split('\n');
    const actions = lines.filter((_, n) => n % 2 === 0).map((line) => JSON.parse(line).create);
    for (const { _id } of actions) taken.add(_id);
    return { items: actions.map(() => ({ create: { status: 201 } })) };
  };
  const nothing = { _shards: { total: 1 }, hits: { hits: [], total: { value: 0 } } };
  return { bulk, indices: { refresh: async () => ({}) }, search: async () => nothing } as unknown as Client;
}

it('ships first again what failed, though what comes next was made ready meanwhile', async () => {
  const path = join(folder, 'lane.db');
  const store = openSqlite(path);
  const count = MAX_DOCUMENTS * 2 + 1;
  await store.save({ observations: Array.from({ length: count }, (_, n) => sampleKept(`kept ${n}`, { '@timestamp': sampleTime(n) })) });
  const db = openDatabase(path);
  beginShipping(db, ['observations']);
  const taken = new Set<string>();
  const lane = new Lane('observations', db, scopeOf({ client: clusterOf([true, false, true], taken), prefix: 'lane' }, 'plant'));
  let documents = 0;
  let failed = 0;
  for (let n = 0; n < 10; n++) {
    const shipped = await lane.step(new AbortController().signal).catch((error: unknown) => {
      assert.ok(error instanceof Waiting);
      failed++;
      return { documents: 0 };
    });
    documents += shipped.documents;
    // What was looked ahead at comes a turn later.
    await setImmediate();
    await setImmediate();
  }
  assert.deepEqual([failed, documents, taken.size], [2, count, count]);
  db.close();
  await store.close();
});

it('asks what is there before it sends again a load of which something had to wait', async () => {
  const path = join(folder, 'waits.db');
  const store = openSqlite(path);
  await store.save({ observations: [1, 2, 3].map((n) => sampleKept(`kept ${n}`, { '@timestamp': sampleTime(n) })) });
  const db = openDatabase(path);
  beginShipping(db, ['observations']);
  const taken = new Set<string>();
  let asked = 0;
  let full = true;
  const bulk = async ({ operations }: { operations: Buffer }): Promise<unknown> => {
    const lines = gunzipSync(operations).toString().trimEnd().split('\n');
    const ids = lines.filter((_, n) => n % 2 === 0).map((line) => JSON.parse(line).create._id as string);
    const items = ids.map((_id, n) => {
      if (full && n === 1) return { create: { status: 429, error: { type: 'es_rejected_execution_exception' } } };
      assert.ok(!taken.has(_id), 'sent twice: after a rollover it would be there twice');
      taken.add(_id);
      return { create: { status: 201 } };
    });
    full = false;
    return { items };
  };
  const search = async (): Promise<unknown> => {
    asked++;
    return { _shards: { total: 1 }, hits: { hits: [...taken].map((_id) => ({ _id, _source: { 'stillwatch.key': _id } })), total: { value: taken.size } } };
  };
  const client = { bulk, indices: { refresh: async () => ({}) }, search } as unknown as Client;
  const lane = new Lane('observations', db, scopeOf({ client, prefix: 'lane' }, 'plant'));
  await assert.rejects(lane.step(new AbortController().signal), Waiting);
  assert.equal((await lane.step(new AbortController().signal)).documents, 3);
  assert.deepEqual([taken.size, asked], [3, 2]);
  db.close();
  await store.close();
});

it('ends no step before its request has ended, though what comes next cannot be read', async () => {
  const path = join(folder, 'unread.db');
  const store = openSqlite(path);
  const count = MAX_DOCUMENTS + 1;
  await store.save({ observations: Array.from({ length: count }, (_, n) => sampleKept(`kept ${n}`, { '@timestamp': sampleTime(n) })) });
  const db = openDatabase(path);
  beginShipping(db, ['observations']);
  const taken = new Set<string>();
  const cluster = clusterOf([], taken);
  let underWay = 0;
  const bulk = async (request: object): Promise<unknown> => {
    assert.equal(++underWay, 1);
    await sleep(50);
    underWay--;
    return (cluster.bulk as unknown as (request: object) => Promise<unknown>)(request);
  };
  let reads = 0;
  const some: typeof db.some = (...asked) => {
    if (++reads === 2) throw new StoreError('storage', 'the disk does not answer');
    return db.some(...asked);
  };
  const client = { ...cluster, bulk } as unknown as Client;
  const lane = new Lane('observations', { ...db, some }, scopeOf({ client, prefix: 'lane' }, 'plant'));
  for (const documents of [MAX_DOCUMENTS, 1]) assert.deepEqual(await lane.step(new AbortController().signal), { documents, refused: 0, more: true });
  assert.deepEqual([reads, taken.size, underWay], [4, count, 0]);
  db.close();
  await store.close();
});
