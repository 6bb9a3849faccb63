/** The local store of an appliance, filled from a capture, and its shipping. */

import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { KINDS, placeOf } from '../../analyzer/store/elastic/kinds.ts';
import type { Scope } from '../../analyzer/store/elastic/scope.ts';
import { type Limits, Shipper } from '../../analyzer/store/shipping/shipper.ts';
import { type Database, openDatabase } from '../../analyzer/store/sqlite/database.ts';
import { backlog } from '../../analyzer/store/sqlite/outbox.ts';
import type { Store } from '../../analyzer/store/store.ts';
import { compileRules, open, Pass } from '../../commands/pass.ts';
import { Progress } from '../../commands/progress.ts';
import { Recorder } from '../../commands/recorder.ts';

export const PLANT = fileURLToPath(new URL('../captures/plant/plant.pcapng.gz', import.meta.url));
export const NO_LIMITS: Limits = { documents: Number.MAX_SAFE_INTEGER, age: Number.MAX_SAFE_INTEGER };

/** Runs a capture into the store. */
export async function fill(store: Store, path = PLANT): Promise<void> {
  const recorder = new Recorder(store, 'test', new Progress(0));
  const pass = new Pass({
    rules: compileRules([]),
    learn: 60_000,
    baseline: null,
    summary: 60_000,
    onKept: (observation, frames) => recorder.keep(observation, frames),
    onBlock: (p) => recorder.block(p),
  });
  await pass.readAll(open([path]));
  await recorder.finish(pass);
}

export const waiting = (db: Database): number => backlog(db).reduce((sum, lane) => sum + lane.waiting, 0);

/** Makes what was written findable. */
export async function refresh({ client, prefix }: Scope): Promise<void> {
  await client.indices.refresh({ index: KINDS.map((kind) => placeOf(prefix, kind)), ignore_unavailable: true, allow_no_indices: true });
}

/** Ships what the file at `path` holds until nothing waits; at most `patience` ms. */
export async function shipAll(path: string, scope: Scope, patience = 60_000): Promise<void> {
  const db = openDatabase(path);
  const shipper = new Shipper(db, scope, NO_LIMITS, null);
  shipper.start();
  try {
    for (const since = performance.now(); ; await sleep(20)) {
      if (shipper.state().ready && waiting(db) === 0) break;
      if (performance.now() - since > patience) throw new Error(`still waiting: ${JSON.stringify(shipper.state())}`);
      shipper.hurry();
    }
  } finally {
    await shipper.stop();
    db.close();
  }
  await refresh(scope);
}
