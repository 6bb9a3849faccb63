import { AMBIGUOUS, ANSWERED, EXCEPTION } from '../../observation.ts';
import { type Dissector, type FlowInfo, NOT_MINE, type Side, type Sink } from '../dissector.ts';
import type { Fields } from './call.ts';
import { Channel, channelCounts, type Lane, nextSequence } from './channel.ts';
import { addChunk, endAssemblies, endAssembly } from './chunks.ts';
import { contextFields } from './context.ts';
import { ABORT, ACK, CLO, ERR, FINAL, HEADER, HEL, headerFlaw, INTERMEDIATE, MSG, OPN, RHE, SYMMETRIC } from './header.ts';
import { errorFields, Greeting } from './hello.ts';
import { checkChunk } from './keys/chunk.ts';
import type { Clear, Signature } from './keys/opening.ts';
import { signatureSize } from './keys/policy.ts';
import { unsealChunk } from './keys/unseal.ts';
import { Link, TYPED } from './link.ts';
import { skipNodeId, typeId } from './nodeid.ts';
import { Opaque } from './opaque.ts';
import { Openings } from './open.ts';
import { Reader } from './reader.ts';
import { JUDGED, nextHeader } from './resync.ts';
import { CLOSE_REQUEST, knownType } from './services/services.ts';
import { RESPONSE_TIMEOUT, Transactions } from './transactions.ts';

/** Channels of one connection. There is one at a time; more are remembered for messages that are still under way. */
const MAX_CHANNELS = 8;
/** Bytes without any message after which the flow is something else. */
const MAX_STRANGE = 65_536;

const reader = new Reader();

/** One connection of OPC UA TCP (`opc.tcp`), Part 6, 7.1 and 6.7. */
export class Connection implements Dissector {
  messages = 0;
  opaque = 0;
  private readonly link: Link;
  private readonly greeting: Greeting;
  private readonly openings: Openings;
  private readonly transactions: Transactions;
  private readonly opaques: Opaque;
  private readonly channels = new Map<number, Channel>();
  /** By side: looking for the next header; whether a message was ever found there. */
  private readonly lost: [boolean, boolean] = [false, false];
  private readonly started: [boolean, boolean] = [false, false];
  private strange = 0;
  /** Of the chunk at hand. */
  private signature: Signature = null;
  /** Bytes went missing, or came before the capture: unknown channels are no wonder. */
  private partial: boolean;

  constructor(flow: FlowInfo, sink: Sink) {
    this.link = new Link(flow, sink);
    this.greeting = new Greeting(this.link);
    this.openings = new Openings(this.link, (id, at) => this.channel(id, at));
    this.transactions = new Transactions(this.link);
    this.opaques = new Opaque(this.link);
    this.partial = flow.opener < 0;
  }

  get client(): Side | -1 {
    return this.link.client;
  }

  get flaws(): number {
    return this.link.flaws;
  }

  feed(side: Side, view: DataView, start: number, end: number, at: number, frame: number): number {
    let pos = start;
    while (end - pos >= HEADER) {
      const wrong = this.lost[side] ? 'lost' : headerFlaw(view, pos);
      if (wrong !== '') {
        const next = nextHeader(view, pos, end, this.channels);
        this.skipped(side, wrong, next - pos, end - next < JUDGED, at, frame);
        if (this.messages === 0 && this.strange > MAX_STRANGE) return NOT_MINE;
        pos = next;
        if (this.lost[side]) break;
        continue;
      }
      const size = view.getUint32(pos + 4, true);
      if (pos + size > end) break;
      this.message(side, view, pos, pos + size, at, frame);
      pos += size;
    }
    return pos - start;
  }

  gap(side: Side, at: number): void {
    this.partial = true;
    this.lost[side] = true;
    this.started[side] = false;
    const fromClient = side === this.link.client;
    if (fromClient) this.transactions.blindUntil = at + RESPONSE_TIMEOUT;
    for (const channel of this.channels.values()) {
      endAssemblies(this.link.ledger, channel.lanes[side]);
      if (!fromClient) for (const pending of channel.pending.values()) pending.gapped = true;
    }
  }

  tick(at: number): void {
    this.greeting.tick(at);
    this.openings.tick(at);
    for (const channel of this.channels.values()) if (channel.pending.size > 0) this.transactions.tick(channel, at);
  }

