/** Observations kept one by one, and measurements: what retention drops. */
import { hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { micros } from '../order.ts';
import { limited } from '../page.ts';
import type { Health, Kept } from '../store.ts';
import { streamOf } from '../stream.ts';
import type { Database, Row } from './database.ts';
import { filterOf, when, where } from './page.ts';

const SAVE = `INSERT INTO observations (id, at, source, destination, stream, json) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET at = excluded.at, source = excluded.source, destination = excluded.destination, stream = excluded.stream, json = excluded.json
  RETURNING seq`;

export function saveObservation(db: Database, kept: Kept): void {
  const row = db.get(
    SAVE,
    kept.id,
    micros(kept['@timestamp']),
    kept.source.toLowerCase(),
    kept.destination.toLowerCase(),
    streamOf(kept),
    JSON.stringify(kept),
  );
  const seq = Number(row?.['seq']);
  db.run('DELETE FROM observation_frames WHERE observation = ?', seq);
  for (const frame of kept.frames) db.run('INSERT OR IGNORE INTO observation_frames (frame, observation) VALUES (?, ?)', frame, seq);
}

const parse = (row: Row): unknown => JSON.parse(String(row['json']));

/** The newest `limit` that match, oldest first. */
export function listObservations(db: Database, { frames, address, limit }: { frames?: number[]; address?: string; limit?: number }): Kept[] {
  const filter = filterOf(
    when(frames?.length ? JSON.stringify(frames) : undefined, (list) => [
      'seq IN (SELECT observation FROM observation_frames WHERE frame IN (SELECT value FROM json_each(?)))',
      list,
    ]),
    when(address?.toLowerCase(), (ip) => ['(source = ? OR destination = ?)', ip, ip]),
  );
  const rows = db.all(`SELECT json FROM observations${where(filter)} ORDER BY at DESC, seq DESC LIMIT ?`, ...filter.values, limited(limit, 100));
  return rows.reverse().map((row) => parse(row) as Kept);
}

export function saveHealth(db: Database, health: Health): void {
  const json = JSON.stringify(health);
  db.run('INSERT INTO health (at, digest, json) VALUES (?, ?, ?) ON CONFLICT (digest) DO NOTHING', micros(health['@timestamp']), hash('sha256', json), json);
}

/** The newest `limit`, newest last. */
export const listHealth = (db: Database, limit: number | undefined): Health[] =>
  db
    .all('SELECT json FROM health ORDER BY at DESC, seq DESC LIMIT ?', limited(limit, 100))
    .reverse()
    .map((row) => parse(row) as Health);

/** Rows dropped in one transaction: others get their turn between two. */
const EXPIRE_AT_ONCE = 10_000;

async function expireFrom(db: Database, table: 'observations' | 'health', before: number): Promise<number> {
  // The newest stays: its number must not be given again, since shipping counts by them.
  const sql = `DELETE FROM ${table} WHERE seq IN (SELECT seq FROM ${table} WHERE at < ? ORDER BY at LIMIT ${EXPIRE_AT_ONCE})
    AND seq < (SELECT max(seq) FROM ${table})`;
  let gone = 0;
  for (;;) {
    const last = db.run(sql, before);
    gone += last;
    if (last < EXPIRE_AT_ONCE) return gone;
    await setImmediate();
  }
}

export async function expire(db: Database, before: string): Promise<number> {
  const time = micros(before);
  return (await expireFrom(db, 'observations', time)) + (await expireFrom(db, 'health', time));
}
