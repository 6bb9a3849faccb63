/** `node drain.ts FILE NODE PREFIX`: ships what the file holds until nothing waits, in a process that does nothing else, and tells how long and how much memory it took. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { connect } from '../../analyzer/store/elastic/connection.ts';
import { SHIPPED } from '../../analyzer/store/elastic/kinds.ts';
import { type Scope, scopeOf } from '../../analyzer/store/elastic/scope.ts';
import { Shipper } from '../../analyzer/store/shipping/shipper.ts';
import { type Database, openDatabase } from '../../analyzer/store/sqlite/database.ts';
import { nextParcels } from '../../analyzer/store/sqlite/outbox.ts';
import { NO_LIMITS } from '../elasticsearch/appliance.ts';

/** ms between looks at whether all is there, and at memory. */
const LOOK = 10;
const SAMPLE = 250;

export type Drained = { ms: number; resident: number[]; heap: number[] };

const isWaiting = (db: Database): boolean => SHIPPED.some((kind) => nextParcels(db, kind, 1).length > 0);

/** ms until nothing waits any more. */
export async function drained(db: Database, scope: Scope): Promise<number> {
  const shipper = new Shipper(db, scope, NO_LIMITS, null);
  shipper.start();
  // The cluster was made ready before: looking again is not shipping.
  while (!shipper.isReady) await sleep(1);
  const begun = performance.now();
  while (isWaiting(db)) await sleep(LOOK);
  const took = performance.now() - begun;
  await shipper.stop();
  return took;
}

async function main([file, node, prefix]: string[]): Promise<void> {
  const client = connect({ nodes: [node as string], apiKey: '', user: '', password: '', ca: '', fingerprint: '', timeout: 30_000 });
  const db = openDatabase(file as string);
  const [resident, heap]: [number[], number[]] = [[], []];
  const timer = setInterval(() => {
    const { rss, heapUsed } = process.memoryUsage();
    resident.push(rss / 1e6);
    heap.push(heapUsed / 1e6);
  }, SAMPLE);
  const ms = await drained(db, scopeOf({ client, prefix: prefix as string }, 'site'));
  clearInterval(timer);
  await client.close();
  db.close();
  console.log(JSON.stringify({ ms, resident, heap } satisfies Drained));
}

if (import.meta.url === pathToFileURL(process.argv[1] as string).href) await main(process.argv.slice(2));
