/** Requests and responses of one connection, paired; how they are wrapped is the framing's business. */
import { AMBIGUOUS, ANSWERED, EXCEPTION, LOST, ORPHAN, TIMEOUT, type Value } from '../../observation.ts';
import type { FlowInfo, Side, Sink } from '../dissector.ts';
import { exceptionName } from './functions.ts';
import { requestShaped, telling } from './header.ts';
import { Identifications } from './identification.ts';
import type { Framing } from './observe.ts';
import { keyOf, Past } from './past.ts';
import { hexText } from './records.ts';
import { Request } from './request.ts';
import { type Answer, answerOf, exceptionOf } from './response.ts';
import { Scribe } from './scribe.ts';
import { requestSize, responseSize } from './size.ts';
import type { Transaction } from './transaction.ts';
import { Transfers, transferField } from './transfer.ts';
import { UMAS } from './umas.ts';
import { MAX_OUTSTANDING, type Waits, waitsOf } from './waits.ts';

/** How long (ms) a server may take before it is known. Serial gateways answer within seconds. */
export const RESPONSE_TIMEOUT = 30_000;
/** A server that answered so often is known: it may take so many times as long as it lately did at most, and this long (ms) in any case. */
const KNOWN = 16;
const SLACK = 8;
const PATIENCE = 2000;
/** What is left of the longest latency after a second: half after about a minute. */
const FORGET = 0.99;
/** How long (ms) a response is waited for that the specification does not want. */
const ONE_WAY = 1000;
/** A serial line carries one request at a time: the next one tells, after this long (ms), that its client gave the last one up. */
const TURN = 100;
/** Messaging on TCP/IP V1.0b section 4.3: transactions a server takes at a time, at most. */
const MAX_PIPELINED = 16;
/** Section 4.1: longest PDU. */
const MAX_PDU = 253;

type Fields = { [field: string]: Value };

const request = new Request();

export class Exchange {
  client: Side | -1;
  messages = 0;
  /** Of the message that comes next: what its framing found wrong with it. */
  mark: string | null = null;
  /** Of the same: bytes of its PDU as its envelope says, which may be more than were handed over. */
  declared = 0;
  private readonly flow: FlowInfo;
  private readonly sink: Sink;
  /** Serial frames: no transaction ids, one request at a time, unit 0 is everybody. */
  private readonly serial: boolean;
  private readonly waits: Waits;
  private readonly scribe: Scribe;
  private readonly waiting: Transaction[] = [];
  private readonly past = new Past();
  private identifications: Identifications | null = null;
  private transfers: Transfers | null = null;
  private answers = 0;
  /** Longest latency lately, ms. */
  private slowest = 0;
  private heardAt = Number.NEGATIVE_INFINITY;
  /** When the request was sent that was answered last. */
  private askedAt = Number.NEGATIVE_INFINITY;
  /** A response without a request proves nothing: requests went by unseen. */
  private blind: boolean;
  private oneWays = 0;
  private lastFrame = 0;

  constructor(flow: FlowInfo, sink: Sink, framing: Framing, client: Side | -1) {
    this.flow = flow;
    this.sink = sink;
    this.serial = framing === 'rtu' || framing === 'ascii';
    this.client = client;
    this.waits = waitsOf(sink);
    this.scribe = new Scribe(flow, sink, framing);
    if (client >= 0) this.scribe.client = client as Side;
    this.blind = flow.opener < 0;
  }

  get flaws(): number {
    return this.scribe.flaws;
  }

  /** Bytes of `side` that are no message. */
  flaw(side: Side, reason: string, bytes: number, at: number, frame: number): void {
    this.scribe.flaw(side, reason, bytes, at, frame);
  }

  /**
   * Takes the message of `side` whose PDU is `pdu..stop`; `end` is where the bytes at hand end. Returns where it ends by its function:
   * before `stop` when there are bytes behind it, after it when its envelope is too short.
   */
  take(side: Side, view: DataView, pdu: number, stop: number, end: number, id: number, unit: number, at: number, frame: number): number {
    this.messages++;
    this.lastFrame = frame;
    if (this.client < 0) this.scribe.client = this.client = this.asker(side, view, pdu, stop);
    if (side === this.client) return this.asked(view, pdu, stop, end, id, unit, at, frame);
    return this.answered(view, pdu, stop, end, id, unit, at, frame);
  }

