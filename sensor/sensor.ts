import './engine.ts';
import type { Block, Interface } from './capture/source.ts';
import { Decoder, HELD, IP, LINK, TCP, UDP, UNDECODED } from './decode/decode.ts';
import { ACK, type Packet, SYN } from './decode/packet.ts';
import { Copies } from './flow/copies.ts';
import { ANSWERED_FLOW, type Flow, type Half, NAMED, UNDECIDED } from './flow/flow.ts';
import { renewed } from './flow/renewal.ts';
import { flowEnd, flowIdentified, flowStart } from './flow/report.ts';
import { Streams } from './flow/stream.ts';
import { FlowTable } from './flow/table.ts';
import { Health, Judge, lossOf, type Measure, type Told } from './health.ts';
import type { Batch, Coverage } from './observation.ts';
import { Operations } from './operations.ts';
import { Order } from './order.ts';
import { Dispatch } from './protocols/dispatch.ts';
import type { LinkFrame, Side, Sink } from './protocols/dissector.ts';
import { linkProtocols, protocols } from './protocols/index.ts';
import type { Keyring } from './protocols/opcua/keys/keyring.ts';
import { recentCeiling } from './protocols/recent.ts';
import { nameLink } from './protocols/services/services.ts';
import { memberOf, type Share } from './share.ts';
import { Tally } from './tally.ts';
import { trouble } from './trouble.ts';
import { Writer } from './writer.ts';

/** ms of capture time between housekeeping rounds. */
const TICK = 1000;
/** Capture time that goes back this far (ms), or leaps ahead that far, is a step of the clock or a seam between captures. */
const STEP_BACK = 1000;
const LEAP = 3_600_000;
/** `loss.reason` of what crosses from a sensor that sees a share only; it ends in `process/merge.ts`. */
export const MEASURED = 'measured';
/** Frames of a connection's one side, without one of the other, that show that the mirror port does not show the other: TCP acknowledges. */
export const ONE_SIDED = 20;

export type SensorSettings = {
  /** ms that a server may take to answer; learned of each connection when it is not given. */
  responseTimeout?: number | undefined;
  /** Of OPC UA applications; what is said of a capture depends on them. */
  keys?: Keyring | undefined;
  /** How many were taken before. */
  frames?: number;
  /** How many it may number. */
  operations?: number;
  /** Of the frames it is given only these are its own; it keeps in what order it tells of them. */
  share?: Share | undefined;
};

/** Frames in, batches of observations out. The same frames give the same batches, whatever blocks they come in. */
export class Sensor {
  /** Frames taken so far; also the number of the newest. */
  frames = 0;
  /** Capture time of the newest frame, or until when it is known that none came; NaN before the first. */
  clock = Number.NaN;
  /** Where the frames come from. */
  interfaces: () => readonly Interface[] = () => [];
  private readonly writer: Writer;
  private readonly operations: Operations;
  private readonly decoder = new Decoder();
  private readonly table: FlowTable;
  private readonly streams: Streams;
  private readonly dispatch: Dispatch;
  private readonly tally = new Tally();
  private readonly health: Health;
  private readonly share: Share | null;
  /** Where several share the frames. */
  readonly order: Order | null;
  private readonly links = new Map<number, { see(frame: LinkFrame): void }>();
  private nextTick = Number.NaN;
  /** Reused for every frame that a link dissector sees. */
  private readonly linkFrame: { -readonly [key in keyof LinkFrame]: LinkFrame[key] } = {
    view: new DataView(new ArrayBuffer(0)),
    start: 0,
    end: 0,
    source: '',
    destination: '',
    vlan: 0,
    at: 0.5,
    frame: 0,
  };
  private readonly sink: Sink;

  constructor(onBatch: (batch: Batch) => void, { responseTimeout, keys, frames = 0, operations, share }: SensorSettings = {}) {
    this.frames = frames;
    this.share = share ?? null;
    this.order = share === undefined ? null : new Order();
    this.writer = new Writer(onBatch, this.order);
    this.operations = new Operations(this.writer, operations);
    const sink: Sink = { writer: this.writer, operations: this.operations, responseTimeout, keys };
    this.sink = sink;
    this.table = new FlowTable((flow) => {
      this.order?.of(flow, 1 + flow.tier);
      this.ended(flow, true);
    });
    this.dispatch = new Dispatch(sink, this.table, (flow, at, frame) => this.writer.detail(flowIdentified(flow, at, frame), at, frame));
    this.streams = new Streams({
      data: (flow, side, view, start, end, at, frame) => this.dispatch.data(flow, side, view, start, end, at, frame),
      gap: (flow, side, lost, at) => this.gap(flow, side, lost, at),
      conflict: (flow, side, at, frame) => this.conflict(flow, side, at, frame),
    });
    const judge = new Judge((reason, how) => this.tell(reason, how));
    this.health = new Health(
      this.tally,
      () => this.ceilings(),
      (measure) => (this.share === null ? judge.judge(measure) : this.measured(measure)),
    );
    for (const protocol of linkProtocols) {
      const open = protocol.open(sink);
      for (const etherType of protocol.etherTypes) this.links.set(etherType, open);
    }
  }

