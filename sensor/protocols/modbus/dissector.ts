import { AMBIGUOUS, ANSWERED, EXCEPTION, LOST, ORPHAN, type Peer, TIMEOUT } from '../../observation.ts';
import { trouble } from '../../trouble.ts';
import { type Dissector, type FlowInfo, NOT_MINE, type Side, type Sink } from '../dissector.ts';
import { exceptionName } from './functions.ts';
import { ashore, fills, HEADER, MAX_LENGTH, requestShaped, telling } from './header.ts';
import { modbusFields, staticFields } from './observe.ts';
import { Request } from './request.ts';
import { answerOf, exceptionOf } from './response.ts';
import { Transaction } from './transaction.ts';

/** Requests of one connection that may wait; the oldest is reported unanswered to make room. */
export const MAX_OUTSTANDING = 256;
/** How long (ms) a server may take. Serial gateways answer within seconds. */
export const RESPONSE_TIMEOUT = 30_000;
/** Transactions kept for reuse, over all connections. */
const POOL: Transaction[] = [];
const MAX_POOL = 4096;

const request = new Request();

/** Modbus over a stream or datagrams with the MBAP header (Messaging on TCP/IP V1.0b). */
export class ModbusDissector implements Dissector {
  client: Side | -1;
  messages = 0;
  flaws = 0;
  readonly opaque = 0;
  private readonly waiting: Transaction[] = [];
  /** By side: bytes are missing, what comes next may begin anywhere. */
  private readonly adrift: [boolean, boolean] = [false, false];
  private readonly flow: FlowInfo;
  private readonly sink: Sink;
  private peer: Peer | null = null;

  constructor(flow: FlowInfo, sink: Sink, client: Side | -1) {
    this.flow = flow;
    this.sink = sink;
    this.client = client;
  }

  feed(side: Side, view: DataView, start: number, end: number, at: number, frame: number): number {
    let pos = start;
    while (end - pos >= HEADER + 1) {
      if (this.adrift[side]) {
        if (!fills(view, pos, end)) pos = ashore(view, pos, end);
        this.adrift[side] = end - pos < HEADER + 1;
        continue;
      }
      const length = view.getUint16(pos + 4);
      if (view.getUint16(pos + 2) !== 0 || length < 2 || length > MAX_LENGTH) {
        if (this.messages === 0) return NOT_MINE;
        pos = this.resynchronise(side, view, pos, end, at, frame);
        continue;
      }
      const stop = pos + 6 + length;
      if (stop > end) break;
      this.message(side, view, pos, stop, at, frame);
      pos = stop;
    }
    return pos - start;
  }

  private message(side: Side, view: DataView, pos: number, stop: number, at: number, frame: number): void {
    this.messages++;
    if (this.client < 0) this.client = this.asker(side, view, pos, stop);
    if (side === this.client) this.asked(view, pos, stop, at, frame);
    else this.answered(view, pos, stop, at, frame);
  }

  /** Who asks, by the first message: of a connection seen from its start that is a request; joined midway, an echo could be either. */
  private asker(side: Side, view: DataView, pos: number, stop: number): Side {
    const other = (1 - side) as Side;
    if (!requestShaped(view, pos, stop)) return other;
    if (this.flow.opener >= 0 || telling(view, pos)) return side;
    return (this.flow.port[side] as number) >= (this.flow.port[other] as number) ? side : other;
  }

  private asked(view: DataView, pos: number, stop: number, at: number, frame: number): void {
    const q = request;
    q.parse(view, pos + HEADER, stop, view.getUint8(pos + 6));
    if (stop - pos > 260 && q.code !== 90) q.flaw('oversized');
    const peer = this.peer ?? this.meet();
    const { operations } = this.sink;
    let operation = operations.find(peer.number, q.a, q.b, q.c);
    if (operation < 0) operation = operations.define(peer, q.a, q.b, q.c, 'modbus', staticFields(peer, q));
    if (this.waiting.length >= MAX_OUTSTANDING) this.silent(this.waiting.shift() as Transaction);
    const transaction = POOL.pop() ?? new Transaction();
    transaction.of(q, view, view.getUint16(pos), operation, at, frame);
    transaction.generation = operations.generation(operation);
    this.waiting.push(transaction);
  }

