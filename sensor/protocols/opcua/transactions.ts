import { AMBIGUOUS, ANSWERED, EXCEPTION, LOST, ORPHAN, TIMEOUT } from '../../observation.ts';
import type { Side } from '../dissector.ts';
import { skipExtension } from './builtin.ts';
import { Call, type Fields } from './call.ts';
import { type Channel, MAX_PENDING, type Pending } from './channel.ts';
import { type Signature, signatureField, worse } from './keys/opening.ts';
import type { Session } from './ledger.ts';
import { type Link, TYPED } from './link.ts';
import { nameItems } from './names.ts';
import { nodeId, skipNodeId } from './nodeid.ts';
import { Reader } from './reader.ts';
import { Reads } from './reads.ts';
import { READ_REQUEST } from './services/attribute.ts';
import { requestService, responseService, SERVICE_FAULT } from './services/services.ts';
import { opened } from './sessionless.ts';
import { settleSession, strayed } from './sessions.ts';
import { infoBits, isBad, severity, statusName } from './status.ts';

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

/** Fields of a channel and of the session that uses it, for a message whose body is in clear: the same in details and definitions. */
export function contextFields(channel: Channel, session: Session | null, signature: Signature): Fields {
  const fields: Fields = {
    'opcua.visibility': channel.visibility === 'opaque' ? 'decrypted' : (channel.visibility ?? 'opaque'),
    'opcua.security_policy': channel.policy,
    'opcua.security_mode': channel.mode,
    ...signatureField(signature),
  };
  if (session?.name != null) fields['opcua.session_name'] = session.name;
  if (session?.applicationUri != null) fields['opcua.application_uri'] = session.applicationUri;
  if (session?.user != null) fields['opcua.user'] = session.user;
  if (session?.userToken != null) fields['opcua.user_token'] = session.userToken;
  return fields;
}

/** Joins requests with responses, by request id per channel, and tells each transaction once. */
export class Transactions {
  /** Until then (ms since the epoch) a response without its request is no wonder: the request fell into a gap or came before the capture. */
  blindUntil = Number.NEGATIVE_INFINITY;
  private readonly link: Link;
  private readonly reads: Reads;

  constructor(link: Link) {
    this.link = link;
    this.reads = new Reads(link, contextFields);
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
    r.skip(8);
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
      token: '',
      session: null,
      shape: null,
      envelope: m.envelope,
      body: null,
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
    pending.session = pending.shape?.session ?? pending.session;
    pending.body = pending.shape?.body ?? pending.body;
    this.wait(channel, pending);
  }

  /** A request that is not a known Read: who sends it, and its bytes kept until the answer comes. */
  private met(channel: Channel, p: Pending, plain: boolean, view: DataView, tokenStart: number, tokenEnd: number, start: number, end: number): void {
    p.token = nodeId(reader.begin(view, tokenStart, tokenEnd));
    if (p.token === 'i=0') p.token = '';
    p.session = p.token === '' ? null : this.link.ledger.session(this.link.server(p.side), p.token);
    const stranger = p.session !== null && p.session.client !== this.link.flow.address[p.side];
    if (stranger) p.flaws = more(p.flaws, 'session_of_another_host');
    if (strayed(this.link, channel, p) && !stranger && p.at >= this.blindUntil) p.flaws = more(p.flaws, 'session_of_another_channel');
    if (plain && p.flaws === null) p.shape = this.reads.add(channel, p, view, tokenStart, tokenEnd, start, end);
    if (p.shape !== null || (start >= end && p.flaws !== null)) return;
    if (!this.link.ledger.hold(end - start)) {
      p.flaws = more(p.flaws, 'held_over_limit');
      return;
    }
    p.held = end - start;
    p.body = new Uint8Array(view.buffer, view.byteOffset + start, end - start).slice();
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
    const fields = {
      ...this.opening(channel, pending, requestId, null),
      'opcua.status': statusName(error),
      ...contextFields(channel, pending?.session ?? null, pending === null ? signature : worse(pending.signature, signature)),
      'opcua.aborted': asks ? 'request' : 'response',
      'opcua.reason': reason,
      ...(pending?.service == null ? {} : { 'opcua.access': pending.service.access }),
      ...(flaws === null ? {} : { 'opcua.flaws': flaws }),
    };
    if (pending !== null) this.forget(channel, pending);
    const latency = pending === null ? Number.NaN : at - pending.at;
    const requestFrame = asks ? frame : (pending?.frame ?? 0);
    this.link.emit('opcua', { client, at: pending?.at ?? at, outcome: EXCEPTION, latency, requestFrame, responseFrame: asks ? 0 : frame }, fields, error);
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
    this.link.ledger.release(pending.held);
    pending.held = 0;
    if (channel.pending.get(pending.requestId) === pending) channel.pending.delete(pending.requestId);
  }

