/** What the transactions of one connection put into the batch. */
import { ANSWERED, type Peer, type Value } from '../../observation.ts';
import { trouble } from '../../trouble.ts';
import type { FlowInfo, Side, Sink } from '../dissector.ts';
import { type Framing, modbusFields, staticFields } from './observe.ts';
import type { Request } from './request.ts';
import type { Transaction } from './transaction.ts';

/** Keys of operations differ by framing, even on one port. */
const SALT: { [framing in Framing]: number } = { tcp: 0, udp: 0, rtu: 0x5bd1_e995, ascii: 0x27d4_eb2f };

export class Scribe {
  /** Side of the client; set before the first transaction is written. */
  client: Side = 0;
  flaws = 0;
  private readonly flow: FlowInfo;
  private readonly sink: Sink;
  private readonly framing: Framing;
  private peer: Peer | null = null;

  constructor(flow: FlowInfo, sink: Sink, framing: Framing) {
    this.flow = flow;
    this.sink = sink;
    this.framing = framing;
  }

  /** The number of a request's operation, 0 when there is no place for it. */
  operation(q: Request): number {
    const peer = this.peer ?? this.meet();
    const { operations } = this.sink;
    const c = q.c ^ SALT[this.framing];
    const known = operations.find(peer.number, q.a, q.b, c);
    return known >= 0 ? known : operations.define(peer, q.a, q.b, c, 'modbus', staticFields(peer, this.framing, q));
  }

  /** The path of nearly every transaction: columns only. False when the response needs a closer look. */
  row(t: Transaction, view: DataView, start: number, stop: number, at: number, frame: number): boolean {
    const quantity = t.quantity as number;
    if (t.code <= 4) {
      const bytes = t.code <= 2 ? (quantity + 7) >> 3 : quantity * 2;
      if (stop - start !== 2 + bytes || view.getUint8(start + 1) !== bytes) return false;
    } else {
      if (stop - start !== 5 || view.getUint16(start + 1) !== t.address) return false;
      const second = view.getUint16(start + 3);
      const expected = t.code >= 15 ? quantity : t.code === 5 ? (t.values[0] === 0 ? 0 : 0xff00) : t.values[0];
      if (second !== expected) return false;
    }
    const { writer } = this.sink;
    const i = writer.row(t.operation, t.at, ANSWERED, t.requestFrame, frame);
    const b = writer.batch;
    b.latency[i] = at - t.at;
    this.marks(i, t);
    let v = writer.valueEnd;
    if (t.code > 4) for (let n = 0; n < t.values.length; n++) b.values[v++] = t.values[n] as number;
    else if (t.code > 2) for (let n = 0; n < quantity; n++) b.values[v++] = view.getUint16(start + 2 + 2 * n);
    else for (let n = 0; n < quantity; n++) b.values[v++] = (view.getUint8(start + 2 + (n >> 3)) >> (n & 7)) & 1;
    b.valueCount[i] = v - writer.valueEnd;
    writer.valueEnd = v;
    return true;
  }

  /** Columns that every row of a transaction has. */
  private marks(i: number, t: Transaction): void {
    const b = this.sink.writer.batch;
    b.port[i] = this.flow.port[this.client];
    b.transaction[i] = t.id;
    if (t.pending > 1) b.handle[i] = t.pending;
    if (t.overtook > 0) b.channel[i] = t.overtook;
  }

  /** A row without values of a response. Returns its index. */
  columns(t: Transaction, outcome: number, latency: number, frame: number): number {
    const { writer } = this.sink;
    const i = writer.row(t.operation, t.at, outcome, t.requestFrame, frame);
    writer.batch.latency[i] = latency;
    this.marks(i, t);
    for (const value of t.values) writer.value(i, value);
    return i;
  }

  /** A row that carries its whole observation. */
  write(
    t: Transaction,
    outcome: number,
    at: number,
    frame: number,
    values: number[] | null,
    flaws: string[],
    exception: number,
    more: { [field: string]: Value },
  ): void {
    const all = [...(t.flaws ?? []), ...flaws];
    if (all.length > 0) this.flaws++;
    const observation = modbusFields(staticFields(this.peer ?? this.meet(), this.framing, t), {
      at: t.at,
      port: this.flow.port[this.client],
      outcome,
      latency: at - t.at,
      requestFrame: t.requestFrame,
      responseFrame: frame,
      transaction: t.id,
      pending: t.pending,
      overtook: t.overtook,
      values: values === null ? null : values.slice(),
      exception,
      more: { ...t.more, ...more, ...(all.length > 0 ? { 'modbus.flaws': all } : {}) },
    });
    const { writer } = this.sink;
    const i = writer.detail(observation, t.at, t.requestFrame, t.operation);
    const b = writer.batch;
    b.outcome[i] = outcome;
    b.status[i] = exception;
    b.responseFrame[i] = frame;
    b.latency[i] = at - t.at;
    this.marks(i, t);
  }

  /** Bytes of `side` that are no message. */
  flaw(side: Side, reason: string, bytes: number, at: number, frame: number): void {
    this.flaws++;
    this.sink.writer.detail(trouble('flaw', this.flow, side, 'modbus', reason, bytes, at, frame), at, frame);
  }

  private meet(): Peer {
    const side = this.client;
    const { address, port, transport, vlan } = this.flow;
    this.peer = this.sink.operations.peer({
      client: address[side],
      server: address[1 - side] as string,
      port: port[1 - side] as number,
      transport,
      protocol: 'modbus',
      vlan,
    });
    return this.peer;
  }
}
