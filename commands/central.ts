/** The console over many sites: reads the cluster, decides for sites, and notices those that fall silent. */

import { Roll } from '../analyzer/sites/roll.ts';
import { Silence } from '../analyzer/sites/silence.ts';
import { together } from '../analyzer/sites/together.ts';
import { decisionsWaiting } from '../analyzer/store/elastic/decisions.ts';
import { install } from '../analyzer/store/elastic/install.ts';
import { presences } from '../analyzer/store/elastic/presence.ts';
import { type Scope, scopeOf } from '../analyzer/store/elastic/scope.ts';
import { openBySite } from '../analyzer/store/elastic/sites.ts';
import { elasticStore, record } from '../analyzer/store/elastic.ts';
import type { Store } from '../analyzer/store/store.ts';
import type { Config } from '../config.ts';
import type { Account } from '../ui/accounts.ts';
import { createCentral } from '../ui/central.ts';
import { type ConsoleOptions, nothingOpen, type RuleSummary, type SiteView } from '../ui/console.ts';
import { clusterScope, lifecycleOf } from './cluster.ts';
import { say } from './command.ts';
import { Front } from './front.ts';
import { claim } from './lock.ts';
import { compileRules } from './pass.ts';
import { stateDirectory } from './state.ts';

/** How often (ms) sites are asked for, and silence is looked for. */
const REFRESH = 2000;
const LOOK = 10_000;

export class Central {
  private readonly config: Config;
  private readonly scope: Scope;
  private readonly roll = new Roll();
  private readonly stores = new Map<string, Store>();
  private readonly silence: Silence;
  private front: Front | null = null;
  private release: () => void = () => {};
  private refreshed = Number.NEGATIVE_INFINITY;
  private trouble = '';
  private timer: NodeJS.Timeout | null = null;
  private looking: Promise<void> = Promise.resolve();

  constructor(config: Config) {
    this.config = config;
    this.scope = clusterScope(config, null);
    this.silence = new Silence({
      rules: compileRules(config.rules),
      raise: (site, finding) => this.of(site).save({ findings: [finding] }),
      over: (site, decision) => record(this.at(site), decision, false),
    });
  }

  async start(kept: boolean): Promise<void> {
    const state = stateDirectory(this.config.state);
    this.release = claim(state);
    await install(this.scope, lifecycleOf(this.config)).catch((error: unknown) => this.complain(error));
    this.front = new Front(state, kept);
    const { accounts } = this.front;
    const app = createCentral({
      accounts,
      sites: (account) => this.seen(account),
      site: (name) => this.console(name, this.of(name), null),
      all: (account) => this.console(null, elasticStore(this.among(account)), account),
      refresh: () => this.refresh(),
    });
    await this.front.open(app, this.config.listen);
    this.timer = setInterval(() => {
      this.looking = this.look();
    }, LOOK);
    await this.look();
  }

  async stop(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await this.looking;
    await this.front?.close();
    this.front?.accounts.close();
    await this.scope.client.close();
    this.release();
  }

  private complain(error: unknown): void {
    const { message } = error as Error;
    if (message !== this.trouble) say(message);
    this.trouble = message;
  }

  private async refresh(): Promise<void> {
    if (performance.now() - this.refreshed < REFRESH) return;
    this.refreshed = performance.now();
    try {
      this.roll.call(await presences(this.scope), Date.now());
      this.trouble = '';
    } catch (error) {
      this.complain(error);
    }
  }

  /** Silence is only known of while the cluster answers. */
  private async look(): Promise<void> {
    await this.refresh();
    if (this.trouble !== '') return;
    await this.silence.look(this.roll.all(), Date.now()).catch((error: unknown) => this.complain(error));
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
    const known = this.stores.get(site) ?? elasticStore(this.at(site));
    this.stores.set(site, known);
    return known;
  }

  /** The console of a site, or of all that an account may see. */
  private console(site: string | null, store: Store, account: Account | null): ConsoleOptions {
    const sensors = () => this.roll.all().filter((one) => (site === null ? account === null || this.seen(account).includes(one.site) : one.site === site));
    const scope = site === null ? null : this.at(site);
    return {
      store,
      accounts: (this.front as Front).accounts,
      status: () => ({
        ...together(sensors(), (one) => (site === null ? one.site : one.observer), site ?? `${new Set(sensors().map((one) => one.site)).size} sites`),
        ...(this.trouble === '' ? {} : { local: this.trouble }),
      }),
      rules: () => rulesOf(sensors().map((one) => one.rules as RuleSummary[])),
      decide: async (decision, alone) => {
        if (scope === null) throw new Error('a decision is taken at a site');
        await record(scope, decision, false, alone);
      },
      ...(scope === null ? {} : { waiting: async (on) => new Set((await decisionsWaiting(scope, on)).map((source) => String(source['stillwatch.id']))) }),
      sites: { here: site, all: (one) => this.seen(one), views: (one) => this.views(one) },
      now: () => new Date(),
      setupToken: (this.front as Front).setupToken,
    };
  }

  private async views(account: Account): Promise<SiteView[]> {
    const open = await openBySite(this.among(account));
    return this.seen(account).map((name) => ({
      name,
      sensors: this.roll.of(name).map(({ observer, version, contact, silent, status }) => ({ name: observer, version, contact, silent, status })),
      open: { ...nothingOpen(), ...Object.fromEntries(open.get(name) ?? []) },
    }));
  }
}

/** Each rule once; it cannot fire where no sensor's can. */
function rulesOf(all: readonly RuleSummary[][]): RuleSummary[] {
  const found = new Map<string, RuleSummary>();
  for (const rule of all.flat()) {
    const known = found.get(rule.name);
    if (known === undefined || (known.cannot_fire !== null && rule.cannot_fire === null)) found.set(rule.name, rule);
  }
  return [...found.values()];
}