  /** Who asks, by the first message: of a connection seen from its start that is a request; joined midway, an echo could be either. */
  private asker(side: Side, view: DataView, pdu: number, stop: number): Side {
    const other = (1 - side) as Side;
    if (!requestShaped(view, pdu, stop)) return other;
    if (this.flow.opener >= 0 || telling(view, pdu)) return side;
    return (this.flow.port[side] as number) >= (this.flow.port[other] as number) ? side : other;
  }

  private asked(view: DataView, pdu: number, stop: number, end: number, id: number, unit: number, at: number, frame: number): number {
    const q = request;
    q.parse(view, pdu, stop, unit);
    const used = q.flaws === null ? stop : this.measured(view, pdu, stop, end, unit);
    if (used - pdu < this.declared) q.flaw('trailing_bytes');
    if (this.declared > MAX_PDU && q.code !== UMAS) q.flaw('oversized');
    if (q.flaws !== null) this.keepRaw(view, pdu, stop);
    if (this.mark !== null) this.marked();
    if (this.waiting.length > 0) this.crowded(id, at);
    if (unit === 0 && this.serial) q.oneWay = true;
    const operation = this.scribe.operation(q);
    const t = this.waits.take();
    t.of(q, view, id, operation, at, frame);
    t.generation = this.sink.operations.generation(operation);
    t.pending = this.waiting.push(t);
    if (t.oneWay) this.oneWays++;
    return used;
  }

  /** Something is wrong with the request: maybe only that it is shorter or longer than its envelope says. Reads it as long as its function makes it. */
  private measured(view: DataView, pdu: number, stop: number, end: number, unit: number): number {
    const used = pdu + requestSize(view, pdu, end);
    if (used <= pdu || used === stop || used > end) return stop;
    request.parse(view, pdu, used, unit);
    if (used > stop) request.flaw('length_mismatch');
    return used;
  }

  /** A request of the wrong length: its bytes, since its fields do not tell them all. */
  private keepRaw(view: DataView, pdu: number, stop: number): void {
    const wrong = request.flaws?.some((flaw) => flaw === 'length_mismatch' || flaw === 'trailing_bytes');
    if (wrong && stop > pdu + 1 && request.more?.['modbus.data'] === undefined) request.add('modbus.data', hexText(view, pdu + 1, stop));
  }

  private marked(): void {
    request.flaw(this.mark as string);
    request.plain = false;
    this.mark = null;
  }

  /** Others wait already: are they too old, too many, or of the same id? */
  private crowded(id: number, at: number): void {
    this.giveUp(at, this.serial ? Math.max(TURN, 2 * this.slowest) : this.patience);
    const w = this.waiting;
    if (w.length >= MAX_OUTSTANDING) {
      this.waits.evicted++;
      this.silent(w.shift() as Transaction);
    }
    if (this.serial) return;
    for (let i = 0; i < w.length; i++) if ((w[i] as Transaction).id === id) request.flaw('transaction_id_pending');
    if (w.length >= MAX_PIPELINED && this.overrun()) request.flaw('pipeline_over_limit');
  }

  /** Requests that were left behind do not count, nor those to a server that is not heard: the mirror may not show its answers. */
  private overrun(): boolean {
    const current = this.waiting.filter((t) => t.at >= this.askedAt);
    return current.length >= MAX_PIPELINED && this.heardAt >= (current[0] as Transaction).at;
  }

