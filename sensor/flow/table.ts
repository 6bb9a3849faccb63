import type { Packet } from '../decode/packet.ts';
import { hash } from '../hash.ts';
import type { Side } from '../protocols/dissector.ts';
import { Addresses, ipv4Text } from './address.ts';
import { ANSWERED_FLOW, EMBRYONIC, Flow, RECOGNISED } from './flow.ts';

/** Flows followed at a time. */
export const MAX_FLOWS = 131_072;
/** Protocol number of flows between link addresses. */
export const LINK_PROTOCOL = 255;

/** Without a frame for so long (ms of capture time) a flow has ended, by tier. */
const IDLE = [30_000, 120_000, 3_600_000];
/** A closed connection lingers for stray acknowledgements. */
const LINGER = 5_000;
/** Recognised flows looked at for an idle one before a newcomer is refused its place. */
const SECOND_CHANCES = 32;
const BUSY = 60_000;

/** One tier's flows, oldest first. */
type Tier = { oldest: Flow | null; newest: Flow | null; size: number };

/**
 * All flows, by (address, address, ports, protocol and VLAN) in either direction: 32-bit words, IPv6 and link addresses interned.
 * Full, it gives up the oldest flow that nobody answered, then the oldest whose protocol is of no concern, and only then an idle
 * one of those we dissect: random flows push out random flows.
 */
export class FlowTable {
  readonly addresses = new Addresses();
  count = 0;
  /** Flows given up for room. */
  evicted = 0;
  private buckets: (Flow | null)[] = new Array(4096).fill(null);
  private readonly tiers: Tier[] = [EMBRYONIC, ANSWERED_FLOW, RECOGNISED].map(() => ({ oldest: null, newest: null, size: 0 }));
  private free: Flow | null = null;
  private readonly onEnd: (flow: Flow) => void;
  private readonly limit: number;
  /** Whether the last `find` made the flow, and which side of it the packet came from. */
  created = false;
  side: Side = 0;

  /** `onEnd` hears of every flow that leaves the table. `limit` is for tests that want to see the ceiling. */
  constructor(onEnd: (flow: Flow) => void, limit = MAX_FLOWS) {
    this.onEnd = onEnd;
    this.limit = limit;
  }

  /** The packet's flow, made when it is the first. */
  find(p: Packet): Flow {
    let source = p.source0;
    let destination = p.destination0;
    let protocol = p.protocol;
    if (p.version === 6) {
      source = this.addresses.ipv6(p.source0, p.source1, p.source2, p.source3);
      destination = this.addresses.ipv6(p.destination0, p.destination1, p.destination2, p.destination3);
      protocol |= 0x100;
    } else if (p.version === 0) {
      source = this.addresses.mac(p.macSourceHigh, p.macSourceLow);
      destination = this.addresses.mac(p.macDestinationHigh, p.macDestinationLow);
      protocol = LINK_PROTOCOL | 0x200;
    }
    const forward = source < destination || (source === destination && p.sourcePort <= p.destinationPort);
    this.side = forward ? 0 : 1;
    const ports = forward ? (p.sourcePort << 16) | p.destinationPort : (p.destinationPort << 16) | p.sourcePort;
    return forward ? this.look(p, source, destination, ports, protocol) : this.look(p, destination, source, ports, protocol);
  }

  /** The addresses of a packet that is not to be found: those met first count as the lower ones, whoever's flow it is. */
  meet(p: Packet): void {
    this.addresses.ipv6(p.source0, p.source1, p.source2, p.source3);
    this.addresses.ipv6(p.destination0, p.destination1, p.destination2, p.destination3);
  }

  private look(p: Packet, a: number, b: number, ports: number, protocol: number): Flow {
    // Two tags make 24 bits, more than an int32 has left beside the protocol.
    const rest = p.vlan * 1024 + protocol;
    const h = hash(a, b, ports, rest);
    for (let flow = this.buckets[h & (this.buckets.length - 1)] as Flow | null; flow !== null; flow = flow.chain) {
      if (flow.a === a && flow.b === b && flow.ports === ports && flow.rest === rest) {
        this.created = false;
        return flow;
      }
    }
    this.created = true;
    return this.make(p, a, b, ports, rest, h);
  }

