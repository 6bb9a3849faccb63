/** The MBAP header (Messaging on TCP/IP V1.0b section 3.1.3): transaction, protocol 0, length of what follows, unit. */
import { functionInfo } from './functions.ts';

/** Bytes before the function code. */
export const HEADER = 7;
/** Longest length field followed: the specification allows 254, Schneider's UMAS about 1,030. */
export const MAX_LENGTH = 1100;
const MAX_STANDARD = 254;

/** Whether a header that starts at `pos` could be one, judged strictly: this is guesswork after bytes that made no sense. */
export function plausible(view: DataView, pos: number, end: number): boolean {
  if (end - pos < HEADER + 1) return false;
  const length = view.getUint16(pos + 4);
  if (view.getUint16(pos + 2) !== 0 || length < 2 || length > MAX_LENGTH) return false;
  const code = view.getUint8(pos + HEADER);
  if (length > MAX_STANDARD && code !== 90) return false;
  const { name } = functionInfo(code & 0x7f);
  return name !== 'unknown' && name !== 'reserved' && name !== 'user_defined';
}

/** Whether the message at `pos..stop` has the shape its function has as a request. */
export function requestShaped(view: DataView, pos: number, stop: number): boolean {
  const code = view.getUint8(pos + HEADER);
  const size = stop - pos - HEADER;
  if (code >= 0x80) return false;
  // A read's response counts its bytes; a request of the same size would have to ask at an address that says the same.
  if (code >= 1 && code <= 4) return size === 5 && !(view.getUint8(pos + HEADER + 1) === 3 && code <= 2);
  if (code === 15 || code === 16) return size > 5;
  if (code === 23) return size >= 10 && view.getUint8(pos + HEADER + 1) !== size - 2;
  if (code === 43) return size <= 4;
  return true;
}
