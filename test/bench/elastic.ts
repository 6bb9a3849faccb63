/**
 * npm run bench -- elastic [DOCUMENTS [RUNS]]: shipping beside the bare client's bulk of the same documents in the same run; a backlog of DOCUMENTS drained,
 * with the memory that takes; and pages of the console over as many findings. On a server of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@elastic/elasticsearch';
import { LEVELS } from '../../analyzer/finding.ts';
import { linesOf, portions, send, write } from '../../analyzer/store/elastic/bulk.ts';
import { findingDocument } from '../../analyzer/store/elastic/findings.ts';
import { install } from '../../analyzer/store/elastic/install.ts';
import { SHIPPED } from '../../analyzer/store/elastic/kinds.ts';
import { documentOfParcel } from '../../analyzer/store/elastic/parcels.ts';
import { type Scope, scopeOf } from '../../analyzer/store/elastic/scope.ts';
import { elasticStore } from '../../analyzer/store/elastic.ts';
import { Shipper } from '../../analyzer/store/shipping/shipper.ts';
import { type Database, openDatabase } from '../../analyzer/store/sqlite/database.ts';
import { beginShipping, endShipping, nextParcels } from '../../analyzer/store/sqlite/outbox.ts';
import { openSqlite } from '../../analyzer/store/sqlite.ts';
import type { FindingQuery, Store } from '../../analyzer/store/store.ts';
import { NO_LIMITS } from '../elasticsearch/appliance.ts';
import { documentsOf, store as load } from '../elasticsearch/load.ts';
import { freePort, TestNode } from '../elasticsearch/node.ts';
import { sampleFinding, sampleKept, sampleTime } from '../samples.ts';

/** Findings of the load whose shipping is compared; each comes with four observations. */
const FINDINGS = 20_000;
const PAGES = 200;

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] as number;
const percentile = (values: number[], p: number): number => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * p)] as number;
const perSecond = (n: number, ms: number): string => `${Math.round((n * 1000) / ms).toLocaleString('en')} documents/s`;

let parts = 0;
async function part(client: Client): Promise<Scope> {
  const scope = scopeOf({ client, prefix: `bench-${parts++}` }, 'site');
  await install(scope, null);
  return scope;
}

/** Everything queued, as lines of requests, kind by kind. */
const madeBefore = (db: Database, scope: Scope): string[][][] =>
  SHIPPED.map((kind) => [...portions(nextParcels(db, kind, 1e9).map((parcel) => linesOf(scope, documentOfParcel(scope, kind, parcel, []))))]);

/** One request of each kind under way at a time, as the shipper does. */
async function bare(db: Database, scope: Scope): Promise<number> {
  const requests = madeBefore(db, scope);
  const begun = performance.now();
  await Promise.all(
    requests.map(async (kind) => {
      for (const lines of kind) await send(scope, lines, false);
    }),
  );
  return performance.now() - begun;
}

async function shipped(db: Database, scope: Scope, watch: () => void = () => undefined): Promise<number> {
  const shipper = new Shipper(db, scope, NO_LIMITS, null);
  shipper.start();
  // The cluster was made ready before: looking again is not shipping.
  while (!shipper.isReady) await sleep(1);
  const begun = performance.now();
  for (let n = 0; SHIPPED.some((kind) => nextParcels(db, kind, 1).length > 0); n++) {
    await sleep(20);
    if (n % 50 === 0) watch();
    shipper.hurry();
  }
  const took = performance.now() - begun;
  await shipper.stop();
  return took;
}

async function rate(path: string, client: Client, runs: number): Promise<void> {
  const local = openSqlite(path);
  await load(local, FINDINGS);
  const db = openDatabase(path);
  const n = documentsOf(FINDINGS);
  const ratios: number[] = [];
  for (let run = 0; run <= runs; run++) {
    endShipping(db);
    beginShipping(db, SHIPPED);
    const alone = await bare(db, await part(client));
    const ours = await shipped(db, await part(client));
    // The first warms both up.
    if (run === 0) continue;
    ratios.push(alone / ours);
    console.log(`  run ${run}: bare client ${perSecond(n, alone)}, shipping ${perSecond(n, ours)}, ratio ${(alone / ours).toFixed(2)}`);
  }
  console.log(`shipping ${n.toLocaleString('en')} documents: median ratio ${median(ratios).toFixed(2)} of the bare client`);
  await local.close();
  db.close();
}

