/** What every store does. A further backend is one more line in BACKENDS. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { cluster, remove, SERVERS, siteOf } from '../../test/elasticsearch/servers.ts';
import { answers, entriesOf, storeEverything } from '../../test/everything.ts';
import {
  sampleAsset,
  sampleAttribute,
  sampleConversation,
  sampleDecision,
  sampleFact,
  sampleFinding,
  sampleId,
  sampleKept,
  sampleRange,
  sampleRegisters,
  sampleTag,
  sampleTime,
} from '../../test/samples.ts';
import { random } from '../../test/sense.ts';
import { missing } from '../../test/shared.ts';
import { best } from '../asset.ts';
import { type Decision, type Finding, type FindingView, knownOf, LEVELS, STANDINGS, STATUSES, standing } from '../finding.ts';
import type { Tag } from '../tags/tag.ts';
import type { Cluster } from './elastic/scope.ts';
import { elasticStore } from './elastic.ts';
import { exported, imported } from './move.ts';
import { openSqlite } from './sqlite.ts';
import { type AuditLine, CONFIGURATION, ENTRY_KINDS, type Entry, type Page, type Store, StoreError, type TagList } from './store.ts';

/** A name, and what opens an empty store; `folder` is there for the time of the suite. */
export type Backend = [name: string, open: (folder: string) => Store | Promise<Store>];

let opened = 0;

const BACKENDS: Backend[] = [
  ['SQLite in memory', () => openSqlite(':memory:')],
  ['SQLite in a file', (folder) => openSqlite(join(folder, `${opened++}.db`))],
];

const HOSTILE = [
  'O\'Brien "quoted"',
  '100 % _under_ \\back',
  '<script>alert(1)</script>',
  'tab\tline\nnul\0end',
  '🏭 Kläranlage Süd ПЛК',
  '"; DROP TABLE findings; --',
  'x'.repeat(10_240),
];

const VIEW = { status: 'new', resolution: null, decided_by: null, assignee: null, suppressed: null } as const;

async function everything<T>(read: (cursor: string | undefined) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < 1000; pages++) {
    const page = await read(cursor);
    items.push(...page.items);
    if (page.next === null) return items;
    assert.notEqual(page.items.length, 0, 'a page before the last is never empty');
    cursor = page.next;
  }
  throw new Error('paging does not end');
}

const refused = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof StoreError, String(error));
  assert.equal(error.kind, 'query');
  assert.match(error.message, pattern);
  assert.doesNotMatch(error.message, /\n/);
  return true;
};

/** 60 findings of every level and three rules, with many ties in each sort. */
const mixed = (): Finding[] =>
  Array.from({ length: 60 }, (_, i) =>
    sampleFinding(`mixed ${i}`, {
      level: LEVELS[i % 5]!,
      rule: { id: 'x', name: `rule-${i % 3}`, level: LEVELS[i % 5]!, version: 1 },
      risk: (i * 7) % 10,
      count: i % 4,
      opened: sampleTime(i % 6),
      last_seen: sampleTime(10 + (i % 5)),
      actor: { ip: `10.0.0.${i % 2}`, name: null },
    }),
  );

/** The suite for one backend. */
export function contract([name, open]: Backend): void {
  describe(name, () => {
    let folder = '';
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'stillwatch-store-'));
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    const withStore = (work: (store: Store) => Promise<void>) => async () => {
      const store = await open(folder);
      try {
        await work(store);
      } finally {
        await store.close();
      }
    };

    describe('an empty store', () => {
      it(
        'answers every question with nothing',
        withStore(async (store) => {
          const nothing = { items: [], next: null, total: 0 };
          assert.deepEqual(await store.findings({}), nothing);
          assert.deepEqual(await store.findingFacets({}), { status: [], level: [], rule: [], assignee: [] });
          assert.equal(await store.finding('none'), null);
          assert.deepEqual(await store.assets({}), nothing);
          assert.deepEqual(await store.assetFacets({}), { role: [], protocol: [], vendor: [] });
          assert.equal(await store.asset('10.0.0.1'), null);
          assert.deepEqual(await store.facts({}), nothing);
          assert.deepEqual(await store.conversations({}), nothing);
          assert.deepEqual(await store.observations({}), []);
          assert.deepEqual(await store.decisions({ kind: 'finding', id: 'none' }), []);
          assert.deepEqual(await store.registers({}), []);
          assert.deepEqual(await store.tags({}), []);
          assert.deepEqual(await store.tagLists(), []);
          assert.deepEqual(await store.health({}), []);
          assert.deepEqual(await store.auditLines({}), nothing);
          assert.equal(await store.expire(sampleTime(1e6)), 0);
          assert.deepEqual(await entriesOf(store), []);
          await store.save({});
        }),
      );
    });

    describe('findings', () => findings(withStore));
    describe('decisions', () => decisions(withStore));
    describe('assigned and suppressed findings', () => standings(withStore));
    describe('assets', () => assets(withStore));
    describe('facts and conversations', () => facts(withStore));
    describe('the register map and tags', () => tags(withStore));
    describe('observations, health and audit', () => records(withStore));
    describe('moving', () => moving(withStore, async () => open(folder)));
    describe('hostile and extreme input', () => extremes(withStore));
  });
}

type WithStore = (work: (store: Store) => Promise<void>) => () => Promise<void>;

