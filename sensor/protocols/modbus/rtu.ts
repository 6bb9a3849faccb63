/** Frames of a serial line as they are (Modbus over Serial Line V1.02 section 2.5.1): unit, PDU, CRC. No length: the function says it, the CRC proves it. */
import { MORE, NO, type Recognition, type Side, YES } from '../dissector.ts';
import { crc16 } from './checksum.ts';
import type { Envelope } from './dissector.ts';
import type { Exchange } from './exchange.ts';
import { isOrdinary } from './header.ts';
import { NO_TRANSACTION } from './observe.ts';
import { requestSize, responseSize, SHORT, UNKNOWN } from './size.ts';

/** Section 2.5.1: the shortest and the longest frame, and what is around the PDU. */
const SHORTEST = 4;
const LONGEST = 256;
const AROUND = 3;
/** Units of a serial line (section 2.2); the rest is reserved, 0 is everybody. */
const LAST_UNIT = 247;

/** No frame begins here. */
const NONE = 0;
/** One may; more bytes will tell. */
const WAIT = -1;

type Shape = (view: DataView, start: number, end: number) => number;
const REQUEST: readonly Shape[] = [requestSize];
const RESPONSE: readonly Shape[] = [responseSize];
const EITHER: readonly Shape[] = [requestSize, responseSize];

const sound = (view: DataView, pos: number, size: number): boolean => crc16(view, pos, pos + size - 2) === view.getUint16(pos + size - 2, true);

/** Section 6.8 lets a loop-back carry any number of words; one is what is sent. */
function pduSize(shape: Shape, view: DataView, start: number, end: number): number {
  const size = shape(view, start, end);
  return size === UNKNOWN && view.getUint8(start) === 8 ? 5 : size;
}

/** Size of the frame at `pos` whose function says how long it is; NONE or WAIT. */
function known(view: DataView, pos: number, end: number, shapes: readonly Shape[]): number {
  if (end - pos < SHORTEST) return WAIT;
  let answer = NONE;
  for (const shape of shapes) {
    const pdu = pduSize(shape, view, pos + 1, end);
    const size = pdu + AROUND;
    if (pdu === SHORT || (pdu > 0 && size <= LONGEST && pos + size > end)) answer = WAIT;
    else if (pdu > 0 && size <= LONGEST && sound(view, pos, size)) return size;
  }
  return answer;
}

/** The same of a function that does not say: the first CRC that is right ends it. */
function unknown(view: DataView, pos: number, end: number): number {
  const most = Math.min(LONGEST, end - pos);
  for (let size = SHORTEST; size <= most; size++) if (sound(view, pos, size)) return size;
  return most < LONGEST ? WAIT : NONE;
}

function frameSize(view: DataView, pos: number, end: number, shapes: readonly Shape[]): number {
  if (end - pos < SHORTEST) return WAIT;
  const silent = shapes.every((shape) => shape(view, pos + 1, end) === UNKNOWN);
  return silent ? unknown(view, pos, end) : known(view, pos, end, shapes);
}

/** Whether `start..end` are frames and nothing else. */
export function areFrames(view: DataView, start: number, end: number): boolean {
  for (let pos = start; pos < end; ) {
    const size = known(view, pos, end, EITHER);
    if (size <= 0) return false;
    pos += size;
  }
  return start < end;
}

/** Judges the first bytes of a direction. Off its ports only a few bytes are waited for: too much begins like a frame. */
export function recogniseRtu(view: DataView, start: number, end: number, hinted: boolean): Recognition {
  const unit = view.getUint8(start);
  if (!hinted && (unit === 0 || unit > LAST_UNIT)) return NO;
  if (end - start < 2) return MORE;
  if (!isOrdinary(view.getUint8(start + 1) & 0x7f)) return NO;
  if (areFrames(view, start, end)) return YES;
  return known(view, start, end, EITHER) === WAIT && (hinted || end - start < 8) ? MORE : NO;
}

export class Rtu implements Envelope {
  private readonly exchange: Exchange;
  /** By side: a hole, behind which a frame may begin anywhere. */
  private readonly adrift: [boolean, boolean] = [false, false];

  constructor(exchange: Exchange) {
    this.exchange = exchange;
  }

  feed(side: Side, view: DataView, start: number, end: number, at: number, frame: number): number {
    let pos = start;
    while (pos < end) {
      const shapes = this.shapes(side);
      const size = frameSize(view, pos, end, shapes);
      if (size === WAIT && !this.adrift[side]) break;
      if (size > 0) this.message(side, view, pos, size, at, frame);
      pos = size > 0 ? pos + size : this.lost(side, view, pos, end, shapes, at, frame);
    }
    return pos - start;
  }

  gap(side: Side): void {
    this.adrift[side] = true;
  }

  private shapes(side: Side): readonly Shape[] {
    const { client } = this.exchange;
    return client < 0 ? EITHER : side === client ? REQUEST : RESPONSE;
  }

  private message(side: Side, view: DataView, pos: number, size: number, at: number, frame: number): void {
    this.adrift[side] = false;
    const stop = pos + size - 2;
    this.exchange.declared = size - AROUND;
    this.exchange.take(side, view, pos + 1, stop, stop, NO_TRANSACTION, view.getUint8(pos), at, frame);
  }

  /** Where the damaged frame at `pos` ends, when what it says of its length leads to the end or to another frame; 0 when it leads nowhere. */
  private damaged(view: DataView, pos: number, end: number, shapes: readonly Shape[]): number {
    for (const shape of shapes) {
      const stop = pos + pduSize(shape, view, pos + 1, end) + AROUND;
      if (stop > pos + AROUND && (stop === end || (stop < end && known(view, stop, end, shapes) > 0))) return stop;
    }
    return 0;
  }

  /** No frame begins at `pos`. Returns where one does, or may; what lies before it was damaged on the line, or is no Modbus. */
  private lost(side: Side, view: DataView, pos: number, end: number, shapes: readonly Shape[], at: number, frame: number): number {
    const whole = this.damaged(view, pos, end, shapes);
    let next = whole > 0 ? whole : pos + 1;
    while (whole === 0 && next < end && !this.mayBegin(side, view, next, end, shapes)) next++;
    if (!this.adrift[side]) this.exchange.flaw(side, 'bad_crc', next - pos, at, frame);
    this.adrift[side] = whole === 0 && next === end;
    return next;
  }

  private mayBegin(side: Side, view: DataView, pos: number, end: number, shapes: readonly Shape[]): boolean {
    if (end - pos >= 2 && !isOrdinary(view.getUint8(pos + 1) & 0x7f)) return false;
    const size = known(view, pos, end, shapes);
    return size > 0 || (size === WAIT && !this.adrift[side] && view.getUint8(pos) <= LAST_UNIT && end - pos >= SHORTEST);
  }
}