  close(at: number, ended: boolean): void {
    this.greeting.close(ended);
    this.openings.close(ended);
    for (const channel of this.channels.values()) this.end(channel, ended, at);
    this.channels.clear();
  }

  /** Bytes that are no message: told once, when the search begins on a side that had been understood. */
  private skipped(side: Side, wrong: string, bytes: number, lost: boolean, at: number, frame: number): void {
    this.strange += bytes;
    if (wrong !== 'lost' && this.started[side]) this.link.flaw(wrong, side, bytes, at, frame);
    for (const channel of this.channels.values()) endAssemblies(this.link.ledger, channel.lanes[side]);
    this.lost[side] = lost;
  }

  private message(side: Side, view: DataView, pos: number, end: number, at: number, frame: number): void {
    if (this.messages++ === 0 && this.partial) this.transactions.blindUntil = at + RESPONSE_TIMEOUT;
    this.started[side] = true;
    const type = view.getUint32(pos) >>> 8;
    const start = pos + HEADER;
    if (type === HEL) this.greeting.hel(side, view, start, end, at, frame);
    else if (type === ACK) this.greeting.ack(side, view, start, end, at, frame);
    else if (type === ERR) this.error(side, view, start, end, at, frame);
    else if (type === RHE) this.greeting.rhe(side, view, start, end, at, frame);
    else if (type === OPN) this.open(side, view, pos, end, at, frame);
    else this.secured(type, side, view, pos, end, at, frame);
  }

  /** An Error answers the Hello or the opening that waits, or stands alone and ends the connection. */
  private error(side: Side, view: DataView, start: number, end: number, at: number, frame: number): void {
    const { error, fields } = errorFields(view, start, end);
    if (this.greeting.refused(side, error, fields, at, frame)) return;
    if (this.openings.refused(side, error, fields, at, frame)) return;
    const client = this.link.clientSide();
    const seen = { client, at, outcome: EXCEPTION, latency: Number.NaN, requestFrame: side === client ? frame : 0, responseFrame: side === client ? 0 : frame };
    this.link.emit('opcua-channel', seen, { 'opcua.message_type': 'ERR', ...fields }, error);
  }

  private open(side: Side, view: DataView, pos: number, end: number, at: number, frame: number): void {
    const flaws = this.sizeFlaw(side, end - pos) ? ['size_over_negotiated'] : [];
    const sequence = this.openings.message(side, view, pos + HEADER, end, at, frame, flaws);
    for (const channel of this.channels.values()) channel.lanes[side].sequence = sequence;
  }

  /** A chunk of MSG or CLO: channel id, token id, then sequence number and request id where they can be read. */
  private secured(type: number, side: Side, view: DataView, pos: number, end: number, at: number, frame: number): void {
    const id = view.getUint32(pos + 8, true);
    const known = this.channels.get(id);
    const channel = known ?? this.channel(id, at);
    const token = view.getUint32(pos + 12, true);
    const letter = view.getUint32(pos) & 0xff;
    if (type === MSG) channel.count(side, end - pos, letter !== INTERMEDIATE);
    let flaws = this.sizeFlaw(side, end - pos) ? ['size_over_negotiated'] : null;
    if (!this.readable(channel, side, view, pos, end)) {
      const clear = this.unseal(channel, side, view, pos, end, at, frame);
      if (clear === null) {
        channel.lanes[side].sealed += end - pos;
        if (letter !== INTERMEDIATE) this.sealed(type, channel, side, at, frame);
        return;
      }
      this.signature = clear.signature;
      view = clear.view;
      pos = 0;
      end = clear.end;
    } else this.signature = this.verify(channel, token, side, view, pos, end);
    if (this.signature === 'bad') flaws = [...(flaws ?? []), 'bad_signature'];
    if (known === undefined && !this.partial) flaws = [...(flaws ?? []), 'unknown_channel'];
    if (!channel.accepts(token)) flaws = [...(flaws ?? []), 'unknown_token'];
    flaws = this.sequence(channel.lanes[side], view.getUint32(pos + 16, true), flaws);
    const stop = Math.max(pos + SYMMETRIC, end - channel.signature);
    if (type === CLO) this.closing(channel, side, view, pos, stop, at, frame, flaws);
    else this.chunk(channel, side, letter, view, pos, stop, at, frame, flaws);
  }