  private make(p: Packet, a: number, b: number, ports: number, rest: number, h: number): Flow {
    if (this.count >= this.limit) this.evict(p.at);
    if (this.count >= this.buckets.length) this.rehash();
    const flow = this.free ?? new Flow();
    this.free = flow.chain;
    flow.clear();
    flow.a = a;
    flow.b = b;
    flow.ports = ports;
    flow.rest = rest;
    flow.transport = p.protocol === 17 ? 'udp' : 'tcp';
    flow.protocol = p.version === 0 ? LINK_PROTOCOL : p.protocol;
    flow.vlan = p.vlan;
    flow.port = [ports >>> 16, ports & 0xffff];
    flow.address = [this.text(a, p.version), this.text(b, p.version)];
    flow.firstAt = p.at;
    flow.firstFrame = p.frame;
    flow.lastFrame = p.frame;
    const bucket = h & (this.buckets.length - 1);
    flow.chain = this.buckets[bucket] as Flow | null;
    this.buckets[bucket] = flow;
    this.count++;
    this.append(flow, EMBRYONIC);
    return flow;
  }

  private text(word: number, version: number): string {
    return version === 4 ? ipv4Text(word) : this.addresses.text(word);
  }

  /** A flow earned a higher tier. */
  promote(flow: Flow, tier: number): void {
    if (flow.tier >= tier) return;
    this.unlink(flow);
    this.append(flow, tier);
  }

  /** Ends flows that fell silent or were closed, tier by tier, oldest first. */
  expire(at: number): void {
    this.each((flow) => {
      const idle = at - flow.lastAt;
      if (idle > (IDLE[flow.tier] as number) || (flow.closed && idle > LINGER)) this.end(flow);
    });
  }

  /** Every flow, tier by tier, oldest first. */
  each(visit: (flow: Flow) => void): void {
    for (const tier of this.tiers) {
      for (let flow = tier.oldest; flow !== null; ) {
        const next: Flow | null = flow.newer;
        visit(flow);
        flow = next;
      }
    }
  }

  /** Flows that have a dissector. */
  dissected(visit: (flow: Flow) => void): void {
    for (let flow = (this.tiers[RECOGNISED] as Tier).oldest; flow !== null; flow = flow.newer) visit(flow);
  }

  end(flow: Flow): void {
    this.onEnd(flow);
    this.unlink(flow);
    const bucket = hash(flow.a, flow.b, flow.ports, flow.rest) & (this.buckets.length - 1);
    if (this.buckets[bucket] === flow) {
      this.buckets[bucket] = flow.chain;
    } else {
      let before = this.buckets[bucket] as Flow;
      while (before.chain !== flow) before = before.chain as Flow;
      before.chain = flow.chain;
    }
    flow.clear();
    flow.chain = this.free;
    this.free = flow;
    this.count--;
  }

  private evict(at: number): void {
    this.evicted++;
    for (const tier of [this.tiers[EMBRYONIC], this.tiers[ANSWERED_FLOW]] as Tier[]) {
      if (tier.oldest === null) continue;
      this.end(tier.oldest);
      return;
    }
    const last = this.tiers[RECOGNISED] as Tier;
    for (let n = 0; n < SECOND_CHANCES && at - (last.oldest as Flow).lastAt < BUSY; n++) {
      const flow = last.oldest as Flow;
      this.unlink(flow);
      this.append(flow, RECOGNISED);
    }
    this.end(last.oldest as Flow);
  }

  private append(flow: Flow, n: number): void {
    const tier = this.tiers[n] as Tier;
    flow.tier = n;
    flow.since = flow.lastFrame;
    flow.older = tier.newest;
    flow.newer = null;
    if (tier.newest === null) tier.oldest = flow;
    else tier.newest.newer = flow;
    tier.newest = flow;
    tier.size++;
  }

  private unlink(flow: Flow): void {
    const tier = this.tiers[flow.tier] as Tier;
    if (flow.older === null) tier.oldest = flow.newer;
    else flow.older.newer = flow.newer;
    if (flow.newer === null) tier.newest = flow.older;
    else flow.newer.older = flow.older;
    tier.size--;
  }

  private rehash(): void {
    const old = this.buckets;
    this.buckets = new Array(old.length * 4).fill(null);
    for (const head of old) {
      for (let flow = head; flow !== null; ) {
        const next: Flow | null = flow.chain;
        const bucket = hash(flow.a, flow.b, flow.ports, flow.rest) & (this.buckets.length - 1);
        flow.chain = this.buckets[bucket] as Flow | null;
        this.buckets[bucket] = flow;
        flow = next;
      }
    }
  }
}
