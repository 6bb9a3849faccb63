/** An appliance that ships a load, and whether all of it arrived: once, and nothing else. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, connect } from '../../analyzer/store/elastic/connection.ts';
import { type Kind, placeOf } from '../../analyzer/store/elastic/kinds.ts';
import { type Scope, scopeOf } from '../../analyzer/store/elastic/scope.ts';
import { Shipper } from '../../analyzer/store/shipping/shipper.ts';
import { type Database, openDatabase } from '../../analyzer/store/sqlite/database.ts';
import { backlog } from '../../analyzer/store/sqlite/outbox.ts';
import { openSqlite } from '../../analyzer/store/sqlite.ts';
import type { Store } from '../../analyzer/store/store.ts';
import { NO_LIMITS, refresh, waiting } from './appliance.ts';
import { documentsOf, store as load } from './load.ts';

export const CONNECTION: Connection = { nodes: [], apiKey: '', user: '', password: '', ca: '', fingerprint: '', timeout: 2000 };
export const FINDINGS = 2000;
/** ms that all may take to arrive once nothing is wrong any more. */
const PATIENCE = 90_000;

let made = 0;

/** An appliance with a store of its own that ships to `nodes`. */
export class Appliance {
  readonly folder: string;
  readonly path: string;
  readonly store: Store;
  readonly db: Database;
  readonly scope: Scope;
  readonly shipper: Shipper;
  private readonly disk: boolean;

  /** `mib`: of a disk of its own. */
  constructor(nodes: string[], connection: Partial<Connection> = {}, mib = 0) {
    this.folder = mkdtempSync(join(tmpdir(), 'stillwatch-faults-'));
    if (mib > 0) execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', this.folder]);
    this.path = join(this.folder, 'stillwatch.db');
    this.disk = mib > 0;
    this.store = openSqlite(this.path);
    this.db = openDatabase(this.path);
    this.scope = scopeOf({ client: connect({ ...CONNECTION, nodes, ...connection }), prefix: `faults-${made++}` }, 'site');
    this.shipper = new Shipper(this.db, this.scope, NO_LIMITS, null);
  }

  /** Stores what is not there yet of `findings`. */
  async load(findings = FINDINGS): Promise<void> {
    await load(this.store, findings);
  }

  /** Waits until documents are sent. */
  async ready(): Promise<void> {
    for (const since = performance.now(); !this.shipper.isReady; await sleep(10)) {
      if (performance.now() - since > PATIENCE) throw new Error(`not ready: ${this.trouble()}`);
    }
  }

  async drained(patience = PATIENCE): Promise<void> {
    for (const since = performance.now(); waiting(this.db) > 0; await sleep(50)) {
      if (performance.now() - since > patience) throw new Error(`still waiting: ${JSON.stringify(this.shipper.state())}`);
      this.shipper.hurry();
    }
  }

  trouble(): string {
    const { trouble, lanes } = this.shipper.state();
    return [trouble, ...lanes.map((lane) => lane.trouble)].filter(Boolean).join('\n');
  }

  /** Waits until the trouble is this. */
  async told(pattern: RegExp): Promise<void> {
    for (const since = performance.now(); !pattern.test(this.trouble()); await sleep(50)) {
      if (performance.now() - since > PATIENCE) assert.match(this.trouble(), pattern);
    }
  }

  async end(): Promise<void> {
    await this.shipper.stop();
    await this.store.close();
    this.db.close();
    await this.scope.client.close();
    if (this.disk) execFileSync('umount', [this.folder]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Ids of every document of a kind, as often as there are documents. */
export async function idsIn({ client, prefix }: Scope, kind: Kind): Promise<string[]> {
  const ids: string[] = [];
  for (let after: unknown[] | undefined; ; ) {
    const sort = [{ 'stillwatch.key': 'asc' }, { _index: 'asc' }];
    const body = { size: 10_000, sort, _source: ['stillwatch.id'], ...(after === undefined ? {} : { search_after: after }) };
    const { hits } = (await client.search({ index: placeOf(prefix, kind), ignore_unavailable: true, ...(body as object) })).hits;
    ids.push(...hits.map(({ _source }) => String((_source as { 'stillwatch.id': string })['stillwatch.id'])));
    if (hits.length < 10_000) return ids.sort();
    after = hits.at(-1)?.sort;
  }
}

const TABLES: [Kind, string][] = [
  ['findings', 'SELECT id FROM findings'],
  ['assets', 'SELECT id FROM assets'],
  ['observations', 'SELECT id FROM observations'],
  ['decisions', 'SELECT id FROM decisions'],
  ['audit', 'SELECT id FROM audit'],
];

/** The server holds what the appliance stored. Returns how many that are. */
export async function agree(scope: Scope, db: Database): Promise<number> {
  await refresh(scope);
  let documents = 0;
  for (const [kind, sql] of TABLES) {
    const stored = db.all(sql).map(({ id }) => String(id));
    assert.deepEqual(await idsIn(scope, kind), stored.sort(), kind);
    documents += stored.length;
  }
  const closed = await scope.client.count({ index: placeOf(scope.prefix, 'findings'), query: { term: { 'stillwatch.status': 'closed' } } });
  assert.equal(closed.count, db.all("SELECT id FROM findings WHERE status = 'closed'").length);
  return documents;
}

/** The first half of the load is stored while `hurt` does its work; the second when it asks for the load, or behind it. */
export async function through(nodes: string[], hurt: (appliance: Appliance) => Promise<void>, connection: Partial<Connection> = {}): Promise<void> {
  const appliance = new Appliance(nodes, connection);
  try {
    appliance.shipper.start();
    await Promise.all([appliance.load(FINDINGS / 2), hurt(appliance)]);
    await appliance.load();
    await appliance.drained();
    assert.equal(await agree(appliance.scope, appliance.db), documentsOf(FINDINGS));
    assert.deepEqual(
      backlog(appliance.db).filter(({ dead }) => dead > 0),
      [],
    );
  } finally {
    await appliance.end();
  }
}
