import { DISSECTED, type Flow, type Half, NAMED, type Pending, RECOGNISED, UNDECIDED } from '../flow/flow.ts';
import type { FlowTable } from '../flow/table.ts';
import { type Dissector, MORE, NOT_MINE, type Protocol, type Side, type Sink, YES } from './dissector.ts';
import { protocols } from './index.ts';
import { nameService } from './services/services.ts';

/** Bytes of one direction that may wait for the rest of a message. OPC UA's largest chunk in use is 1 MiB. */
export const MAX_PENDING = 2_097_152;
/** Bytes of all directions that may wait. */
export const MAX_PENDING_IN_ALL = 134_217_728;
/** Bytes that may be too few to tell a protocol by, however small the segments they come in: more than the largest Modbus message. */
const MAX_UNDECIDED = 512;
/** Payloads looked at before a flow on a port that is a hint is only named: it may begin with something else. */
const HINTED_TRIES = 64;

/** Finds out which protocol a flow speaks and hands its bytes to the dissector, keeping what is not used yet. */
export class Dispatch {
  /** Times a direction, or all together, had more waiting than they may: treated as a gap. */
  overflowed = 0;
  /** Bytes kept for what waits. */
  waiting = 0;
  private readonly sink: Sink;
  private readonly table: FlowTable;
  private readonly onIdentified: (flow: Flow, at: number, frame: number) => void;

  constructor(sink: Sink, table: FlowTable, onIdentified: (flow: Flow, at: number, frame: number) => void) {
    this.sink = sink;
    this.table = table;
    this.onIdentified = onIdentified;
  }

  /** Bytes of `side`, in order. */
  data(flow: Flow, side: Side, view: DataView, start: number, end: number, at: number, frame: number): void {
    if (flow.state === NAMED) return;
    if (flow.state === UNDECIDED) return this.recognise(flow, side, view, start, end, at, frame);
    const half = side === 0 ? flow.near : flow.far;
    if (half.pending !== null) return this.dataBehind(flow, side, half, view, start, end, at, frame);
    const used = (flow.dissector as Dissector).feed(side, view, start, end, at, frame);
    if (used === end - start) return;
    if (used === NOT_MINE) return this.disown(flow, view, start, end, at, frame);
    this.keep(flow, side, half, view, start + used, end, at, frame);
  }

  /** One datagram: whole or nothing. */
  datagram(flow: Flow, side: Side, view: DataView, start: number, end: number, at: number, frame: number): void {
    if (start >= end || flow.state === NAMED) return;
    if (flow.state === UNDECIDED) {
      const protocol = this.candidate(flow, view, start, end);
      if (protocol === null || protocol === MORE) return this.name(flow, view, start, end, at, frame);
      this.adopt(flow, protocol, at, frame);
    }
    const used = (flow.dissector as Dissector).feed(side, view, start, end, at, frame);
    if (used === NOT_MINE) this.disown(flow, view, start, end, at, frame);
  }

  /** Bytes are missing: what waited for them is useless. */
  gap(flow: Flow, side: Side, at: number): void {
    this.drop(flow.half(side));
    flow.dissector?.gap(side, at);
  }

  private dataBehind(flow: Flow, side: Side, half: Half, view: DataView, start: number, end: number, at: number, frame: number): void {
    if (!this.keep(flow, side, half, view, start, end, at, frame)) return;
    const pending = half.pending as Pending;
    const used = (flow.dissector as Dissector).feed(side, pending.view, 0, pending.length, at, pending.frame);
    if (used === NOT_MINE) return this.disown(flow, pending.view, 0, pending.length, at, frame);
    if (used >= pending.length) {
      this.drop(half);
    } else if (used > 0) {
      pending.bytes.copyWithin(0, used, pending.length);
      pending.length -= used;
      pending.frame = frame;
    }
  }

  /** Copies what is to wait. False when there is no room: then it is a gap. */
  private keep(flow: Flow, side: Side, half: Half, view: DataView, start: number, end: number, at: number, frame: number): boolean {
    const length = (half.pending?.length ?? 0) + end - start;
    if (length > MAX_PENDING || this.waiting + length > MAX_PENDING_IN_ALL) {
      this.overflowed++;
      this.gap(flow, side, at);
      return false;
    }
    const pending = this.room(half, length);
    pending.bytes.set(new Uint8Array(view.buffer, view.byteOffset + start, end - start), pending.length);
    pending.length = length;
    pending.frame = Math.max(pending.frame, frame);
    return true;
  }

