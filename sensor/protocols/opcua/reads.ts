/** The hot path: a Read that was seen before and whose results are all plain numbers becomes one row. */
import { ANSWERED } from '../../observation.ts';
import { ROW_VALUES } from '../../writer.ts';
import { copy, hashBytes, hashText, sameBytes } from './bytes.ts';
import { Call, type Fields, type Item } from './call.ts';
import type { Channel, Pending } from './channel.ts';
import { contextFields } from './context.ts';
import type { Signature } from './keys/opening.ts';
import type { Key, Session } from './ledger.ts';
import type { Link } from './link.ts';
import { nameItems } from './names.ts';
import { Reader } from './reader.ts';
import { READ_REQUEST, READ_RESPONSE, readRequest } from './services/attribute.ts';
import { BUILT_IN } from './variant.ts';

/** Distinct Reads remembered of one connection; then it begins anew. */
export const MAX_SHAPES = 512;

/** The tag of Reads in the operations table. */
const READ_TAG = 0x52454144;
const BOOLEAN = 1;
const DOUBLE = 11;

/** What a Read asks for, decoded once: everything of its request that repeats. */
export type Shape = {
  /** The bytes behind the request header. */
  readonly body: Uint8Array;
  readonly view: DataView;
  readonly hash: number;
  /** The bytes of the session's authentication token. */
  readonly token: DataView;
  readonly session: Session | null;
  readonly sessionVersion: number;
  readonly sessionsCreated: number;
  readonly channel: Channel;
  readonly channelVersion: number;
  readonly signature: Signature;
  /** `opcua.max_age` and `opcua.timestamps_to_return`. */
  readonly fields: Fields;
  readonly nodes: readonly Item[];
  /** Fields of channel and session, and they as text: part of what identifies the operation. */
  readonly context: Fields;
  readonly contextText: string;
  readonly contextHash: number;
  /** The operation's key as of the newest answer. */
  key: Key | null;
};

const reader = new Reader();
const values = new Float64Array(ROW_VALUES);
const types = new Uint8Array(ROW_VALUES);

/** The Reads of one connection. */
export class Reads {
  private readonly link: Link;
  private readonly shapes = new Map<number, Shape>();

  constructor(link: Link) {
    this.link = link;
  }

  /** The shape of a known Read whose session token lies at `tokenStart..tokenEnd` and whose parameters at `start..end`; null for another one. */
  find(channel: Channel, signature: Signature, view: DataView, tokenStart: number, tokenEnd: number, start: number, end: number): Shape | null {
    const shape = this.shapes.get(hashBytes(view, start, end, hashBytes(view, tokenStart, tokenEnd, channel.id)));
    if (shape === undefined || !sameBytes(shape.view, view, start, end) || !sameBytes(shape.token, view, tokenStart, tokenEnd)) return null;
    return shape.signature === signature && this.current(shape, channel) ? shape : null;
  }

  /** Remembers a Read as it was met; null when it is none that can become a row. */
  add(channel: Channel, pending: Pending, view: DataView, tokenStart: number, tokenEnd: number, start: number, end: number): Shape | null {
    const r = reader.begin(view, start, end);
    const call = new Call(this.link.ledger);
    readRequest(r, call);
    const nodes = call.nodes as Item[];
    if (r.short || r.left > 0 || r.flaws.length > 0 || call.leftOff > 0 || nodes.length === 0 || nodes.length > ROW_VALUES) return null;
    const hash = hashBytes(view, start, end, hashBytes(view, tokenStart, tokenEnd, channel.id));
    const context = contextFields(channel, pending.session, pending.signature);
    const contextText = JSON.stringify(context);
    const body = copy(view, start, end);
    const shape: Shape = {
      body,
      view: new DataView(body.buffer),
      hash: hashBytes(view, start, end, 0),
      token: new DataView(copy(view, tokenStart, tokenEnd).buffer),
      session: pending.session,
      sessionVersion: pending.session?.version ?? 0,
      sessionsCreated: this.link.ledger.created,
      channel,
      channelVersion: channel.version,
      signature: pending.signature,
      fields: call.fields,
      nodes,
      context,
      contextText,
      contextHash: hashText(contextText),
      key: null,
    };
    if (this.shapes.size >= MAX_SHAPES) this.shapes.clear();
    this.shapes.set(hash, shape);
    return shape;
  }

  /** Writes the row of an answered Read; false (and nothing is written) when its answer needs more than a row. */
  row(pending: Pending, view: DataView, start: number, end: number, at: number, frame: number): boolean {
    const shape = pending.shape as Shape;
    const signature = results(shape, pending.handle, view, start, end);
    if (signature === 0) return false;
    const operation = this.operation(shape, signature);
    if (operation <= 0) return false;
    const { writer } = this.link.sink;
    const i = writer.row(operation, pending.at, ANSWERED, pending.frame, frame);
    const { batch } = writer;
    batch.latency[i] = at - pending.at;
    batch.port[i] = this.link.flow.port[pending.side];
    batch.transaction[i] = pending.requestId;
    batch.handle[i] = pending.handle;
    batch.channel[i] = shape.channel.id;
    for (let k = 0; k < shape.nodes.length; k++) writer.value(i, values[k] as number);
    return true;
  }

