import { NOT_MINE, type Side } from '../dissector.ts';
import type { Envelope } from './dissector.ts';
import type { Exchange } from './exchange.ts';
import { ashore, begins, exact, fills, HEADER, isOrdinary, MAX_LENGTH, MAX_STANDARD, plausible } from './header.ts';
import { requestSize, responseSize, SHORT } from './size.ts';
import { UMAS } from './umas.ts';

/** One direction. */
class Course {
  /** None of what follows is the matter: messages come whole, one behind the other. */
  calm = true;
  /** Bytes are missing, or made no sense: what comes next may begin anywhere. */
  adrift = false;
  /** They are missing: what lies before the next header is the end of something, not garbage. */
  gap = false;
  /** The last header was found by looking for one: it may be none. */
  guessed = false;
  /** Bytes that made no sense since then and were not told of yet; the first of them were. */
  skipped = 0;
  /** Bytes that the last message's length still covers though its function does not. */
  owed = 0;
}

/** The MBAP header (Messaging on TCP/IP V1.0b section 3.1.3) over a stream or datagrams. */
export class Mbap implements Envelope {
  private readonly exchange: Exchange;
  private readonly courses: readonly [Course, Course] = [new Course(), new Course()];

  constructor(exchange: Exchange) {
    this.exchange = exchange;
  }

  feed(side: Side, view: DataView, start: number, end: number, at: number, frame: number): number {
    const course = this.courses[side];
    let pos = start;
    while (course.calm && end - pos > HEADER) {
      const length = view.getUint16(pos + 4);
      const stop = pos + 6 + length;
      if (stop > end || view.getUint16(pos + 2) !== 0 || length < 2 || length > MAX_LENGTH) break;
      pos = this.message(course, side, view, pos, stop, end, at, frame);
    }
    if (pos === end) return pos - start;
    const next = this.closely(course, side, view, pos, end, at, frame);
    course.calm = !course.adrift && !course.gap && course.owed === 0;
    return next === NOT_MINE ? NOT_MINE : next - start;
  }

  /** The same where anything may be the matter. Returns up to where bytes were used, or NOT_MINE. */
  private closely(course: Course, side: Side, view: DataView, start: number, end: number, at: number, frame: number): number {
    // Behind a hole messages begin where segments do: what is left of one is kept only where it could be the beginning of a header.
    if (course.gap && end - start <= HEADER) return begins(view, start, end) ? start : end;
    let pos = start;
    while (end - pos > HEADER) {
      const next = this.step(course, side, view, pos, end, at, frame);
      if (next === NOT_MINE) return NOT_MINE;
      if (next === pos) break;
      pos = next;
    }
    if (course.owed > 0 && end - pos <= HEADER) pos += this.forgive(course, end - pos);
    return course.gap ? end : pos;
  }

  /** Takes what is at `pos`. Returns where that ends, `pos` when more bytes are needed, or NOT_MINE. */
  private step(course: Course, side: Side, view: DataView, from: number, end: number, at: number, frame: number): number {
    const pos = course.adrift ? this.land(course, side, view, from, end, at, frame) : from;
    if (course.adrift) return pos;
    if (course.owed > 0) return this.settle(course, side, view, pos, end, at, frame);
    const length = view.getUint16(pos + 4);
    if (view.getUint16(pos + 2) !== 0 || length < 2 || length > MAX_LENGTH) return this.strange(course, side, view, pos, end, at, frame);
    const stop = pos + 6 + length;
    if (stop > end && tooLong(view, pos, length)) return this.noise(course, side, view, pos, end, at, frame);
    if (stop > end && !this.finished(side, view, pos + HEADER, end)) return pos;
    return this.message(course, side, view, pos, stop, end, at, frame);
  }

  /** Takes the message at `pos`, whose length says `stop`. Returns where it ends. */
  private message(course: Course, side: Side, view: DataView, pos: number, stop: number, end: number, at: number, frame: number): number {
    const within = Math.min(stop, end);
    // What is behind the end is another message's, as far as its header could be one.
    const more = stop >= end || plausible(view, stop, end) ? within : end;
    this.exchange.declared = stop - pos - HEADER;
    const used = this.exchange.take(side, view, pos + HEADER, within, more, view.getUint16(pos), view.getUint8(pos + 6), at, frame);
    if (used === stop) {
      course.guessed = false;
      return used;
    }
    course.owed = Math.max(0, stop - used);
    course.calm = false;
    return used;
  }