  private answered(view: DataView, pdu: number, stop: number, end: number, id: number, unit: number, at: number, frame: number): number {
    const code = view.getUint8(pdu);
    const n = this.match(id, unit, code & 0x7f);
    if (n < 0) return this.orphan(view, pdu, stop, end, id, unit, at, frame);
    this.blind = false;
    const t = this.waiting[n] as Transaction;
    const ambiguous = this.again(n);
    this.remove(n);
    if (n > 0) t.overtake(n);
    this.stillKnown(t);
    this.past.answered(keyOf(t.id, t.unit, t.code), t.requestFrame);
    if (this.waiting.length > 0) this.paired(t, at);
    this.pace(at - t.at);
    const plain = t.plain && t.flaws === null && t.operation !== 0 && this.mark === null && this.declared === stop - pdu;
    let used = stop;
    if (!plain || ambiguous || code >= 0x80 || !this.scribe.row(t, view, pdu, stop, at, frame)) {
      used = this.length(view, pdu, stop, end);
      if (code >= 0x80) this.refused(t, view, pdu, used, at, frame);
      else this.detail(t, view, pdu, used, at, frame, ambiguous ? AMBIGUOUS : ANSWERED);
    }
    this.waits.giveBack(t);
    return used;
  }

  /** Others still wait: those asked before are left behind. With none waiting there is nothing to tell apart. */
  private paired(t: Transaction, at: number): void {
    this.heardAt = at;
    this.askedAt = t.at;
  }

  private length(view: DataView, pdu: number, stop: number, end: number): number {
    const used = pdu + responseSize(view, pdu, end);
    return used <= pdu || used > end ? stop : used;
  }

  /** Learns how long the server takes. */
  private pace(latency: number): void {
    this.answers++;
    if (latency > this.slowest) this.slowest = latency;
  }

  /** How long (ms) it may take: as configured, else as learned. */
  get patience(): number {
    const { responseTimeout } = this.sink;
    if (responseTimeout !== undefined) return responseTimeout;
    if (this.answers < KNOWN) return RESPONSE_TIMEOUT;
    return Math.min(RESPONSE_TIMEOUT, Math.max(PATIENCE, this.slowest * SLACK));
  }

