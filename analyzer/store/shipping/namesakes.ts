/** Other appliances that say they are the same site: what they store goes over what this one stores. */
import { presences } from '../elastic/presence.ts';
import type { Scope } from '../elastic/scope.ts';

/** ms within which somebody is there. */
const LATELY = 60_000;

/** One line for people, null when there is none. `now`: ms since the epoch. */
export async function namesakes(scope: Scope, now: number): Promise<string | null> {
  const others = (await presences(scope)).filter(({ observer, contact }) => observer !== scope.observer && Math.abs(now - contact) < LATELY);
  const [first] = others;
  if (first === undefined) return null;
  const name = JSON.stringify(first.observer.slice(0, 64));
  return `another appliance, ${name}, says that it is site ${JSON.stringify(scope.site)} too, and what each stores in Elasticsearch goes over the other's: give every appliance a site of its own (site)`;
}
