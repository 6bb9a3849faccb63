/** Frames of a serial line as text (Modbus over Serial Line V1.02 section 2.5.2): a colon, unit, PDU and LRC as hexadecimal digits, CR LF. */
import { MORE, NO, type Recognition, type Side, YES } from '../dissector.ts';
import { lrc } from './checksum.ts';
import type { Envelope } from './dissector.ts';
import type { Exchange } from './exchange.ts';
import { NO_TRANSACTION } from './observe.ts';

const COLON = 0x3a;
const CR = 0x0d;
const LF = 0x0a;
/** Characters of the longest frame. */
const LONGEST = 513;
/** Unit, function and LRC. */
const FEWEST = 3;

/** Value of a hexadecimal digit, -1 of anything else. */
function digit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte & 0xdf;
  return letter >= 0x41 && letter <= 0x46 ? letter - 0x37 : -1;
}

/** Where the frame that begins at `pos` has its line feed; 0 when it is none, -1 when more bytes will tell. */
function lineEnd(view: DataView, pos: number, end: number): number {
  if (view.getUint8(pos) !== COLON) return 0;
  let at = pos + 1;
  while (at < end && at - pos < LONGEST && digit(view.getUint8(at)) >= 0) at++;
  if (at - pos >= LONGEST || (at < end && view.getUint8(at) !== CR)) return 0;
  if (at + 1 >= end) return -1;
  const digits = at - pos - 1;
  return view.getUint8(at + 1) === LF && digits >= FEWEST * 2 && digits % 2 === 0 ? at + 1 : 0;
}

export function recogniseAscii(view: DataView, start: number, end: number): Recognition {
  const stop = lineEnd(view, start, end);
  if (stop <= 0) return stop === 0 ? NO : MORE;
  return decoded(view, start, stop) > 0 ? YES : NO;
}

/** The frame at hand as bytes: unit, PDU, LRC. */
const bytes = new DataView(new ArrayBuffer(LONGEST));

/** Reads the frame into `bytes`: how many, 0 when its LRC is wrong. */
function decoded(view: DataView, start: number, lineFeed: number): number {
  const size = (lineFeed - start - 2) >> 1;
  for (let n = 0; n < size; n++) bytes.setUint8(n, digit(view.getUint8(start + 1 + 2 * n)) * 16 + digit(view.getUint8(start + 2 + 2 * n)));
  return lrc(bytes, 0, size - 1) === bytes.getUint8(size - 1) ? size : 0;
}

export class Ascii implements Envelope {
  private readonly exchange: Exchange;
  /** By side: a hole, behind which comes the end of a frame. */
  private readonly adrift: [boolean, boolean] = [false, false];

  constructor(exchange: Exchange) {
    this.exchange = exchange;
  }

  feed(side: Side, view: DataView, start: number, end: number, at: number, frame: number): number {
    let pos = start;
    while (pos < end) {
      const stop = lineEnd(view, pos, end);
      if (stop < 0) break;
      if (stop === 0) {
        pos = this.lost(side, view, pos, end, at, frame);
        continue;
      }
      this.message(side, view, pos, stop, at, frame);
      pos = stop + 1;
    }
    return pos - start;
  }

  gap(side: Side): void {
    this.adrift[side] = true;
  }

  private message(side: Side, view: DataView, pos: number, stop: number, at: number, frame: number): void {
    this.adrift[side] = false;
    const size = decoded(view, pos, stop);
    if (size === 0) return this.exchange.flaw(side, 'bad_lrc', stop + 1 - pos, at, frame);
    this.exchange.declared = size - 2;
    this.exchange.take(side, bytes, 1, size - 1, size - 1, NO_TRANSACTION, bytes.getUint8(0), at, frame);
  }

  /** No frame begins at `pos`: on to the next colon. */
  private lost(side: Side, view: DataView, pos: number, end: number, at: number, frame: number): number {
    let next = pos + 1;
    while (next < end && view.getUint8(next) !== COLON) next++;
    if (!this.adrift[side]) this.exchange.flaw(side, 'unreadable', next - pos, at, frame);
    this.adrift[side] = next === end;
    return next;
  }
}
