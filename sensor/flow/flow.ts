import type { Dissector, FlowInfo, Side } from '../protocols/dissector.ts';
import type { Copies } from './copies.ts';

/** How far a flow may be trusted with memory; the lowest tier is pushed out first. */
export const EMBRYONIC = 0;
export const ANSWERED_FLOW = 1;
export const RECOGNISED = 2;

/** What became of finding out the protocol. */
export const UNDECIDED = 0;
export const DISSECTED = 1;
export const NAMED = 2;

/** Bytes of one direction that wait for more of the same message. */
export type Pending = { bytes: Uint8Array; view: DataView; length: number; frame: number };

/** A segment that came before its turn: a copy. `lost` bytes behind it were on the wire but not captured. */
export type Held = { sequence: number; view: DataView; lost: number; at: number; frame: number };

/** One direction of a flow. */
export class Half {
  /** TCP: the next sequence number in turn (int32), once `started`. */
  next = 0;
  started = false;
  /** TCP: the number that it began with, as its SYN said when `opened`, else as the first segment seen lets assume. */
  initial = 0;
  opened = false;
  finished = false;
  frames = 0;
  bytes = 0;
  /** Last segments' sequence, length and sum, to tell a repeat from a forgery. */
  lastSequence = 0;
  lastLength = -1;
  lastSum = 0;
  lastIpId = -1;
  lastAt = Number.NaN;
  /** A hole was given up and nothing came behind it since: where it began and ended, and where the stream went on after what waited. */
  gaveUp = false;
  holeStart = 0;
  holeEnd = 0;
  resumed = 0;
  /** Where a run of segments outside the window would go on: two in a row are a new truth. */
  candidate = 0;
  /** UDP: the last datagrams, once there is one. */
  copies: Copies | null = null;
  pending: Pending | null = null;
  held: Held[] = [];
  heldBytes = 0;
  macHigh = -1;
  macLow = 0;

  reset(): void {
    this.next = 0;
    this.started = false;
    this.opened = false;
    this.finished = false;
    this.frames = 0;
    this.bytes = 0;
    this.lastLength = -1;
    this.lastIpId = -1;
    this.lastAt = Number.NaN;
    this.gaveUp = false;
    this.candidate = 0;
    this.copies = null;
    this.pending = null;
    this.held.length = 0;
    this.heldBytes = 0;
    this.macHigh = -1;
    this.macLow = 0;
  }
}

/** A conversation of two endpoints, in both directions. Reused through the table's free list. */
export class Flow implements FlowInfo {
  /** Key words, see table.ts. */
  a = 0;
  b = 0;
  ports = 0;
  rest = 0;
  transport: 'tcp' | 'udp' = 'tcp';
  /** IANA protocol number, 255 for link-layer flows. */
  protocol = 0;
  vlan = 0;
  address: [string, string] = ['', ''];
  port: [number, number] = [0, 0];
  opener: Side | -1 = -1;
  readonly near = new Half();
  readonly far = new Half();
  firstAt = Number.NaN;
  lastAt = Number.NaN;
  firstFrame = 0;
  lastFrame = 0;
  tier = EMBRYONIC;
  /** Frame at which it came into its tier. */
  since = 0;
  state = UNDECIDED;
  /** Tries at recognising so far. */
  tries = 0;
  dissector: Dissector | null = null;
  /** `network.protocol`, '' while unknown. */
  service = '';
  /** TCP: a SYN was answered; a reset or both FINs were seen. */
  established = false;
  closed = false;
  reset = false;
  gaps = 0;
  lostBytes = 0;
  retransmitted = 0;
  duplicates = 0;
  flaws = 0;
  /** Neighbours in the table's list of its tier, and the next in its bucket. */
  older: Flow | null = null;
  newer: Flow | null = null;
  chain: Flow | null = null;

  half(side: Side): Half {
    return side === 0 ? this.near : this.far;
  }

  /** As new, for another conversation or another connection on the same ports. */
  clear(): void {
    this.opener = -1;
    this.near.reset();
    this.far.reset();
    this.state = UNDECIDED;
    this.tries = 0;
    this.dissector = null;
    this.service = '';
    this.established = false;
    this.closed = false;
    this.reset = false;
    this.gaps = 0;
    this.lostBytes = 0;
    this.retransmitted = 0;
    this.duplicates = 0;
    this.flaws = 0;
  }
}
