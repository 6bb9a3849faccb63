import { ACK, FIN, type Packet, RST, SYN } from '../decode/packet.ts';
import type { Side } from '../protocols/dissector.ts';
import type { Flow, Half, Held } from './flow.ts';
import { sum } from './sum.ts';

/** Segments and bytes of one direction that may wait for an earlier one. */
export const MAX_HELD_SEGMENTS = 64;
export const MAX_HELD_BYTES = 262_144;
/** Bytes of all directions that may wait, each segment counted with what it costs to keep one. */
export const MAX_HELD_IN_ALL = 67_108_864;
const SEGMENT_COST = 128;
/** How long (ms of capture time) a hole is waited for, while nothing comes in turn, before it counts as a gap. */
const HOLE_TIMEOUT = 1000;
/** Sequence numbers further ahead or behind than any window in use are not of this stream unless the next segment agrees. */
const MAX_WINDOW = 4_194_304;

/** Who takes bytes in order, and hears of holes and forgeries. */
export type Receiver = {
  data(flow: Flow, side: Side, view: DataView, start: number, end: number, at: number, frame: number): void;
  /** What comes next is not what was in turn: `lost` bytes are missing, or 0 where the stream went on elsewhere. */
  gap(flow: Flow, side: Side, lost: number, at: number): void;
  conflict(flow: Flow, side: Side, at: number, frame: number): void;
};

/** Puts the segments of TCP connections in order. Overlaps keep the first copy; a mirror port's duplicates are dropped and counted. */
export class Streams {
  /** Segments that lay outside any window. */
  outside = 0;
  /** Times a direction, or all together, held more than they may: the hole was given up. */
  overflowed = 0;
  /** What is held now, in the measure of MAX_HELD_IN_ALL. */
  held = 0;
  private readonly to: Receiver;

  constructor(to: Receiver) {
    this.to = to;
  }

  /** Takes the packet's segment; `side` sent it. */
  segment(flow: Flow, side: Side, p: Packet): void {
    const half = side === 0 ? flow.near : flow.far;
    const other = side === 0 ? flow.far : flow.near;
    if (other.held.length > 0) this.acknowledge(flow, (1 - side) as Side, other, p);
    if ((p.flags & (SYN | FIN | RST)) !== 0) this.control(flow, side, half, p);
    const length = p.end - p.pos;
    if (length <= 0 && p.missing === 0) return;
    const sequence = (p.flags & SYN) !== 0 ? (p.sequence + 1) | 0 : p.sequence;
    if (!half.started) {
      half.started = true;
      half.next = sequence;
      half.initial = (sequence - 1) | 0;
    }
    const ahead = (sequence - half.next) | 0;
    if (ahead === 0 && half.held.length === 0) this.inTurn(flow, side, half, p, length);
    else if (ahead <= 0 && ahead >= -MAX_WINDOW) this.overlap(flow, side, half, p, -ahead, length);
    else this.early(flow, side, half, p, sequence, ahead, length);
  }

  /** Who sent to acknowledges what lies behind a hole: it was on the wire, only the capture lost it, and nobody will send it again. */
  private acknowledge(flow: Flow, side: Side, half: Half, p: Packet): void {
    if ((p.flags & ACK) === 0) return;
    const start = (half.next + distance(half)) | 0;
    const beyond = (p.acknowledged - start) | 0;
    if (beyond >= 0 && beyond <= MAX_WINDOW) this.giveUp(flow, side, half, p.at);
  }

  private inTurn(flow: Flow, side: Side, half: Half, p: Packet, length: number): void {
    half.lastSequence = half.next;
    half.lastLength = length;
    half.lastSum = sum(p.view, p.pos, p.end);
    half.lastIpId = p.ipId;
    half.lastAt = p.at;
    half.gaveUp = false;
    half.next = (half.next + length) | 0;
    this.to.data(flow, side, p.view, p.pos, p.end, p.at, p.frame);
    if (p.missing > 0) this.skip(flow, side, half, p.missing, p.at);
  }

  /** SYN opens, FIN finishes a direction, RST both. */
  private control(flow: Flow, side: Side, half: Half, p: Packet): void {
    if ((p.flags & SYN) !== 0) {
      // A SYN that comes behind its own data must not turn the stream back.
      if (!half.started) half.next = (p.sequence + 1) | 0;
      half.started = true;
      half.opened = true;
      half.initial = p.sequence;
      const opener = (p.flags & ACK) === 0 ? side : ((1 - side) as Side);
      if (flow.opener < 0) flow.opener = opener;
      if (opener !== side) flow.established = true;
    }
    if ((p.flags & FIN) !== 0) {
      half.finished = true;
      if (flow.near.finished && flow.far.finished) flow.closed = true;
    }
    if ((p.flags & RST) !== 0) {
      flow.closed = true;
      flow.reset = true;
    }
  }