function findings(withStore: WithStore): void {
  it(
    'come back as they were saved, new and undecided',
    withStore(async (store) => {
      const finding = sampleFinding('a');
      await store.save({ findings: [finding] });
      assert.deepEqual(await store.finding(finding.id), { ...finding, ...VIEW });
      assert.deepEqual(await store.findings({}), { items: [{ ...finding, ...VIEW }], next: null, total: 1 });
    }),
  );

  it(
    'are updated, not repeated, when saved again',
    withStore(async (store) => {
      await store.save({ findings: [sampleFinding('a'), sampleFinding('a')] });
      await store.save({ findings: [sampleFinding('a', { count: 5, last_seen: sampleTime(99), level: 'critical' })] });
      const { items, total } = await store.findings({});
      assert.equal(total, 1);
      assert.equal(items[0]?.count, 5);
      assert.equal(items[0]?.last_seen, sampleTime(99));
      assert.deepEqual((await store.findingFacets({})).level, [{ value: 'critical', count: 1 }]);
    }),
  );

  it(
    'are all saved or none',
    withStore(async (store) => {
      const broken = sampleFinding('b', { opened: 'yesterday' });
      await assert.rejects(store.save({ findings: [sampleFinding('a'), broken], assets: [sampleAsset('10.0.0.1')] }));
      assert.equal((await store.findings({})).total, 0);
      assert.equal((await store.assets({})).total, 0);
    }),
  );

  for (const sort of ['last_seen', 'opened', 'risk', 'count'] as const) {
    for (const order of ['asc', 'desc'] as const) {
      it(
        `are paged by ${sort} ${order} without loss or repeat`,
        withStore(async (store) => {
          const saved = mixed();
          await store.save({ findings: saved });
          const seen = await everything((cursor) => store.findings({ sort, order, limit: 7, cursor }));
          assert.deepEqual(seen.map((finding) => finding.id).sort(), saved.map((finding) => finding.id).sort());
          const sign = order === 'asc' ? 1 : -1;
          const rank = (a: FindingView, b: FindingView): number => sign * (a[sort] < b[sort] ? -1 : a[sort] > b[sort] ? 1 : a.id < b.id ? -1 : 1);
          assert.deepEqual(
            seen.map((finding) => finding.id),
            seen.toSorted(rank).map((finding) => finding.id),
          );
        }),
      );
    }
  }

  it(
    'are listed newest first, 50 a page, when nothing is asked for',
    withStore(async (store) => {
      await store.save({ findings: mixed() });
      const { items, total, next } = await store.findings({});
      assert.equal(items.length, 50);
      assert.equal(total, 60);
      assert.ok(next);
      assert.equal(items[0]?.last_seen, sampleTime(14));
    }),
  );

  it(
    'order times of different precision by instant',
    withStore(async (store) => {
      const times = [
        '2026-11-23T10:00:00Z',
        '2026-11-23T10:00:00.000001Z',
        '2026-11-23T10:00:00.5Z',
        '2026-11-23T12:00:01+02:00',
        '2026-11-23T10:00:01.000002Z',
      ];
      await store.save({ findings: times.toReversed().map((time, i) => sampleFinding(`t${i}`, { opened: times[0]!, last_seen: time })) });
      assert.deepEqual(
        (await store.findings({ order: 'asc' })).items.map((finding) => finding.last_seen),
        times,
      );
    }),
  );

  it(
    'are filtered by status, level, rule, address and time, alone and together',
    withStore(async (store) => {
      const saved = mixed();
      await store.save({ findings: saved });
      const count = async (query: Parameters<Store['findings']>[0], expected: (finding: Finding) => boolean) => {
        const wanted = saved.filter(expected).map((finding) => finding.id);
        const seen = await everything((cursor) => store.findings({ ...query, limit: 9, cursor }));
        assert.deepEqual(seen.map((finding) => finding.id).sort(), wanted.sort());
        assert.equal((await store.findings(query)).total, wanted.length);
      };
      await count({ level: ['high'] }, (f) => f.level === 'high');
      await count({ level: ['high', 'low'], rule: ['rule-1'] }, (f) => (f.level === 'high' || f.level === 'low') && f.rule.name === 'rule-1');
      await count({ status: ['new'] }, () => true);
      await count({ status: ['closed'] }, () => false);
      await count({ status: [], level: [] }, () => true);
      await count({ address: '10.0.0.1' }, (f) => f.actor.ip === '10.0.0.1');
      await count({ address: '10.0.0.9' }, () => true);
      await count({ address: '10.0.0' }, () => false);
      await count({ address: '10.0.0.9/1' }, () => true);
      await count({ address: '10.0.0.9/2' }, () => false);
      await count({ address: '10.0.0.1/1' }, () => false);
      await count({ since: sampleTime(13) }, (f) => f.last_seen >= sampleTime(13));
      await count({ until: sampleTime(3) }, (f) => f.opened < sampleTime(3));
      await count(
        { address: '10.0.0.1', rule: ['rule-2'], since: sampleTime(12) },
        (f) => f.actor.ip === '10.0.0.1' && f.rule.name === 'rule-2' && f.last_seen >= sampleTime(12),
      );
    }),
  );

  it(
    'are found by words in title, explanation and addresses, in any case and order',
    withStore(async (store) => {
      const wanted = sampleFinding('a', { title: 'Überlauf at 100% load', explanation: 'Tank_7 ran over.', actor: { ip: 'fe80::1', name: 'Engineering PC' } });
      await store.save({ findings: [wanted, sampleFinding('b')] });
      for (const text of ['ÜBERLAUF', 'überlauf', '100%', 'tank_7', 'FE80::1', 'engineering pc', 'over  tank_7', 'boiler über']) {
        assert.deepEqual(
          (await store.findings({ text })).items.map((finding) => finding.id),
          [wanted.id],
          text,
        );
      }
      for (const text of ['%', '_', '100_', 'nothing', 'tank_7 nothing']) assert.equal((await store.findings({ text })).total, text.length === 1 ? 1 : 0, text);
      assert.equal((await store.findings({ text: '  ' })).total, 2);
    }),
  );

  it(
    'are counted by facet, each ignoring its own filter',
    withStore(async (store) => {
      const saved = mixed();
      await store.save({ findings: saved });
      for (let i = 0; i < 10; i++) await store.decide(sampleDecision({ kind: 'finding', id: saved[i]!.id }, 'close', { resolution: 'true_positive' }));
      const query = { level: ['high' as const], rule: ['rule-0'], status: ['new' as const], address: '10.0.0.1' };
      const views = (await store.findings({ limit: 100 })).items.filter((finding) => finding.actor.ip === '10.0.0.1');
      const tally = (of: (view: FindingView) => string, keep: (view: FindingView) => boolean) => {
        const counts: Record<string, number> = {};
        for (const view of views.filter(keep)) counts[of(view)] = (counts[of(view)] ?? 0) + 1;
        return counts;
      };
      const facets = await store.findingFacets(query);
      const asRecord = (facet: { value: string; count: number }[]) => Object.fromEntries(facet.map(({ value, count }) => [value, count]));
      assert.deepEqual(
        asRecord(facets.status),
        tally(
          (view) => view.status,
          (view) => view.level === 'high' && view.rule.name === 'rule-0',
        ),
      );
      assert.deepEqual(
        asRecord(facets.level),
        tally(
          (view) => view.level,
          (view) => view.status === 'new' && view.rule.name === 'rule-0',
        ),
      );
      assert.deepEqual(
        asRecord(facets.rule),
        tally(
          (view) => view.rule.name,
          (view) => view.status === 'new' && view.level === 'high',
        ),
      );
      const all = await store.findingFacets({});
      assert.deepEqual(asRecord(all.status), { new: 50, closed: 10 });
      assert.deepEqual(
        all.status.map(({ value }) => value),
        ['new', 'closed'],
        'the most frequent first',
      );
    }),
  );

  it(
    'refuse a damaged cursor, a cursor of another list, an unknown sort and a bad time in one line',
    withStore(async (store) => {
      await store.save({ findings: mixed() });
      const { next } = await store.findings({ sort: 'risk', limit: 5 });
      const forged = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
      for (const cursor of [
        'x',
        '!!',
        "' OR 1=1",
        forged({}),
        forged([]),
        forged(['findings risk desc', 'nine', 'id']),
        forged(['findings risk desc', 9]),
        'A'.repeat(100_000),
        `${next}`.slice(2),
      ]) {
        await assert.rejects(store.findings({ sort: 'risk', cursor }), refused(/first page/));
      }
      await assert.rejects(store.findings({ sort: 'count', cursor: next! }), refused(/first page/));
      await assert.rejects(store.findings({ sort: 'risk', order: 'asc', cursor: next! }), refused(/first page/));
      await assert.rejects(store.conversations({ cursor: next! }), refused(/first page/));
      await assert.rejects(store.findings({ sort: 'json; --' as 'risk' }), refused(/sort/));
      await assert.rejects(store.findings({ sort: 'constructor' as 'risk' }), refused(/sort/));
      await assert.rejects(store.findings({ since: 'tomorrow' }), refused(/not a time/));
    }),
  );

  it(
    'keep a limit within bounds',
    withStore(async (store) => {
      await store.save({ findings: mixed() });
      for (const [limit, length] of [
        [0, 1],
        [-5, 1],
        [2.9, 2],
        [1e9, 60],
        [Number.NaN, 50],
      ] as const) {
        assert.equal((await store.findings({ limit })).items.length, length, String(limit));
      }
    }),
  );
}

const suppress = (id: string, until: string, second: number, comment = 'Pump test, Anna agreed.'): Decision =>
  sampleDecision({ kind: 'finding', id }, 'suppress', { '@timestamp': sampleTime(second), edit: { until }, comment });
