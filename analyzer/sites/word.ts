/** What a sensor says of itself, as far as it can be so: anybody who may write to the cluster may have written it. */
import type { InterfaceCoverage, Status } from '../coverage.ts';
import type { Presence } from '../store/elastic/presence.ts';

/** Years of clocks that have four digits. */
const LATEST = Date.UTC(10_000, 0) - 1;

/** `*` is all sites. */
const isName = (name: string): boolean => name !== '' && name !== '*' && !/\p{Cc}/u.test(name);

/** A clock that says no time is as good as none. */
function clockOf(clock: string): string {
  const at = Date.parse(clock);
  return at >= 0 && at <= LATEST && /^\d{4}-/.test(clock) ? clock : '';
}

const textOf = (said: unknown): string => (typeof said === 'string' ? said : '');

function lineOf({ driver, up, ...line }: InterfaceCoverage): InterfaceCoverage {
  return { ...line, ...(typeof driver === 'string' ? { driver } : {}), ...(typeof up === 'boolean' ? { up } : {}) };
}

function statusOf(status: Status): Status {
  const { coverage } = status;
  return {
    ...status,
    source: textOf(status.source),
    clock: clockOf(status.clock),
    coverage: { ...coverage, interfaces: coverage.interfaces.map(lineOf) },
  };
}

/** The same with sane dates; null where it is no sensor's of a site. */
export function sound(presence: Presence): Presence | null {
  const { site, contact, status } = presence;
  if (!isName(site) || !(contact >= 0 && Number.isFinite(contact))) return null;
  return { ...presence, status: statusOf(status) };
}