  /** An encrypted chunk in clear, null when the keys at hand do not open it. */
  private unseal(channel: Channel, side: Side, view: DataView, pos: number, end: number, at: number, frame: number): Clear | null {
    const { keys } = this.link.sink;
    if (keys === undefined) return null;
    const clear = unsealChunk(keys, channel, side, side === this.link.clientSide(), view, pos, end);
    if (clear === 'bad_signature') {
      this.link.flaw('bad_signature', side, end - pos, at, frame);
      return null;
    }
    if (clear !== null && channel.visibility !== 'opaque') channel.see('opaque', 'SignAndEncrypt');
    return clear;
  }

  /** Whether the signature of a chunk in clear holds, null when that cannot be told. */
  private verify(channel: Channel, token: number, side: Side, view: DataView, pos: number, end: number): Signature {
    if (channel.visibility !== 'signed') return null;
    const keys = channel.keysOf(token);
    return keys === null ? null : checkChunk(side === this.link.clientSide() ? keys.client : keys.server, view, pos, end);
  }

  /** Says what is wrong with a chunk's sequence number. */
  private sequence(lane: Lane, number: number, flaws: string[] | null): string[] | null {
    const last = lane.sequence;
    lane.sequence = number;
    if (last < 0 || nextSequence(last, number)) return flaws;
    return [...(flaws ?? []), number === last ? 'sequence_repeat' : 'sequence_gap'];
  }

  private sizeFlaw(side: Side, size: number): boolean {
    const most = this.greeting.accepts[1 - side] as number;
    return most > 0 && size > most;
  }

  private chunk(
    channel: Channel,
    side: Side,
    letter: number,
    view: DataView,
    pos: number,
    end: number,
    at: number,
    frame: number,
    flaws: string[] | null,
  ): void {
    const requestId = view.getUint32(pos + 20, true);
    const start = pos + SYMMETRIC;
    const lane = channel.lanes[side];
    const { ledger } = this.link;
    if (letter === FINAL && !lane.assemblies.has(requestId)) {
      this.whole(channel, side, requestId, view, start, end, at, frame, 1, flaws);
      return;
    }
    if (letter === ABORT) {
      endAssembly(ledger, lane, requestId);
      const { error, fields } = errorFields(view, start, end);
      const reason = fields['opcua.reason'] as string | null;
      this.transactions.aborted(channel, side, requestId, error, reason, at, frame, this.signature, flaws);
      return;
    }
    const had = lane.assemblies.get(requestId)?.dropped === true;
    const assembly = addChunk(ledger, lane, requestId, view, start, end, this.signature, flaws);
    if (assembly.dropped && !had) this.link.flaw(assembly.flaws?.at(-1) ?? 'chunk_flood', side, end - pos, at, frame);
    if (letter !== FINAL) return;
    if (!assembly.dropped) {
      const whole = new DataView(assembly.bytes.buffer, 0, assembly.length);
      this.signature = assembly.signature;
      this.whole(channel, side, requestId, whole, 0, assembly.length, at, frame, assembly.chunks, assembly.flaws);
    }
    endAssembly(ledger, lane, requestId);
  }

  private whole(
    channel: Channel,
    side: Side,
    requestId: number,
    view: DataView,
    start: number,
    end: number,
    at: number,
    frame: number,
    chunks: number,
    flaws: string[] | null,
  ): void {
    const r = reader.begin(view, start, end);
    const type = typeId(r);
    this.transactions.message({
      channel,
      side,
      typeId: type,
      requestId,
      view,
      start: r.at,
      end,
      at,
      frame,
      chunks,
      signature: this.signature,
      flaws,
      envelope: null,
    });
  }

  /** Whether the chunk's sequence header and body are in clear; settles it for the channel where it can be told. */
  private readable(channel: Channel, side: Side, view: DataView, pos: number, end: number): boolean {
    if (channel.visibility !== null) return channel.visibility !== 'opaque';
    const continued = channel.lanes[side].assemblies.has(view.getUint32(pos + 20, true));
    const type = typeId(reader.begin(view, pos + SYMMETRIC, end));
    if (continued || knownType(type) || type === CLOSE_REQUEST) {
      const signed = channel.policy !== null && channel.policy !== 'None';
      if (signed) channel.signature = signatureSize(channel.policy);
      channel.see(signed ? 'signed' : 'readable', signed ? 'Sign' : channel.policy === 'None' ? 'None' : null);
      return true;
    }
    if (channel.policy === null) return false;
    channel.see('opaque', 'SignAndEncrypt');
    return false;
  }