  /** Whether all that the function asks for is there, though the length announces more: a server that goes by the function acts now. */
  private finished(side: Side, view: DataView, pdu: number, end: number): boolean {
    if (this.exchange.client < 0) return false;
    const size = (side === this.exchange.client ? requestSize : responseSize)(view, pdu, end);
    return size > 0 && pdu + size <= end;
  }

  /**
   * Bytes that the last message's length covers and its function does not. A server that goes by the function reads them as the next message:
   * they are decoded as such and flagged where they look like one, else passed over.
   */
  private settle(course: Course, side: Side, view: DataView, pos: number, end: number, at: number, frame: number): number {
    const border = pos + course.owed;
    if (!plausible(view, pos, end)) {
      const used = Math.min(course.owed, end - pos);
      course.owed -= used;
      return pos + used;
    }
    const stop = pos + 6 + view.getUint16(pos + 4);
    if (stop > end && !this.finished(side, view, pos + HEADER, end)) return pos;
    // Behind a header that was a guess, a message in its length speaks against the guess, not against the sender.
    if (!course.guessed) this.exchange.mark = 'smuggled';
    course.guessed = false;
    course.owed = 0;
    const next = this.message(course, side, view, pos, stop, end, at, frame);
    course.owed = Math.max(course.owed, border - next);
    return next;
  }

  /** The end of what is owed is too small to hold a message. */
  private forgive(course: Course, left: number): number {
    if (course.owed > HEADER || left < course.owed) return 0;
    const used = course.owed;
    course.owed = 0;
    return used;
  }

  /** A header that is none, unless only its protocol id or its length is wrong. */
  private strange(course: Course, side: Side, view: DataView, pos: number, end: number, at: number, frame: number): number {
    const stop = exact(view, pos, end);
    if (stop === SHORT) return pos;
    if (stop > 0) {
      this.exchange.mark = 'protocol_id';
      return this.message(course, side, view, pos, stop, end, at, frame);
    }
    const real = this.byFunction(side, view, pos, end);
    if (real > 0) {
      this.exchange.mark = 'length_mismatch';
      return this.message(course, side, view, pos, real, end, at, frame);
    }
    if (this.exchange.messages === 0) return NOT_MINE;
    return this.noise(course, side, view, pos, end, at, frame);
  }

  /** Bytes that are no message, up to the next header that could be one. */
  private noise(course: Course, side: Side, view: DataView, pos: number, end: number, at: number, frame: number): number {
    const next = ashore(view, pos + 1, end, true);
    this.exchange.flaw(side, view.getUint16(pos + 2) === 0 ? 'bad_length' : 'protocol_id', next - pos, at, frame);
    course.adrift = end - next <= HEADER;
    return next;
  }

  /** Where a message with an impossible length ends by its function, when the bytes end there or another header follows; 0 when not. */
  private byFunction(side: Side, view: DataView, pos: number, end: number): number {
    const pdu = pos + HEADER;
    if (view.getUint16(pos + 2) !== 0 || !isOrdinary(view.getUint8(pdu) & 0x7f) || !this.finished(side, view, pdu, end)) return 0;
    const stop = pdu + (side === this.exchange.client ? requestSize : responseSize)(view, pdu, end);
    return stop === end || plausible(view, stop, end) ? stop : 0;
  }

  /** Looks for the next header that could be one. Garbage that goes on is told of once more, when it ends. */
  private land(course: Course, side: Side, view: DataView, pos: number, end: number, at: number, frame: number): number {
    const next = fills(view, pos, end) ? pos : ashore(view, pos, end, !course.gap);
    course.guessed = true;
    course.skipped += next - pos;
    if (end - next < HEADER + 1) return next;
    course.adrift = false;
    this.tellSkipped(course, side, at, frame);
    return next;
  }

  private tellSkipped(course: Course, side: Side, at: number, frame: number): void {
    if (course.skipped > 0 && !course.gap) this.exchange.flaw(side, 'unreadable', course.skipped, at, frame);
    course.skipped = 0;
    course.gap = false;
  }

  gap(side: Side): void {
    const course = this.courses[side];
    course.calm = false;
    course.adrift = true;
    course.gap = true;
    course.owed = 0;
  }
}

/** Only UMAS may be longer than the specification allows: of anything else the rest is not waited for. */
const tooLong = (view: DataView, pos: number, length: number): boolean => length > MAX_STANDARD && (view.getUint8(pos + HEADER) & 0x7f) !== UMAS;