  private answered(view: DataView, pos: number, stop: number, at: number, frame: number): void {
    const id = view.getUint16(pos);
    const unit = view.getUint8(pos + 6);
    const code = view.getUint8(pos + 7);
    const n = this.match(id, unit, code & 0x7f);
    if (n < 0) return this.orphan(view, pos, stop, at, frame);
    const w = this.waiting;
    const t = w[n] as Transaction;
    const ambiguous = this.again(n);
    if (n === w.length - 1) w.pop();
    else w.splice(n, 1);
    this.stillKnown(t);
    if (code >= 0x80) this.refused(t, view, pos + HEADER, stop, at, frame);
    else if (!t.plain || t.flaws !== null || t.operation === 0 || ambiguous || !this.row(t, view, pos + HEADER, stop, at, frame)) {
      this.detail(t, view, pos + HEADER, stop, at, frame, ambiguous ? AMBIGUOUS : ANSWERED);
    }
    if (POOL.length < MAX_POOL) POOL.push(t);
  }

  /** An operation that was retired while its response was on the way is nobody's now. */
  private stillKnown(t: Transaction): void {
    if (this.sink.operations.generation(t.operation) !== t.generation) t.operation = 0;
  }

  /** The oldest request with this transaction, unit and function. */
  private match(id: number, unit: number, code: number): number {
    const w = this.waiting;
    for (let i = 0; i < w.length; i++) {
      const t = w[i] as Transaction;
      if (t.id === id && t.unit === unit && t.code === code) return i;
    }
    return -1;
  }

  /** Whether a later request could be meant as well. */
  private again(n: number): boolean {
    const t = this.waiting[n] as Transaction;
    for (let i = n + 1; i < this.waiting.length; i++) {
      const other = this.waiting[i] as Transaction;
      if (other.id === t.id && other.unit === t.unit && other.code === t.code) return true;
    }
    return false;
  }

  /** The path of nearly every transaction: columns only. False when the response needs a closer look. */
  private row(t: Transaction, view: DataView, start: number, stop: number, at: number, frame: number): boolean {
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
    b.port[i] = this.flow.port[this.client as Side];
    b.transaction[i] = t.id;
    let v = writer.valueEnd;
    if (t.code > 4) for (let n = 0; n < t.values.length; n++) b.values[v++] = t.values[n] as number;
    else if (t.code > 2) for (let n = 0; n < quantity; n++) b.values[v++] = view.getUint16(start + 2 + 2 * n);
    else for (let n = 0; n < quantity; n++) b.values[v++] = (view.getUint8(start + 2 + (n >> 3)) >> (n & 7)) & 1;
    b.valueCount[i] = v - writer.valueEnd;
    writer.valueEnd = v;
    return true;
  }

  private refused(t: Transaction, view: DataView, start: number, stop: number, at: number, frame: number): void {
    const { exception, flaws } = exceptionOf(view, start, stop);
    if (!t.plain || t.flaws !== null || t.operation === 0 || flaws.length > 0) return this.write(t, EXCEPTION, at, frame, t.values, flaws, exception, {});
    const { writer } = this.sink;
    const i = writer.row(t.operation, t.at, EXCEPTION, t.requestFrame, frame);
    this.columns(i, t, at - t.at);
    writer.batch.status[i] = exception;
  }

  private columns(i: number, t: Transaction, latency: number): void {
    const { writer } = this.sink;
    writer.batch.latency[i] = latency;
    writer.batch.port[i] = this.flow.port[this.client as Side];
    writer.batch.transaction[i] = t.id;
    for (const value of t.values) writer.value(i, value);
  }

  private detail(t: Transaction, view: DataView, start: number, stop: number, at: number, frame: number, outcome: number): void {
    const answer = answerOf(view, start, stop, t);
    this.write(t, outcome, at, frame, answer.values ?? t.values, answer.flaws, 0, answer.more);
  }

