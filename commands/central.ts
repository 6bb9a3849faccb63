/** The console over many sites: reads the cluster, decides for sites, and notices those that fall silent. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Decision } from '../analyzer/finding.ts';
import { Roll } from '../analyzer/sites/roll.ts';
import { rulesIn, rulesTogether, type SitedRule } from '../analyzer/sites/rules.ts';
import { Silence } from '../analyzer/sites/silence.ts';
import { together } from '../analyzer/sites/together.ts';
import { waitingAmong } from '../analyzer/sites/waiting.ts';
import { decisionsWaiting } from '../analyzer/store/elastic/decisions.ts';
import { install } from '../analyzer/store/elastic/install.ts';
import { presences, rulesBySensor } from '../analyzer/store/elastic/presence.ts';
import { type Scope, scopeOf } from '../analyzer/store/elastic/scope.ts';
import { openBySite } from '../analyzer/store/elastic/sites.ts';
import { elasticStore, record } from '../analyzer/store/elastic.ts';
import { openSqlite } from '../analyzer/store/sqlite.ts';
import type { Store } from '../analyzer/store/store.ts';
import type { Config } from '../config.ts';
import type { Account } from '../ui/accounts.ts';
import { createCentral } from '../ui/central.ts';
import { type ConsoleOptions, nothingOpen, type SiteView } from '../ui/console.ts';
import { clusterScope } from './cluster.ts';
import { say } from './command.ts';
import { Front } from './front.ts';
import { claim } from './lock.ts';
import { compileRules } from './pass.ts';
import { Reach } from './reach.ts';
import { stateDirectory } from './state.ts';

/** How often (ms) sites are asked for, silence is looked for, and their rules are read. */
const REFRESH = 2000;
const LOOK = 10_000;
const READ_RULES = 60_000;
/** ms that a page waits for an answer. */
const PAGE = 10_000;

export class Central {
  private readonly config: Config;
  private readonly scope: Scope;
  private readonly roll = new Roll();
  private readonly reach = new Reach();
  private readonly stores = new Map<string, Store>();
  private readonly silence: Silence;
  private front: Front | null = null;
  private release: () => void = () => {};
  private rules: { site: string; rules: SitedRule[] }[] = [];
  private installed = false;
  /** Why sites cannot be asked for, '' when they can; and what was complained of last by each that is done again and again. */
  private trouble = '';
  private readonly complaints = new Map<number, string>();
  /** What accounts did here: the trail of a site is the site's. */
  private trail: Store | null = null;
  private readonly stopped = new AbortController();
  private work: Promise<unknown> = Promise.resolve();

  constructor(config: Config) {
    this.config = config;
    this.scope = clusterScope(config, null, PAGE);
    this.silence = new Silence({
      rules: compileRules(config.rules),
      raise: (site, finding) => this.of(site).save({ findings: [finding] }),
      over: (site, decision) => record(this.at(site), decision, false),
    });
  }

  async start(kept: boolean): Promise<void> {
    const state = stateDirectory(this.config.state);
    this.release = claim(state);
    this.trail = openSqlite(join(state, 'stillwatch.db'));
    this.front = new Front(state, kept);
    const { accounts } = this.front;
    const app = createCentral({
      accounts,
      sites: (account) => this.seen(account),
      site: (name) => this.console(name, this.of(name), null),
      all: (account) => this.console(null, this.reach.over(elasticStore(this.among(account))), account),
    });
    // Told by the loop, should it fail.
    await this.refresh().catch(() => undefined);
    await this.front.open(app, this.config.listen);
    const loops: [number, () => Promise<void>][] = [
      [LOOK, () => this.install()],
      [REFRESH, () => this.refresh()],
      [LOOK, () => this.look()],
      [READ_RULES, () => this.readRules()],
    ];
    this.work = Promise.all(loops.map(([ms, work], n) => this.every(n, ms, work)));
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.front?.close();
    await this.work;
    await this.scope.client.close();
    this.front?.accounts.close();
    await this.trail?.close();
    this.release();
  }

  /** Templates and indices, where a site has not made them yet. */
  private async install(): Promise<void> {
    if (this.installed) return;
    const { client, prefix } = clusterScope(this.config, null);
    try {
      await install({ client, prefix }, undefined);
      this.installed = true;
    } finally {
      await client.close();
    }
  }

