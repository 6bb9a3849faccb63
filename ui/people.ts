/** Who may be given a finding. */
import type { Account } from './accounts.ts';
import { may } from './auth.ts';
import { type Console, siteOf } from './console.ts';

/** Whether two accounts see a site in common; no sites are all. */
const overlap = (a: readonly string[], b: readonly string[]): boolean => a.length === 0 || b.length === 0 || a.some((site) => b.includes(site));

/** Names of accounts that may decide here, of those that share a site with who asks: others are not known to them. */
export function assignable(console: Console, asking: Account): string[] {
  const here = siteOf(console);
  const sees = (sites: readonly string[]): boolean => overlap(sites, here === null ? asking.sites : [here]);
  return console.options.accounts.list().flatMap(({ name, role, sites }) => (may(role, 'analyst') && sees(sites) ? [name] : []));
}
