/** One SQLite file: opening, migrating, statements prepared once, transactions, and its errors in words. */
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { StoreError } from '../store.ts';
import { explain } from './errors.ts';

export type Input = SQLInputValue;
export type Row = Record<string, string | number | null>;

/** How long a write waits for another process to finish its own, ms. */
const BUSY_TIMEOUT = 5000;
/** Prepared statements kept; the filters of a query make a few hundred texts at most. */
const MAX_STATEMENTS = 400;
/** `Stwl`: says in the file's header whose it is. */
const APPLICATION_ID = 0x5374776c;
const MIGRATIONS = new URL('../migrations/', import.meta.url);

export type Database = {
  readonly path: string;
  all(sql: string, ...values: Input[]): Row[];
  /** Rows up to the one with which there is enough. */
  some(sql: string, enough: (row: Row) => boolean, ...values: Input[]): Row[];
  get(sql: string, ...values: Input[]): Row | undefined;
  /** Rows changed. */
  run(sql: string, ...values: Input[]): number;
  /** All of it or nothing; the whole of `work` runs before it returns. */
  transaction<T>(work: () => T): T;
  close(): void;
};

type Migration = { version: number; sql: string };

function migrations(): Migration[] {
  const names = readdirSync(MIGRATIONS).filter((name) => /^\d{4}_\w+\.sql$/.test(name));
  return names.sort().map((name) => ({ version: Number(name.slice(0, 4)), sql: readFileSync(new URL(name, MIGRATIONS), 'utf8') }));
}

const number = (db: DatabaseSync, sql: string): number => Number(Object.values(db.prepare(sql).get() ?? {})[0] ?? 0);

/** 0 for a new file. Throws for a file that belongs to something else. */
function version(db: DatabaseSync, path: string): number {
  if (number(db, "SELECT count(*) FROM sqlite_schema WHERE type = 'table'") === 0) return 0;
  if (number(db, 'PRAGMA application_id') !== APPLICATION_ID) {
    throw new StoreError('storage', `${path} is a database of another program: point the state directory (STILLWATCH_STATE) elsewhere.`);
  }
  return number(db, 'SELECT max(version) FROM schema_version');
}

function migrate(db: DatabaseSync, path: string): void {
  const known = migrations();
  const newest = known.at(-1)?.version ?? 0;
  const current = version(db, path);
  if (current > newest) {
    const fix = 'update Stillwatch, or restore the copy made before it was updated';
    throw new StoreError('storage', `${path} was written by a newer Stillwatch (schema ${current}, this one knows up to ${newest}): ${fix}.`);
  }
  if (current === newest) return;
  db.exec('BEGIN IMMEDIATE');
  const found = version(db, path);
  if (found === 0) db.exec(`PRAGMA application_id = ${APPLICATION_ID}; CREATE TABLE schema_version (version INTEGER PRIMARY KEY) STRICT`);
  for (const { version, sql } of known.filter((migration) => migration.version > found)) {
    db.exec(sql);
    db.prepare('INSERT INTO schema_version VALUES (?)').run(version);
  }
  db.exec('COMMIT');
}

/** The file is for its owner alone: it holds what an attacker would like to know. */
function touch(path: string): void {
  if (path === ':memory:') return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
  closeSync(openSync(path, 'a', 0o600));
}

function connect(path: string): DatabaseSync {
  touch(path);
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT, enableForeignKeyConstraints: true });
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000; PRAGMA wal_autocheckpoint = 8000');
    migrate(db, path);
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}

/** Throws a StoreError of one readable line when the file cannot be used. `:memory:` keeps nothing. */
export function openDatabase(path: string): Database {
  const guard = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw explain(error, path);
    }
  };
  const db = guard(() => connect(path));
  const statements = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    let statement = statements.get(sql);
    if (statement === undefined) {
      if (statements.size >= MAX_STATEMENTS) statements.clear();
      statements.set(sql, (statement = db.prepare(sql)));
    }
    return statement;
  };
  return {
    path,
    all: (sql, ...values) => guard(() => prepare(sql).all(...values) as Row[]),
    some: (sql, enough, ...values) =>
      guard(() => {
        const rows: Row[] = [];
        for (const row of prepare(sql).iterate(...values) as IterableIterator<Row>) {
          rows.push(row);
          if (enough(row)) break;
        }
        return rows;
      }),
    get: (sql, ...values) => guard(() => prepare(sql).get(...values) as Row | undefined),
    run: (sql, ...values) => guard(() => Number(prepare(sql).run(...values).changes)),
    transaction: (work) => guard(() => transaction(db, work)),
    close: () => guard(() => (db.isOpen ? db.close() : undefined)),
  };
}

/** IMMEDIATE: a transaction that turns from reading to writing half-way cannot wait for its turn. */
function transaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // A full disk may have rolled back already.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