async function observations(path: string, documents: number): Promise<void> {
  const local = openSqlite(path);
  for (let from = 0; from < documents; from += 1000) {
    const ns = Array.from({ length: Math.min(1000, documents - from) }, (_, i) => from + i);
    await local.save({ observations: ns.map((n) => sampleKept(`drain ${n}`, { '@timestamp': sampleTime(n / 100), frames: [n] })) });
    await setImmediate();
  }
  await local.close();
}

async function drain(path: string, client: Client, documents: number): Promise<void> {
  await observations(path, documents);
  const db = openDatabase(path);
  const seen: number[] = [];
  const took = await shipped(db, await part(client), () => seen.push(process.memoryUsage.rss() / 1e6));
  const quarter = Math.max(1, seen.length >> 2);
  const [first, last] = [Math.max(...seen.slice(0, quarter)), Math.max(...seen.slice(-quarter))];
  console.log(
    `backlog of ${documents.toLocaleString('en')}: ${perSecond(documents, took)}, resident at most ${first.toFixed(0)} MB in the first quarter, ${last.toFixed(0)} MB in the last`,
  );
  db.close();
}

async function many(scope: Scope, documents: number): Promise<void> {
  for (let from = 0; from < documents; from += 2000) {
    const ns = Array.from({ length: Math.min(2000, documents - from) }, (_, i) => from + i);
    const made = ns.map((n) =>
      sampleFinding(`page ${n}`, {
        level: LEVELS[n % 5]!,
        rule: { id: 'x', name: `rule-${n % 40}`, level: LEVELS[n % 5]!, version: 1 },
        risk: n % 101,
        count: n % 977,
        opened: sampleTime(n / 10),
        last_seen: sampleTime(n / 10 + (n % 600)),
        actor: { ip: `10.0.${n % 40}.${n % 250}`, name: null },
        explanation: `10.0.${n % 40}.${n % 250} wrote holding register ${n % 400} of 10.0.0.9 unit 1.`,
      }),
    );
    await write(
      scope,
      made.map((finding) => findingDocument(scope, finding, [], 0)),
    );
  }
}

const QUERIES: [name: string, (n: number) => FindingQuery][] = [
  ['newest first', () => ({})],
  ['by risk', () => ({ sort: 'risk' })],
  ['by level and rule', (n) => ({ level: [LEVELS[n % 5]!], rule: [`rule-${n % 40}`] })],
  ['of an address', (n) => ({ address: `10.0.${n % 40}.${n % 250}` })],
  ['with words', (n) => ({ text: `wrote register 10.0.${n % 40}.` })],
  ['within a day', (n) => ({ since: sampleTime(n * 60), until: sampleTime(n * 60 + 86_400) })],
];

async function timed(all: number[], ask: () => Promise<unknown>): Promise<void> {
  const begun = performance.now();
  await ask();
  all.push(performance.now() - begun);
}

async function turned(store: Store, times: number[]): Promise<void> {
  let cursor: string | undefined;
  for (let n = 0; n < PAGES; n++) {
    await timed(times, async () => {
      cursor = (await store.findings({ limit: 50, cursor })).next ?? undefined;
    });
  }
}

async function pages(client: Client, documents: number): Promise<void> {
  const scope = await part(client);
  await many(scope, documents);
  await client.indices.refresh({ index: `${scope.prefix}-findings` });
  const store = elasticStore(scope);
  const everything: number[] = [];
  const told = (name: string, times: number[]): void => {
    everything.push(...times);
    console.log(`  ${name.padEnd(20)} p50 ${percentile(times, 0.5).toFixed(0)} ms, p95 ${percentile(times, 0.95).toFixed(0)} ms`);
  };
  for (const [name, query] of QUERIES) {
    const times: number[] = [];
    // A page asks for the list and the counts beside the choices.
    for (let n = 0; n < PAGES; n++) await timed(times, () => Promise.all([store.findings({ ...query(n), limit: 50 }), store.findingFacets(query(n))]));
    told(name, times.slice(10));
  }
  const times: number[] = [];
  await turned(store, times);
  told('page after page', times);
  console.log(
    `pages over ${documents.toLocaleString('en')} findings: p50 ${percentile(everything, 0.5).toFixed(0)} ms, p95 ${percentile(everything, 0.95).toFixed(0)} ms`,
  );
}

export async function bench([documents = 1_000_000, runs = 3]: number[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'stillwatch-bench-'));
  const node = await new TestNode(await freePort()).start();
  const client = new Client({ node: node.url, compression: true, requestTimeout: 120_000 });
  try {
    await rate(join(folder, 'rate.db'), client, runs);
    await drain(join(folder, 'drain.db'), client, documents);
    await pages(client, documents);
  } finally {
    await client.close();
    await node.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}
