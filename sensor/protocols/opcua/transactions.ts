import { AMBIGUOUS, ANSWERED, EXCEPTION, LOST, ORPHAN, TIMEOUT } from '../../observation.ts';
import type { Side } from '../dissector.ts';
import { dateTime, skipExtension } from './builtin.ts';
import { copy } from './bytes.ts';
import type { Fields } from './call.ts';
import { type Channel, MAX_PENDING, type Pending } from './channel.ts';
import { putContext } from './context.ts';
import { type Signature, worse } from './keys/opening.ts';
import { type Link, TYPED } from './link.ts';
import { skipNodeId } from './nodeid.ts';
import { Reader } from './reader.ts';
import { Reads, type Shape } from './reads.ts';
import { opening, record } from './record.ts';
import { READ_REQUEST } from './services/attribute.ts';
import { requestService, responseService, SERVICE_FAULT } from './services/services.ts';
import { opened } from './sessionless.ts';
import { strayed } from './sessions.ts';
import { SLOT } from './shelf.ts';
import { statusName } from './status.ts';

/** How long (ms) a server may take. */
export const RESPONSE_TIMEOUT = 60_000;

/** A whole message of a readable channel; `start` is behind its type id. */
export type Message = {
  channel: Channel;
  side: Side;
  typeId: number;
  requestId: number;
  view: DataView;
  start: number;
  end: number;
  at: number;
  frame: number;
  chunks: number;
  signature: Signature;
  flaws: string[] | null;
  /** Fields of the SessionlessInvoke envelope that it came in; null for none. */
  envelope: Fields | null;
};

const reader = new Reader();

/** Joins requests with responses, by request id per channel, and tells each transaction once. */
export class Transactions {
  /** Until then (ms since the epoch) a response without its request is no wonder: the request fell into a gap or came before the capture. */
  blindUntil = Number.NEGATIVE_INFINITY;
  private readonly link: Link;
  private readonly reads: Reads;

  constructor(link: Link) {
    this.link = link;
    this.reads = new Reads(link);
  }

  message(bare: Message): void {
    const m = opened(bare);
    if (m.typeId === SERVICE_FAULT || responseService(m.typeId) !== null) this.response(m);
    else if (requestService(m.typeId) !== null) this.request(m);
    else if (m.channel.pending.has(m.requestId) && m.side !== this.link.clientSide()) this.response(m);
    else if (m.side === this.link.clientSide()) this.request(m);
    else this.response(m);
  }

  private request(m: Message): void {
    const { channel, view, end } = m;
    const service = requestService(m.typeId);
    let { flaws } = m;
    if (service !== null && !this.link.learn(m.side, TYPED)) flaws = more(flaws, 'wrong_direction');
    const r = reader.begin(view, m.start, end);
    const tokenStart = r.at;
    skipNodeId(r);
    const tokenEnd = r.at;
    const clock = dateTime(r) - m.at;
    const handle = r.u32le();
    restOfRequestHeader(r);
    const start = r.at;
    if (r.short) flaws = more(flaws, 'request_header_short');
    if (r.flaws.length > 0) flaws = more(flaws, ...r.flaws);
    const pending: Pending = {
      side: m.side,
      requestId: m.requestId,
      typeId: m.typeId,
      service,
      handle,
      at: m.at,
      frame: m.frame,
      deadline: m.at + (service?.patience ?? RESPONSE_TIMEOUT),
      clock,
      token: '',
      session: null,
      shape: null,
      envelope: m.envelope,
      body: null,
      start: 0,
      end: 0,
      slot: -1,
      held: 0,
      chunks: m.chunks,
      ambiguous: this.repeated(channel, m.requestId),
      gapped: false,
      signature: m.signature,
      flaws,
    };
    const plain = m.typeId === READ_REQUEST && m.envelope === null && flaws === null && m.chunks === 1 && m.side === this.link.client;
    if (plain) pending.shape = this.reads.find(channel, m.signature, view, tokenStart, tokenEnd, start, end);
    if (pending.shape === null) this.met(channel, pending, plain, view, tokenStart, tokenEnd, start, end);
    if (pending.shape !== null) known(pending, pending.shape);
    this.wait(channel, pending);
  }

  /** A request that is not a known Read: who sends it, and its bytes kept until the answer comes. */
  private met(channel: Channel, p: Pending, plain: boolean, view: DataView, tokenStart: number, tokenEnd: number, start: number, end: number): void {
    const { tokens, ledger } = this.link;
    tokens.read(view, tokenStart, tokenEnd, this.link.server(p.side));
    p.token = tokens.token;
    p.session = tokens.session;
    const stranger = p.session !== null && p.session.client !== this.link.flow.address[p.side];
    if (stranger) p.flaws = more(p.flaws, 'session_of_another_host');
    else if (strayed(this.link, channel, p) && p.at >= this.blindUntil) p.flaws = more(p.flaws, 'session_of_another_channel');
    if (plain && p.flaws === null) p.shape = this.reads.add(channel, p, view, tokenStart, tokenEnd, start, end);
    if (p.shape !== null || (start >= end && p.flaws !== null)) return;
    const size = end - start;
    const held = Math.max(size, SLOT);
    if (!ledger.hold(held)) {
      p.flaws = more(p.flaws, 'held_over_limit');
      return;
    }
    p.held = held;
    if (size <= SLOT) {
      p.slot = ledger.shelf.put(view, start, end);
      p.body = ledger.shelf.view(p.slot);
      p.start = ledger.shelf.start(p.slot);
    } else p.body = new DataView(copy(view, start, end).buffer);
    p.end = p.start + size;
  }

