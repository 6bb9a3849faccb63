/** Keys that sort as people expect: times by instant, addresses by number; and texts as they are searched. */
import { isIPv4, isIPv6 } from 'node:net';
import { behindGateway } from '../asset.ts';
import { StoreError } from './store.ts';

/** Words of one search that are looked at; further ones are ignored. */
export const MAX_SEARCH_WORDS = 16;

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d+))?(?:Z|[+-]\d\d:\d\d)$/i;

/** What was read last: the same time is asked for several times over. */
let last = { text: '1970-01-01T00:00:00Z', micros: 0 };

/** RFC 3339 to whole microseconds since the epoch (below 2^53 until the year 2255); a StoreError (`query`) when it is not one. */
export function micros(text: string): number {
  if (text !== last.text) last = { text, micros: parsed(text) };
  return last.micros;
}

function parsed(text: string): number {
  const match = RFC3339.exec(text);
  const ms = match === null ? Number.NaN : Date.parse(text);
  if (match === null || Number.isNaN(ms))
    throw new StoreError('query', `${JSON.stringify(String(text).slice(0, 40))} is not a time: write it as 2026-11-23T10:00:00Z.`);
  const fraction = (match[1] ?? '').padEnd(6, '0');
  return Math.floor(ms / 1000) * 1_000_000 + Number(fraction.slice(0, 6));
}

/** Eight groups of an IPv6 address (RFC 4291, 2.2), each of four digits; an embedded IPv4 address stays as it is written. */
function ipv6Groups(address: string): string {
  const [head = '', tail] = address.split('%')[0]!.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  return [...left, ...Array<string>(zeros).fill('0'), ...right].map((group) => group.padStart(4, '0')).join(':');
}

/** IPv4 by number, then IPv6, then everything else (MAC addresses) as text; a device behind a gateway right after it, by unit. */
export function addressKey(address: string): string {
  const behind = behindGateway(address);
  if (behind !== null) return `${addressKey(behind.server)} ${String(behind.unit).padStart(3, '0')}`;
  const lower = address.toLowerCase();
  if (isIPv4(lower))
    return `4 ${lower
      .split('.')
      .map((part) => part.padStart(3, '0'))
      .join('.')}`;
  if (isIPv6(lower)) return `6 ${ipv6Groups(lower)} ${lower}`;
  return `9 ${lower}`;
}

/** Lower case, without NUL: text functions of databases stop there. */
export const searchable = (...texts: (string | null)[]): string =>
  texts
    .filter((text) => text !== null && text !== '')
    .join('\n')
    .replaceAll('\0', ' ')
    .toLowerCase();

/** The words that must all be found. */
export const words = (text: string): string[] => searchable(text).split(/\s+/).filter(Boolean).slice(0, MAX_SEARCH_WORDS);