  /** Now and again and again, in the background: pages never wait for it. What fails is said once. */
  private async every(n: number, ms: number, work: () => Promise<void>): Promise<void> {
    const { signal } = this.stopped;
    while (!signal.aborted) {
      await work().then(
        () => this.complaints.delete(n),
        (error: Error) => signal.aborted || this.complain(n, error.message),
      );
      await sleep(ms, undefined, { signal }).catch(() => undefined);
    }
  }

  private complain(n: number, message: string): void {
    // Until the cluster is ready it lacks what the others ask for: what is in the way of that is told by the first.
    if (n > 0 && !this.installed) return;
    if (![...this.complaints.values()].includes(message)) say(message);
    this.complaints.set(n, message);
  }

  private async refresh(): Promise<void> {
    try {
      const known = this.roll.all().length;
      this.roll.call(await this.reach.probe(() => presences(this.scope)), Date.now());
      if (this.roll.all().length !== known) await this.readRules();
      this.trouble = '';
    } catch (error) {
      this.trouble = (error as Error).message;
      this.roll.lose();
      throw error;
    }
  }

  private async readRules(): Promise<void> {
    this.rules = (await this.reach.ask(() => rulesBySensor(this.scope))).map(({ site, rules }) => ({ site, rules: rulesIn(rules) }));
  }

  /** Silence is only known of while the cluster answers. */
  private async look(): Promise<void> {
    if (this.trouble === '' && this.reach.away === '') await this.silence.look(this.roll.all(), Date.now());
  }

  private seen({ sites }: Account): string[] {
    return this.roll.sites.filter((site) => sites.length === 0 || sites.includes(site));
  }

  private among(account: Account | null): Scope {
    const scope = scopeOf(this.scope, null);
    return account === null || account.sites.length === 0 ? scope : { ...scope, among: account.sites };
  }

  private at(site: string): Scope {
    return scopeOf(this.scope, site, 'central', this.config.organization);
  }

  private of(site: string): Store {
    const known = this.stores.get(site) ?? this.reach.over(elasticStore(this.at(site)));
    this.stores.set(site, known);
    return known;
  }

  /** The console of a site, or of all that an account may see. */
  private console(site: string | null, store: Store, account: Account | null): ConsoleOptions {
    const sensors = () => this.roll.all().filter((one) => (site === null ? account === null || this.seen(account).includes(one.site) : one.site === site));
    const scope = site === null ? null : this.at(site);
    return {
      store: { ...store, audit: (line) => (this.trail as Store).audit(line) },
      accounts: (this.front as Front).accounts,
      status: () => ({
        ...together(sensors(), (one) => (site === null ? one.site : one.observer), site ?? `${new Set(sensors().map((one) => one.site)).size} sites`),
        ...(this.trouble === '' && this.reach.away === '' ? {} : { local: this.reach.away || this.trouble }),
      }),
      rules: () => {
        const names = new Set(sensors().map((one) => one.site));
        return rulesTogether(this.rules.filter((one) => names.has(one.site)).map(({ rules }) => rules));
      },
      decide: async (decision, known) => {
        if (scope === null) throw new Error('a decision is taken at a site');
        await this.reach.ask(() => record(scope, decision, false, known));
      },
      ...(scope === null
        ? {}
        : { waiting: (on) => this.waiting(scope, on), waitingFacts: (facts) => this.reach.ask(() => waitingAmong(scope, 'fact', facts)) }),
      sites: { here: site, all: (one) => this.seen(one), views: (one) => this.views(one) },
      now: () => new Date(),
      setupToken: (this.front as Front).setupToken,
    };
  }

  /** Ids of decisions on a subject that its site has not taken yet. */
  private async waiting(scope: Scope, on: Decision['on']): Promise<ReadonlySet<string>> {
    const found = await this.reach.ask(() => decisionsWaiting(scope, { kind: on.kind, ids: [on.id] }));
    return new Set(found.map((source) => String(source['stillwatch.id'])));
  }

  private async views(account: Account): Promise<SiteView[]> {
    const open = await this.reach.ask(() => openBySite(this.among(account), new Date().toISOString()));
    return this.seen(account).map((name) => ({
      name,
      sensors: this.roll.of(name).map(({ observer, version, contact, silent, status }) => ({ name: observer, version, contact, silent, status })),
      open: { ...nothingOpen(), ...Object.fromEntries(open.get(name) ?? []) },
    }));
  }
}
