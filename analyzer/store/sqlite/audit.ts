/** The audit trail: every line carries the hash of the one before, so that none can be changed or taken out unseen. */
import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { micros } from '../order.ts';
import { type AuditLine, type Page, StoreError } from '../store.ts';
import { type Database, openDatabase, type Row } from './database.ts';
import { filterOf, page, total } from './page.ts';

/** What the first line follows. */
const GENESIS = '0'.repeat(64);

/** SHA-256, hex, of the hash before, a line feed and the line as it is stored. */
export const chained = (prev: string, line: string): string => hash('sha256', `${prev}\n${line}`);

/** Inside a transaction. The same line again adds nothing. */
export function appendAudit(db: Database, line: AuditLine): void {
  micros(line['@timestamp']);
  const text = JSON.stringify({ '@timestamp': line['@timestamp'], by: line.by, action: line.action, on: line.on, detail: line.detail });
  const id = hash('sha256', text);
  if (db.get('SELECT 1 AS found FROM audit WHERE id = ?', id) !== undefined) return;
  const prev = String(db.get('SELECT hash FROM audit ORDER BY seq DESC LIMIT 1')?.['hash'] ?? GENESIS);
  db.run('INSERT INTO audit (prev, hash, id, line) VALUES (?, ?, ?, ?)', prev, chained(prev, text), id, text);
}

type Numbered = AuditLine & { id: string; seq: number };

const bare = ({ id: _id, seq: _seq, ...line }: Numbered): AuditLine => line;
const read = (row: Row): Numbered => ({ ...(JSON.parse(String(row['line'])) as AuditLine), id: String(row['id']), seq: Number(row['seq']) });

/** The newest first. */
export function listAudit(db: Database, { limit, cursor }: { limit?: number; cursor?: string }): Page<AuditLine> {
  const filter = filterOf();
  const sort = { column: 'seq', type: 'number', of: (line: Numbered) => line.seq } as const;
  const { items, ...rest } = page(
    db,
    { table: 'audit', columns: 'seq, id, line', filter, sort, order: 'desc', limit, cursor, read },
    total(db, 'audit', filter),
  );
  return { items: items.map(bare), ...rest };
}

/** `broken` is the number (from 1) of the first line that does not follow from those before it, null when all do; `head` is the last good hash. */
export type AuditProof = { lines: number; broken: number | null; head: string };

/** Recomputes the whole chain, offline. */
export function verifyAudit(path: string): AuditProof {
  if (!existsSync(path)) throw new StoreError('storage', `${path} does not exist: name the state directory of the appliance (STILLWATCH_STATE).`);
  const db = openDatabase(path);
  try {
    return proof(db);
  } finally {
    db.close();
  }
}

function proof(db: Database): AuditProof {
  let head = GENESIS;
  let lines = 0;
  for (;;) {
    const rows = db.all('SELECT seq, prev, hash, line FROM audit WHERE seq > ? ORDER BY seq LIMIT 1000', lines);
    if (rows.length === 0) return { lines, broken: null, head };
    for (const row of rows) {
      lines++;
      const good = row['seq'] === lines && row['prev'] === head && row['hash'] === chained(head, String(row['line']));
      if (!good) return { lines, broken: lines, head };
      head = String(row['hash']);
    }
  }
}
