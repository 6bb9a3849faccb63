/** How long a PDU has to be by its function, whatever its envelope says (V1.1b3 section 6). */
import { READ_DEVICE_IDENTIFICATION } from './functions.ts';

/** The function does not say. */
export const UNKNOWN = 0;
/** Too few bytes to tell. */
export const SHORT = -1;

/** Sub-functions of diagnostics that carry any number of words; the others carry one (section 6.8). */
const QUERY_DATA = 0;

/** `fixed` bytes and as many as the byte at `at` counts. */
function counted(view: DataView, start: number, end: number, at: number, fixed: number): number {
  return start + at < end ? fixed + view.getUint8(start + at) : SHORT;
}

function diagnosticsSize(view: DataView, start: number, end: number): number {
  if (end - start < 3) return SHORT;
  return view.getUint16(start + 1) === QUERY_DATA ? UNKNOWN : 5;
}

/** Bytes of the request PDU that begins at `start`, function code included; UNKNOWN or SHORT. */
export function requestSize(view: DataView, start: number, end: number): number {
  if (start >= end) return SHORT;
  switch (view.getUint8(start)) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
      return 5;
    case 7:
    case 11:
    case 12:
    case 17:
      return 1;
    case 8:
      return diagnosticsSize(view, start, end);
    case 15:
    case 16:
      return counted(view, start, end, 5, 6);
    case 20:
    case 21:
      return counted(view, start, end, 1, 2);
    case 22:
      return 7;
    case 23:
      return counted(view, start, end, 9, 10);
    case 24:
      return 3;
    case 43:
      return identificationSize(view, start, end, 4);
    default:
      return UNKNOWN;
  }
}

/** The same for a response. */
export function responseSize(view: DataView, start: number, end: number): number {
  if (start >= end) return SHORT;
  const code = view.getUint8(start);
  if (code >= 0x80) return 2;
  switch (code) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 12:
    case 17:
    case 20:
    case 21:
    case 23:
      return counted(view, start, end, 1, 2);
    case 5:
    case 6:
    case 11:
    case 15:
    case 16:
      return 5;
    case 7:
      return 2;
    case 8:
      return diagnosticsSize(view, start, end);
    case 22:
      return 7;
    case 24:
      return start + 3 <= end ? 3 + view.getUint16(start + 1) : SHORT;
    case 43:
      return identificationSize(view, start, end, 0);
    default:
      return UNKNOWN;
  }
}

/** Section 6.21: a request has `fixed` bytes, a response (`fixed` 0) seven and its objects. */
function identificationSize(view: DataView, start: number, end: number, fixed: number): number {
  if (end - start < 2) return SHORT;
  if (view.getUint8(start + 1) !== READ_DEVICE_IDENTIFICATION) return UNKNOWN;
  if (fixed > 0) return fixed;
  if (end - start < 7) return SHORT;
  let at = start + 7;
  for (let left = view.getUint8(start + 6); left > 0; left--) {
    if (at + 2 > end) return SHORT;
    at += 2 + view.getUint8(at + 1);
  }
  return at - start;
}
