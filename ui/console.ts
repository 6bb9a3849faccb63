/** What every route and page works with. */
import type { Context } from 'hono';
import type { HtmlEscapedString } from 'hono/utils/html';
import type { Replayed, Status } from '../analyzer/coverage.ts';
import type { Decision, Level } from '../analyzer/finding.ts';
import { LEVELS, OPEN } from '../analyzer/finding.ts';
import type { Store } from '../analyzer/store/store.ts';
import type { Account, Accounts, Session } from './accounts.ts';

export type RuleSummary = {
  id: string;
  name: string;
  title: string;
  level: Level;
  enabled: boolean;
  catalogue: string[];
  /** ATT&CK ids or Sigma tags. */
  attack: string[];
  /** Why it cannot fire now, in words; null when it can. */
  cannot_fire: string | null;
  description: string;
  blind: string;
  /** Why it matters, for the finding's page. */
  why?: string;
};

export type ConsoleOptions = {
  store: Store;
  accounts: Accounts;
  status: () => Status;
  rules: () => RuleSummary[];
  /** Writes to the store and tells the analyzer; `alone`: see `Store.decide`. */
  decide: (decision: Decision, alone?: boolean) => Promise<void>;
  /** Ids of decisions on a subject that have not reached its site yet; absent where the site is here. */
  waiting?: (on: Decision['on']) => Promise<ReadonlySet<string>>;
  /** Of a console over many sites. */
  sites?: Sites;
  /** Sends once more what Elasticsearch refused; absent where nothing is shipped. */
  replay?: () => Promise<Replayed>;
  now: () => Date;
  /** Asked for by the first-run set-up. */
  setupToken: string;
  /** Where errors go that a page only hints at; stderr unless told otherwise. */
  log?: (line: string) => void;
};

/** A sensor of a site, as it said itself. */
export type SensorView = {
  name: string;
  version: string;
  /** When it was heard last, ms since the epoch. */
  contact: number;
  silent: boolean;
  status: Status;
};

export type SiteView = { name: string; sensors: SensorView[]; open: OpenByLevel };

export type Sites = {
  /** The site whose pages these are; null: all. */
  here: string | null;
  /** Names of those that an account may see. */
  all(account: Account): string[];
  views(account: Account): Promise<SiteView[]>;
};

/** `html` gives a promise when something inside it is one. */
export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

export type Env = { Variables: { session: Session | null } };
export type Ask = Context<Env>;

export type OpenByLevel = { [level in Level]: number };

/** The strip on top of every page, and what times on the page are relative to. */
export type Strip = {
  status: Status;
  sites?: Sites | undefined;
  open: OpenByLevel;
  /** ms since the epoch: the sensor's clock, which a replay puts in the past; the wall clock before the first frame. */
  clock: number;
};

/** Counting open findings is one query a page; it is asked again after this long, or after a decision. */
const OPEN_COUNTS_AGE = 2000;

export type Console = {
  options: ConsoleOptions;
  strip: () => Promise<Strip>;
  /** Decides and forgets cached counts. Without `after` it comes after all that are there. */
  decide: (decision: Decision) => Promise<void>;
};

export function openConsole(options: ConsoleOptions): Console {
  let counted = { at: Number.NEGATIVE_INFINITY, open: nothingOpen() };
  const open = async () => {
    const at = options.now().getTime();
    if (Math.abs(at - counted.at) > OPEN_COUNTS_AGE) counted = { at, open: await countOpen(options.store, options.now()) };
    return counted.open;
  };
  return {
    options,
    async strip() {
      const status = options.status();
      const clock = Date.parse(status.clock);
      return { status, sites: options.sites, open: await open(), clock: Number.isNaN(clock) ? options.now().getTime() : clock };
    },
    async decide(decision) {
      const alone = decision.after !== undefined;
      const after = decision.after ?? (await options.store.decisions(decision.on)).length;
      await options.decide({ ...decision, after }, alone);
      counted = { at: Number.NEGATIVE_INFINITY, open: nothingOpen() };
    },
  };
}

async function countOpen(store: Store, now: Date): Promise<OpenByLevel> {
  const open = nothingOpen();
  const facets = await store.findingFacets({ status: [...OPEN], at: now.toISOString() });
  for (const { value, count } of facets.level) if (value in open) open[value as Level] = count;
  return open;
}

export const nothingOpen = (): OpenByLevel => Object.fromEntries(LEVELS.map((level) => [level, 0])) as OpenByLevel;

/** Ids of decisions that have not reached their site yet. */
export const waitingOn = async ({ options }: Console, on: Decision['on']): Promise<ReadonlySet<string>> => (await options.waiting?.(on)) ?? new Set();

/** The site whose pages these are, where there are many. */
export const siteOf = ({ options }: Console): string | null => options.sites?.here ?? null;

/** The session of a route behind the gate. */
export function sessionOf(c: Ask): Session {
  const session = c.get('session');
  if (session === null) throw new Error('a route without a gate');
  return session;
}