  /** Whether a request of that number still waits: then neither answer can be told apart, and the first request is told now. */
  private repeated(channel: Channel, requestId: number): boolean {
    const earlier = channel.pending.get(requestId);
    if (earlier === undefined) return false;
    this.settle(channel, earlier, null, AMBIGUOUS);
    return true;
  }

  private wait(channel: Channel, pending: Pending): void {
    if (channel.pending.size >= MAX_PENDING) {
      this.link.ledger.refused.pending++;
      for (const oldest of channel.pending.values()) {
        this.settle(channel, oldest, null, LOST);
        break;
      }
    }
    channel.pending.set(pending.requestId, pending);
  }

  private response(m: Message): void {
    const { channel } = m;
    const typed = responseService(m.typeId) !== null || m.typeId === SERVICE_FAULT;
    const right = !typed || this.link.learn((1 - m.side) as Side, TYPED);
    const found = channel.pending.get(m.requestId);
    const pending = found !== undefined && found.side !== m.side ? found : null;
    if (!right) m.flaws = more(m.flaws, 'wrong_direction');
    if (
      pending?.shape != null &&
      pending.signature === m.signature &&
      m.flaws === null &&
      m.chunks === 1 &&
      !pending.ambiguous &&
      m.typeId === pending.service?.response
    ) {
      if (this.reads.row(pending, m.view, m.start, m.end, m.at, m.frame)) {
        channel.pending.delete(pending.requestId);
        return;
      }
    }
    const outcome = pending === null ? (m.at < this.blindUntil ? LOST : ORPHAN) : pending.ambiguous ? AMBIGUOUS : ANSWERED;
    this.settle(channel, pending, m, outcome);
  }

  /** The sender gives a message up (chunk letter A): Part 6, 6.7.3, an error and a reason instead of the rest. */
  aborted(
    channel: Channel,
    side: Side,
    requestId: number,
    error: number,
    reason: string | null,
    at: number,
    frame: number,
    signature: Signature,
    flaws: string[] | null,
  ): void {
    const found = channel.pending.get(requestId);
    const pending = found !== undefined && found.side !== side ? found : null;
    const asks = pending === null && side === this.link.clientSide();
    const client = asks ? side : ((1 - side) as Side);
    const latency = pending === null ? Number.NaN : at - pending.at;
    const seen = {
      client,
      at: pending?.at ?? at,
      outcome: EXCEPTION,
      latency,
      requestFrame: asks ? frame : (pending?.frame ?? 0),
      responseFrame: asks ? 0 : frame,
    };
    const out = opening(this.link.observation('opcua', seen), channel, pending, null, pending?.service ?? null, requestId);
    out['opcua.status'] = statusName(error);
    putContext(out, channel, pending?.session ?? null, pending === null ? signature : worse(pending.signature, signature));
    out['opcua.aborted'] = asks ? 'request' : 'response';
    out['opcua.reason'] = reason;
    if (pending?.service != null) out['opcua.access'] = pending.service.access;
    if (flaws !== null) out['opcua.flaws'] = flaws;
    if (pending !== null) {
      this.forget(channel, pending);
      this.release(pending);
    }
    this.link.tell(out, seen, error);
  }

  /** Gives up on requests that waited too long. */
  tick(channel: Channel, at: number): void {
    for (const pending of channel.pending.values()) {
      if (at > pending.deadline) this.settle(channel, pending, null, pending.gapped ? LOST : TIMEOUT);
    }
  }

  /** Tells what still waits. A Publish that waits is no fault: it always does. */
  close(channel: Channel, ended: boolean): void {
    for (const pending of channel.pending.values()) {
      const waits = pending.service?.patience !== undefined || pending.gapped;
      this.settle(channel, pending, null, ended && !waits ? TIMEOUT : LOST);
    }
  }

  private forget(channel: Channel, pending: Pending): void {
    if (channel.pending.get(pending.requestId) === pending) channel.pending.delete(pending.requestId);
  }

  /** Gives back what was held for a request. */
  private release(pending: Pending): void {
    this.link.ledger.release(pending.held);
    pending.held = 0;
    if (pending.slot >= 0) this.link.ledger.shelf.free(pending.slot);
    pending.slot = -1;
    pending.body = null;
  }

  /** Tells a transaction, or the half of one that was seen. */
  private settle(channel: Channel, pending: Pending | null, m: Message | null, outcome: number): void {
    if (pending !== null) this.forget(channel, pending);
    record(this.link, channel, pending, m, outcome);
    if (pending !== null) this.release(pending);
  }
}

const more = (flaws: string[] | null, ...ids: string[]): string[] => [...(flaws ?? []), ...ids];

/** What a Read that was met before says of this one. */
function known(p: Pending, shape: Shape): void {
  p.session = shape.session;
  p.body = shape.view;
  p.end = shape.view.byteLength;
}

/** The rest of a RequestHeader behind its handle, Part 4, 7.32: return diagnostics, audit entry id, timeout hint, additional header. */
function restOfRequestHeader(r: Reader): void {
  r.skip(4);
  r.skipString();
  r.skip(4);
  skipExtension(r);
}
