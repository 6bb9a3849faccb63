/** Pages of the console over many findings: how long what people look at takes. */
import { type Decision, LEVELS, OPEN } from '../../analyzer/finding.ts';
import { linesOf, pack, send } from '../../analyzer/store/elastic/bulk.ts';
import { findingDocument } from '../../analyzer/store/elastic/findings.ts';
import { placeOf } from '../../analyzer/store/elastic/kinds.ts';
import type { Scope } from '../../analyzer/store/elastic/scope.ts';
import { elasticStore } from '../../analyzer/store/elastic.ts';
import { openDatabase } from '../../analyzer/store/sqlite/database.ts';
import { appendDecision } from '../../analyzer/store/sqlite/decisions.ts';
import { openSqlite } from '../../analyzer/store/sqlite.ts';
import type { FindingQuery, Store } from '../../analyzer/store/store.ts';
import { sampleDecision, sampleFinding, sampleTime } from '../samples.ts';
import { percentile } from './figures.ts';

/** Requests of each question, and those before that are not counted. */
const PAGES = 200;
const WARM = 10;
/** Pages that people turn from one list. */
const TURNS = 20;
const AT_ONCE = 2000;
/** ms after which one question was asked often enough. */
const ENOUGH = 15_000;

const level = (n: number) => LEVELS[n % 5] as (typeof LEVELS)[number];
const address = (n: number): string => `10.0.${n % 40}.${n % 250}`;

const finding = (n: number) =>
  sampleFinding(`page ${n}`, {
    level: level(n),
    rule: { id: 'x', name: `rule-${n % 40}`, level: level(n), version: 1 },
    risk: n % 101,
    count: n % 977,
    opened: sampleTime(n / 10),
    last_seen: sampleTime(n / 10 + (n % 600)),
    actor: { ip: address(n), name: null },
    explanation: `${address(n)} wrote holding register ${n % 400} of 10.0.0.9 unit 1.`,
  });

const SUPPRESSED = { until: '2999-01-01T00:00:00Z' };
const NOW = '2026-01-01T00:00:00Z';

/** A third is closed, a few are somebody's, fewer are suppressed. */
function decisionsOn(n: number): Decision[] {
  const on = { kind: 'finding', id: finding(n).id } as const;
  if (n % 3 === 0) return [sampleDecision(on, 'close', { resolution: 'true_positive' })];
  if (n % 100 === 1) return [sampleDecision(on, 'assign', { edit: { assignee: `user ${n % 7}` } })];
  return n % 500 === 2 ? [sampleDecision(on, 'suppress', { edit: SUPPRESSED })] : [];
}

function* portions(documents: number): Generator<number[]> {
  for (let from = 0; from < documents; from += AT_ONCE) yield Array.from({ length: Math.min(AT_ONCE, documents - from) }, (_, i) => from + i);
}

/** Puts so many findings there. */
async function intoCluster(scope: Scope, documents: number): Promise<void> {
  for (const ns of portions(documents)) {
    const lines = ns.flatMap((n) => linesOf(scope, findingDocument(scope, finding(n), decisionsOn(n), n)));
    const outcomes = await send(scope, await pack(lines), false);
    const bad = outcomes.find(({ state }) => state !== 'done');
    if (bad !== undefined) throw new Error(bad.reason);
  }
  await scope.client.indices.refresh({ index: placeOf(scope.prefix, 'findings') });
}

async function intoFile(store: Store, path: string, documents: number): Promise<void> {
  const db = openDatabase(path);
  for (const ns of portions(documents)) {
    const decisions = ns.flatMap(decisionsOn);
    db.transaction(() => {
      for (const decision of decisions) appendDecision(db, decision);
    });
    await store.save({ findings: ns.map(finding) });
  }
  db.close();
}

