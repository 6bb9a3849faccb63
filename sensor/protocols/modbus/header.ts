/** The MBAP header (Messaging on TCP/IP V1.0b section 3.1.3): transaction, protocol 0, length of what follows, unit. */
import { functionInfo } from './functions.ts';
import { requestSize, responseSize, SHORT } from './size.ts';

/** Bytes before the function code. */
export const HEADER = 7;
/** Longest length field followed: the specification allows 254, Schneider's UMAS about 1,030. */
export const MAX_LENGTH = 1100;
export const MAX_STANDARD = 254;

/** Whether a header that starts at `pos` could be one, judged strictly: this is guesswork after bytes that made no sense. */
export function plausible(view: DataView, pos: number, end: number): boolean {
  if (end - pos < HEADER + 1) return false;
  const length = view.getUint16(pos + 4);
  if (view.getUint16(pos + 2) !== 0 || length < 2 || length > MAX_LENGTH) return false;
  const code = view.getUint8(pos + HEADER);
  if (length > MAX_STANDARD && code !== 90) return false;
  return isOrdinary(code & 0x7f);
}

/** Public functions and UMAS: what bytes by chance are not taken for. */
export const isOrdinary = (code: number): boolean => code === 90 || functionInfo(code).category === 'public';

/** Whether one message fills `pos..end` from header to end: where segments end messages do, whatever their function. */
export function fills(view: DataView, pos: number, end: number): boolean {
  const length = view.getUint16(pos + 4);
  return view.getUint16(pos + 2) === 0 && length >= 2 && length <= MAX_LENGTH && pos + 6 + length === end;
}

/** Where the next header begins that could be one, from `pos` on; `end` when there is none. `split`: it may also be one of which only the beginning is there. */
export function ashore(view: DataView, pos: number, end: number, split: boolean): number {
  for (let next = pos; next < end; next++) {
    if (end - next > HEADER ? plausible(view, next, end) && coherent(view, next, end) : split && begins(view, next, end)) return next;
  }
  return end;
}

/** Whether the length of a plausible header is one that its function has, as far as the bytes at hand tell. */
function coherent(view: DataView, pos: number, end: number): boolean {
  const pdu = pos + HEADER;
  const size = view.getUint16(pos + 4) - 1;
  if (view.getUint8(pdu) >= 0x80) return size === 2;
  const [asked, answered] = [requestSize(view, pdu, end), responseSize(view, pdu, end)];
  return asked <= 0 || answered <= 0 || asked === size || answered === size;
}

/** Whether fewer bytes than a header has could be the beginning of one. */
export function begins(view: DataView, pos: number, end: number): boolean {
  const size = end - pos;
  if (size >= 3 && view.getUint8(pos + 2) !== 0) return false;
  if (size >= 4 && view.getUint8(pos + 3) !== 0) return false;
  return size < 5 || view.getUint8(pos + 4) <= MAX_LENGTH >> 8;
}

/** Where the message at `pos` ends whose length is just what its function makes it, whatever its protocol id; 0 when it is not, SHORT when more bytes will tell. */
export function exact(view: DataView, pos: number, end: number): number {
  const length = view.getUint16(pos + 4);
  const pdu = pos + HEADER;
  if (length < 2 || length > MAX_STANDARD || !isOrdinary(view.getUint8(pdu) & 0x7f)) return 0;
  if (pos + 6 + length > end) return SHORT;
  return requestSize(view, pdu, end) === length - 1 || responseSize(view, pdu, end) === length - 1 ? pos + 6 + length : 0;
}

/** Whether the PDU at `start..stop` has the shape its function has as a request. */
export function requestShaped(view: DataView, start: number, stop: number): boolean {
  const code = view.getUint8(start);
  const size = stop - start;
  if (code >= 0x80) return false;
  // A read's response counts its bytes; a request of the same size would have to ask at an address that says the same.
  if (code >= 1 && code <= 4) return size === 5 && !(view.getUint8(start + 1) === 3 && code <= 2);
  if (code === 15 || code === 16) return size > 5;
  if (code === 23) return size >= 10 && view.getUint8(start + 1) !== size - 2;
  if (code === 43) return size <= 4;
  if (code === 7 || code === 11 || code === 12 || code === 17) return size === 1;
  // A record begins with reference type 6; a group of the response with its length, which is odd (section 6.14).
  if (code === 20) return size >= 9 && view.getUint8(start + 2) === 6;
  if (code === 24) return size === 3;
  return true;
}

const TELLING = new Set([1, 2, 3, 4, 7, 11, 12, 15, 16, 17, 20, 23, 24]);

/** Whether the function's request and response differ in shape. */
export const telling = (view: DataView, start: number): boolean => TELLING.has(view.getUint8(start));
