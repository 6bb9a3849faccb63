/** People who may use the console, and their sessions. */
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { Attempts } from './attempts.ts';
import { type Cost, DEFAULT_COST, hashPassword, MAX_PASSWORD, matchesPassword, passwordProblem } from './password.ts';

/** What each may do, least first: a viewer reads, an analyst also decides, an administrator also manages accounts. */
export const ROLES = ['viewer', 'analyst', 'administrator'] as const;
export type Role = (typeof ROLES)[number];

export type Account = {
  name: string;
  role: Role;
  created: string;
  /** RFC 3339; '' before the first login. */
  last_login: string;
  /** Made with a one-time password that should be changed. */
  temporary: boolean;
  /** Of a console over many sites: those that it may see; none for all. */
  sites: string[];
};

/** Whether an account that sees these sites (none for all) sees nothing that `account` does not. */
export const isWithin = (sites: readonly string[], account: Account): boolean =>
  account.sites.length === 0 || (sites.length > 0 && sites.every((site) => account.sites.includes(site)));

export type Session = {
  account: Account;
  /** Goes into every form and comes back with it. Derived from the session token, never stored. */
  csrf: string;
};

/** A session ends after this long without a page, ms. */
export const IDLE = 60 * 60_000;
/** And after this long in any case, ms. */
export const ABSOLUTE = 12 * 60 * 60_000;
/** Sessions of one account; a login beyond that ends its oldest. */
export const MAX_SESSIONS = 20;
/** Accounts of one console. */
export const MAX_ACCOUNTS = 1000;

/** A refusal with a message for people. */
export class AccountError extends Error {}

export type AccountsOptions = { now?: () => number; cost?: Cost };

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS accounts (
    name TEXT PRIMARY KEY COLLATE NOCASE, password TEXT NOT NULL, role TEXT NOT NULL, created TEXT NOT NULL,
    last_login TEXT NOT NULL DEFAULT '', temporary INTEGER NOT NULL DEFAULT 0, sites TEXT NOT NULL DEFAULT '[]'
  ) STRICT;
  CREATE TABLE IF NOT EXISTS sessions (
    token BLOB PRIMARY KEY, name TEXT NOT NULL COLLATE NOCASE REFERENCES accounts(name) ON DELETE CASCADE, opened INTEGER NOT NULL, used INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS sessions_name ON sessions(name, opened);
`;

type Row = { name: string; password: string; role: Role; created: string; last_login: string; temporary: number; sites: string };

const sha256 = (text: string) => createHash('sha256').update(text).digest();
const account = (row: Row): Account => ({
  name: row.name,
  role: row.role,
  created: row.created,
  last_login: row.last_login,
  temporary: row.temporary === 1,
  sites: JSON.parse(row.sites) as string[],
});

/** Opens (and makes, readable by its owner only) the file with accounts and sessions. ':memory:' keeps nothing. */
export function openAccounts(path: string, options: AccountsOptions = {}): Accounts {
  const db = new DatabaseSync(path);
  if (path !== ':memory:') chmodSync(path, 0o600);
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 2000; ${SCHEMA}`);
  // Files made before accounts had sites.
  const has = db.prepare("SELECT 1 FROM pragma_table_info('accounts') WHERE name = 'sites'").get() !== undefined;
  if (!has) db.exec("ALTER TABLE accounts ADD COLUMN sites TEXT NOT NULL DEFAULT '[]'");
  return new Accounts(db, options.now ?? Date.now, options.cost ?? DEFAULT_COST);
}

export class Accounts {
  private readonly db: DatabaseSync;
  private readonly now: () => number;
  private readonly cost: Cost;
  private readonly attempts = new Attempts();
  /** Compared against when there is no such account, so that both answers take the same time. */
  private nobody: Promise<string> | null = null;

  constructor(db: DatabaseSync, now: () => number, cost: Cost) {
    this.db = db;
    this.now = now;
    this.cost = cost;
  }

  count(): number {
    return (this.db.prepare('SELECT count(*) AS n FROM accounts').get() as { n: number }).n;
  }

  list(): Account[] {
    return (this.db.prepare('SELECT * FROM accounts ORDER BY name').all() as Row[]).map(account);
  }

  get(name: string): Account | null {
    const row = this.row(name);
    return row === null ? null : account(row);
  }