  private opening(channel: Channel, pending: Pending | null, requestId: number, m: Message | null): Fields {
    return {
      'opcua.message_type': 'MSG',
      'opcua.channel_id': channel.id,
      'opcua.request_id': requestId,
      'opcua.request_handle': pending?.handle ?? null,
      'opcua.service': (pending?.service ?? (m === null ? null : responseService(m.typeId)))?.name ?? null,
      'opcua.type_id': typeNumber(pending),
      'opcua.response_type_id': typeNumber(m),
    };
  }

  /** Tells a transaction, or the half of one that was seen. */
  private settle(channel: Channel, pending: Pending | null, m: Message | null, outcome: number): void {
    if (pending !== null) this.forget(channel, pending);
    const sure = outcome === ANSWERED || outcome === ORPHAN || outcome === LOST;
    const server = sure ? this.link.server(pending?.side ?? ((1 - (m as Message).side) as Side)) : '';
    const call = new Call(this.link.ledger, server, pending?.token ?? '');
    call.at = (pending ?? m)?.at ?? 0;
    const service = pending?.service ?? (m === null ? null : responseService(m.typeId));
    const flaws = [...(pending?.flaws ?? [])];
    if (pending?.body != null && service?.decodeRequest !== undefined) decodeRequest(channel, pending, call, flaws);
    const answer = m === null ? null : decodeResponse(channel, pending, m, call, flaws);
    flaws.push(...this.link.nonces.session(channel.policy, call.nonces));
    const failed = answer !== null && (answer.fault || isBad(answer.status));
    const how = outcome === ANSWERED && failed ? EXCEPTION : outcome;
    if (pending !== null || m !== null) settleSession(this.link, channel, pending, m, answer?.status ?? null, call);
    if (pending !== null && answer?.status === 0 && flaws.length === 0) {
      const server = this.link.server(pending.side);
      Object.assign(call.fields, this.link.ledger.endpoints.compare(server, service?.name ?? '', call));
    }
    const fields: Fields = this.opening(channel, pending, (pending ?? m)?.requestId ?? 0, m);
    if (pending === null && answer !== null) fields['opcua.request_handle'] = answer.handle;
    fields['opcua.status'] = answer === null ? null : statusName(answer.status);
    if (answer !== null && answer.status !== 0) Object.assign(fields, statusDetail(answer.status));
    Object.assign(fields, contextFields(channel, pending?.session ?? null, signatureOf(pending, m)), m?.envelope, pending?.envelope, call.fields);
    // A password that only the message's own encryption hid did not travel in clear.
    if (channel.visibility === 'opaque' && fields['opcua.password'] === 'clear') fields['opcua.password'] = 'encrypted';
    nameItems(call.nodes ?? []);
    nameItems(call.methods ?? []);
    if (call.nodes !== null) fields['opcua.nodes'] = call.nodes;
    if (call.methods !== null) fields['opcua.methods'] = call.methods;
    if (call.diagnostics.length > 0) fields['opcua.diagnostics'] = call.diagnostics;
    if (call.leftOff + call.cut > 0) fields['opcua.left_off'] = call.leftOff + call.cut;
    fields['opcua.access'] = service?.access ?? 'other';
    if ((pending?.chunks ?? 1) > 1) fields['opcua.request_chunks'] = pending?.chunks ?? 1;
    if ((m?.chunks ?? 1) > 1) fields['opcua.response_chunks'] = m?.chunks ?? 1;
    if (flaws.length > 0) fields['opcua.flaws'] = [...new Set(flaws)];
    this.link.emit('opcua', seen(pending, m, how), fields, answer?.status ?? 0);
  }
}