const assign = (id: string, assignee: string, second = 1): Decision =>
  sampleDecision({ kind: 'finding', id }, 'assign', { '@timestamp': sampleTime(second), edit: { assignee } });

const ids = ({ items }: Page<FindingView>): string[] => items.map(({ id }) => id).sort();

function standings(withStore: WithStore): void {
  it(
    'are given to somebody, and back',
    withStore(async (store) => {
      const [a, b] = [sampleFinding('a'), sampleFinding('b')];
      await store.save({ findings: [a, b] });
      await store.decide(assign(a.id, 'ben'));
      await store.save({ findings: [sampleFinding('a', { count: 7 })] });
      assert.deepEqual(await store.finding(a.id), { ...a, ...VIEW, count: 7, assignee: 'ben' });
      assert.deepEqual(ids(await store.findings({ assignee: ['ben'] })), [a.id]);
      assert.deepEqual(ids(await store.findings({ assignee: [''] })), [b.id]);
      assert.equal((await store.findings({ assignee: ['ben', ''] })).total, 2);
      assert.deepEqual((await store.findingFacets({ assignee: ['ben'] })).assignee, [
        { value: '', count: 1 },
        { value: 'ben', count: 1 },
      ]);
      await store.decide(assign(a.id, '', 2));
      assert.equal((await store.finding(a.id))?.assignee, null);
      assert.equal((await store.findings({ assignee: ['ben'] })).total, 0);
    }),
  );

  it(
    'are out of sight until a time, with who said so and why, and counted all the same',
    withStore(async (store) => {
      const [a, b] = [sampleFinding('a'), sampleFinding('b')];
      await store.save({ findings: [a, b] });
      await store.decide(suppress(a.id, sampleTime(500), 1));
      await store.save({ findings: [sampleFinding('a', { count: 7 })] });
      const view = await store.finding(a.id);
      assert.deepEqual(view?.suppressed, { until: new Date(Date.parse(sampleTime(500))).toISOString(), by: 'anna', reason: 'Pump test, Anna agreed.' });
      assert.deepEqual([view?.status, view?.count], ['new', 7]);
      const standingAt = async (at: string | undefined): Promise<unknown[]> => {
        const when = at === undefined ? {} : { at };
        const lists = [await store.findings({ status: ['new'], ...when }), await store.findings({ status: ['suppressed'], ...when })];
        return [...lists.map(ids), (await store.findingFacets(when)).status];
      };
      const both = [a.id, b.id].sort();
      const shown = [both, [], [{ value: 'new', count: 2 }]];
      const one = [
        { value: 'new', count: 1 },
        { value: 'suppressed', count: 1 },
      ];
      assert.deepEqual(await standingAt(sampleTime(499)), [[b.id], [a.id], one]);
      assert.deepEqual(await standingAt(sampleTime(500)), shown, 'it has run out');
      assert.deepEqual(await standingAt(undefined), shown, 'nobody asks');
      await store.decide(suppress(a.id, '', 2));
      assert.deepEqual(await standingAt(sampleTime(499)), shown, 'somebody ended it');
    }),
  );

  it(
    'are suppressed no longer once they are closed, also after they are reopened, nor by a time that is none',
    withStore(async (store) => {
      const { id } = sampleFinding('a');
      await store.save({ findings: [sampleFinding('a')] });
      await store.decide(suppress(id, sampleTime(500), 1));
      await store.decide(sampleDecision({ kind: 'finding', id }, 'close', { '@timestamp': sampleTime(2), resolution: 'false_positive' }));
      assert.equal((await store.findings({ status: ['closed'], at: sampleTime(3) })).total, 1);
      await store.decide(sampleDecision({ kind: 'finding', id }, 'reopen', { '@timestamp': sampleTime(4) }));
      assert.equal((await store.findings({ status: ['new'], at: sampleTime(5) })).total, 1);
      for (const [n, until] of ['soon', 'x'.repeat(10_000), '-000001-01-01T00:00:00Z', '2026-13-45T99:99:99Z'].entries()) {
        await store.decide(suppress(id, until, 6 + n));
        assert.equal((await store.finding(id))?.suppressed, null, until.slice(0, 40));
      }
      await store.decide(suppress(id, '+275760-09-13T00:00:00.000Z', 11));
      assert.equal((await store.findings({ status: ['suppressed'], at: sampleTime(12) })).total, 1, 'for as long as there are years');
    }),
  );

  it(
    'are listed and counted as their decisions say, whatever is asked',
    withStore(async (store) => {
      const saved = mixed();
      await store.save({ findings: saved });
      const below = random(7);
      for (const { id } of saved) {
        const at = { '@timestamp': sampleTime(1) };
        const kinds = [
          () => suppress(id, sampleTime(100 + below(3) * 100), 2),
          () => assign(id, ['ben', 'cleo', 'anna'][below(3)] as string),
          () => sampleDecision({ kind: 'finding', id }, below(2) === 0 ? 'close' : 'start', { ...at, resolution: null }),
        ];
        for (const make of kinds) if (below(2) === 0) await store.decide(make());
      }
      const views = await everything((cursor) => store.findings({ limit: 25, cursor }));
      const some = <T>(from: readonly T[]): T[] | undefined => (below(2) === 0 ? undefined : from.filter(() => below(2) === 0));
      for (let n = 0; n < 40; n++) {
        const [status, level, assignee] = [some(STANDINGS), some(LEVELS), some(['', 'ben', 'cleo'])];
        const at = below(4) === 0 ? undefined : sampleTime(50 + below(4) * 100);
        const address = below(3) === 0 ? '10.0.0.1' : undefined;
        const query = { ...(status && { status }), ...(level && { level }), ...(assignee && { assignee }), ...(at && { at }), ...(address && { address }) };
        const of = {
          status: (view: FindingView) => (at === undefined ? view.status : standing(view, Date.parse(at))),
          level: (view: FindingView) => view.level,
        };
        const whose = (view: FindingView): string => view.assignee ?? '';
        const fits = (view: FindingView, but: string): boolean =>
          (but === 'status' || !status?.length || status.includes(of.status(view))) &&
          (but === 'level' || !level?.length || level.includes(view.level)) &&
          (but === 'assignee' || !assignee?.length || assignee.includes(whose(view))) &&
          (address === undefined || view.actor.ip === address || view.target.ip === address);
        const told = JSON.stringify(query);
        const expected = views.filter((view) => fits(view, '')).map(({ id }) => id);
        const listed = await everything((cursor) => store.findings({ ...query, limit: 9, cursor }));
        assert.deepEqual(listed.map(({ id }) => id).sort(), expected.sort(), told);
        assert.equal((await store.findings(query)).total, expected.length, told);
        const facets = await store.findingFacets(query);
        for (const [name, value] of [
          ['status', of.status],
          ['level', of.level],
          ['assignee', whose],
        ] as const) {
          const counts = Map.groupBy(
            views.filter((view) => fits(view, name)),
            value,
          );
          assert.deepEqual(
            Object.fromEntries(facets[name].map((one) => [one.value, one.count])),
            Object.fromEntries([...counts].map(([key, all]) => [key, all.length])),
            `${name} ${told}`,
          );
        }
      }
    }),
  );
}