const QUERIES: [name: string, (n: number) => FindingQuery][] = [
  ['open, newest first', () => ({ status: [...OPEN], at: NOW })],
  ['all, newest first', () => ({ at: NOW })],
  ['suppressed', () => ({ status: ['suppressed'], at: NOW })],
  ["somebody's", (n) => ({ status: [...OPEN], at: NOW, assignee: [`user ${n % 7}`] })],
  ['by risk', () => ({ sort: 'risk' })],
  ['by level and rule', (n) => ({ level: [level(n)], rule: [`rule-${n % 40}`] })],
  ['of an address', (n) => ({ address: address(n) })],
  ['of the target of all', () => ({ address: '10.0.0.9' })],
  ['with words', (n) => ({ text: `wrote register 10.0.${n % 40}.` })],
  ['with a piece of a word', (n) => ({ text: `.${n % 40}.${n % 250}` })],
  ['within a day', (n) => ({ since: sampleTime(n * 60), until: sampleTime(n * 60 + 86_400) })],
];

/** A store full of findings, and what is done before each request. */
type Asked = { store: Store; before: () => Promise<unknown> };

async function timed<T>({ before }: Asked, times: number[], ask: () => Promise<T>): Promise<T> {
  await before();
  const begun = performance.now();
  const answer = await ask();
  times.push(performance.now() - begun);
  return answer;
}

/** Page 2 and on, of one list after another. */
async function turned(asked: Asked, query: FindingQuery, times: number[]): Promise<void> {
  for (let n = 0; n < PAGES; n += TURNS - 1) {
    let cursor = (await asked.store.findings({ ...query, limit: 50 })).next;
    for (let page = 2; page <= TURNS && cursor !== null; page++) {
      const at: string = cursor;
      cursor = (await timed(asked, times, () => asked.store.findings({ ...query, limit: 50, cursor: at }))).next;
    }
  }
}

/** Prints how long lists, counts beside choices, and both at once take: what one page of the console asks. */
async function ask(asked: Asked, what: string): Promise<void> {
  const { store } = asked;
  const everything: number[] = [];
  const told = (name: string, times: readonly number[]): void => {
    everything.push(...times);
    console.log(`  ${name.padEnd(32)} p50 ${percentile(times, 0.5).toFixed(0).padStart(4)} ms, p95 ${percentile(times, 0.95).toFixed(0).padStart(4)} ms`);
  };
  for (const [name, query] of QUERIES) {
    const [lists, counts, both]: [number[], number[], number[]] = [[], [], []];
    const begun = performance.now();
    for (let n = 0; n < PAGES + WARM && (n < 2 * WARM || performance.now() - begun < ENOUGH); n++) {
      await timed(asked, lists, () => store.findings({ ...query(n), limit: 50 }));
      await timed(asked, counts, () => store.findingFacets(query(n)));
      await timed(asked, both, () => Promise.all([store.findings({ ...query(n), limit: 50 }), store.findingFacets(query(n))]));
    }
    told(name, lists.slice(WARM));
    told(`${name}, counts`, counts.slice(WARM));
    told(`${name}, both at once`, both.slice(WARM));
  }
  for (const [name, query] of [['pages 2 to 20, newest first', {}] as const, ['pages 2 to 20, by risk', { sort: 'risk' }] as const]) {
    const times: number[] = [];
    await turned(asked, query, times);
    told(name, times);
  }
  const [p50, p95] = [0.5, 0.95].map((p) => percentile(everything, p).toFixed(0));
  console.log(`${what}: p50 ${p50} ms, p95 ${p95} ms`);
}

/** Caches of answers and clauses are emptied before each request: where findings keep arriving they are of no use either. */
export async function pages(scope: Scope, documents: number): Promise<void> {
  await intoCluster(scope, documents);
  const store = elasticStore(scope);
  const index = placeOf(scope.prefix, 'findings');
  const before = (): Promise<unknown> => scope.client.indices.clearCache({ index, request: true, query: true });
  await ask({ store, before }, `pages over ${documents.toLocaleString('en')} findings`);
  await store.close();
}

/** The same of the local store. */
export async function localPages(path: string, documents: number): Promise<void> {
  const store = openSqlite(path);
  await intoFile(store, path, documents);
  await ask({ store, before: async () => undefined }, `pages over ${documents.toLocaleString('en')} findings of the local store`);
  await store.close();
}