  /** `temporary`: made with a password somebody else knows. `first`: only if there is no account yet. Throws AccountError. */
  async create(
    name: string,
    password: string,
    role: Role,
    options: { temporary?: boolean; first?: boolean; sites?: readonly string[] } = {},
  ): Promise<Account> {
    if (!/^[a-z0-9][a-z0-9._-]{0,31}$/i.test(name))
      throw new AccountError('A name has up to 32 letters, digits, dots, dashes or underscores, and starts with a letter or digit.');
    const problem = passwordProblem(password, name);
    if (problem !== null) throw new AccountError(problem);
    const hash = await hashPassword(password, this.cost);
    const n = this.count();
    if (options.first === true && n > 0) throw new AccountError('Set-up is already done. Log in instead.');
    if (n >= MAX_ACCOUNTS) throw new AccountError(`There are already ${MAX_ACCOUNTS} accounts.`);
    const sql = 'INSERT INTO accounts (name, password, role, created, temporary, sites) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING';
    const made = this.db.prepare(sql).run(name, hash, role, this.stamp(), options.temporary === true ? 1 : 0, JSON.stringify(options.sites ?? []));
    if (made.changes === 0) throw new AccountError(`There already is an account ${name}.`);
    return this.get(name) as Account;
  }

  /** The account when the password is right and the caller need not wait (see `wait`), else null. May throw Busy. */
  async verify(name: string, password: string, address = ''): Promise<Account | null> {
    if (this.wait(name, address) > 0 || password.length > MAX_PASSWORD) return null;
    const row = this.row(name);
    this.nobody ??= hashPassword(randomBytes(16).toString('hex'), this.cost);
    const right = await matchesPassword(password, row?.password ?? (await this.nobody));
    if (row === null || !right) {
      this.attempts.failed(name, address, this.now());
      return null;
    }
    this.attempts.succeeded(name, address);
    return account(row);
  }

  /** How long a login under this name from this address has to wait after failures, ms. */
  wait(name: string, address: string): number {
    return this.attempts.wait(name, address, this.now());
  }

  /** Counts a failure that `verify` did not see: a wrong set-up token. */
  failed(name: string, address: string): void {
    this.attempts.failed(name, address, this.now());
  }

  /** Ends every session of the account. Throws AccountError. */
  async changePassword(name: string, password: string, options: { temporary?: boolean } = {}): Promise<void> {
    const problem = passwordProblem(password, name);
    if (problem !== null) throw new AccountError(problem);
    const hash = await hashPassword(password, this.cost);
    this.db.prepare('UPDATE accounts SET password = ?, temporary = ? WHERE name = ?').run(hash, options.temporary === true ? 1 : 0, name);
    this.db.prepare('DELETE FROM sessions WHERE name = ?').run(name);
  }

  /** Throws AccountError for the last administrator, of a console over many sites the last who sees all. */
  remove(name: string): void {
    const leads = (one: Account): boolean => one.role === 'administrator' && one.sites.length === 0;
    const one = this.get(name);
    if (one !== null && leads(one) && this.list().filter(leads).length === 1) {
      throw new AccountError('The last administrator cannot be removed.');
    }
    this.db.prepare('DELETE FROM accounts WHERE name = ?').run(name);
  }

  /** Opens a session and returns its token, which is kept nowhere: only its SHA-256 is. */
  openSession(name: string): string {
    const token = randomBytes(32).toString('base64url');
    const at = this.now();
    this.db.prepare('DELETE FROM sessions WHERE opened < ? OR used < ?').run(at - ABSOLUTE, at - IDLE);
    this.db.prepare('INSERT INTO sessions (token, name, opened, used) VALUES (?, ?, ?, ?)').run(sha256(token), name, at, at);
    this.db
      .prepare('DELETE FROM sessions WHERE name = ? AND token NOT IN (SELECT token FROM sessions WHERE name = ? ORDER BY opened DESC, rowid DESC LIMIT ?)')
      .run(name, name, MAX_SESSIONS);
    this.db.prepare('UPDATE accounts SET last_login = ? WHERE name = ?').run(this.stamp(), name);
    return token;
  }

  /** Who a token belongs to, or null. `touch` counts this as use; a page that reloads itself must not keep a session alive. */
  session(token: string, touch: boolean): Session | null {
    const at = this.now();
    const sql = 'SELECT a.* FROM sessions s JOIN accounts a ON a.name = s.name WHERE s.token = ? AND s.opened >= ? AND s.used >= ?';
    const row = this.db.prepare(sql).get(sha256(token), at - ABSOLUTE, at - IDLE) as Row | undefined;
    if (row === undefined) return null;
    if (touch) this.db.prepare('UPDATE sessions SET used = ? WHERE token = ? AND used < ?').run(at, sha256(token), at - 30_000);
    return { account: account(row), csrf: sha256(`csrf ${token}`).toString('base64url') };
  }

  closeSession(token: string): void {
    this.db.prepare('DELETE FROM sessions WHERE token = ?').run(sha256(token));
  }

  close(): void {
    this.db.close();
  }

  private row(name: string): Row | null {
    return (this.db.prepare('SELECT * FROM accounts WHERE name = ?').get(name) as Row | undefined) ?? null;
  }

  private stamp(): string {
    return new Date(this.now()).toISOString();
  }
}
