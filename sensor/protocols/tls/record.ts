/** The TLS record layer: RFC 5246, 6.2.1 and RFC 8446, 5.1. */

/** Content types. */
export const CHANGE_CIPHER_SPEC = 20;
export const ALERT = 21;
export const HANDSHAKE = 22;
export const APPLICATION_DATA = 23;

/** Type, version, length. */
export const HEADER = 5;
/** RFC 5246, 6.2.3: an encrypted fragment of 2^14 bytes may have grown by 2,048. */
const MAX_LENGTH = 16_384 + 2048;

/** Bytes of the record's fragment; call it for a plausible header. */
export const fragmentLength = (view: DataView, at: number): number => view.getUint16(at + 3);

/** Whether `at..end` begins with a record's header, or with as much of one as there is. Only application data may be empty (RFC 8446, 5.1). */
export function plausible(view: DataView, at: number, end: number): boolean {
  const there = end - at;
  if (there <= 0) return true;
  const type = view.getUint8(at);
  if (type < CHANGE_CIPHER_SPEC || type > APPLICATION_DATA) return false;
  if (there >= 2 && view.getUint8(at + 1) !== 3) return false;
  if (there >= 3 && view.getUint8(at + 2) > 4) return false;
  if (there < HEADER) return true;
  const length = fragmentLength(view, at);
  if (type === CHANGE_CIPHER_SPEC) return length === 1;
  return length <= MAX_LENGTH && (length > 0 || type === APPLICATION_DATA);
}

/** Where the next believable record begins in `at..end`: a plausible header, and another behind the record as far as there are bytes. */
export function nextRecord(view: DataView, at: number, end: number): number {
  let pos = at;
  for (; pos < end; pos++) {
    if (!plausible(view, pos, end)) continue;
    if (end - pos < HEADER) return pos;
    const next = pos + HEADER + fragmentLength(view, pos);
    if (next >= end || plausible(view, next, end)) return pos;
  }
  return pos;
}