  /** A message that cannot be read. A close still tells that the channel ended. */
  private sealed(type: number, channel: Channel, side: Side, at: number, frame: number): void {
    this.opaque++;
    const { sealed } = channel.lanes[side];
    channel.lanes[side].sealed = 0;
    if (type === MSG) this.opaques.message(channel, side, sealed, at, frame);
    else this.closed(channel, side, { type: null, requestId: null, handle: null }, at, frame, null);
  }

  private closing(channel: Channel, side: Side, view: DataView, pos: number, end: number, at: number, frame: number, flaws: string[] | null): void {
    const r = reader.begin(view, pos + SYMMETRIC, end);
    const type = typeId(r);
    if (type === CLOSE_REQUEST) this.link.learn(side, TYPED);
    skipNodeId(r);
    r.skip(8);
    const handle = r.u32le();
    if (r.short) r.flaw('message_short');
    const all = [...(flaws ?? []), ...r.flaws];
    this.closed(channel, side, { type, requestId: view.getUint32(pos + 20, true), handle }, at, frame, all.length > 0 ? all : null);
  }

  /** CloseSecureChannel has no answer: Part 4, 5.5.3. */
  private closed(
    channel: Channel,
    side: Side,
    of: { type: number | null; requestId: number | null; handle: number | null },
    at: number,
    frame: number,
    flaws: string[] | null,
  ): void {
    const client = this.link.clientSide();
    const fields: Fields = {
      'opcua.message_type': 'CLO',
      'opcua.channel_id': channel.id,
      'opcua.request_id': of.requestId,
      'opcua.request_handle': of.handle,
      'opcua.service': 'CloseSecureChannel',
      'opcua.type_id': of.type !== null && of.type >= 0 ? of.type : null,
      ...contextFields(channel, null, of.type === null ? null : this.signature),
      ...(of.type === null ? { 'opcua.visibility': 'opaque' } : {}),
      ...channelCounts(channel, client, at),
      'opcua.access': 'session',
      ...(flaws === null ? {} : { 'opcua.flaws': flaws }),
    };
    channel.ended = true;
    const asks = side === client;
    const seen = { client, at, outcome: asks ? ANSWERED : AMBIGUOUS, latency: Number.NaN, requestFrame: asks ? frame : 0, responseFrame: asks ? 0 : frame };
    this.link.emit('opcua-channel', seen, fields, 0);
  }

  private channel(id: number, at: number): Channel {
    const known = this.channels.get(id);
    if (known !== undefined) return known;
    if (this.channels.size >= MAX_CHANNELS) {
      this.link.ledger.refused.channels++;
      for (const oldest of this.channels.values()) {
        this.end(oldest, true, at);
        this.channels.delete(oldest.id);
        break;
      }
    }
    const channel = new Channel(id);
    this.channels.set(id, channel);
    return channel;
  }

  private end(channel: Channel, ended: boolean, at: number): void {
    this.transactions.close(channel, ended);
    if (channel.visibility === 'opaque' && !channel.ended) this.summary(channel, at);
    for (const lane of channel.lanes) endAssemblies(this.link.ledger, lane);
  }

  /** An encrypted channel whose connection ends without a close still says how much went over it. */
  private summary(channel: Channel, at: number): void {
    channel.ended = true;
    const client = this.link.clientSide();
    const fields: Fields = {
      'opcua.message_type': null,
      'opcua.channel_id': channel.id,
      ...contextFields(channel, null, null),
      ...(channel.keys.length === 0 ? { 'opcua.visibility': 'opaque' } : {}),
      ...channelCounts(channel, client, at),
      'opcua.access': 'session',
    };
    this.link.emit('opcua-channel', { client, at, outcome: ANSWERED, latency: Number.NaN, requestFrame: 0, responseFrame: 0 }, fields, 0);
  }
}