function decisions(withStore: WithStore): void {
  const finding = sampleFinding('a');
  const on = { kind: 'finding', id: finding.id } as const;
  const at = (second: number) => ({ '@timestamp': sampleTime(second) });

  it(
    'take a finding through its life, and saving it again does not take it back',
    withStore(async (store) => {
      await store.save({ findings: [finding] });
      const steps = [
        [sampleDecision(on, 'acknowledge', at(1)), 'acknowledged', null, 'anna'],
        [sampleDecision(on, 'comment', { ...at(2), by: 'ben', comment: 'looking' }), 'acknowledged', null, 'anna'],
        [sampleDecision(on, 'start', { ...at(3), by: 'ben' }), 'in_progress', null, 'ben'],
        [sampleDecision(on, 'close', { ...at(4), resolution: 'false_positive', comment: 'new HMI' }), 'closed', 'false_positive', 'anna'],
        [sampleDecision(on, 'acknowledge', at(5)), 'closed', 'false_positive', 'anna'],
        [sampleDecision(on, 'reopen', { ...at(6), by: 'cleo' }), 'new', null, 'cleo'],
      ] as const;
      for (const [decision, status, resolution, decided_by] of steps) {
        await store.decide(decision);
        await store.save({ findings: [sampleFinding('a', { count: 9, level: 'low' })] });
        const view = await store.finding(finding.id);
        assert.deepEqual([view?.status, view?.resolution, view?.decided_by, view?.count], [status, resolution, decided_by, 9]);
        assert.equal((await store.findings({ status: [status] })).total, 1);
        assert.deepEqual((await store.findingFacets({})).status, [{ value: status, count: 1 }]);
      }
      assert.deepEqual(
        await store.decisions(on),
        steps.map(([decision]) => decision),
      );
    }),
  );

  it(
    'count once however often they arrive, with one audit line',
    withStore(async (store) => {
      await store.save({ findings: [finding] });
      const close = sampleDecision(on, 'close', { ...at(1), resolution: 'authorised_change', comment: 'work order 7' });
      await store.decide(close);
      await store.decide(sampleDecision(on, 'reopen', at(2)));
      await store.decide(close);
      assert.equal((await store.finding(finding.id))?.status, 'new');
      assert.equal((await store.decisions(on)).length, 2);
      const { items, total } = await store.auditLines({});
      assert.equal(total, 2);
      assert.deepEqual(items[1], {
        '@timestamp': sampleTime(1),
        by: 'anna',
        action: 'close',
        on: `finding ${finding.id}`,
        detail: 'authorised_change: work order 7',
      });
    }),
  );

  it(
    'hold when they arrive before what they are about, and out of order',
    withStore(async (store) => {
      await store.decide(sampleDecision(on, 'reopen', at(9)));
      await store.decide(sampleDecision(on, 'close', { ...at(8), resolution: 'true_positive' }));
      await store.decide(sampleDecision({ kind: 'fact', id: sampleId('f') }, 'approve'));
      await store.decide(sampleDecision({ kind: 'asset', id: sampleId('10.0.0.1') }, 'edit', { edit: { name: 'Pump' } }));
      assert.equal((await store.findings({})).total, 0);
      await store.save({ findings: [finding], facts: [sampleFact('f')], assets: [sampleAsset('10.0.0.1')] });
      assert.equal((await store.finding(finding.id))?.status, 'new');
      assert.equal((await store.facts({})).items[0]?.state, 'approved');
      assert.equal(best((await store.asset('10.0.0.1'))!, 'name'), 'Pump');
    }),
  );

  it(
    'come after those that their makers knew of, whatever clocks say',
    withStore(async (store) => {
      await store.save({ findings: [finding] });
      const close = sampleDecision(on, 'close', { ...at(900), resolution: 'true_positive' });
      await store.decide(close);
      await store.decide(sampleDecision(on, 'reopen', { ...at(5), by: 'ben', after: 1 }));
      await store.decide(sampleDecision(on, 'acknowledge', { ...at(2), by: 'cleo', after: 2 }));
      const view = await store.finding(finding.id);
      assert.deepEqual([view?.status, view?.decided_by], ['acknowledged', 'cleo']);
      assert.deepEqual(
        (await store.decisions(on)).map(({ kind }) => kind),
        ['close', 'reopen', 'acknowledge'],
      );
    }),
  );

  it(
    'taken alone are refused to whoever did not know of the last one, and told whose that was',
    withStore(async (store) => {
      await store.save({ findings: [finding] });
      const start = sampleDecision(on, 'start', { ...at(1), after: 0 });
      await store.decide(start, []);
      await store.decide(start, []);
      await store.decide(sampleDecision(on, 'comment', { ...at(2), by: 'ben', comment: 'hm', after: 0 }), []);
      const late = sampleDecision(on, 'close', { ...at(3), by: 'cleo', resolution: 'false_positive', after: 0 });
      await assert.rejects(store.decide(late, []), (error: StoreError) => {
        assert.deepEqual([error.kind, error.message], ['conflict', 'Meanwhile anna decided on this (start). Look at it again before you decide.']);
        return true;
      });
      assert.equal((await store.finding(finding.id))?.status, 'in_progress');
      await store.decide({ ...late, after: 2 }, knownOf(await store.decisions(on)));
      assert.equal((await store.finding(finding.id))?.status, 'closed');
      assert.equal((await store.auditLines({})).total, 3);
    }),
  );

  it(
    'of others that come from far away and stand before what somebody saw are told too, by the name of whoever took them',
    withStore(async (store) => {
      await store.save({ findings: [finding] });
      await store.decide(sampleDecision(on, 'comment', { ...at(5), by: 'ben', comment: 'hm', after: 0 }));
      const known = knownOf(await store.decisions(on));
      await store.decide(sampleDecision(on, 'close', { ...at(1), by: 'cleo', resolution: 'false_positive', after: 0 }));
      const late = sampleDecision(on, 'start', { ...at(6), by: 'dan', after: 1 });
      await assert.rejects(store.decide(late, known), /Meanwhile cleo decided on this \(close\)/);
    }),
  );

  it(
    'taken by many at once are one, and the others are told',
    withStore(async (store) => {
      await store.save({ findings: [finding] });
      const people = ['anna', 'ben', 'cleo', 'dan'];
      const closing = people.map((by) => sampleDecision(on, 'close', { ...at(1), by, id: by, resolution: 'true_positive', after: 0 }));
      const ends = await Promise.allSettled(closing.map((decision) => store.decide(decision, [])));
      assert.deepEqual(ends.map(({ status }) => status).sort(), ['fulfilled', 'rejected', 'rejected', 'rejected']);
      assert.equal((await store.decisions(on)).length, 1);
    }),
  );

  it(
    'of one subject leave its namesake of another kind alone',
    withStore(async (store) => {
      await store.save({ findings: [finding], facts: [sampleFact('f', { id: finding.id })] });
      await store.decide(sampleDecision({ kind: 'fact', id: finding.id }, 'retire'));
      assert.equal((await store.finding(finding.id))?.status, 'new');
      assert.deepEqual(await store.decisions(on), []);
    }),
  );

  it(
    'count every status',
    withStore(async (store) => {
      const kinds = [null, 'acknowledge', 'start', 'close'] as const;
      for (const [i, kind] of kinds.entries()) {
        await store.save({ findings: [sampleFinding(`s${i}`)] });
        if (kind !== null) await store.decide(sampleDecision({ kind: 'finding', id: sampleId(`s${i}`) }, kind));
      }
      assert.deepEqual((await store.findingFacets({})).status.map(({ value }) => value).sort(), [...STATUSES].sort());
    }),
  );
}

