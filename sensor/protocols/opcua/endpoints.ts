/** What servers offer, compared over time: a server that suddenly offers less security is misconfigured, or another one answers. */
import type { Ceiling } from '../../coverage.ts';
import type { Call, Fields, Item } from './call.ts';
import { Latest } from './latest.ts';

/** Lists remembered; the one used least recently makes room. */
export const MAX_LISTS = 1024;
/** Endpoints of one list; a longer one is not compared. */
const MAX_ENDPOINTS = 64;
/** Endpoints told as added or removed. */
const MAX_TOLD = 20;

/** Part 7, 6.6: policies by strength; those in force are 2. */
const STRENGTH = new Map([
  ['None', 0],
  ['Basic128Rsa15', 1],
  ['Basic256', 1],
]);
const MODE = ['Invalid', 'None', 'Sign', 'SignAndEncrypt'];

/** An endpoint's identity is how it is secured and where. A server puts into the URL the host name that its client used: that is left out. */
type Offer = { text: string; strength: number };

/** Endpoint lists of all servers. */
export class EndpointLists {
  private readonly lists = new Latest<ReadonlyMap<string, Offer>>('opcua endpoint lists', MAX_LISTS);

  ceiling(): Ceiling {
    return this.lists.ceiling();
  }

  /**
   * Remembers the list that `service` of `server` gave, whole and in order, and puts into its fields how it differs from the one before: `opcua.endpoints_changed`,
   * what was added and removed, and whether something added is weaker than all there was. Nothing for the first list, and for one that stayed the same.
   */
  compare(server: string, service: string, { fields, leftOff }: Call): void {
    const endpoints = fields['opcua.endpoints'];
    if (!Array.isArray(endpoints) || endpoints.length === 0 || endpoints.length > MAX_ENDPOINTS || leftOff > 0) return;
    const key = `${server} ${service} ${JSON.stringify(fields['opcua.profiles'] ?? null)}`;
    const now = new Map((endpoints as Item[]).map(offer));
    const before = this.lists.get(key);
    this.lists.set(key, now);
    if (before !== undefined) Object.assign(fields, difference(before, now));
  }
}

function offer(endpoint: Item): [string, Offer] {
  const policy = String(endpoint['security_policy']);
  const mode = String(endpoint['security_mode']);
  const url = String(endpoint['url']);
  const where = url.replace(/^[a-z.]+:\/\/[^/]*?(?=:\d+(\/|$)|\/|$)/i, '').slice(0, 256);
  const strength = (STRENGTH.get(policy) ?? 2) * MODE.length + Math.max(0, MODE.indexOf(mode));
  return [`${policy} ${mode} ${where}`, { text: `${policy} ${mode} ${url}`, strength }];
}

function difference(before: ReadonlyMap<string, Offer>, now: ReadonlyMap<string, Offer>): Fields {
  const added = [...now].filter(([key]) => !before.has(key)).map(([, one]) => one);
  const removed = [...before].filter(([key]) => !now.has(key)).map(([, one]) => one);
  if (added.length === 0 && removed.length === 0) return {};
  const weakest = Math.min(...[...before.values()].map((one) => one.strength));
  return {
    'opcua.endpoints_changed': true,
    'opcua.endpoints_added': added.slice(0, MAX_TOLD).map((one) => one.text),
    'opcua.endpoints_removed': removed.slice(0, MAX_TOLD).map((one) => one.text),
    'opcua.endpoints_weaker': added.some((one) => one.strength < weakest),
  };
}
