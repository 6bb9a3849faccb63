import { AMBIGUOUS } from '../../observation.ts';
import type { Side } from '../dissector.ts';
import { hashText } from './bytes.ts';
import type { Fields } from './call.ts';
import type { Channel } from './channel.ts';
import { contextFields } from './context.ts';
import type { Key } from './ledger.ts';
import type { Link } from './link.ts';

const OPAQUE_TAG = 0x4f504151;
const NOTHING = new Uint8Array(0);

/** Encrypted messages: which response belongs to which request cannot be told, so each is a row of its own, and ambiguous. */
export class Opaque {
  private readonly link: Link;
  private channel: Channel | null = null;
  private version = -1;
  private fields: Fields = {};
  private text = '';
  private hash = 0;

  constructor(link: Link) {
    this.link = link;
  }

  /** `size`: bytes of its chunks, headers included. */
  message(channel: Channel, side: Side, size: number, at: number, frame: number): void {
    const asks = side === this.link.clientSide();
    if (channel !== this.channel || channel.version !== this.version) this.learn(channel);
    const requestFrame = asks ? frame : 0;
    const responseFrame = asks ? 0 : frame;
    const operation = this.operation(asks);
    if (operation <= 0) {
      const { 'opcua.message_type': type, ...rest } = this.fields;
      const fields = { 'opcua.message_type': type ?? null, 'opcua.channel_id': channel.id, ...rest, 'opcua.size': size };
      this.link.emit('opcua', { client: this.link.clientSide(), at, outcome: AMBIGUOUS, latency: Number.NaN, requestFrame, responseFrame }, fields, 0);
      return;
    }
    const { writer } = this.link.sink;
    const i = writer.row(operation, at, AMBIGUOUS, requestFrame, responseFrame);
    writer.batch.port[i] = this.link.flow.port[this.link.clientSide()];
    writer.batch.channel[i] = channel.id;
    // No handle can be read: the column is free.
    writer.batch.handle[i] = size;
  }

  private learn(channel: Channel): void {
    this.channel = channel;
    this.version = channel.version;
    this.fields = {
      'opcua.message_type': 'MSG',
      'opcua.request_id': null,
      'opcua.request_handle': null,
      'opcua.service': null,
      'opcua.type_id': null,
      'opcua.response_type_id': null,
      'opcua.status': null,
      ...contextFields(channel, null, null),
      'opcua.visibility': 'opaque',
    };
    this.text = JSON.stringify(this.fields);
    this.hash = hashText(this.text);
  }

  /** Requests and responses are two operations. */
  private operation(asks: boolean): number {
    const peer = this.link.peer();
    const { operations } = this.link.sink;
    const { keys, refused } = this.link.ledger;
    const direction = asks ? 1 : 2;
    const n = operations.find(peer.number, direction, 0, this.hash ^ OPAQUE_TAG);
    if (n === 0) return 0;
    if (n > 0) {
      if (keys[n]?.context === this.text && keys[n].types[0] === direction && keys[n].request.length === 0) return n;
      refused.collisions++;
      return 0;
    }
    const defined = operations.define(peer, direction, 0, this.hash ^ OPAQUE_TAG, 'opcua', { ...this.link.addresses(), ...this.fields });
    const key: Key = { request: NOTHING, types: new Uint8Array([direction]), context: this.text };
    if (defined > 0) keys[defined] = key;
    return defined;
  }
}
