/** A console over a small plant in memory, for tests and pictures. */
import type { Decision } from '../../analyzer/finding.ts';
import { openSqlite } from '../../analyzer/store/sqlite.ts';
import type { AuditLine, Batch, Store } from '../../analyzer/store/store.ts';
import { openAccounts, type Role } from '../../ui/accounts.ts';
import { type ConsoleOptions, createApp } from '../../ui/app.ts';
import { findings, observations, rules } from './happenings.ts';
import { assets, conversations, facts, registers, status } from './plant.ts';

export const PASSWORD = 'a quiet river at dawn';
export const TOKEN = 'one-time-set-up-token';

/** A store in memory that also remembers, in order, what it was given. */
export function memoryStore() {
  const store = openSqlite(':memory:');
  const given: Required<Batch> = {
    findings: [],
    assets: [],
    facts: [],
    conversations: [],
    observations: [],
    health: [],
    registers: [],
    tagLists: [],
    audit: [],
  };
  const decided: Decision[] = [];
  const lines: AuditLine[] = [];
  return {
    ...store,
    given,
    decided,
    lines,
    async save(batch: Batch): Promise<void> {
      await store.save(batch);
      for (const [kind, rows] of Object.entries(batch)) (given[kind as keyof Batch] as unknown[]).push(...rows);
    },
    async decide(decision: Decision, known?: readonly string[]): Promise<void> {
      await store.decide(decision, known);
      if (!decided.some(({ id }) => id === decision.id)) decided.push(decision);
    },
    async audit(line: AuditLine): Promise<void> {
      await store.audit(line);
      lines.push(line);
    },
  };
}

/** The plant of `plant.ts`, put into any store. */
export async function fill(store: Store): Promise<void> {
  await store.save({
    assets: assets(),
    facts: facts(),
    findings: findings(),
    conversations: conversations(),
    observations: observations(),
    registers: registers(),
  });
}

/** A console with one account of each role, named by the role. */
export async function consoleOver(store: Store, more: Partial<ConsoleOptions> = {}) {
  const accounts = openAccounts(':memory:', { cost: { N: 1024, r: 8, p: 1 } });
  for (const role of ['viewer', 'analyst', 'administrator'] satisfies Role[]) await accounts.create(role, PASSWORD, role);
  const app = createApp({
    store,
    accounts,
    status: () => status(),
    rules,
    decide: (one, known) => store.decide(one, known),
    now: () => new Date(),
    setupToken: TOKEN,
    ...more,
  });
  return { app, accounts };
}

/** Asks as a browser would: keeps the cookie, sends Origin with forms. */
export function visitor(app: ReturnType<typeof createApp>) {
  const cookies = new Map<string, string>();
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await app.request(`http://console.test${path}`, {
      ...init,
      headers: {
        ...(init.headers as Record<string, string>),
        ...(cookies.size === 0 ? {} : { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') }),
      },
    });
    for (const line of response.headers.getSetCookie()) cookies.set(...((line.split(';')[0] as string).split('=', 2) as [string, string]));
    return { status: response.status, location: response.headers.get('location'), headers: response.headers, text: await response.text() };
  };
  const post = (
    path: string,
    fields: { [name: string]: string | string[] },
    headers: { [name: string]: string } = { origin: 'http://console.test', host: 'console.test' },
  ) => {
    const body = new URLSearchParams(Object.entries(fields).flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, one])));
    return ask(path, { method: 'POST', body: body.toString(), headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers } });
  };
  const logIn = (name: string) => post('/login', { name, password: PASSWORD });
  /** The hidden fields of the first form on a page that posts to `action`. */
  const form = (text: string, action: string): { [name: string]: string } => {
    const start = text.indexOf(`action="${action}"`);
    const part = text.slice(start, text.indexOf('</form>', start));
    return Object.fromEntries([...part.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)].map((match) => [match[1] as string, match[2] as string]));
  };
  return { ask, post, logIn, form };
}
