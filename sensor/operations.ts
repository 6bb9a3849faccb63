import { hash } from './hash.ts';
import type { Definition, Peer, Value } from './observation.ts';
import type { Writer } from './writer.ts';

/** Operations known at a time. A large plant has tens of thousands. */
export const MAX_OPERATIONS = 131_072;
/** Peers (client, server, port, protocol) known at a time. */
export const MAX_PEERS = 65_536;
/** Times an operation must be seen before a newcomer may no longer push it out of a full table. */
export const ESTABLISHED = 3;

const SLOTS = MAX_OPERATIONS * 2;

/**
 * Interns operations: the same (peer, a, b, c) gives the same number again, without an allocation. What `a`, `b` and `c` mean is
 * the protocol's business (Modbus: unit and function, address and quantity, the rest; OPC UA: hashes of the request).
 *
 * When the table is full a newcomer replaces the oldest operation that was seen fewer than ESTABLISHED times, so a host that
 * makes up operations pushes out its own. With none to replace the answer is 0: keep the observation, learn nothing.
 */
export class Operations {
  /** Newcomers that found no place. */
  refused = 0;
  /** Operations whose number was given to a newcomer. */
  retired = 0;
  private readonly slot = new Int32Array(SLOTS);
  private readonly peerOf = new Int32Array(MAX_OPERATIONS + 1);
  private readonly a = new Int32Array(MAX_OPERATIONS + 1);
  private readonly b = new Int32Array(MAX_OPERATIONS + 1);
  private readonly c = new Int32Array(MAX_OPERATIONS + 1);
  private readonly seen = new Uint8Array(MAX_OPERATIONS + 1);
  private readonly born = new Uint32Array(MAX_OPERATIONS + 1);
  private births = 0;
  private readonly young = new Int32Array(MAX_OPERATIONS);
  private youngStart = 0;
  private youngCount = 0;
  private count = 0;
  private readonly peers = new Map<string, Peer>();
  private readonly writer: Writer;
  private readonly limit: number;

  /** `limit` is for tests that want to see the ceiling. */
  constructor(writer: Writer, limit = MAX_OPERATIONS) {
    this.writer = writer;
    this.limit = limit;
  }

  get size(): number {
    return this.count;
  }

  /** The peer with these properties, interned. Past MAX_PEERS every newcomer is peer 0, which has no operations. */
  peer(of: Omit<Peer, 'number'>): Peer {
    const key = `${of.client} ${of.server} ${of.port} ${of.transport} ${of.protocol} ${of.vlan}`;
    const known = this.peers.get(key);
    if (known !== undefined) return known;
    if (this.peers.size >= MAX_PEERS) return { number: 0, ...of };
    const peer = { number: this.peers.size + 1, ...of };
    this.peers.set(key, peer);
    return peer;
  }

  /** The number of this operation, or -1 when it was never defined (then call `define`). 0 for peer 0. */
  find(peer: number, a: number, b: number, c: number): number {
    if (peer === 0) return 0;
    for (let i = hash(peer, a, b, c) & (SLOTS - 1); ; i = (i + 1) & (SLOTS - 1)) {
      const n = this.slot[i] as number;
      if (n === 0) return -1;
      if (this.a[n] === a && this.b[n] === b && this.peerOf[n] === peer && this.c[n] === c) {
        const seen = this.seen[n] as number;
        if (seen < ESTABLISHED) this.seen[n] = seen + 1;
        return n;
      }
    }
  }

  /** Changes when a number is given to another operation: what waited for a response under it must not be counted as the newcomer. */
  generation(operation: number): number {
    return this.born[operation] as number;
  }

  /** Gives a new operation its number and tells the consumer. 0 when there is no place for it. */
  define(peer: Peer, a: number, b: number, c: number, kind: Definition['kind'], fields: { [field: string]: Value }): number {
    const retired = this.retired;
    const n = this.place();
    if (n === 0) {
      this.refused++;
      return 0;
    }
    // Rows of the number's former owner must be read before its new definition.
    if (this.retired !== retired) this.writer.flush();
    this.born[n] = ++this.births;
    this.peerOf[n] = peer.number;
    this.a[n] = a;
    this.b[n] = b;
    this.c[n] = c;
    this.seen[n] = 1;
    this.insert(n);
    this.young[(this.youngStart + this.youngCount++) % this.limit] = n;
    this.writer.define({ operation: n, kind, peer, fields });
    return n;
  }

  private place(): number {
    if (this.count < this.limit) return ++this.count;
    while (this.youngCount > 0) {
      const n = this.young[this.youngStart] as number;
      this.youngStart = (this.youngStart + 1) % this.limit;
      this.youngCount--;
      if ((this.seen[n] as number) >= ESTABLISHED) continue;
      this.remove(n);
      this.retired++;
      return n;
    }
    return 0;
  }

  private home(n: number): number {
    return hash(this.peerOf[n] as number, this.a[n] as number, this.b[n] as number, this.c[n] as number) & (SLOTS - 1);
  }

  private insert(n: number): void {
    let i = this.home(n);
    while (this.slot[i] !== 0) i = (i + 1) & (SLOTS - 1);
    this.slot[i] = n;
  }

  /** Linear probing without tombstones: what follows the hole is moved up where its home allows. */
  private remove(n: number): void {
    let hole = this.home(n);
    while (this.slot[hole] !== n) hole = (hole + 1) & (SLOTS - 1);
    this.slot[hole] = 0;
    for (let i = (hole + 1) & (SLOTS - 1); this.slot[i] !== 0; i = (i + 1) & (SLOTS - 1)) {
      const home = this.home(this.slot[i] as number);
      if (((i - home) & (SLOTS - 1)) >= ((i - hole) & (SLOTS - 1))) {
        this.slot[hole] = this.slot[i] as number;
        this.slot[i] = 0;
        hole = i;
      }
    }
  }
}
