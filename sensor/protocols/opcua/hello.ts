/** Messages of the connection itself, Part 6, 7.1.2: Hello, Acknowledge, Error, ReverseHello; and CloseSecureChannel, which nobody answers. */
import { ANSWERED, EXCEPTION, LOST, ORPHAN, TIMEOUT } from '../../observation.ts';
import type { Side } from '../dissector.ts';
import type { Fields } from './call.ts';
import { GREETED, type Link } from './link.ts';
import { Reader } from './reader.ts';
import { statusName } from './status.ts';

/** How long (ms) a Hello may wait. */
const HELLO_TIMEOUT = 60_000;
/** Part 6, 7.1.2.3: an endpoint URL shall be shorter than 4,096 bytes. */
const MAX_URL = 4096;

const reader = new Reader();

type Hello = { side: Side; at: number; frame: number; fields: Fields };

/** Buffer sizes and limits: what the sender of Hello or Acknowledge accepts. */
const clientLimits = (r: Reader): Fields => ({
  'opcua.protocol_version': r.u32le(),
  'opcua.receive_buffer': r.u32le(),
  'opcua.send_buffer': r.u32le(),
  'opcua.max_message': r.u32le(),
  'opcua.max_chunks': r.u32le(),
});

const serverLimits = (r: Reader): Fields => ({
  'opcua.server_protocol_version': r.u32le(),
  'opcua.server_receive_buffer': r.u32le(),
  'opcua.server_send_buffer': r.u32le(),
  'opcua.server_max_message': r.u32le(),
  'opcua.server_max_chunks': r.u32le(),
});

function finish(r: Reader, fields: Fields): Fields {
  if (r.short && r.flaws.length === 0) r.flaw('message_short');
  if (r.left > 0) r.flaw('trailing_bytes');
  if (r.flaws.length > 0) fields['opcua.flaws'] = [...r.flaws];
  return fields;
}

/** The greeting of one connection. */
export class Greeting {
  /** Largest chunk each side said that it accepts, 0 when not known. */
  readonly accepts: [number, number] = [0, 0];
  private readonly link: Link;
  private hello: Hello | null = null;

  constructor(link: Link) {
    this.link = link;
  }

  hel(side: Side, view: DataView, start: number, end: number, at: number, frame: number): void {
    this.link.learn(side, GREETED);
    if (this.hello !== null) this.tell(this.hello, null, TIMEOUT, 0);
    const r = reader.begin(view, start, end);
    const fields = clientLimits(r);
    const url = r.string();
    fields['opcua.endpoint_url'] = url;
    if (url !== null && url.length >= MAX_URL) r.flaw('url_over_limit');
    this.accepts[side] = fields['opcua.receive_buffer'] as number;
    this.hello = { side, at, frame, fields: finish(r, fields) };
  }

  ack(side: Side, view: DataView, start: number, end: number, at: number, frame: number): void {
    this.link.learn((1 - side) as Side, GREETED);
    const r = reader.begin(view, start, end);
    const fields = serverLimits(r);
    this.accepts[side] = fields['opcua.server_receive_buffer'] as number;
    const { hello } = this;
    this.hello = null;
    this.tell(hello, { side, at, frame, fields: { 'opcua.response_message_type': 'ACK', ...finish(r, fields) } }, hello === null ? ORPHAN : ANSWERED, 0);
  }

  /** An Error in answer to a Hello; false when none waits. */
  refused(side: Side, error: number, fields: Fields, at: number, frame: number): boolean {
    const { hello } = this;
    if (hello === null || hello.side === side) return false;
    this.hello = null;
    this.tell(hello, { side, at, frame, fields: { 'opcua.response_message_type': 'ERR', ...fields } }, EXCEPTION, error);
    return true;
  }

  /** ReverseHello: the server opened the connection and asks to be greeted (Part 6, 7.1.2.6). */
  rhe(side: Side, view: DataView, start: number, end: number, at: number, frame: number): void {
    const client = (1 - side) as Side;
    this.link.learn(client, GREETED);
    const r = reader.begin(view, start, end);
    const fields: Fields = { 'opcua.message_type': 'RHE', 'opcua.server_uri': r.string(), 'opcua.endpoint_url': r.string() };
    this.link.emit('opcua-channel', { client, at, outcome: ANSWERED, latency: Number.NaN, requestFrame: 0, responseFrame: frame }, finish(r, fields), 0);
  }

  tick(at: number): void {
    if (this.hello !== null && at > this.hello.at + HELLO_TIMEOUT) this.close(true);
  }

  close(ended: boolean): void {
    if (this.hello !== null) this.tell(this.hello, null, ended ? TIMEOUT : LOST, 0);
    this.hello = null;
  }

  private tell(hello: Hello | null, answer: Hello | null, outcome: number, error: number): void {
    const { 'opcua.flaws': f1, ...asked } = hello?.fields ?? {};
    const { 'opcua.flaws': f2, 'opcua.response_message_type': type, ...answered } = answer?.fields ?? {};
    const flaws = [...new Set([...((f1 as string[] | undefined) ?? []), ...((f2 as string[] | undefined) ?? [])])];
    const kinds = { 'opcua.message_type': 'HEL', ...(type === undefined ? {} : { 'opcua.response_message_type': type }) };
    const fields = { ...kinds, ...asked, ...answered, ...(flaws.length > 0 ? { 'opcua.flaws': flaws } : {}) };
    const client = hello?.side ?? ((1 - (answer as Hello).side) as Side);
    const latency = hello === null || answer === null ? Number.NaN : answer.at - hello.at;
    const at = (hello ?? (answer as Hello)).at;
    this.link.emit('opcua-channel', { client, at, outcome, latency, requestFrame: hello?.frame ?? 0, responseFrame: answer?.frame ?? 0 }, fields, error);
  }
}

/** The body of an Error message, Part 6, 7.1.2.5: a status code and a reason. */
export function errorFields(view: DataView, start: number, end: number): { error: number; fields: Fields } {
  const r = reader.begin(view, start, end);
  const error = r.u32le();
  const fields: Fields = { 'opcua.status': statusName(error), 'opcua.reason': r.string() };
  return { error, fields: finish(r, fields) };
}