function assets(withStore: WithStore): void {
  const plc = sampleAsset(
    '10.0.0.9',
    [
      sampleAttribute('name', 'PLC', { source: 'LLDP', confidence: 4 }),
      sampleAttribute('vendor', 'Acme', { source: 'Modbus 43/14', confidence: 5 }),
      sampleAttribute('vendor', 'Acme Holding', { source: 'MAC address', confidence: 2 }),
      sampleAttribute('role', 'server'),
      sampleAttribute('protocol', 'modbus'),
      sampleAttribute('protocol', 'opcua'),
    ],
    { mac: ['00:11:22:33:44:55'], ip: ['10.0.0.9', 'fe80::9'] },
  );
  const hmi = sampleAsset(
    '10.0.0.10',
    [sampleAttribute('vendor', 'Other'), sampleAttribute('role', 'hmi'), sampleAttribute('role', 'client'), sampleAttribute('protocol', 'modbus')],
    {
      first_seen: sampleTime(5),
      last_seen: sampleTime(50),
    },
  );
  const edit = (changes: { [name: string]: string }, second: number, by = 'anna') =>
    sampleDecision({ kind: 'asset', id: plc.id }, 'edit', { '@timestamp': sampleTime(second), by, edit: changes });

  it(
    'come back as they were saved, by id and by any of their addresses in any case',
    withStore(async (store) => {
      await store.save({ assets: [plc, hmi] });
      await store.save({ assets: [plc] });
      for (const key of [plc.id, '10.0.0.9', 'fe80::9', 'FE80::9', '00:11:22:33:44:55']) assert.deepEqual(await store.asset(key), plc, key);
      assert.equal(await store.asset('10.0.0.'), null);
      for (const odd of [`${'a'.repeat(127)}🏭`, '\ud83c', 'x'.repeat(50_000)]) {
        assert.equal(await store.asset(odd), null);
        assert.equal(await store.finding(odd), null);
      }
      assert.equal((await store.assets({})).total, 2);
    }),
  );

  it(
    'keep what a person edited, whatever the wire says afterwards',
    withStore(async (store) => {
      await store.save({ assets: [plc, hmi] });
      await store.decide(edit({ name: 'Boiler 1', role: 'safety controller' }, 100));
      await store.decide(edit({ name: 'Boiler 2' }, 200, 'ben'));
      const later = sampleTime(9999);
      await store.save({
        assets: [{ ...plc, last_seen: later, attributes: [...plc.attributes, sampleAttribute('name', 'renamed', { confidence: 5, last_seen: later })] }],
      });
      const asset = (await store.asset(plc.id))!;
      assert.equal(best(asset, 'name'), 'Boiler 2');
      assert.equal(asset.last_seen, later);
      assert.deepEqual(asset.attributes.slice(-2), [
        sampleAttribute('role', 'safety controller', {
          source: 'edited by anna',
          confidence: 5,
          frames: [],
          first_seen: sampleTime(100),
          last_seen: sampleTime(100),
        }),
        sampleAttribute('name', 'Boiler 2', { source: 'edited by ben', confidence: 5, frames: [], first_seen: sampleTime(100), last_seen: sampleTime(200) }),
      ]);
      assert.equal((await store.assets({ text: 'boiler 2' })).total, 1);
      assert.equal((await store.assets({ role: 'safety controller' })).total, 1);
      assert.equal((await store.assets({ role: 'server' })).total, 0);
    }),
  );

  it(
    'take an edit back with an empty one, and do not pile edits up when a read asset is saved',
    withStore(async (store) => {
      await store.save({ assets: [plc] });
      await store.decide(edit({ name: 'Boiler 1', firmware: '2.1' }, 100));
      await store.save({ assets: [(await store.asset(plc.id))!] });
      assert.equal((await store.asset(plc.id))?.attributes.length, plc.attributes.length + 2);
      await store.decide(edit({ name: '', firmware: '' }, 200));
      assert.equal(best((await store.asset(plc.id))!, 'name'), 'PLC');
      assert.deepEqual((await store.asset(plc.id))?.attributes, plc.attributes);
    }),
  );

  it(
    'offer the most frequent of very many vendors',
    withStore(async (store) => {
      const vendor = (n: number): string => `Vendor ${String(n).padStart(4, '0')}`;
      const many = Array.from({ length: 1100 }, (_, n) => sampleAsset(`10.1.${n >> 8}.${n & 255}`, [sampleAttribute('vendor', vendor(n))]));
      await store.save({ assets: [...many, sampleAsset('10.2.0.1', [sampleAttribute('vendor', vendor(1099))])] });
      const found = (await store.assetFacets({})).vendor;
      assert.deepEqual([found.length, found[0], found.at(-1)], [1000, { value: vendor(1099), count: 2 }, { value: vendor(998), count: 1 }]);
      assert.equal((await store.assets({ vendor: vendor(1050) })).total, 1, 'the others are found too');
    }),
  );

  it(
    'are filtered and counted by role, protocol and vendor, each facet ignoring its own filter',
    withStore(async (store) => {
      await store.save({ assets: [plc, hmi] });
      const addresses = async (query: Parameters<Store['assets']>[0]) => (await store.assets(query)).items.map((asset) => asset.address);
      assert.deepEqual(await addresses({ role: 'hmi' }), ['10.0.0.10']);
      assert.deepEqual(await addresses({ protocol: 'modbus' }), ['10.0.0.9', '10.0.0.10']);
      assert.deepEqual(await addresses({ protocol: 'modbus', vendor: 'Acme' }), ['10.0.0.9']);
      assert.deepEqual(await addresses({ vendor: 'Acme Holding' }), [], 'the best vendor alone counts');
      assert.deepEqual(await addresses({ text: '33:44 acme' }), ['10.0.0.9']);
      assert.deepEqual(await store.assetFacets({ vendor: 'Acme' }), {
        role: [{ value: 'server', count: 1 }],
        protocol: [
          { value: 'modbus', count: 1 },
          { value: 'opcua', count: 1 },
        ],
        vendor: [
          { value: 'Acme', count: 1 },
          { value: 'Other', count: 1 },
        ],
      });
      assert.deepEqual((await store.assetFacets({ text: 'other' })).protocol, [{ value: 'modbus', count: 1 }]);
    }),
  );

  it(
    'sort addresses by number: IPv4, IPv6, then MAC, and page without loss either way',
    withStore(async (store) => {
      const ordered = [
        '2.0.0.1',
        '10.0.0.9',
        '10.0.0.9/2',
        '10.0.0.9/10',
        '10.0.0.10',
        '10.0.0.100',
        '192.168.0.1',
        '::1',
        '2001:db8::2',
        '2001:db8::10',
        'fe80::1',
        '00:11:22:33:44:55',
        'aa:bb:cc:dd:ee:ff',
      ];
      await store.save({ assets: ordered.toSorted().map((address, i) => sampleAsset(address, [], { last_seen: sampleTime(i % 3) })) });
      const read = (query: Parameters<Store['assets']>[0]) => everything((cursor) => store.assets({ ...query, limit: 2, cursor }));
      assert.deepEqual(
        (await read({})).map((asset) => asset.address),
        ordered,
      );
      assert.deepEqual(
        (await read({ order: 'desc' })).map((asset) => asset.address),
        ordered.toReversed(),
      );
      for (const sort of ['first_seen', 'last_seen'] as const) {
        for (const order of ['asc', 'desc'] as const) assert.deepEqual((await read({ sort, order })).map((asset) => asset.address).sort(), ordered.toSorted());
      }
    }),
  );
}

const LIST = (owner: string, name: string, tags: Tag[]): TagList => ({ id: sampleId(`${owner} ${name}`), owner, file: `${name}.csv`, tags });

const counts = (list: TagList | null, owner: string, second: number) =>
  sampleDecision({ kind: 'asset', id: owner }, 'tags', {
    '@timestamp': sampleTime(second),
    edit: { list: list?.id ?? '', file: list?.file ?? '', tags: String(list?.tags.length ?? 0) },
  });