  private remove(n: number): void {
    const w = this.waiting;
    if ((w[n] as Transaction).oneWay) this.oneWays--;
    for (let i = n + 1; i < w.length; i++) w[i - 1] = w[i] as Transaction;
    w.pop();
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

  private refused(t: Transaction, view: DataView, start: number, used: number, at: number, frame: number): void {
    const { exception, flaws } = exceptionOf(view, start, used);
    this.envelope(flaws, used - start);
    if (!t.plain || t.flaws !== null || t.operation === 0 || flaws.length > 0)
      return this.scribe.write(t, EXCEPTION, at, frame, written(t), flaws, exception, {});
    const i = this.scribe.columns(t, EXCEPTION, at - t.at, frame);
    this.sink.writer.batch.status[i] = exception;
  }

  /** What is wrong around the response rather than in it. */
  private envelope(flaws: string[], size: number): void {
    if (size < this.declared) flaws.push('trailing_bytes');
    if (size > this.declared) flaws.push('length_mismatch');
    if (this.mark !== null) flaws.push(this.mark);
    this.mark = null;
  }

  private detail(t: Transaction, view: DataView, start: number, used: number, at: number, frame: number, outcome: number): void {
    const answer = answerOf(view, start, used, t);
    this.envelope(answer.flaws, used - start);
    keepAnswer(answer, view, start, used);
    if (t.code === 43) (this.identifications ??= new Identifications()).join(t.unit, t.sub, t.more?.['modbus.object_id'], answer.more);
    if (t.code === UMAS && answer.more['modbus.umas_status'] === 'done') this.carry(t, view, start, used, answer.more);
    this.scribe.write(t, outcome, at, frame, answer.values ?? written(t), answer.flaws, 0, answer.more);
  }

  private carry(t: Transaction, view: DataView, start: number, end: number, more: Fields): void {
    const done = (this.transfers ??= new Transfers()).take(t, view, start, end);
    if (done !== null) Object.assign(more, transferField(done));
  }

  /** A response nobody asked for, as far as we saw. */
  private orphan(view: DataView, pdu: number, stop: number, end: number, id: number, unit: number, at: number, frame: number): number {
    const code = view.getUint8(pdu);
    this.heardAt = at;
    const used = this.length(view, pdu, stop, end);
    const t = this.waits.take();
    t.alone(id, unit, code & 0x7f, at);
    const more = this.stray(keyOf(id, unit, code & 0x7f));
    if (code >= 0x80) {
      const { exception, flaws } = exceptionOf(view, pdu, used);
      this.envelope(flaws, used - pdu);
      this.scribe.write(t, ORPHAN, Number.NaN, frame, null, flaws, 0, {
        'modbus.exception_code': exception,
        'modbus.exception': exceptionName(exception) || 'unknown',
        ...more,
      });
    } else {
      const answer = answerOf(view, pdu, used, t);
      this.envelope(answer.flaws, used - pdu);
      keepAnswer(answer, view, pdu, used);
      this.scribe.write(t, ORPHAN, Number.NaN, frame, answer.values, answer.flaws, 0, { ...answer.more, ...more });
    }
    this.waits.giveBack(t);
    return used;
  }

  /** Why a response has no request that waits for it. */
  private stray(key: number): Fields {
    const before = this.past.find(key);
    if (before !== 0) return { 'modbus.orphan': before > 0 ? 'duplicate' : 'late', 'modbus.answers_frame': Math.abs(before) };
    return { 'modbus.orphan': this.blind ? 'unseen' : 'unsolicited' };
  }

  /** Nobody answered, as far as every byte was seen. */
  private silent(t: Transaction): void {
    this.past.gaveUp(keyOf(t.id, t.unit, t.code), t.requestFrame);
    if (t.oneWay) this.oneWays--;
    this.report(t, t.oneWay ? ANSWERED : t.doubtful ? LOST : TIMEOUT);
  }

  private report(t: Transaction, outcome: number): void {
    this.stillKnown(t);
    if (t.plain && t.flaws === null && !t.oneWay && t.operation !== 0) this.scribe.columns(t, outcome, Number.NaN, 0);
    else this.scribe.write(t, outcome, Number.NaN, 0, written(t), [], 0, t.oneWay ? { 'modbus.one_way': true } : {});
    this.waits.giveBack(t);
  }

  /** Requests keep waiting: their response may lie behind the hole. */
  gap(side: Side): void {
    if (side === this.client) this.blind = true;
    else for (const t of this.waiting) t.doubt();
  }

  tick(at: number): void {
    this.giveUp(at, this.patience);
    this.slowest *= FORGET;
    for (let i = 0; this.oneWays > 0 && i < this.waiting.length; i++) {
      const t = this.waiting[i] as Transaction;
      if (!t.oneWay || at - t.at < ONE_WAY) continue;
      this.waiting.splice(i--, 1);
      this.silent(t);
    }
  }

  private giveUp(at: number, patience: number): void {
    const { waiting } = this;
    while (waiting.length > 0 && at - (waiting[0] as Transaction).at > patience) this.silent(waiting.shift() as Transaction);
  }

  close(at: number, ended: boolean): void {
    for (const t of this.waiting) {
      if (ended || t.oneWay || at - t.at > this.patience) this.silent(t);
      else this.report(t, LOST);
    }
    this.waiting.length = 0;
    this.waits.unjoined += (this.identifications?.refused ?? 0) + (this.transfers?.refused ?? 0);
    for (const one of this.transfers?.unfinished() ?? [])
      this.scribe.flaw(this.client === 1 ? 1 : 0, 'umas_transfer_unfinished', one.bytes, at, this.lastFrame);
  }
}

/** The same of a response. */
function keepAnswer(answer: Answer, view: DataView, pdu: number, stop: number): void {
  const wrong = answer.flaws.some((flaw) => flaw === 'length_mismatch' || flaw === 'byte_count_mismatch');
  if (wrong && stop > pdu + 1) answer.more['modbus.response_data'] ??= hexText(view, pdu + 1, stop);
}

const written = (t: Transaction): number[] | null => (t.values.length > 0 ? t.values : null);
