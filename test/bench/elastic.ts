/**
 * npm run bench -- elastic [DOCUMENTS [RUNS]]: shipping beside the bare client's bulk of the same documents in the same run; a backlog of DOCUMENTS drained,
 * with the memory that takes; and pages of the console over as many findings, there and in the local store. On a server of its own, or on that of STILLWATCH_TEST_ELASTICSEARCH.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Client } from '@elastic/elasticsearch';
import { linesOf } from '../../analyzer/store/elastic/bulk.ts';
import { connect } from '../../analyzer/store/elastic/connection.ts';
import { install } from '../../analyzer/store/elastic/install.ts';
import { SHIPPED } from '../../analyzer/store/elastic/kinds.ts';
import { documentsOfParcel } from '../../analyzer/store/elastic/parcels.ts';
import { type Cluster, type Scope, scopeOf } from '../../analyzer/store/elastic/scope.ts';
import { MAX_DOCUMENTS } from '../../analyzer/store/shipping/lane.ts';
import { type Database, openDatabase } from '../../analyzer/store/sqlite/database.ts';
import { beginAnew, beginShipping, nextParcels } from '../../analyzer/store/sqlite/outbox.ts';
import { openSqlite } from '../../analyzer/store/sqlite.ts';
import { documentsOf, store as load } from '../elasticsearch/load.ts';
import { freePort, TestNode } from '../elasticsearch/node.ts';
import { remove, SERVERS } from '../elasticsearch/servers.ts';
import { sampleKept, sampleTime } from '../samples.ts';
import { type Drained, drained } from './drain.ts';
import { median, perSecond } from './figures.ts';
import { localPages, pages } from './pages.ts';

/** Findings of the load whose shipping is compared; each comes with four observations. */
const FINDINGS = 20_000;
const HEAP = '2g';
const TIMEOUT = 120_000;

type Server = { url: string; client: Client; parts: Cluster[] };

const clientOf = (url: string): Client => connect({ nodes: [url], apiKey: '', user: '', password: '', ca: '', fingerprint: '', timeout: TIMEOUT });

/** A part of the server with nothing in it, once the server has done what is left of the work before. */
async function part({ client, parts }: Server): Promise<Scope> {
  const one = { client, prefix: `bench-${process.pid}-${parts.length}` };
  parts.push(one);
  await install(one, null);
  await client.indices.flush();
  for (let current = 1; current > 0; await sleep(100)) current = (await client.indices.stats({ metric: 'merge' }))._all.total?.merges?.current ?? 0;
  return scopeOf(one, 'site');
}

/** Everything queued, as lines of requests, kind by kind. */
const madeBefore = (db: Database, scope: Scope): string[][][] =>
  SHIPPED.map((kind) => {
    const documents = nextParcels(db, kind, 1e9, 0, Number.POSITIVE_INFINITY).flatMap((parcel) =>
      documentsOfParcel(scope, kind, parcel, []).map((document) => linesOf(scope, document)),
    );
    return Array.from({ length: Math.ceil(documents.length / MAX_DOCUMENTS) }, (_, n) => documents.slice(n * MAX_DOCUMENTS, (n + 1) * MAX_DOCUMENTS).flat());
  });

/** ms of the bare client: requests as large as those of the shipper, and one of each kind under way at a time, as there. */
async function bare(db: Database, scope: Scope): Promise<number> {
  const requests = madeBefore(db, scope);
  const begun = performance.now();
  await Promise.all(
    requests.map(async (kind) => {
      for (const lines of kind) {
        const { errors } = await scope.client.bulk({ operations: lines });
        if (errors) throw new Error('a document was refused');
      }
    }),
  );
  return performance.now() - begun;
}

/** ms of both, each with a part of the server of its own; who is first takes turns. */
async function pair(db: Database, server: Server, run: number): Promise<{ alone: number; ours: number }> {
  const took = { alone: 0, ours: 0 };
  for (const who of run % 2 === 0 ? (['alone', 'ours'] as const) : (['ours', 'alone'] as const)) {
    beginAnew(db, SHIPPED);
    // What it costs to see that the target is another one is not what is measured.
    db.run('DELETE FROM shipped_to');
    const scope = await part(server);
    took[who] = await (who === 'alone' ? bare(db, scope) : drained(db, scope));
  }
  return took;
}

async function rate(path: string, server: Server, runs: number): Promise<void> {
  const local = openSqlite(path);
  await load(local, FINDINGS);
  const db = openDatabase(path);
  const n = documentsOf(FINDINGS);
  const ratios: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const { alone, ours } = await pair(db, server, run);
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

/** The most in the first and in the last quarter of the time, and of all. */
function memory(name: string, megabytes: readonly number[]): string {
  const quarter = Math.max(1, megabytes.length >> 2);
  const [first, last, all] = [megabytes.slice(0, quarter), megabytes.slice(-quarter), megabytes].map((some) => Math.max(...some).toFixed(0));
  return `${name} at most ${first} MB in the first quarter, ${last} MB in the last, ${all} MB in all`;
}

async function drain(path: string, server: Server, documents: number): Promise<void> {
  await observations(path, documents);
  const db = openDatabase(path);
  beginShipping(db, SHIPPED);
  db.close();
  const { prefix } = await part(server);
  const program = fileURLToPath(new URL('./drain.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program, path, server.url, prefix], { maxBuffer: 1e8 });
  const { ms, resident, heap } = JSON.parse(stdout) as Drained;
  console.log(`backlog of ${documents.toLocaleString('en')}: ${perSecond(documents, ms)}`);
  for (const line of [memory('resident', resident), memory('JavaScript heap', heap)]) console.log(`  ${line}`);
}

async function measure(server: Server, documents: number, runs: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'stillwatch-bench-'));
  try {
    await rate(join(folder, 'rate.db'), server, runs);
    await drain(join(folder, 'drain.db'), server, documents);
    await pages(await part(server), documents);
    await localPages(join(folder, 'pages.db'), documents);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What was made there goes, as far as the server allows it. */
async function leave({ url, client, parts }: Server): Promise<void> {
  for (const { prefix } of parts) await remove({ client: clientOf(url), prefix });
  await client.close();
}

export async function bench([documents = 1_000_000, runs = 5]: number[]): Promise<void> {
  const [given] = SERVERS;
  const node = given === undefined ? await new TestNode(await freePort(), [], HEAP).start() : null;
  const url = given ?? (node as TestNode).url;
  const server: Server = { url, client: clientOf(url), parts: [] };
  try {
    await measure(server, documents, runs);
  } finally {
    if (node === null) await leave(server);
    else {
      await server.client.close();
      await node.remove();
    }
  }
}
