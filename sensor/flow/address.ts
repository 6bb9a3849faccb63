import { hash } from '../hash.ts';

/** IPv6 and link addresses known at a time; IPv4 addresses are their own numbers. */
export const MAX_ADDRESSES = 131_072;
const SLOTS = MAX_ADDRESSES * 2;
const WORDS = 5;

const KIND_IPV6 = 6;
const KIND_MAC = 1;

/** Gives IPv6 and MAC addresses numbers, so that a flow key is 32-bit words whatever the family. */
export class Addresses {
  /** Addresses that found no place: they share number 0. */
  refused = 0;
  count = 0;
  private readonly slot = new Int32Array(SLOTS);
  private readonly words = new Int32Array((MAX_ADDRESSES + 1) * WORDS);

  ipv6(w0: number, w1: number, w2: number, w3: number): number {
    return this.intern(KIND_IPV6, w0, w1, w2, w3);
  }

  mac(high: number, low: number): number {
    return this.intern(KIND_MAC, high, low, 0, 0);
  }

  /** The text of an interned address. */
  text(n: number): string {
    const i = n * WORDS;
    const w = this.words;
    if (w[i] === KIND_MAC) return macText(w[i + 1] as number, w[i + 2] as number);
    return ipv6Text(w[i + 1] as number, w[i + 2] as number, w[i + 3] as number, w[i + 4] as number);
  }

  private intern(kind: number, w0: number, w1: number, w2: number, w3: number): number {
    const h = hash(w0, w1, w2, w3) ^ kind;
    const w = this.words;
    for (let s = h & (SLOTS - 1); ; s = (s + 1) & (SLOTS - 1)) {
      const n = this.slot[s] as number;
      if (n === 0) return this.add(s, kind, w0, w1, w2, w3);
      const i = n * WORDS;
      if (w[i + 4] === w3 && w[i + 3] === w2 && w[i + 2] === w1 && w[i + 1] === w0 && w[i] === kind) return n;
    }
  }

  private add(slot: number, kind: number, w0: number, w1: number, w2: number, w3: number): number {
    if (this.count >= MAX_ADDRESSES) {
      this.refused++;
      return 0;
    }
    const n = ++this.count;
    this.slot[slot] = n;
    this.words.set([kind, w0, w1, w2, w3], n * WORDS);
    return n;
  }
}

export const ipv4Text = (word: number): string => `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;

const hex2 = (n: number): string => (n < 16 ? '0' : '') + n.toString(16);

export function macText(high: number, low: number): string {
  return `${hex2(high >> 8)}:${hex2(high & 255)}:${hex2(low >>> 24)}:${hex2((low >>> 16) & 255)}:${hex2((low >>> 8) & 255)}:${hex2(low & 255)}`;
}

/** RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups as `::`. */
export function ipv6Text(w0: number, w1: number, w2: number, w3: number): string {
  const groups = [w0 >>> 16, w0 & 0xffff, w1 >>> 16, w1 & 0xffff, w2 >>> 16, w2 & 0xffff, w3 >>> 16, w3 & 0xffff];
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && groups[i + n] === 0) n++;
    if (n > length) {
      start = i;
      length = n;
    }
  }
  const text = (part: number[]) => part.map((g) => g.toString(16)).join(':');
  return start < 0 ? text(groups) : `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}
