/** What is queued for shipping, what leaves the queue, and what is given up first. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sampleAsset, sampleDecision, sampleFinding, sampleId, sampleKept, sampleTime } from '../../../test/samples.ts';
import { type Kind, SHIPPED } from '../elastic/kinds.ts';
import type { Scope } from '../elastic/scope.ts';
import { type Database, openDatabase } from '../sqlite/database.ts';
import { deadLetters, MAX_DEAD_LETTERS } from '../sqlite/letters.ts';
import { backlog, beginAnew, beginShipping, nextParcels, queueRefused, settle } from '../sqlite/outbox.ts';
import { openSqlite } from '../sqlite.ts';
import { type Kept, type Store, StoreError } from '../store.ts';
import { pause } from './pause.ts';
import { Shipper } from './shipper.ts';

const folder = mkdtempSync(join(tmpdir(), 'stillwatch-outbox-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
let db: Database;
let store: Store;
beforeEach(() => {
  const path = join(folder, `${files++}.db`);
  store = openSqlite(path);
  db = openDatabase(path);
});

const waiting = (kind: Kind): number => backlog(db).find((lane) => lane.kind === kind)?.waiting ?? 0;
const flow = (n: number): Kept => sampleKept(`flow ${n}`, { kind: 'flow', '@timestamp': sampleTime(n) });
const kept = (n: number): Kept => sampleKept(`kept ${n}`, { '@timestamp': sampleTime(n) });

describe('the outbox', () => {
  it('queues nothing while nothing is shipped, and history once something is', async () => {
    await store.save({ findings: [sampleFinding('a'), sampleFinding('b')], observations: [kept(1), flow(2)] });
    assert.deepEqual(backlog(db), []);
    beginShipping(db, SHIPPED);
    beginShipping(db, SHIPPED);
    assert.deepEqual([waiting('findings'), waiting('observations'), waiting('flows')], [2, 1, 1]);
  });

  it('holds what changes again and again once, as it is in the end, and keeps its place', async () => {
    beginShipping(db, SHIPPED);
    for (const count of [1, 2, 3]) await store.save({ findings: [sampleFinding('a', { count })] });
    await store.save({ findings: [sampleFinding('b')] });
    await store.save({ findings: [sampleFinding('a', { count: 4 })] });
    const parcels = nextParcels(db, 'findings', 10);
    assert.deepEqual(
      parcels.map(({ json }) => JSON.parse(json).count),
      [4, 1],
    );
  });

  it('forgets what was shipped unless it changed meanwhile, and what did not change is not queued', async () => {
    beginShipping(db, SHIPPED);
    await store.save({ findings: [sampleFinding('a'), sampleFinding('b')], assets: [sampleAsset('10.0.0.1')] });
    const parcels = nextParcels(db, 'findings', 10);
    await store.save({ findings: [sampleFinding('a', { count: 9 }), sampleFinding('b')] });
    settle(db, 'findings', parcels, []);
    assert.deepEqual(
      nextParcels(db, 'findings', 10).map(({ json }) => JSON.parse(json).count),
      [9],
    );
    settle(db, 'assets', nextParcels(db, 'assets', 10), []);
    await store.save({ assets: [sampleAsset('10.0.0.1')] });
    assert.equal(waiting('assets'), 0);
  });

  it('counts on after retention has dropped everything', async () => {
    beginShipping(db, SHIPPED);
    await store.save({ observations: Array.from({ length: 50 }, (_, n) => kept(n)) });
    settle(db, 'observations', nextParcels(db, 'observations', 100), []);
    await store.expire(sampleTime(1000));
    await store.save({ observations: [kept(2000), kept(2001)] });
    assert.equal(nextParcels(db, 'observations', 10).length, 2);
  });

  it('keeps what was refused with the reason: all of what must not be given up, of the rest up to a ceiling, and counts what is beyond', async () => {
    beginShipping(db, SHIPPED);
    await store.save({ findings: [sampleFinding('a')], observations: [flow(1)] });
    const refuse = (kind: Kind): void => {
      const letters = Array.from({ length: MAX_DEAD_LETTERS + 5 }, (_, n) => ({ kind, id: `${n}`, reason: `no ${n}` }));
      settle(db, kind, nextParcels(db, kind, 10), letters);
    };
    refuse('flows');
    refuse('findings');
    const lane = (kind: Kind) => backlog(db).find((one) => one.kind === kind);
    assert.deepEqual([lane('flows')?.dead, lane('flows')?.given_up], [MAX_DEAD_LETTERS, 5]);
    assert.deepEqual([lane('findings')?.dead, lane('findings')?.given_up, lane('findings')?.reason], [MAX_DEAD_LETTERS + 5, 0, 'no 10004']);
    assert.equal(waiting('findings'), 0);
  });

  it('forgets that something was refused once a newer one of it is taken', async () => {
    beginShipping(db, SHIPPED);
    await store.save({ findings: [sampleFinding('a')] });
    settle(db, 'findings', nextParcels(db, 'findings', 10), [{ kind: 'findings', id: sampleId('a'), reason: 'no' }]);
    assert.equal(deadLetters(db, 'findings', 10).length, 1);
    await store.save({ findings: [sampleFinding('a', { count: 2 })] });
    settle(db, 'findings', nextParcels(db, 'findings', 10), []);
    assert.deepEqual(deadLetters(db, 'findings', 10), []);
  });

  it('queues what was refused as it is now, and forgets what is gone', async () => {
    beginShipping(db, SHIPPED);
    await store.save({ findings: [sampleFinding('a')] });
    const letters = ['a', 'gone'].map((name) => ({ kind: 'findings' as const, id: sampleId(name), reason: 'no' }));
    settle(db, 'findings', nextParcels(db, 'findings', 10), letters);
    assert.equal(waiting('findings'), 0);
    assert.equal(queueRefused(db, 'findings'), 1);
    assert.deepEqual([waiting('findings'), deadLetters(db, 'findings', 10)], [1, []]);
  });

  it('takes no more at a time than fits in memory', async () => {
    beginShipping(db, SHIPPED);
    const large = (n: number): Kept => sampleKept(`large ${n}`, { json: { text: 'x'.repeat(1_000_000) } });
    await store.save({ observations: Array.from({ length: 12 }, (_, n) => large(n)) });
    assert.equal(nextParcels(db, 'observations', 1000).length, 5);
  });

  it('begins with everything again, of the kinds that are to', async () => {
    beginShipping(db, SHIPPED);
    await store.save({ findings: [sampleFinding('a')], observations: [kept(1)], assets: [sampleAsset('10.0.0.1')] });
    for (const kind of ['findings', 'assets', 'observations'] as const) settle(db, kind, nextParcels(db, kind, 10), []);
    assert.deepEqual([waiting('findings'), waiting('observations'), waiting('assets')], [0, 0, 0]);
    beginAnew(db, ['findings', 'observations']);
    assert.deepEqual([waiting('findings'), waiting('observations'), waiting('assets')], [1, 1, 0]);
    assert.equal(backlog(db).find(({ kind }) => kind === 'findings')?.shipped, 0);
  });
});

describe('when too much waits', () => {
  const sacrificed = async (documents: number, age: number): Promise<{ [kind: string]: number }> => {
    beginShipping(db, SHIPPED);
    const ns = Array.from({ length: 100 }, (_, n) => n);
    await store.save({
      findings: ns.map((n) => sampleFinding(`${n}`)),
      observations: [...ns.map(kept), ...ns.map(flow)],
      health: ns.map((n) => ({ '@timestamp': sampleTime(n), n })),
    });
    for (const n of ns) await store.decide(sampleDecision({ kind: 'finding', id: `${n}` }, 'comment', { id: `${n}` }));
    new Shipper(db, {} as Scope, { documents, age }, null).sacrifice(0);
    return Object.fromEntries(
      backlog(db)
        .filter(({ waiting }) => waiting > 0)
        .map(({ kind, waiting }) => [kind, waiting]),
    );
  };
  const NEVER = Number.MAX_SAFE_INTEGER;
  const all = { findings: 100, decisions: 100, observations: 100, flows: 100, health: 100, audit: 100 };

  it('gives up nothing within its limits', async () => assert.deepEqual(await sacrificed(600, NEVER), all));
  it('gives up flows and summaries first, the oldest of them', async () => {
    assert.deepEqual(await sacrificed(530, NEVER), { ...all, flows: 30 });
    assert.equal(JSON.parse(nextParcels(db, 'flows', 1)[0]?.json ?? '{}')['@timestamp'], sampleTime(70));
    assert.equal(backlog(db).find(({ kind }) => kind === 'flows')?.given_up, 70);
  });
  it('then measurements, then single observations, and nothing else however little room there is', async () => {
    const { flows: _flows, health: _health, observations: _observations, ...kept } = all;
    assert.deepEqual(await sacrificed(10, NEVER), kept);
  });
  it('gives up what has waited too long, of the same kinds only, however long ago it was captured, and across restarts', async () => {
    assert.deepEqual(await sacrificed(NEVER, 10_000), all, 'a capture of years ago has not waited yet');
    await store.save({ observations: [kept(500), flow(501)], health: [{ '@timestamp': sampleTime(502) }] });
    const pass = (ms: number): void => new Shipper(db, {} as Scope, { documents: NEVER, age: 10_000 }, null).sacrifice(ms);
    pass(9999);
    assert.equal(waiting('observations'), 101);
    pass(1);
    assert.deepEqual([...(['findings', 'decisions', 'observations', 'flows', 'health'] as const)].map(waiting), [100, 100, 1, 1, 1]);
  });

  it('goes on while nothing can be written down', async () => {
    const shipper = new Shipper(db, {} as Scope, { documents: 0, age: 0 }, null);
    await sacrificed(NEVER, NEVER);
    shipper.start();
    db.run('PRAGMA query_only = 1');
    await sleep(700);
    assert.throws(() => shipper.sacrifice(1), StoreError);
    assert.match(shipper.state().trouble, /./);
    assert.equal(waiting('flows'), 100);
    db.run('PRAGMA query_only = 0');
    for (let n = 0; n < 200 && waiting('flows') > 0; n++) await sleep(50);
    assert.equal(waiting('flows'), 0);
    await shipper.stop();
  });

  it('tells since when the oldest waits, however far shipping has come', async () => {
    await sacrificed(NEVER, 10_000);
    const shipper = new Shipper(db, {} as Scope, { documents: NEVER, age: 10_000 }, null);
    const since = (): number => {
      const oldest = backlog(db).find(({ kind }) => kind === 'decisions')?.oldest ?? 0;
      return oldest === 0 ? 0 : Math.round((Date.now() - oldest) / 1000);
    };
    assert.equal(since(), 0);
    shipper.sacrifice(5000);
    await store.decide(sampleDecision({ kind: 'finding', id: '1' }, 'comment', { id: 'later' }));
    shipper.sacrifice(3000);
    assert.equal(since(), 8);
    settle(db, 'decisions', nextParcels(db, 'decisions', 100), []);
    shipper.sacrifice(1000);
    assert.equal(since(), 1, 'at least');
    settle(db, 'decisions', nextParcels(db, 'decisions', 100), []);
    assert.equal(since(), 0);
  });
});

describe('the pause between tries', () => {
  it('doubles up to a minute, with jitter', () => {
    assert.deepEqual(
      [1, 2, 3, 20, 1e6].map((tries) => pause(tries, undefined, () => 1)),
      [500, 1000, 2000, 60_000, 60_000],
    );
    assert.equal(
      pause(3, undefined, () => 0),
      1000,
    );
  });
  it('is as long as the server asks, within reason', () => {
    assert.equal(pause(1, '7'), 7000);
    assert.equal(pause(1, '86400'), 600_000);
    const until = (at: string): number => pause(1, 'Wed, 21 Oct 2026 07:28:00 GMT', () => 1, Date.parse(at));
    assert.deepEqual([until('2026-10-21T07:27:30Z'), until('2026-10-21T07:30:00Z'), pause(1, 'soon', () => 1)], [30_000, 500, 500]);
  });
});
