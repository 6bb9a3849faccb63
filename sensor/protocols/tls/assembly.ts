import type { Ledger } from './ledger.ts';

/** Type and 24-bit length in front of a handshake message: RFC 8446, 4. */
export const MESSAGE_HEADER = 4;
/** Largest handshake message that is put together. Chains of certificates seldom reach 16 KiB. */
export const MAX_MESSAGE = 65_536;

/** Takes a whole message: its type, and where its body lies. */
export type OnMessage = (type: number, view: DataView, start: number, end: number) => void;

/** Handshake messages of one direction, which may share a record or go over several (RFC 5246, 6.2.1). */
export class Assembly {
  private readonly ledger: Ledger;
  private bytes: Uint8Array | null = null;
  private length = 0;

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  /** The fragment of a record. False when what it begins is larger than MAX_MESSAGE, or there is no room: then all of it is dropped. */
  add(view: DataView, start: number, end: number, onMessage: OnMessage): boolean {
    if (this.bytes === null) return this.rest(view, start, end, onMessage);
    if (!this.grow(end - start)) return false;
    const held = this.bytes;
    held.set(new Uint8Array(view.buffer, view.byteOffset + start, end - start), this.length);
    const length = this.length + end - start;
    if (length >= MESSAGE_HEADER && length - MESSAGE_HEADER < messageLength(new DataView(held.buffer), 0)) {
      this.length = length;
      return true;
    }
    this.drop();
    return this.rest(new DataView(held.buffer), 0, length, onMessage);
  }

  /** Forgets an unfinished message. */
  drop(): void {
    if (this.bytes !== null) this.ledger.release(this.bytes.length);
    this.bytes = null;
    this.length = 0;
  }

  /** Whole messages where they lie; the beginning of one more is kept. */
  private rest(view: DataView, start: number, end: number, onMessage: OnMessage): boolean {
    let pos = start;
    while (end - pos >= MESSAGE_HEADER) {
      const length = messageLength(view, pos);
      if (length > MAX_MESSAGE) return false;
      const stop = pos + MESSAGE_HEADER + length;
      if (stop > end) break;
      onMessage(view.getUint8(pos), view, pos + MESSAGE_HEADER, stop);
      pos = stop;
    }
    if (pos === end) return true;
    if (!this.grow(end - pos)) return false;
    (this.bytes as unknown as Uint8Array).set(new Uint8Array(view.buffer, view.byteOffset + pos, end - pos));
    this.length = end - pos;
    return true;
  }

  /** Room for `more` bytes behind those that are held. Claimed in steps, so that small fragments do not copy all each time. */
  private grow(more: number): boolean {
    const had = this.bytes?.length ?? 0;
    const size = this.length + more;
    if (size <= had) return true;
    const room = Math.max(512, size, had * 2);
    if (!this.ledger.hold(room - had)) {
      this.drop();
      return false;
    }
    const bytes = new Uint8Array(room);
    if (this.bytes !== null) bytes.set(this.bytes.subarray(0, this.length));
    this.bytes = bytes;
    return true;
  }
}

const messageLength = (view: DataView, at: number): number => (view.getUint8(at + 1) << 16) | view.getUint16(at + 2);
