/** Failures of one key before it has to wait. */
export const FREE_FAILURES = 5;
/** Failures of one address over all names before it has to wait: guessing one password for many names. */
export const FREE_ADDRESS_FAILURES = 20;
/** The longest wait, ms. */
export const MAX_WAIT = 15 * 60_000;
/** Keys remembered. The one that failed longest ago goes first. */
export const MAX_KEYS = 10_000;

type Failures = { count: number; until: number };

/** Back-off after failed logins: 2 s after the free ones, then doubling. Waits are per name and address, so nobody can lock out someone else. */
export class Attempts {
  private readonly failures = new Map<string, Failures>();
  private readonly limit: number;

  constructor(limit = MAX_KEYS) {
    this.limit = limit;
  }

  get size(): number {
    return this.failures.size;
  }

  /** How long this name at this address has to wait yet, ms. */
  wait(name: string, address: string, at: number): number {
    return Math.max(0, ...keys(name, address).map(({ key }) => (this.failures.get(key)?.until ?? 0) - at));
  }

  failed(name: string, address: string, at: number): void {
    for (const { key, free } of keys(name, address)) this.count(key, free, at);
  }

  /** A success forgives the name at this address; the address keeps its count until it has been quiet for MAX_WAIT. */
  succeeded(name: string, address: string): void {
    this.failures.delete(pair(name, address));
  }

  private count(key: string, free: number, at: number): void {
    const before = this.failures.get(key);
    const count = before === undefined || at - before.until > MAX_WAIT ? 1 : before.count + 1;
    const wait = count < free ? 0 : Math.min(MAX_WAIT, 2000 * 2 ** Math.min(20, count - free));
    this.failures.delete(key);
    this.failures.set(key, { count, until: at + wait });
    if (this.failures.size > this.limit) this.failures.delete(this.failures.keys().next().value as string);
  }
}

const pair = (name: string, address: string) => `name ${name.toLowerCase().slice(0, 64)} ${address}`;
const keys = (name: string, address: string) => [
  { key: pair(name, address), free: FREE_FAILURES },
  { key: `address ${address}`, free: FREE_ADDRESS_FAILURES },
];