  /** A response nobody asked for, as far as we saw. */
  private orphan(view: DataView, pos: number, stop: number, at: number, frame: number): void {
    const code = view.getUint8(pos + 7);
    const t = POOL.pop() ?? new Transaction();
    t.alone(view.getUint16(pos), view.getUint8(pos + 6), code & 0x7f, at);
    if (code >= 0x80) {
      const { exception, flaws } = exceptionOf(view, pos + HEADER, stop);
      this.write(t, ORPHAN, Number.NaN, frame, [], flaws, 0, { 'modbus.exception_code': exception, 'modbus.exception': exceptionName(exception) || 'unknown' });
    } else {
      const answer = answerOf(view, pos + HEADER, stop, t);
      this.write(t, ORPHAN, Number.NaN, frame, answer.values ?? [], answer.flaws, 0, answer.more);
    }
  }

  /** Nobody answered, as far as every byte was seen. */
  private silent(t: Transaction): void {
    this.report(t, t.doubtful ? LOST : TIMEOUT);
  }

  private report(t: Transaction, outcome: number): void {
    this.stillKnown(t);
    if (t.plain && t.flaws === null && t.operation !== 0) this.columns(this.sink.writer.row(t.operation, t.at, outcome, t.requestFrame, 0), t, Number.NaN);
    else this.write(t, outcome, Number.NaN, 0, t.values, [], 0, {});
    if (POOL.length < MAX_POOL) POOL.push(t);
  }

  /** A row that carries its whole observation. */
  private write(
    t: Transaction,
    outcome: number,
    at: number,
    frame: number,
    values: number[],
    flaws: string[],
    exception: number,
    more: NonNullable<Transaction['more']>,
  ): void {
    const all = [...(t.flaws ?? []), ...flaws];
    if (all.length > 0) this.flaws++;
    const port = this.flow.port[this.client as Side];
    const observation = modbusFields(staticFields(this.peer ?? this.meet(), t), {
      at: t.at,
      port,
      outcome,
      latency: at - t.at,
      requestFrame: t.requestFrame,
      responseFrame: frame,
      transaction: t.id,
      values: values.length > 0 ? values.slice() : null,
      exception,
      more: { ...t.more, ...more, ...(all.length > 0 ? { 'modbus.flaws': all } : {}) },
    });
    const { writer } = this.sink;
    const i = writer.detail(observation, t.at, t.requestFrame, t.operation);
    writer.batch.outcome[i] = outcome;
    writer.batch.status[i] = exception;
    writer.batch.responseFrame[i] = frame;
    writer.batch.latency[i] = at - t.at;
    writer.batch.port[i] = port;
    writer.batch.transaction[i] = t.id;
  }

  /** Looks for the next header that could be one; what lies before it is a flaw. */
  private resynchronise(side: Side, view: DataView, pos: number, end: number, at: number, frame: number): number {
    const next = ashore(view, pos + 1, end);
    this.flaws++;
    const reason = view.getUint16(pos + 2) === 0 ? 'bad_length' : 'protocol_id';
    this.sink.writer.detail(trouble('flaw', this.flow, side, 'modbus', reason, next - pos, at, frame), at, frame);
    return next;
  }

  private meet(): Peer {
    const side = this.client === 1 ? 1 : 0;
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

  /** Requests keep waiting: their response may lie behind the hole. */
  gap(side: Side): void {
    this.adrift[side] = true;
    if (side !== this.client) for (const t of this.waiting) t.doubtful = true;
  }

  tick(at: number): void {
    while (this.waiting.length > 0 && at - (this.waiting[0] as Transaction).at > RESPONSE_TIMEOUT) this.silent(this.waiting.shift() as Transaction);
  }

  close(at: number, ended: boolean): void {
    for (const t of this.waiting) {
      if (ended || at - t.at > RESPONSE_TIMEOUT) this.silent(t);
      else this.report(t, LOST);
    }
    this.waiting.length = 0;
  }
}