function tags(withStore: WithStore): void {
  const names = async (store: Store, query: Parameters<Store['tags']>[0] = {}) => (await store.tags(query)).map(({ name }) => name);

  it(
    'keeps a table of a unit as one document, updated in place, by server, unit and table',
    withStore(async (store) => {
      const saved = [
        sampleRegisters('10.0.0.9', 2, 'coils'),
        sampleRegisters('10.0.0.9', 1, 'holding_registers'),
        sampleRegisters('10.0.0.9', 1, 'discrete_inputs'),
        sampleRegisters('10.0.0.8', 255, 'input_registers'),
      ];
      await store.save({ registers: saved });
      const newer = sampleRegisters('10.0.0.9', 1, 'holding_registers', [sampleRange(5, [1, 2, null, 65_535])]);
      await store.save({ registers: [newer] });
      assert.deepEqual(await store.registers({ server: '10.0.0.9' }), [saved[2], newer, saved[0]]);
      assert.deepEqual(await store.registers({ server: '10.0.0.9', unit: 1, table: 'holding_registers' }), [newer]);
      assert.deepEqual(await store.registers({ server: '10.0.0.9', unit: 0 }), []);
      assert.equal((await store.registers({})).length, 4);
    }),
  );

  it(
    'a tag list counts when a decision says so, until the next one, and back again',
    withStore(async (store) => {
      const [first, second] = [LIST('a', 'first', [sampleTag(1), sampleTag(2)]), LIST('a', 'second', [sampleTag(2, { name: 'Renamed' })])];
      await store.save({ tagLists: [first, second] });
      assert.deepEqual(await names(store), [], 'an import alone changes nothing');
      const head = { owner: 'a', counts: false };
      assert.deepEqual(await store.tagLists('a'), [
        { ...head, id: first.id, file: 'first.csv', tags: 2 },
        { ...head, id: second.id, file: 'second.csv', tags: 1 },
      ]);
      assert.deepEqual(await store.tagLists('b'), []);
      await store.decide(counts(first, 'a', 1));
      assert.deepEqual(await store.tags({}), first.tags);
      await store.decide(counts(second, 'a', 2));
      assert.deepEqual(await names(store), ['Renamed']);
      await store.decide(counts(null, 'a', 3));
      assert.deepEqual(await names(store), []);
      await store.decide(counts(first, 'a', 4));
      await store.decide(counts(first, 'a', 4));
      assert.deepEqual(await names(store), ['Tag 1', 'Tag 2']);
      assert.deepEqual(
        (await store.auditLines({})).items.map(({ action, on }) => `${action} ${on}`),
        Array(4).fill('tags asset a'),
      );
    }),
  );

  it(
    'counts a list that comes after its decision, and none of another owner',
    withStore(async (store) => {
      const list = LIST('a', 'late', [sampleTag(7)]);
      await store.decide(counts(list, 'a', 1));
      await store.decide(counts(list, 'b', 1));
      assert.deepEqual(await names(store), []);
      await store.save({ tagLists: [list] });
      assert.deepEqual(await names(store), ['Tag 7']);
      await store.save({ tagLists: [list] });
      assert.deepEqual(await names(store), ['Tag 7']);
      assert.deepEqual(await names(store, { owner: 'b' }), []);
    }),
  );

  it(
    "finds tags by place, with those that reach into it, a device's own before the configuration's",
    withStore(async (store) => {
      const own = [
        sampleTag(10, { type: 'float64', name: 'Wide' }),
        sampleTag(14),
        sampleTag(14, { unit: 2, name: 'Unit 2' }),
        sampleTag(14, { table: 'coils', type: 'bool', name: 'Coil' }),
        sampleTag(300, { type: 'bool', bit: 3, name: 'Bit' }),
      ];
      const lists = [
        LIST(CONFIGURATION, 'all', [sampleTag(14, { name: 'Configured' }), sampleTag(14, { server: '10.0.0.8', name: 'Elsewhere' })]),
        LIST('a', 'own', own),
      ];
      await store.save({ tagLists: lists });
      for (const list of lists) await store.decide(counts(list, list.owner, 1));
      const place = { server: '10.0.0.9', unit: 1, table: 'holding_registers' } as const;
      assert.deepEqual(await names(store, place), ['Wide', 'Tag 14', 'Bit', 'Configured']);
      assert.deepEqual(await names(store, { ...place, from: 13, to: 14 }), ['Wide']);
      assert.deepEqual(await names(store, { ...place, from: 14, to: 15 }), ['Tag 14', 'Configured']);
      assert.deepEqual(await names(store, { server: '10.0.0.9', unit: 2 }), ['Unit 2']);
      assert.deepEqual(await names(store, { owner: CONFIGURATION }), ['Elsewhere', 'Configured']);
      assert.equal((await store.tags({})).length, 7);
    }),
  );

  it(
    'keeps the last lists of an owner, and always the one that counts',
    withStore(async (store) => {
      const lists = Array.from({ length: 30 }, (_, n) => LIST('a', `list ${n}`, [sampleTag(n)]));
      await store.save({ tagLists: lists.slice(0, 1) });
      await store.decide(counts(lists[0] as TagList, 'a', 1));
      for (const list of lists.slice(1)) await store.save({ tagLists: [list] });
      assert.deepEqual(await names(store), ['Tag 0']);
      const kept = await store.tagLists('a');
      assert.deepEqual([kept[0]?.id, kept[0]?.counts, kept.at(-1)?.id], [lists[0]?.id, true, lists[29]?.id]);
      assert.ok(kept.length < 15);
    }),
  );

  it(
    'holds a list of many thousand tags of many tables',
    withStore(async (store) => {
      const many = Array.from({ length: 20_000 }, (_, n) =>
        sampleTag(n % 5000, { unit: 1 + Math.floor(n / 5000), name: HOSTILE[n % HOSTILE.length]?.slice(0, 40) ?? '' }),
      );
      const list = LIST('a', 'many', many);
      await store.save({ tagLists: [list] });
      await store.decide(counts(list, 'a', 1));
      assert.deepEqual(await store.tags({ server: '10.0.0.9', unit: 3, from: 4321, to: 4324 }), many.slice(14_321, 14_324));
      assert.equal((await store.tags({})).length, 20_000);
    }),
  );
}

