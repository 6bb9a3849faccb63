/** The record of one transaction: both halves decoded into one observation. */
import { ANSWERED, EXCEPTION, LOST, type Observation, ORPHAN } from '../../observation.ts';
import type { Side } from '../dissector.ts';
import { dateTime, skipExtension } from './builtin.ts';
import { Call, type Fields } from './call.ts';
import type { Channel, Pending } from './channel.ts';
import { putContext, visible } from './context.ts';
import { type Signature, worse } from './keys/opening.ts';
import type { Link, Seen } from './link.ts';
import { nameItems } from './names.ts';
import { Reader } from './reader.ts';
import type { Service } from './services/service.ts';
import { responseService, SERVICE_FAULT } from './services/services.ts';
import { ACTIVATE_SESSION } from './services/session.ts';
import { settleSession } from './sessions.ts';
import { infoBits, isBad, severity, statusName } from './status.ts';
import type { Message } from './transactions.ts';

const reader = new Reader();

/** What a response's header says; `clock` as that of a request. */
type Answer = { status: number; handle: number; fault: boolean; clock: number };

/** Tells a transaction, or the half of one that was seen: at least one of `pending` and `m` is there. */
export function record(link: Link, channel: Channel, pending: Pending | null, m: Message | null, outcome: number): void {
  const answer = m === null ? null : answerOf(m);
  const how = outcome === ANSWERED && answer !== null && (answer.fault || isBad(answer.status)) ? EXCEPTION : outcome;
  const service = pending?.service ?? (m === null ? null : responseService(m.typeId));
  const seen = seenOf(pending, m, how);
  const out = opening(link.observation('opcua', seen), channel, pending, m, service);
  if (pending === null && answer !== null) out['opcua.request_handle'] = answer.handle;
  out['opcua.status'] = answer === null ? null : statusName(answer.status);
  if (answer !== null && answer.status !== 0) statusDetail(out, answer.status);
  // What it says changes what is true of its session: that is told as it is behind it.
  const activates = pending?.typeId === ACTIVATE_SESSION;
  if (!activates) surroundings(out, channel, pending, m);
  if (service?.access === 'session') clocks(out, pending, answer);
  const sure = outcome === ANSWERED || outcome === ORPHAN || outcome === LOST;
  const call = new Call(link.ledger, sure ? link.server(seen.client) : '', pending?.token ?? '', activates ? {} : out);
  call.at = seen.at;
  const flaws = decode(link, channel, pending, m, answer, call, service);
  settleSession(link, channel, pending, m, answer?.status ?? null, call);
  if (pending !== null && answer?.status === 0 && flaws === null && call.server !== '') link.ledger.endpoints.compare(call.server, service?.name ?? '', call);
  if (activates) {
    surroundings(out, channel, pending, m);
    Object.assign(out, call.fields);
  }
  closing(out, channel, call, pending, m, service);
  if (flaws !== null) out['opcua.flaws'] = flaws;
  link.tell(out, seen, answer?.status ?? 0);
}

function seenOf(pending: Pending | null, m: Message | null, outcome: number): Seen {
  const client = pending?.side ?? ((1 - (m as Message).side) as Side);
  const latency = pending === null || m === null ? Number.NaN : m.at - pending.at;
  return { client, at: (pending ?? (m as Message)).at, outcome, latency, requestFrame: pending?.frame ?? 0, responseFrame: m?.frame ?? 0 };
}

const typeNumber = (half: { typeId: number } | null): number | null => (half === null || half.typeId < 0 ? null : half.typeId);

/** The fields that every record of messages begins with. */
export function opening(out: Observation, channel: Channel, pending: Pending | null, m: Message | null, service: Service | null, requestId = -1): Observation {
  out['opcua.message_type'] = 'MSG';
  out['opcua.channel_id'] = channel.id;
  out['opcua.request_id'] = (pending ?? m)?.requestId ?? requestId;
  out['opcua.request_handle'] = pending?.handle ?? null;
  out['opcua.service'] = service?.name ?? null;
  out['opcua.type_id'] = typeNumber(pending);
  out['opcua.response_type_id'] = typeNumber(m);
  return out;
}

const signatureOf = (pending: Pending | null, m: Message | null): Signature =>
  pending === null ? (m?.signature ?? null) : m === null ? pending.signature : worse(pending.signature, m.signature);

/** Channel, session and envelope. */
function surroundings(out: Fields, channel: Channel, pending: Pending | null, m: Message | null): void {
  putContext(out, channel, pending?.session ?? null, signatureOf(pending, m));
  if (m?.envelope != null) Object.assign(out, m.envelope);
  if (pending?.envelope != null) Object.assign(out, pending.envelope);
}