  /** The segment begins before its turn's end: a repeat, or one that brings some bytes again and some new. */
  private overlap(flow: Flow, side: Side, half: Half, p: Packet, old: number, length: number): void {
    if (half.gaveUp) {
      const into = (half.next - old - half.holeStart) | 0;
      if (into === 0) return this.wentOn(flow, side, half, p, length);
      if (into > 0 && into < ((half.holeEnd - half.holeStart) | 0)) return this.piece(flow, side, half, p, into);
    }
    if (old > 0) this.repeat(flow, side, half, p, length);
    if (old >= length + p.missing) return;
    if (half.held.length > 0) this.compare(flow, side, half, p, (half.next - old) | 0);
    this.hand(flow, side, half, p.view, p.pos, p.end, old, p.missing, p.at, p.frame);
    this.release(flow, side, half);
  }

  /**
   * The stream goes on where a hole was given up: its bytes come late, or what lay behind the hole was forged to lead astray.
   * When they fill it, what lay behind has been handed on already.
   */
  private wentOn(flow: Flow, side: Side, half: Half, p: Packet, length: number): void {
    const { holeStart, holeEnd, resumed } = half;
    half.next = holeStart;
    this.to.gap(flow, side, 0, p.at);
    this.inTurn(flow, side, half, p, length);
    if (((holeStart + length + p.missing) | 0) === holeEnd) half.next = resumed;
    this.release(flow, side, half);
  }

  /**
   * A piece from within a hole that was given up comes late. It stands alone, since what lies behind the hole was handed on already; but
   * when the stream goes on behind the piece, the hole was made by a forgery.
   */
  private piece(flow: Flow, side: Side, half: Half, p: Packet, into: number): void {
    const end = Math.min(p.end, p.pos + ((half.holeEnd - half.holeStart) | 0) - into);
    half.holeStart = (half.holeStart + into + end - p.pos) | 0;
    this.to.gap(flow, side, 0, p.at);
    this.to.data(flow, side, p.view, p.pos, end, p.at, p.frame);
    this.to.gap(flow, side, 0, p.at);
  }

  /** Passes on what is new of a segment whose first `old` bytes are known already; `lost` bytes behind it were not captured. */
  private hand(flow: Flow, side: Side, half: Half, view: DataView, start: number, end: number, old: number, lost: number, at: number, frame: number): void {
    const size = end - start;
    half.lastLength = -1;
    if (old < size) {
      half.lastAt = at;
      half.next = (half.next + size - old) | 0;
      this.to.data(flow, side, view, start + old, end, at, frame);
    }
    const missing = lost - Math.max(0, old - size);
    if (missing > 0) this.skip(flow, side, half, missing, at);
  }

  /** Bytes that contradict a segment still held are a flaw; the held copy came first and stays. */
  private compare(flow: Flow, side: Side, half: Half, p: Packet, sequence: number): void {
    let conflict = false;
    for (const held of half.held) {
      if (!differs(held, p, sequence)) continue;
      conflict = true;
      const before = (held.sequence - sequence) | 0;
      if (before < 0) continue;
      p.end = p.pos + before;
      p.missing = 0;
    }
    if (conflict) this.to.conflict(flow, side, p.at, p.frame);
  }

  /**
   * The same frame twice is the mirror's doing, another frame with the same bytes the sender's, other bytes a forgery. Of what was
   * handed on only the newest segment is remembered, by its sum.
   */
  private repeat(flow: Flow, side: Side, half: Half, p: Packet, length: number): void {
    // A keep-alive repeats one byte that was acknowledged already (RFC 9293 section 3.8.4); its content is undefined.
    if (length <= 1) return;
    const comparable = p.sequence === half.lastSequence && length === half.lastLength;
    if (comparable && p.ipId === half.lastIpId && p.version === 4) flow.duplicates++;
    else flow.retransmitted++;
    if (comparable && sum(p.view, p.pos, p.end) !== half.lastSum) this.to.conflict(flow, side, p.at, p.frame);
  }