  /** Takes every frame of a block. `flush`: whether what came of it is handed on at once, or with what comes next. */
  take(block: Block, flush = true): void {
    for (let i = 0; i < block.count; i++) this.frame(block, i);
    if (block.count === 0 && !(block.idleUntil <= this.nextTick)) this.idle(block.idleUntil);
    if (flush) this.writer.flush();
  }

  /** The capture ended: what is open is reported. */
  end(): void {
    this.order?.between(this.frames);
    for (const { name, dropped, driver } of this.interfaces()) {
      // Of live capture that is told when it happens.
      if (driver === undefined && (dropped ?? 0) > 0 && this.isFirst) this.tell('kernel_drop', { frames: dropped as number, on: name });
    }
    this.table.each((flow) => {
      this.order?.of(flow, flow.tier);
      this.ended(flow, false);
    });
    this.order?.between(this.frames, true);
    if (!Number.isNaN(this.clock)) this.health.look(this.interfaces());
    this.writer.flush();
  }

  /** What was seen and what was not, so far. */
  coverage(): Coverage {
    return this.tally.coverage(this.interfaces(), this.table, this.ceilings());
  }

  private frame(block: Block, i: number): void {
    const at = block.at[i] as number;
    if (!(at < this.nextTick && at >= this.clock - STEP_BACK)) this.tick(at);
    this.clock = at;
    const n = ++this.frames;
    const kind = this.decoder.decode(block, i, n);
    if (this.share === null) this.own(block, i, kind);
    else this.shared(block, i, kind, this.share);
  }

  /** One of the frames that others see too. What is no conversation is the first's, and so is counting. */
  private shared(block: Block, i: number, kind: number, { member, members }: Share): void {
    const p = this.decoder.packet;
    this.order?.frame(p.frame);
    const decoded = kind !== UNDECODED && kind !== HELD;
    if (decoded && p.version === 6) this.table.meet(p);
    if ((decoded ? memberOf(p, kind, members) : 0) === member) this.own(block, i, kind);
  }

  private own(block: Block, i: number, kind: number): void {
    const id = block.interfaceId[i] as number;
    const length = block.length[i] as number;
    this.tally.frame(id, length);
    if ((block.captured[i] as number) < length) this.tally.truncated(id);
    const p = this.decoder.packet;
    if (kind === TCP) this.segment(p, length, id);
    else if (kind === UDP) this.datagram(p, length, id);
    else if (kind === IP) this.other(p, length, '');
    else if (kind === LINK) this.link(p, length);
    else if (kind === UNDECODED) this.tally.undecoded(id);
    else if (kind === HELD) this.tally.fragment(length);
  }

  private segment(p: Packet, length: number, id: number): void {
    const flow = this.table.find(p);
    const side = this.table.side;
    const fresh = this.table.created;
    if (!fresh && (p.flags & SYN) !== 0 && renewed(flow, flow.half(side), p)) this.again(flow, p);
    const half = this.count(flow, side, p, length);
    if (fresh || half.frames === 1) this.meet(flow, half, p, fresh);
    const announce = flow.near.frames + flow.far.frames === 1;
    if (announce) {
      // The SYN must be seen before the start is told: it says who opened.
      if ((p.flags & SYN) !== 0) flow.opener = (p.flags & ACK) === 0 ? side : ((1 - side) as Side);
      this.writer.detail(flowStart(flow, p.at, p.frame), p.at, p.frame);
    }
    const { duplicates } = flow;
    this.streams.segment(flow, side, p);
    if (flow.duplicates !== duplicates) this.tally.duplicate(id);
    if (half.frames === ONE_SIDED && flow.state !== UNDECIDED) this.oneSided(flow, side);
  }

  private oneSided(flow: Flow, side: Side): void {
    const other = (1 - side) as Side;
    if (flow.half(other).frames > 0) return;
    this.writer.detail(trouble('loss', flow, other, flow.service, 'one_sided', 0, this.clock, this.frames), this.clock, this.frames);
  }

  private datagram(p: Packet, length: number, id: number): void {
    const flow = this.table.find(p);
    const side = this.table.side;
    const fresh = this.table.created;
    const half = this.count(flow, side, p, length);
    if (fresh || half.frames === 1) this.meet(flow, half, p, fresh);
    if (fresh) {
      flow.opener = side;
      this.writer.detail(flowStart(flow, p.at, p.frame), p.at, p.frame);
    }
    if ((half.copies ??= new Copies()).again(p)) {
      flow.duplicates++;
      this.tally.duplicate(id);
    } else this.dispatch.datagram(flow, side, p.view, p.pos, p.end, p.at, p.frame);
  }

