/** A console over a small plant in memory, for tests and pictures. */
import { best } from '../../analyzer/asset.ts';
import { type Decision, decidedStatus, type Finding, type FindingView, LEVELS, STATUSES } from '../../analyzer/finding.ts';
import { type AuditLine, type Batch, ENTRY_KINDS, type Entry, type Facet, type FindingQuery, type Store } from '../../analyzer/store/store.ts';
import { widthOf } from '../../analyzer/tags/tag.ts';
import { openAccounts, type Role } from '../../ui/accounts.ts';
import { type ConsoleOptions, createApp } from '../../ui/app.ts';
import { findings, observations, rules } from './happenings.ts';
import { assets, conversations, facts, registers, status } from './plant.ts';

export const PASSWORD = 'a quiet river at dawn';
export const TOKEN = 'one-time-set-up-token';

/** A store of arrays: enough for the console's questions, without cursors that survive a change. */
export class MemoryStore implements Store {
  readonly batch: Required<Batch> = {
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
  readonly decided: Decision[] = [];
  readonly lines: AuditLine[] = this.batch.audit;

  async save(batch: Batch): Promise<void> {
    for (const [kind, rows] of Object.entries(batch)) (this.batch[kind as keyof Batch] as unknown[]).push(...rows);
  }
  private view(finding: Finding): FindingView {
    const mine = this.decided.filter((one) => one.on.id === finding.id);
    const status = mine.reduce((at, one) => decidedStatus(at, one.kind), 'new' as FindingView['status']);
    return {
      ...finding,
      status,
      resolution: status === 'closed' ? (mine.findLast((one) => one.kind === 'close')?.resolution ?? null) : null,
      decided_by: mine.at(-1)?.by ?? null,
    };
  }
  private matching(query: FindingQuery): FindingView[] {
    const has = (text: string) => query.text === undefined || text.toLowerCase().includes(query.text.toLowerCase());
    return this.batch.findings
      .map((one) => this.view(one))
      .filter((one) => query.status?.includes(one.status) ?? true)
      .filter((one) => query.level?.includes(one.level) ?? true)
      .filter((one) => query.rule?.includes(one.rule.name) ?? true)
      .filter((one) => query.address === undefined || one.actor.ip === query.address || one.target.ip === query.address)
      .filter((one) => has(`${one.title} ${one.explanation} ${one.actor.ip} ${one.target.ip}`) && (query.since === undefined || one.last_seen >= query.since));
  }
  async findings(query: FindingQuery) {
    const by = query.sort ?? 'last_seen';
    const sorted = this.matching(query).sort((a, b) => (a[by] < b[by] ? 1 : -1));
    return page(query.order === 'asc' ? sorted.reverse() : sorted, query);
  }
  async findingFacets(query: FindingQuery) {
    const { status: _s, ...noStatus } = query;
    const { level: _l, ...noLevel } = query;
    const { rule: _r, ...noRule } = query;
    const status = tally(
      this.matching(noStatus).map((one) => one.status),
      STATUSES,
    );
    return {
      status,
      level: tally(
        this.matching(noLevel).map((one) => one.level),
        LEVELS,
      ),
      rule: tally(this.matching(noRule).map((one) => one.rule.name)),
    };
  }
  async finding(id: string) {
    const found = this.batch.findings.find((one) => one.id === id);
    return found === undefined ? null : this.view(found);
  }
  async assets(query: Parameters<Store['assets']>[0]) {
    const fits = (name: 'role' | 'protocol' | 'vendor') => (one: (typeof this.batch.assets)[number]) =>
      query[name] === undefined || one.attributes.some((attribute) => attribute.name === name && attribute.value === query[name]);
    const found = this.batch.assets.filter(fits('role')).filter(fits('protocol')).filter(fits('vendor'));
    return page(
      found.filter((one) => query.text === undefined || JSON.stringify(one).toLowerCase().includes(query.text.toLowerCase())),
      query,
    );
  }
  async assetFacets() {
    const of = (name: 'role' | 'protocol' | 'vendor') => tally(this.batch.assets.map((one) => best(one, name)));
    return { role: of('role'), protocol: of('protocol'), vendor: of('vendor') };
  }
  async asset(id: string) {
    return this.batch.assets.find((one) => one.id === id || one.address === id) ?? null;
  }
  async facts(query: Parameters<Store['facts']>[0]) {
    const fits = (one: (typeof this.batch.facts)[number]) =>
      (['kind', 'protocol', 'state', 'server', 'client'] as const).every((name) => query[name] === undefined || one[name] === query[name]);
    return page(this.batch.facts.filter(fits), query);
  }
  async conversations(query: { address?: string; limit?: number }) {
    return page(
      this.batch.conversations.filter((one) => query.address === undefined || one.client === query.address || one.server === query.address),
      query,
    );
  }
  async observations(query: { frames?: number[]; limit?: number }) {
    return this.batch.observations.filter((one) => query.frames === undefined || one.frames.some((n) => query.frames?.includes(n))).slice(0, query.limit);
  }
  async decide(decision: Decision) {
    if (!this.decided.some((one) => one.id === decision.id)) this.decided.push(decision);
  }
  async decisions(on: Decision['on']) {
    return this.decided.filter((one) => one.on.kind === on.kind && one.on.id === on.id);
  }
  async registers({ server, unit, table }: Parameters<Store['registers']>[0]) {
    const fits = (one: (typeof this.batch.registers)[number]) =>
      (server === undefined || one.server === server) && (unit === undefined || one.unit === unit) && (table === undefined || one.table === table);
    return this.batch.registers.filter(fits);
  }
  async tags({ owner, server, unit, table, from = 0, to = 65_536 }: Parameters<Store['tags']>[0]) {
    const counts = (list: (typeof this.batch.tagLists)[number]) =>
      this.decided.findLast((one) => one.kind === 'tags' && one.on.id === list.owner)?.edit?.['list'] === list.id;
    const lists = this.batch.tagLists.filter((list) => (owner === undefined || list.owner === owner) && counts(list));
    return lists
      .flatMap((list) => list.tags)
      .filter(
        (one) => (server === undefined || one.server === server) && (unit === undefined || one.unit === unit) && (table === undefined || one.table === table),
      )
      .filter((one) => one.address < to && one.address + widthOf(one) > from);
  }
  async tagLists(owner?: string) {
    const lists = this.batch.tagLists.filter((one) => owner === undefined || one.owner === owner);
    const counting = (of: string) => this.decided.findLast((one) => one.kind === 'tags' && one.on.id === of)?.edit?.['list'];
    return lists.map(({ id, owner, file, tags }) => ({ id, owner, file, tags: tags.length, counts: counting(owner) === id }));
  }
  async health() {
    return this.batch.health;
  }
  async audit(line: AuditLine) {
    this.lines.push(line);
  }
  async auditLines() {
    return { items: this.lines, next: null, total: this.lines.length };
  }
  async expire() {
    return 0;
  }
  async *entries(): AsyncGenerator<Entry> {
    const { tagLists, assets, facts, findings, conversations, registers, observations, health } = this.batch;
    const own = { audit: this.lines, decision: this.decided, tagList: tagLists, asset: assets, fact: facts, finding: findings };
    const all = { ...own, conversation: conversations, registers, observation: observations, health };
    for (const kind of ENTRY_KINDS) for (const value of all[kind]) yield { kind, value } as Entry;
  }
  async close() {}
}

function page<T>(all: T[], { limit = 50, cursor }: { limit?: number; cursor?: string }) {
  const from = Number(cursor ?? 0);
  return { items: all.slice(from, from + limit), next: from + limit < all.length ? String(from + limit) : null, total: all.length };
}

function tally(values: string[], order?: readonly string[]): Facet {
  const names = order ?? [...new Set(values)];
  return names.map((value) => ({ value, count: values.filter((one) => one === value).length })).filter((one) => one.count > 0);
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
    decide: (one) => store.decide(one),
    now: () => new Date(),
    setupToken: TOKEN,
    ...more,
  });
  return { app, accounts };
}

/** Asks as a browser would: keeps the cookie, sends Origin with forms. */
export function visitor(app: ReturnType<typeof createApp>) {
  let cookie = '';
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await app.request(`http://console.test${path}`, {
      ...init,
      headers: { ...(init.headers as Record<string, string>), ...(cookie === '' ? {} : { cookie }) },
    });
    cookie = response.headers.getSetCookie().at(-1)?.split(';')[0] ?? cookie;
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
