/** What every route and page works with. */
import type { Context } from 'hono';
import type { HtmlEscapedString } from 'hono/utils/html';
import type { Replayed, Status } from '../analyzer/coverage.ts';
import type { Decision, Level } from '../analyzer/finding.ts';
import { knew } from '../analyzer/finding.ts';
import type { Store } from '../analyzer/store/store.ts';
import type { Account, Accounts, Session } from './accounts.ts';
import { type OpenByLevel, OpenCounts } from './opencounts.ts';

export { nothingOpen, type OpenByLevel } from './opencounts.ts';

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
  /** Writes to the store and tells the analyzer; `known`: see `Store.decide`. */
  decide: (decision: Decision, known?: readonly string[]) => Promise<void>;
  /** Ids of decisions on a subject that have not reached its site yet; absent where the site is here. */
  waiting?: (on: Decision['on']) => Promise<ReadonlySet<string>>;
  /** Those of these facts, by id, on which a decision has not reached their site yet; absent where the site is here. */
  waitingFacts?: (facts: string[]) => Promise<ReadonlySet<string>>;
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

/** The strip on top of every page, and what times on the page are relative to. */
export type Strip = {
  status: Status;
  sites?: Sites | undefined;
  open: OpenByLevel;
  /** ms since the epoch: the sensor's clock, which a replay puts in the past; the wall clock before the first frame. */
  clock: number;
};

export type Console = {
  options: ConsoleOptions;
  strip: () => Promise<Strip>;
  /** The same without asking the store: where it may be what fails. */
  known: () => Strip;
  /** Decides and forgets cached counts. It comes after the decisions that its maker knew (`knownOf`), without `known` after all that are there. */
  decide: (decision: Decision, known?: readonly string[]) => Promise<void>;
};

export function openConsole(options: ConsoleOptions): Console {
  const counts = new OpenCounts(options.store, options.now);
  const known = (): Strip => {
    const status = options.status();
    const clock = Date.parse(status.clock);
    return { status, sites: options.sites, open: counts.known(), clock: Number.isNaN(clock) ? options.now().getTime() : clock };
  };
  return {
    options,
    known,
    strip: async () => ({ ...known(), open: await counts.open() }),
    async decide(decision, known) {
      const decisions = await options.store.decisions(decision.on);
      const after = known === undefined ? decisions.length : knew(known, decisions).length;
      await options.decide({ ...decision, after }, known);
      counts.forget();
    },
  };
}

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