  /** IP without ports, and frames between link addresses: flows by name only. */
  private other(p: Packet, length: number, service: string): Flow {
    p.sourcePort = 0;
    p.destinationPort = p.version === 0 ? p.etherType : 0;
    const flow = this.table.find(p);
    const fresh = this.table.created;
    const half = this.count(flow, this.table.side, p, length);
    if (fresh || half.frames === 1) this.meet(flow, half, p, fresh);
    if (!fresh) return flow;
    flow.opener = this.table.side;
    flow.state = NAMED;
    flow.service = service;
    this.writer.detail(flowStart(flow, p.at, p.frame), p.at, p.frame);
    if (service !== '') this.writer.detail(flowIdentified(flow, p.at, p.frame), p.at, p.frame);
    return flow;
  }

  private link(p: Packet, length: number): void {
    if (!p.hasMac) return;
    const flow = this.other(p, length, nameLink(p.etherType));
    const dissector = this.links.get(p.etherType);
    if (dissector === undefined) return;
    const side = this.table.side;
    const frame = this.linkFrame;
    frame.view = p.view;
    frame.start = p.pos;
    frame.end = p.end;
    frame.source = flow.address[side];
    frame.destination = flow.address[(1 - side) as Side];
    frame.vlan = p.vlan;
    frame.at = p.at;
    frame.frame = p.frame;
    dissector.see(frame);
  }

  private count(flow: Flow, side: Side, p: Packet, length: number): Half {
    const half = side === 0 ? flow.near : flow.far;
    half.frames++;
    half.bytes += length;
    flow.lastAt = p.at;
    flow.lastFrame = p.frame;
    return half;
  }

  /** A direction's first frame: whose link addresses, and whether the flow is answered now. */
  private meet(flow: Flow, half: Half, p: Packet, fresh: boolean): void {
    half.macHigh = p.hasMac ? p.macSourceHigh : -1;
    half.macLow = p.macSourceLow;
    if (!fresh) this.table.promote(flow, ANSWERED_FLOW);
  }

  /** A new connection on the ports of one that ended. */
  private again(flow: Flow, p: Packet): void {
    this.ended(flow, true);
    flow.clear();
    flow.firstAt = p.at;
    flow.firstFrame = p.frame;
  }

  /** The capture itself missed something: `frames` how many, `duration` (ms) how long, `on` which interface. */
  lost(reason: string, how: Told): void {
    if (Number.isNaN(this.clock)) return;
    this.tell(reason, how);
    this.writer.flush();
  }

  private tell(reason: string, how: Told): void {
    this.writer.detail(lossOf(reason, how, this.clock, this.frames), this.clock, this.frames);
  }

  /** Of what all sensors that share the frames see, the first tells. */
  private get isFirst(): boolean {
    return this.share === null || this.share.member === 0;
  }

  /** What its share showed, for whoever puts all shares together: the other sensors' parts belong to it. */
  private measured(measure: Measure): void {
    this.writer.detail({ ...lossOf(MEASURED, {}, this.clock, this.frames), measure }, this.clock, this.frames);
  }

  /** Nothing came until `at`: requests that waited too long are told without a frame. */
  private idle(at: number): void {
    if (Number.isNaN(at)) return;
    this.tick(at);
    this.clock = at;
  }

  private tick(at: number): void {
    const before = this.clock;
    this.nextTick = at + TICK;
    this.order?.between(this.frames);
    if (at < before - STEP_BACK || at > before + LEAP) this.stepped(at - before);
    this.health.tick(at, this.interfaces());
    this.table.dissected((flow) => {
      this.order?.of(flow, 0);
      this.streams.tick(flow, at);
      flow.dissector?.tick(at);
    });
    this.table.expire(at);
    this.decoder.fragments.tick(at);
  }

  /** Capture time was set back, or leapt: by so many ms. */
  private stepped(by: number): void {
    this.tally.clockSteps++;
    if (this.isFirst) this.tell('clock_step', { duration: Math.round(by) });
  }

  /** `forGood`: the flow itself ended; otherwise only the capture did. */
  private ended(flow: Flow, forGood: boolean): void {
    const at = forGood ? flow.lastAt : this.clock;
    this.streams.end(flow, at);
    flow.dissector?.close(at, forGood);
    this.dispatch.end(flow);
    this.writer.detail(flowEnd(flow), flow.lastAt, flow.lastFrame);
    if (forGood) this.tally.flow(flow);
  }

  private gap(flow: Flow, side: Side, lost: number, at: number): void {
    this.dispatch.gap(flow, side, at);
    if (flow.dissector === null || lost === 0) return;
    this.writer.detail(trouble('loss', flow, side, flow.service, 'stream_gap', lost, at, this.frames), at, this.frames);
  }

  /** The same place in the stream said two different things: a forged segment, or a broken sender. */
  private conflict(flow: Flow, side: Side, at: number, frame: number): void {
    flow.flaws++;
    this.writer.detail(trouble('flaw', flow, side, flow.service, 'tcp_overlap_conflict', 0, at, frame), at, frame);
  }

  private ceilings(): Coverage['ceilings'] {
    const general = this.tally.ceilings(this.table, this.operations, this.streams, this.dispatch);
    const common = this.isFirst ? this.tally.commonCeilings(this.table, this.decoder) : [];
    return [...general, ...common, ...protocols.flatMap((protocol) => protocol.ceilings?.(this.sink) ?? []), recentCeiling(this.sink)];
  }
}