const signatureOf = (pending: Pending | null, m: Message | null): Signature =>
  pending === null ? (m?.signature ?? null) : m === null ? pending.signature : worse(pending.signature, m.signature);
/** Severity and info bits of a service result that is not plainly Good. */
function statusDetail(status: number): Fields {
  const bits = infoBits(status);
  return { 'opcua.severity': severity(status), ...(bits.length === 0 ? {} : { 'opcua.status_info': bits }) };
}

const more = (flaws: string[] | null, ...ids: string[]): string[] => [...(flaws ?? []), ...ids];

/** The rest of a RequestHeader behind its handle, Part 4, 7.32: return diagnostics, audit entry id, timeout hint, additional header. */
function restOfRequestHeader(r: Reader): void {
  r.skip(4);
  r.skipString();
  r.skip(4);
  skipExtension(r);
}

const typeNumber = (half: { typeId: number } | null): number | null => (half === null || half.typeId < 0 ? null : half.typeId);

function seen(pending: Pending | null, m: Message | null, outcome: number) {
  const client = pending?.side ?? ((1 - (m as Message).side) as Side);
  const latency = pending === null || m === null ? Number.NaN : m.at - pending.at;
  return { client, at: (pending ?? (m as Message)).at, outcome, latency, requestFrame: pending?.frame ?? 0, responseFrame: m?.frame ?? 0 };
}

/** What a half that was read left behind. On a channel whose opening was not seen, 20 or 32 bytes are the signatures of mode Sign. */
function leftover(channel: Channel, r: Reader, flaws: string[]): void {
  if (r.short && r.flaws.length === 0) r.flaw('message_short');
  if (r.left > 0) {
    const signature = channel.policy === null && channel.visibility === 'readable' && (r.left === 20 || r.left === 32);
    if (signature) {
      channel.signature = r.left;
      channel.see('signed', 'Sign');
    } else r.flaw('trailing_bytes');
  }
  flaws.push(...r.flaws);
}

function decodeRequest(channel: Channel, pending: Pending, call: Call, flaws: string[]): void {
  const body = pending.body as Uint8Array;
  const r = reader.begin(new DataView(body.buffer, body.byteOffset, body.byteLength), 0, body.byteLength);
  pending.service?.decodeRequest?.(r, call);
  call.cut += r.leftOff;
  leftover(channel, r, flaws);
}

/** ResponseHeader, Part 4, 7.33, then the body where the response is the one that its request asked for. */
function decodeResponse(
  channel: Channel,
  pending: Pending | null,
  m: Message,
  call: Call,
  flaws: string[],
): { status: number; handle: number; fault: boolean } {
  const r = reader.begin(m.view, m.start, m.end);
  r.skip(8);
  const handle = r.u32le();
  const status = r.u32le();
  call.header(r);
  skipExtension(r);
  const service = responseService(m.typeId);
  const fault = m.typeId === SERVICE_FAULT;
  if (r.short) r.flaw('response_header_short');
  if (pending !== null && handle !== pending.handle) r.flaw('handle_mismatch');
  call.failed = isBad(status);
  const other = pending !== null && !fault && pending.service !== null && service !== pending.service;
  if (other) r.flaw('response_mismatch');
  else if (service?.decodeResponse !== undefined && !r.short) service.decodeResponse(r, call);
  if (fault || (!other && service?.decodeResponse !== undefined)) leftover(channel, r, flaws);
  else flaws.push(...r.flaws);
  call.cut += r.leftOff;
  flaws.push(...(m.flaws ?? []));
  return { status, handle, fault };
}
