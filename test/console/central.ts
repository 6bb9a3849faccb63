/** A console over two small sites in memory, with the same devices, findings and facts at both. */
import type { Decision } from '../../analyzer/finding.ts';
import type { Store } from '../../analyzer/store/store.ts';
import { openAccounts } from '../../ui/accounts.ts';
import { createCentral } from '../../ui/central.ts';
import type { ConsoleOptions } from '../../ui/console.ts';
import { fill, memoryStore, PASSWORD, TOKEN, visitor } from './fixture.ts';
import { rules } from './happenings.ts';
import { status } from './plant.ts';

export const SITES = ['North', 'South'];

/** Lists of all sites name the site; here what is the last site's stands for all. */
function over(store: Store): Store {
  const site = SITES.at(-1) as string;
  const named = async <T extends object>(page: Promise<{ items: T[]; next: string | null; total: number }>) => {
    const { items, ...rest } = await page;
    return { ...rest, items: items.map((one) => ({ ...one, site })) };
  };
  const one = async <T extends object>(found: Promise<T | null>) => {
    const it = await found;
    return it === null ? null : { ...it, site };
  };
  return {
    ...store,
    findings: (query) => named(store.findings(query)),
    assets: (query) => named(store.assets(query)),
    facts: (query) => named(store.facts(query)),
    finding: (id) => one(store.finding(id)),
    asset: (id) => one(store.asset(id)),
  };
}

export async function centralOver(more: (site: string | null) => Partial<ConsoleOptions> = () => ({})) {
  const accounts = openAccounts(':memory:', { cost: { N: 1024, r: 8, p: 1 } });
  await accounts.create('boss', PASSWORD, 'administrator');
  await accounts.create('nora', PASSWORD, 'analyst', { sites: ['North'] });
  await accounts.create('sam', PASSWORD, 'analyst', { sites: ['South'] });
  const stores = Object.fromEntries(SITES.map((site) => [site, memoryStore()]));
  for (const store of Object.values(stores)) await fill(store);
  const seen = (sites: string[]) => SITES.filter((site) => sites.length === 0 || sites.includes(site));
  const options = (site: string | null): ConsoleOptions => {
    const store = site === null ? over(stores[SITES.at(-1) as string] as Store) : (stores[site] as Store);
    return {
      store,
      accounts,
      status: () => status(),
      rules,
      decide: (one, known) => store.decide(one, known),
      sites: { here: site, all: (account) => seen(account.sites), views: async () => [] },
      now: () => new Date(),
      setupToken: TOKEN,
      ...more(site),
    };
  };
  const app = createCentral({ accounts, sites: ({ sites }) => seen(sites), site: options, all: () => options(null) });
  const decided = (): [string, Decision['kind']][] =>
    SITES.flatMap((site) => stores[site]?.decided.map(({ kind }): [string, Decision['kind']] => [site, kind]) ?? []);
  const enter = async (name: string) => {
    const visit = visitor(app);
    await visit.logIn(name);
    return visit;
  };
  return { stores, decided, enter };
}
