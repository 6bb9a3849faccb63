/** Pages of the console over many findings: how long what people look at takes, with the caches of answers and of clauses emptied before each request. */
import { LEVELS } from '../../analyzer/finding.ts';
import { linesOf, send } from '../../analyzer/store/elastic/bulk.ts';
import { findingDocument } from '../../analyzer/store/elastic/findings.ts';
import { placeOf } from '../../analyzer/store/elastic/kinds.ts';
import type { Scope } from '../../analyzer/store/elastic/scope.ts';
import { elasticStore } from '../../analyzer/store/elastic.ts';
import type { FindingQuery, Store } from '../../analyzer/store/store.ts';
import { sampleFinding, sampleTime } from '../samples.ts';
import { percentile } from './figures.ts';

/** Requests of each question, and those before that are not counted. */
const PAGES = 200;
const WARM = 10;
/** Pages that people turn from one list. */
const TURNS = 20;
const AT_ONCE = 2000;

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

/** Puts so many findings there. */
async function many(scope: Scope, documents: number): Promise<void> {
  for (let from = 0; from < documents; from += AT_ONCE) {
    const ns = Array.from({ length: Math.min(AT_ONCE, documents - from) }, (_, i) => from + i);
    const lines = ns.flatMap((n) => linesOf(scope, findingDocument(scope, finding(n), [], n)));
    const outcomes = await send(scope, lines, false);
    const bad = outcomes.find(({ state }) => state !== 'done');
    if (bad !== undefined) throw new Error(bad.reason);
  }
}

const QUERIES: [name: string, (n: number) => FindingQuery][] = [
  ['newest first', () => ({})],
  ['by risk', () => ({ sort: 'risk' })],
  ['by level and rule', (n) => ({ level: [level(n)], rule: [`rule-${n % 40}`] })],
  ['of an address', (n) => ({ address: address(n) })],
  ['of the target of all', () => ({ address: '10.0.0.9' })],
  ['with words', (n) => ({ text: `wrote register 10.0.${n % 40}.` })],
  ['with a piece of a word', (n) => ({ text: `.${n % 40}.${n % 250}` })],
  ['within a day', (n) => ({ since: sampleTime(n * 60), until: sampleTime(n * 60 + 86_400) })],
];

async function timed<T>(scope: Scope, times: number[], ask: () => Promise<T>): Promise<T> {
  // Where findings keep arriving, answers are not kept either.
  await scope.client.indices.clearCache({ index: placeOf(scope.prefix, 'findings'), request: true, query: true });
  const begun = performance.now();
  const answer = await ask();
  times.push(performance.now() - begun);
  return answer;
}

/** Page 2 and on, of one list after another. */
async function turned(scope: Scope, store: Store, query: FindingQuery, times: number[]): Promise<void> {
  for (let n = 0; n < PAGES; n += TURNS - 1) {
    let cursor = (await store.findings({ ...query, limit: 50 })).next;
    for (let page = 2; page <= TURNS && cursor !== null; page++) {
      const at: string = cursor;
      cursor = (await timed(scope, times, () => store.findings({ ...query, limit: 50, cursor: at }))).next;
    }
  }
}

/** Prints how long lists, counts beside choices, and both at once take: what one page of the console asks. */
export async function pages(scope: Scope, documents: number): Promise<void> {
  await many(scope, documents);
  await scope.client.indices.refresh({ index: placeOf(scope.prefix, 'findings') });
  const store = elasticStore(scope);
  const everything: number[] = [];
  const told = (name: string, times: readonly number[]): void => {
    everything.push(...times);
    console.log(`  ${name.padEnd(32)} p50 ${percentile(times, 0.5).toFixed(0).padStart(4)} ms, p95 ${percentile(times, 0.95).toFixed(0).padStart(4)} ms`);
  };
  for (const [name, query] of QUERIES) {
    const [lists, counts, both]: [number[], number[], number[]] = [[], [], []];
    for (let n = 0; n < PAGES + WARM; n++) {
      await timed(scope, lists, () => store.findings({ ...query(n), limit: 50 }));
      await timed(scope, counts, () => store.findingFacets(query(n)));
      await timed(scope, both, () => Promise.all([store.findings({ ...query(n), limit: 50 }), store.findingFacets(query(n))]));
    }
    told(name, lists.slice(WARM));
    told(`${name}, counts`, counts.slice(WARM));
    told(`${name}, both at once`, both.slice(WARM));
  }
  for (const [name, query] of [['pages 2 to 20, newest first', {}] as const, ['pages 2 to 20, by risk', { sort: 'risk' }] as const]) {
    const times: number[] = [];
    await turned(scope, store, query, times);
    told(name, times);
  }
  const [p50, p95] = [0.5, 0.95].map((p) => percentile(everything, p).toFixed(0));
  console.log(`pages over ${documents.toLocaleString('en')} findings: p50 ${p50} ms, p95 ${p95} ms`);
  await store.close();
}