/** How far the clocks of client and server are ahead of the capture's, whole ms: told where a session comes and goes, which is seldom enough. */
function clocks(out: Fields, pending: Pending | null, answer: Answer | null): void {
  if (pending !== null && Number.isFinite(pending.clock)) out['opcua.client_clock_offset'] = Math.round(pending.clock);
  if (answer !== null && Number.isFinite(answer.clock)) out['opcua.server_clock_offset'] = Math.round(answer.clock);
}

/** Severity and info bits of a service result that is not plainly Good. */
function statusDetail(out: Fields, status: number): void {
  out['opcua.severity'] = severity(status);
  const bits = infoBits(status);
  if (bits.length > 0) out['opcua.status_info'] = bits;
}

/** What decoding found, behind the fields of the service itself. */
function closing(out: Fields, channel: Channel, call: Call, pending: Pending | null, m: Message | null, service: Service | null): void {
  out['opcua.visibility'] = visible(channel);
  out['opcua.security_mode'] = channel.mode;
  // A password that only the message's own encryption hid did not travel in clear.
  if (channel.visibility === 'opaque' && out['opcua.password'] === 'clear') out['opcua.password'] = 'encrypted';
  if (call.nodes !== null) nameItems(call.nodes);
  if (call.methods !== null) nameItems(call.methods);
  if (call.nodes !== null) out['opcua.nodes'] = call.nodes;
  if (call.methods !== null) out['opcua.methods'] = call.methods;
  if (call.diagnostics !== null) out['opcua.diagnostics'] = call.diagnostics;
  if (call.leftOff + call.cut > 0) out['opcua.left_off'] = call.leftOff + call.cut;
  out['opcua.access'] = service?.access ?? 'other';
  if (pending !== null && pending.chunks > 1) out['opcua.request_chunks'] = pending.chunks;
  if (m !== null && m.chunks > 1) out['opcua.response_chunks'] = m.chunks;
}

/** Decodes both halves into `call`; what is wrong with them, null for nothing. */
function decode(
  link: Link,
  channel: Channel,
  pending: Pending | null,
  m: Message | null,
  answer: Answer | null,
  call: Call,
  service: Service | null,
): string[] | null {
  const flaws: string[] = [];
  if (pending?.flaws != null) flaws.push(...pending.flaws);
  if (pending !== null && pending.body !== null && service?.decodeRequest !== undefined) decodeRequest(channel, pending, call, flaws);
  if (m !== null) decodeResponse(channel, pending, m, answer as Answer, call, flaws);
  if (call.nonces !== null) flaws.push(...link.nonces.session(channel.policy, call.nonces));
  return flaws.length === 0 ? null : [...new Set(flaws)];
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
  if (r.flaws.length > 0) flaws.push(...r.flaws);
}

function decodeRequest(channel: Channel, pending: Pending, call: Call, flaws: string[]): void {
  const r = reader.begin(pending.body as DataView, pending.start, pending.end);
  pending.service?.decodeRequest?.(r, call);
  call.cut += r.leftOff;
  leftover(channel, r, flaws);
}

/** ResponseHeader, Part 4, 7.33, up to its result. */
function answerOf(m: Message): Answer {
  const r = reader.begin(m.view, m.start, m.end);
  const clock = dateTime(r) - m.at;
  return { clock, handle: r.u32le(), status: r.u32le(), fault: m.typeId === SERVICE_FAULT };
}

/** The rest of the header, then the body where the response is the one that its request asked for. */
function decodeResponse(channel: Channel, pending: Pending | null, m: Message, answer: Answer, call: Call, flaws: string[]): void {
  const r = reader.begin(m.view, m.start, m.end);
  r.skip(16);
  call.header(r);
  skipExtension(r);
  const service = responseService(m.typeId);
  const { fault } = answer;
  if (r.short) r.flaw('response_header_short');
  if (pending !== null && answer.handle !== pending.handle) r.flaw('handle_mismatch');
  call.failed = isBad(answer.status);
  const other = pending !== null && !fault && pending.service !== null && service !== pending.service;
  if (other) r.flaw('response_mismatch');
  else if (service?.decodeResponse !== undefined && !r.short) service.decodeResponse(r, call);
  if (fault || (!other && service?.decodeResponse !== undefined)) leftover(channel, r, flaws);
  else flaws.push(...r.flaws);
  call.cut += r.leftOff;
  if (m.flaws !== null) flaws.push(...m.flaws);
}