  private early(flow: Flow, side: Side, half: Half, p: Packet, sequence: number, ahead: number, length: number): void {
    if (ahead > MAX_WINDOW || ahead < -MAX_WINDOW) {
      this.outside++;
      const again = sequence === half.candidate;
      half.candidate = (sequence + length + p.missing) | 0;
      if (again) this.jump(flow, side, half, sequence, p, length);
      return;
    }
    if (half.held.length > 0) this.compare(flow, side, half, p, sequence);
    const size = p.end - p.pos;
    if (half.held.some((h) => h.sequence === sequence && h.view.byteLength >= size)) {
      flow.retransmitted++;
      return;
    }
    this.hold(half, p, sequence, size);
    const waited = p.at - since(half);
    const full = half.held.length > MAX_HELD_SEGMENTS || half.heldBytes > MAX_HELD_BYTES || this.held > MAX_HELD_IN_ALL;
    if (full) this.overflowed++;
    if (full || waited > HOLE_TIMEOUT) this.giveUp(flow, side, half, p.at);
  }

  /** Two segments in a row agree on another place in the stream: so do we. */
  private jump(flow: Flow, side: Side, half: Half, sequence: number, p: Packet, length: number): void {
    this.held -= half.heldBytes + half.held.length * SEGMENT_COST;
    half.held.length = 0;
    half.heldBytes = 0;
    half.next = sequence;
    flow.gaps++;
    this.to.gap(flow, side, 0, p.at);
    this.inTurn(flow, side, half, p, length);
  }

  /** Keeps a copy, in the order of arrival. */
  private hold(half: Half, p: Packet, sequence: number, length: number): void {
    const bytes = new Uint8Array(length);
    bytes.set(new Uint8Array(p.view.buffer, p.view.byteOffset + p.pos, length));
    half.held.push({ sequence, view: new DataView(bytes.buffer), lost: p.missing, at: p.at, frame: p.frame });
    half.heldBytes += length;
    this.held += length + SEGMENT_COST;
  }

  /** Hands on what was held and is in turn now. */
  private release(flow: Flow, side: Side, half: Half): void {
    for (let i = this.turn(half); i >= 0; i = this.turn(half)) {
      const held = half.held.splice(i, 1)[0] as Held;
      const size = held.view.byteLength;
      half.heldBytes -= size;
      this.held -= size + SEGMENT_COST;
      this.hand(flow, side, half, held.view, 0, size, (half.next - held.sequence) | 0, held.lost, held.at, held.frame);
    }
  }

  /** Index of a held segment that begins at or before the next byte in turn, -1 when there is none. */
  private turn(half: Half): number {
    for (let i = 0; i < half.held.length; i++) {
      if ((((half.held[i] as Half['held'][0]).sequence - half.next) | 0) <= 0) return i;
    }
    return -1;
  }

  /** The hole will not be filled: tell of it and go on behind it. */
  giveUp(flow: Flow, side: Side, half: Half, at: number): void {
    const start = half.next;
    this.skip(flow, side, half, distance(half), at);
    half.holeStart = start;
    half.holeEnd = half.next;
    this.release(flow, side, half);
    half.resumed = half.next;
    half.gaveUp = true;
  }

  /** Holes that were waited for long enough, with no segment coming to say so. */
  tick(flow: Flow, at: number): void {
    for (const side of [0, 1] as const) {
      const half = flow.half(side);
      if (half.held.length > 0 && at - since(half) > HOLE_TIMEOUT) this.giveUp(flow, side, half, at);
    }
  }

  /** The flow ends: no hole will be filled any more. */
  end(flow: Flow, at: number): void {
    while (flow.near.held.length > 0) this.giveUp(flow, 0, flow.near, at);
    while (flow.far.held.length > 0) this.giveUp(flow, 1, flow.far, at);
  }

  private skip(flow: Flow, side: Side, half: Half, lost: number, at: number): void {
    half.next = (half.next + lost) | 0;
    half.lastLength = -1;
    flow.gaps++;
    flow.lostBytes += lost;
    this.to.gap(flow, side, lost, at);
  }
}

/** How many bytes the nearest segment held is ahead of the turn. */
function distance(half: Half): number {
  let nearest = MAX_WINDOW;
  for (const held of half.held) nearest = Math.min(nearest, (held.sequence - half.next) | 0);
  return nearest;
}

/** Since when the oldest hole is waited for. A stream that goes on in turn waits for nothing: what lies ahead of it may be forged. */
function since(half: Half): number {
  const first = (half.held[0] as Held).at;
  if (half.lastAt > first) return half.lastAt;
  return first;
}

/** Whether the packet, whose first byte is `sequence`, says something else than the held segment where both speak. */
function differs(held: Held, p: Packet, sequence: number): boolean {
  const from = (sequence - held.sequence) | 0;
  const end = Math.min(held.view.byteLength, from + p.end - p.pos);
  for (let i = Math.max(0, from); i < end; i++) {
    if (held.view.getUint8(i) !== p.view.getUint8(p.pos + i - from)) return true;
  }
  return false;
}