  private current(shape: Shape, channel: Channel): boolean {
    if (shape.channel !== channel || shape.channelVersion !== channel.version) return false;
    return shape.session === null ? shape.sessionsCreated === this.link.ledger.created : shape.sessionVersion === shape.session.version;
  }

  /** The operation's number; 0 when there is no place for it or another one has the same numbers. */
  private operation(shape: Shape, signature: number): number {
    const peer = this.link.peer();
    const { operations } = this.link.sink;
    const { keys, refused } = this.link.ledger;
    const n = operations.find(peer.number, shape.hash, signature, shape.contextHash ^ READ_TAG);
    if (n === 0) return 0;
    if (n > 0) {
      const key = keys[n];
      if (key !== undefined && sameKey(key, shape)) return n;
      refused.collisions++;
      return 0;
    }
    const key = { request: shape.body, types: types.slice(0, shape.nodes.length), context: shape.contextText };
    const defined = operations.define(peer, shape.hash, signature, shape.contextHash ^ READ_TAG, 'opcua', this.definition(shape));
    if (defined > 0) {
      keys[defined] = key;
      shape.key = key;
    }
    return defined;
  }

  private definition(shape: Shape): Fields {
    const nodes = shape.nodes.map(({ value: _, ...node }, k): Item => ({ ...node, type: BUILT_IN[types[k] as number]?.name ?? null, status: 'Good' }));
    nameItems(nodes);
    return {
      ...this.link.addresses(),
      'opcua.message_type': 'MSG',
      'opcua.service': 'Read',
      'opcua.type_id': READ_REQUEST,
      'opcua.response_type_id': READ_RESPONSE,
      'opcua.status': 'Good',
      ...shape.context,
      ...shape.fields,
      'opcua.nodes': nodes,
      'opcua.access': 'read',
    };
  }
}

/** Whether `key` is that of `shape` with the types of the newest answer. */
function sameKey(key: Key, shape: Shape): boolean {
  for (let i = 0; i < key.types.length; i++) if (key.types[i] !== types[i]) return false;
  if (key === shape.key) return true;
  if (key.types.length !== shape.nodes.length || key.context !== shape.contextText) return false;
  if (!sameBytes(shape.view, new DataView(key.request.buffer, key.request.byteOffset, key.request.byteLength), 0, key.request.byteLength)) return false;
  shape.key = key;
  return true;
}

/** An array's length that says empty or null. */
const none = (length: number): boolean => length === 0 || length === -1;

/** ResponseHeader without anything but a time and a handle (Part 4, 7.33): result Good, no diagnostics, strings or additions. */
function plainHeader(r: Reader, handle: number): boolean {
  r.skip(8);
  if (r.u32le() !== handle || r.u32le() !== 0 || r.u8() !== 0 || !none(r.i32le())) return false;
  return r.u16le() === 0 && r.u8() === 0 && !r.short;
}

/** Reads the results into `values` and `types` and gives a hash of the types; 0 when they are not one plain Good number a node. */
function results(shape: Shape, handle: number, view: DataView, start: number, end: number): number {
  const r = reader.begin(view, start, end);
  if (!plainHeader(r, handle)) return 0;
  const count = r.i32le();
  if (count !== shape.nodes.length) return 0;
  let h = 0x811c9dc5 | 0;
  for (let i = 0; i < count; i++) {
    const mask = r.u8();
    const type = r.u8();
    if ((mask & 0xc1) !== 1 || type < BOOLEAN || type > DOUBLE || !number(r, type, i)) return 0;
    if ((mask & 2) !== 0 && r.u32le() !== 0) return 0;
    r.skip(((mask & 4) !== 0 ? 8 : 0) + ((mask & 0x10) !== 0 ? 2 : 0) + ((mask & 8) !== 0 ? 8 : 0) + ((mask & 0x20) !== 0 ? 2 : 0));
    types[i] = type;
    h = Math.imul(h ^ type, 0x01000193);
  }
  if (!none(r.i32le()) || r.short || r.left > 0) return 0;
  return h === 0 ? 1 : h;
}

/** Reads one number of a built-in type (Part 6, 5.1.2) into `values[i]`; false for a 64-bit integer that no number holds exactly. */
function number(r: Reader, type: number, i: number): boolean {
  let value = 0;
  if (type === DOUBLE) value = r.f64le();
  else if (type === 10) value = r.f32le();
  else if (type === BOOLEAN) value = r.u8() !== 0 ? 1 : 0;
  else if (type === 2) value = (r.u8() << 24) >> 24;
  else if (type === 3) value = r.u8();
  else if (type === 4) value = (r.u16le() << 16) >> 16;
  else if (type === 5) value = r.u16le();
  else if (type === 6) value = r.i32le();
  else if (type === 7) value = r.u32le();
  else {
    const low = r.u32le();
    value = (type === 8 ? r.i32le() : r.u32le()) * 4294967296 + low;
    if (!Number.isSafeInteger(value)) return false;
  }
  values[i] = value;
  return true;
}