function facts(withStore: WithStore): void {
  it(
    'are filtered by kind, state, server and client, and paged without loss',
    withStore(async (store) => {
      const saved = Array.from({ length: 40 }, (_, i) =>
        sampleFact(`f${i}`, {
          kind: i % 2 ? 'peer' : 'point',
          server: `10.0.0.${i % 3}`,
          client: `10.0.1.${i % 4}`,
          unit: i % 2 ? -1 : i % 4,
          first_seen: sampleTime(i % 5),
        }),
      );
      await store.save({ facts: saved });
      await store.save({ facts: saved });
      const seen = await everything((cursor) => store.facts({ limit: 7, cursor }));
      assert.deepEqual(seen.map((fact) => fact.id).sort(), saved.map((fact) => fact.id).sort());
      assert.deepEqual(
        seen.find((fact) => fact.id === saved[3]!.id),
        saved[3],
      );
      assert.equal((await store.facts({ kind: 'peer' })).total, 20);
      assert.equal(
        (await store.facts({ kind: 'peer', server: '10.0.0.1' })).total,
        saved.filter((fact) => fact.kind === 'peer' && fact.server === '10.0.0.1').length,
      );
      assert.equal((await store.facts({ client: '10.0.1.3', state: 'proposed' })).total, 10);
      assert.equal((await store.facts({ unit: 2 })).total, 10);
      assert.equal((await store.facts({ kind: 'point', unit: 0, server: '10.0.0.0' })).total, 4);
      assert.equal((await store.facts({ state: 'retired' })).total, 0);
      await store.save({ facts: [sampleFact('node', { kind: 'point', protocol: 'opcua', server: '10.0.0.1' })] });
      assert.deepEqual(
        (await store.facts({ kind: 'point', protocol: 'opcua', server: '10.0.0.1' })).items.map(({ what }) => what),
        ['node'],
      );
    }),
  );

  it(
    'are approved and retired by decision, and learning on does not undo it',
    withStore(async (store) => {
      const fact = sampleFact('f');
      const on = { kind: 'fact', id: fact.id } as const;
      await store.save({ facts: [fact] });
      for (const [kind, state, second] of [
        ['approve', 'approved', 1],
        ['retire', 'retired', 2],
      ] as const) {
        await store.decide(sampleDecision(on, kind, { '@timestamp': sampleTime(second) }));
        await store.save({ facts: [{ ...fact, count: 99 }] });
        const found = (await store.facts({ state })).items[0];
        assert.deepEqual(found, { ...fact, count: 99, state, by: 'anna' });
      }
    }),
  );

  it(
    'come back approved when a baseline brings them so',
    withStore(async (store) => {
      const fact = sampleFact('f', { state: 'approved', by: 'ben' });
      await store.save({ facts: [fact] });
      assert.deepEqual((await store.facts({ state: 'approved' })).items, [fact]);
    }),
  );

  it(
    'stand beside conversations: by address, most recent first, updated in place',
    withStore(async (store) => {
      const saved = Array.from({ length: 20 }, (_, i) => sampleConversation(`10.0.0.${i}`, '10.0.1.1', { last_seen: sampleTime(i % 7) }));
      await store.save({ conversations: saved });
      await store.save({ conversations: [{ ...saved[0]!, frames: 2 ** 53 }] });
      const seen = await everything((cursor) => store.conversations({ limit: 3, cursor }));
      assert.equal(new Set(seen.map(({ id }) => id)).size, 20);
      assert.equal(seen.length, 20);
      assert.equal(seen[0]?.last_seen, sampleTime(6));
      assert.deepEqual((await store.conversations({ address: '10.0.0.0' })).items, [{ ...saved[0]!, frames: 2 ** 53 }]);
      assert.equal((await store.conversations({ address: '10.0.1.1' })).total, 20);
    }),
  );
}

function records(withStore: WithStore): void {
  it(
    'gives observations by frame and address, oldest first, once each',
    withStore(async (store) => {
      const saved = Array.from({ length: 30 }, (_, i) =>
        sampleKept(`o${i}`, { '@timestamp': sampleTime(i), frames: [i * 2, i * 2 + 1], source: `10.0.0.${i % 3}` }),
      );
      await store.save({ observations: saved.toReversed() });
      await store.save({ observations: saved });
      assert.deepEqual(await store.observations({}), saved);
      assert.deepEqual(await store.observations({ frames: [8, 9, 21] }), [saved[4], saved[10]]);
      assert.deepEqual(
        await store.observations({ address: '10.0.0.1' }),
        saved.filter((kept) => kept.source === '10.0.0.1'),
      );
      assert.deepEqual(await store.observations({ address: '10.0.0.1', frames: [8, 4] }), [saved[4]]);
      assert.deepEqual(await store.observations({ limit: 2 }), saved.slice(-2), 'the newest that fit');
    }),
  );

  it(
    'keeps measurements, newest last, once each',
    withStore(async (store) => {
      const saved = Array.from({ length: 5 }, (_, i) => ({ '@timestamp': sampleTime(i), frames: i, interfaces: [{ name: 'eth0', dropped: null }] }));
      await store.save({ health: saved });
      await store.save({ health: saved });
      assert.deepEqual(await store.health({}), saved);
      assert.deepEqual(await store.health({ limit: 2 }), saved.slice(-2));
    }),
  );

  it(
    'expires observations and measurements before a time, and nothing else',
    withStore(async (store) => {
      const finding = sampleFinding('a');
      await store.save({ findings: [finding], assets: [sampleAsset('10.0.0.1')], facts: [sampleFact('f')], conversations: [sampleConversation('a', 'b')] });
      await store.decide(sampleDecision({ kind: 'finding', id: finding.id }, 'acknowledge'));
      await store.save({
        observations: Array.from({ length: 10 }, (_, i) => sampleKept(`o${i}`, { '@timestamp': sampleTime(i) })),
        health: Array.from({ length: 10 }, (_, i) => ({ '@timestamp': sampleTime(i) })),
      });
      assert.equal(await store.expire(sampleTime(4)), 8);
      assert.equal(await store.expire(sampleTime(4)), 0);
      assert.deepEqual(
        (await store.observations({ frames: [10] })).map((kept) => kept['@timestamp']),
        [4, 5, 6, 7, 8, 9].map(sampleTime),
      );
      assert.equal((await store.health({}))[0]?.['@timestamp'], sampleTime(4));
      const kept = [await store.findings({}), await store.assets({}), await store.facts({}), await store.conversations({}), await store.auditLines({})];
      assert.deepEqual(
        kept.map(({ total }) => total),
        [1, 1, 1, 1, 1],
      );
      assert.equal((await store.decisions({ kind: 'finding', id: finding.id })).length, 1);
    }),
  );

  it(
    'keeps audit lines, newest first, paged, each once',
    withStore(async (store) => {
      const lines = Array.from({ length: 25 }, (_, i) => ({ '@timestamp': sampleTime(i), by: 'anna', action: 'login', on: 'console', detail: `${i}` }));
      for (const line of lines) await store.audit(line);
      await store.audit(lines[3]!);
      const more = Array.from({ length: 5 }, (_, i) => ({ ...lines[0]!, detail: `more ${i}` }));
      await store.save({ audit: [lines[4]!, ...more] });
      await store.save({ audit: more.toReversed() });
      lines.push(...more);
      assert.equal((await store.auditLines({})).total, 30);
      assert.deepEqual(await everything((cursor) => store.auditLines({ limit: 4, cursor })), lines.toReversed());
    }),
  );
}