  /** Where `length` bytes can wait, with those that wait already. */
  private room(half: Half, length: number): Pending {
    const before = half.pending;
    const had = before?.bytes.length ?? 0;
    if (before !== null && length <= had) return before;
    const bytes = new Uint8Array(Math.min(MAX_PENDING, Math.max(512, length, had * 2)));
    this.waiting += bytes.length - had;
    if (before !== null) bytes.set(before.bytes);
    return (half.pending = { bytes, view: new DataView(bytes.buffer), length: before?.length ?? 0, frame: before?.frame ?? 0 });
  }

  private drop(half: Half): void {
    if (half.pending === null) return;
    this.waiting -= half.pending.bytes.length;
    half.pending = null;
  }

  /** The flow ends: nothing more will come for what waits. */
  end(flow: Flow): void {
    this.drop(flow.near);
    this.drop(flow.far);
  }

  private recognise(flow: Flow, side: Side, view: DataView, start: number, end: number, at: number, frame: number): void {
    const half = flow.half(side);
    if (half.pending !== null) {
      if (!this.keep(flow, side, half, view, start, end, at, frame)) return;
      const pending = half.pending as Pending;
      return this.judge(flow, side, half, pending.view, 0, pending.length, at, frame, true);
    }
    this.judge(flow, side, half, view, start, end, at, frame, false);
  }

  private judge(flow: Flow, side: Side, half: Half, view: DataView, start: number, end: number, at: number, frame: number, kept: boolean): void {
    const found = this.candidate(flow, view, start, end);
    const hinted = flow.tries < HINTED_TRIES && protocols.some((p) => hints(p, flow));
    flow.tries++;
    if (found === MORE && end - start < MAX_UNDECIDED) {
      if (!kept) this.keep(flow, side, half, view, start, end, at, frame);
      return;
    }
    if (found === null || found === MORE) {
      // On a port that is a hint the flow may still begin with something else, unless its bytes say plainly what it is.
      if (!hinted || nameService(view, start, end, flow.transport, flow.port[0], flow.port[1]) !== '') this.name(flow, view, start, end, at, frame);
      this.drop(half);
      return;
    }
    this.adopt(flow, found, at, frame);
    this.drop(half);
    const other = (1 - side) as Side;
    const earlier = flow.half(other).pending;
    this.drop(flow.half(other));
    if (earlier !== null) this.data(flow, other, earlier.view, 0, earlier.length, at, earlier.frame);
    this.data(flow, side, view, start, end, at, frame);
  }

  /** The protocol that claims these bytes, MORE when one may with more of them, null when none does. */
  private candidate(flow: Flow, view: DataView, start: number, end: number): Protocol | typeof MORE | null {
    let more = false;
    for (const hinted of [true, false]) {
      for (const protocol of protocols) {
        if ((protocol.transport !== 'any' && protocol.transport !== flow.transport) || hints(protocol, flow) !== hinted) continue;
        const answer = protocol.recognise(view, start, end, hinted);
        if (answer === YES) return protocol;
        if (answer === MORE) more = true;
      }
    }
    return more ? MORE : null;
  }

  private adopt(flow: Flow, protocol: Protocol, at: number, frame: number): void {
    flow.state = DISSECTED;
    flow.service = protocol.name;
    flow.dissector = protocol.open(flow, this.sink);
    this.table.promote(flow, RECOGNISED);
    this.onIdentified(flow, at, frame);
  }

  /** The dissector says it was wrong. */
  private disown(flow: Flow, view: DataView, start: number, end: number, at: number, frame: number): void {
    flow.dissector = null;
    this.end(flow);
    this.name(flow, view, start, end, at, frame);
  }

  private name(flow: Flow, view: DataView, start: number, end: number, at: number, frame: number): void {
    flow.state = NAMED;
    flow.service = nameService(view, start, end, flow.transport, flow.port[0], flow.port[1]);
    this.onIdentified(flow, at, frame);
  }
}

const hints = (protocol: Protocol, flow: Flow): boolean => protocol.ports.includes(flow.port[0]) || protocol.ports.includes(flow.port[1]);
