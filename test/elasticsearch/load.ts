/**
 * `node load.ts FILE NODE PREFIX SITE FINDINGS`: an appliance that stores and ships at once, until both are done; what was stored before a crash
 * is there already. Findings come with observations, assets and decisions; all of it is the same each time.
 */
import { setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { connect } from '../../analyzer/store/elastic/connection.ts';
import { scopeOf } from '../../analyzer/store/elastic/scope.ts';
import { Shipper } from '../../analyzer/store/shipping/shipper.ts';
import { openDatabase } from '../../analyzer/store/sqlite/database.ts';
import { openSqlite } from '../../analyzer/store/sqlite.ts';
import type { Store } from '../../analyzer/store/store.ts';
import { sampleAsset, sampleDecision, sampleFinding, sampleId, sampleKept, sampleTime } from '../samples.ts';
import { NO_LIMITS, waiting } from './appliance.ts';

/** Findings stored at a time. */
const PORTION = 50;
/** Observations that come with each finding. */
const OBSERVATIONS = 4;

/** The n-th portion: as many documents as `documentsOf` says. */
async function portion(store: Store, from: number): Promise<void> {
  const ns = Array.from({ length: PORTION }, (_, i) => from + i);
  await store.save({
    findings: ns.map((n) => sampleFinding(`load ${n}`, { opened: sampleTime(n / 100) })),
    observations: ns.flatMap((n) =>
      Array.from({ length: OBSERVATIONS }, (_, i) => sampleKept(`load ${n} ${i}`, { '@timestamp': sampleTime(n / 100), frames: [n] })),
    ),
    assets: [sampleAsset(`10.${(from >> 16) & 255}.${(from >> 8) & 255}.${from & 255}`)],
  });
  const id = sampleId(`load ${from}`);
  await store.decide(sampleDecision({ kind: 'finding', id }, 'close', { id: `decision ${from}`, resolution: 'true_positive' }));
}

/** Findings, observations, assets, decisions and audit lines of so many findings. */
export const documentsOf = (findings: number): number => findings * (1 + OBSERVATIONS) + (findings / PORTION) * 3;

/** Stores `findings` of them, those that are there already too. */
export async function store(into: Store, findings: number): Promise<void> {
  for (let from = 0; from < findings; from += PORTION) {
    await portion(into, from);
    await setImmediate();
  }
}

async function main([file, node, prefix, site, findings]: string[]): Promise<void> {
  const connection = { nodes: [node as string], apiKey: '', user: '', password: '', ca: '', fingerprint: '', timeout: 10_000 };
  const client = connect(connection);
  const db = openDatabase(file as string);
  const shipper = new Shipper(db, scopeOf({ client, prefix: prefix as string }, site as string), NO_LIMITS, null);
  shipper.start();
  const local = openSqlite(file as string);
  await store(local, Number(findings));
  while (waiting(db) > 0) {
    shipper.hurry();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await shipper.stop();
  await local.close();
}

if (import.meta.url === pathToFileURL(process.argv[1] as string).href) await main(process.argv.slice(2));