function moving(withStore: WithStore, empty: () => Promise<Store>): void {
  const named = ({ kind, value }: Entry): string => `${kind} ${JSON.stringify('id' in value ? value.id : value)}`;
  const lines = async function* (store: Store): AsyncGenerator<string> {
    yield* exported(store, new Date(0));
  };

  it(
    'into an empty store of the same kind leaves nothing behind',
    withStore(async (store) => {
      await storeEverything(store, 120);
      const other = await empty();
      try {
        const counts = await imported(other, lines(store), { name: 'lines' });
        assert.deepEqual(Object.keys(counts), [...ENTRY_KINDS]);
        assert.deepEqual(await answers(other), await answers(store));
        assert.deepEqual(await entriesOf(other), await entriesOf(store));
        assert.deepEqual(await imported(other, lines(store), { name: 'lines' }), counts);
        assert.deepEqual(await answers(other), await answers(store), 'again changes nothing');
      } finally {
        await other.close();
      }
    }),
  );

  it(
    'gives what the wire says apart from what people decided, and lists that do not count',
    withStore(async (store) => {
      const [asset, fact, finding] = [sampleAsset('10.0.0.9', [sampleAttribute('name', 'PLC')]), sampleFact('f'), sampleFinding('a')];
      const lists = [LIST('a', 'first', [sampleTag(1)]), LIST('a', 'second', [sampleTag(2)])];
      await store.save({ assets: [asset], facts: [fact], findings: [finding], tagLists: lists });
      const decisions = [
        sampleDecision({ kind: 'asset', id: asset.id }, 'edit', { edit: { name: 'Boiler' } }),
        sampleDecision({ kind: 'fact', id: fact.id }, 'approve'),
        sampleDecision({ kind: 'finding', id: finding.id }, 'close', { resolution: 'true_positive' }),
        counts(lists[1] as TagList, 'a', 1),
      ];
      for (const decision of decisions) await store.decide(decision);
      const entries = await entriesOf(store);
      assert.deepEqual(entries, [
        ...entries.slice(0, 4),
        ...decisions.map((value) => ({ kind: 'decision', value })),
        ...lists.map((value) => ({ kind: 'tagList', value })),
        { kind: 'asset', value: asset },
        { kind: 'fact', value: fact },
        { kind: 'finding', value: finding },
      ]);
      assert.deepEqual(
        entries.slice(0, 4).map(({ kind, value }) => [kind, (value as AuditLine).action]),
        ['edit', 'approve', 'close', 'tags'].map((action) => ['audit', action]),
      );
    }),
  );

  it(
    'goes on while others write: nothing that was there is missed, nothing comes twice',
    withStore(async (store) => {
      await storeEverything(store, 120);
      const before = await entriesOf(store);
      const seen: string[] = [];
      for await (const entry of store.entries()) {
        seen.push(named(entry));
        const n = seen.length;
        if (n % 100 !== 0) continue;
        const findings = [sampleFinding(`finding ${n % 120}`, { count: n, last_seen: sampleTime(9999 + n) }), sampleFinding(`late ${n}`)];
        await store.save({ findings, facts: [sampleFact(`fact ${n % 120}`, { count: n })], observations: [sampleKept(`late ${n}`)] });
        await store.decide(sampleDecision({ kind: 'finding', id: sampleId('finding 2') }, 'comment', { '@timestamp': sampleTime(n) }));
      }
      assert.equal(new Set(seen).size, seen.length);
      const there = new Set(seen);
      assert.deepEqual(
        before.map(named).filter((name) => !there.has(name)),
        [],
      );
    }),
  );
}

function extremes(withStore: WithStore): void {
  for (const text of HOSTILE) {
    it(
      `keeps ${JSON.stringify(text.slice(0, 30))} as it is, everywhere`,
      withStore(async (store) => {
        const finding = sampleFinding('a', { title: text, explanation: text, actor: { ip: text, name: text }, seen: { [text]: text } });
        const asset = sampleAsset(text, [sampleAttribute('vendor', text), sampleAttribute('role', text)]);
        const fact = sampleFact(text, { client: text, server: text, readers: [text] });
        const kept = sampleKept(text, { source: text, destination: text, json: { [text]: text } });
        const conversation = sampleConversation(text, text);
        const health = { '@timestamp': sampleTime(1), [text]: text };
        const line = { '@timestamp': sampleTime(1), by: text, action: text, on: text, detail: text };
        await store.save({
          findings: [finding, sampleFinding('b')],
          assets: [asset],
          facts: [fact],
          observations: [kept],
          conversations: [conversation],
          health: [health],
        });
        await store.audit(line);
        assert.deepEqual((await store.auditLines({})).items, [line]);
        assert.deepEqual(await store.finding(finding.id), { ...finding, ...VIEW });
        assert.deepEqual(
          (await store.findings({ address: text })).items.map(({ id }) => id),
          [finding.id],
        );
        assert.deepEqual(
          (await store.findings({ text })).items.map(({ id }) => id),
          [finding.id],
        );
        assert.deepEqual((await store.findings({ rule: [text] })).items, []);
        assert.deepEqual(await store.asset(text), asset);
        assert.deepEqual((await store.assets({ role: text, vendor: text, text })).items, [asset]);
        assert.deepEqual((await store.assetFacets({})).vendor, [{ value: text, count: 1 }]);
        assert.deepEqual((await store.facts({ client: text, server: text })).items, [fact]);
        assert.deepEqual((await store.conversations({ address: text })).items, [conversation]);
        assert.deepEqual(await store.observations({ address: text }), [kept]);
        assert.deepEqual(await store.health({}), [health]);
        const decision = sampleDecision({ kind: 'finding', id: finding.id }, 'close', { by: text, comment: text, resolution: 'true_positive' });
        await store.decide(decision);
        assert.deepEqual(await store.decisions(decision.on), [decision]);
        assert.equal((await store.finding(finding.id))?.decided_by, text);
      }),
    );
  }

  it(
    'ignores an edit of what is no attribute',
    withStore(async (store) => {
      await store.save({ assets: [sampleAsset('10.0.0.1')] });
      const edit = JSON.parse('{"__proto__":"x","constructor":"y","name":"Pump"}') as { [name: string]: string };
      await store.decide(sampleDecision({ kind: 'asset', id: sampleId('10.0.0.1') }, 'edit', { edit }));
      assert.deepEqual(
        (await store.asset('10.0.0.1'))?.attributes.map(({ name }) => name),
        ['name'],
      );
    }),
  );

  it(
    'keeps numbers up to 2^53 and pages over them',
    withStore(async (store) => {
      const counts = [0, 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53];
      await store.save({
        findings: counts.map((count) => sampleFinding(`n${count}`, { count, occurrences: [{ '@timestamp': sampleTime(0), frames: [count] }] })),
      });
      await store.save({ observations: [sampleKept('n', { frames: [2 ** 53 - 1] })] });
      const seen = await everything((cursor) => store.findings({ sort: 'count', order: 'asc', limit: 1, cursor }));
      assert.deepEqual(
        seen.map(({ count }) => count),
        counts,
      );
      assert.deepEqual(
        seen.map(({ occurrences }) => occurrences[0]?.frames[0]),
        counts,
      );
      assert.equal((await store.observations({ frames: [2 ** 53 - 1] })).length, 1);
    }),
  );

  it(
    'holds ten thousand findings',
    withStore(async (store) => {
      const saved = Array.from({ length: 10_000 }, (_, i) =>
        sampleFinding(`many ${i}`, { risk: i % 101, level: LEVELS[i % 5]!, last_seen: sampleTime(10 + (i % 997)) }),
      );
      for (let i = 0; i < saved.length; i += 1000) await store.save({ findings: saved.slice(i, i + 1000) });
      const seen = await everything((cursor) => store.findings({ sort: 'risk', limit: 999, cursor }));
      assert.equal(new Set(seen.map(({ id }) => id)).size, 10_000);
      assert.equal(seen.length, 10_000);
      assert.deepEqual(
        (await store.findingFacets({})).level.map(({ count }) => count),
        [2000, 2000, 2000, 2000, 2000],
      );
      assert.equal((await store.findings({ text: 'wrote', level: ['low'] })).total, 2000);
      const common = { level: [LEVELS[0], LEVELS[1], LEVELS[2]], until: sampleTime(1) };
      const some = await everything((cursor) => store.findings({ ...common, limit: 999, cursor }));
      assert.deepEqual([new Set(some.map(({ id }) => id)).size, some.length, (await store.findings(common)).total], [6000, 6000, 6000]);
    }),
  );
}

for (const backend of BACKENDS) contract(backend);

describe('Elasticsearch', { skip: missing('elasticsearch') }, () => {
  for (const node of SERVERS) {
    let one: Cluster;
    before(async () => {
      one = await cluster(node);
    });
    after(() => remove(one));
    contract([node, () => elasticStore(siteOf(one))]);
  }
});
