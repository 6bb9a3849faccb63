/** Built-in types of OPC UA Part 6, 5.2.2, apart from NodeId (`nodeid.ts`) and Variant (`variant.ts`). */
import { timestamp, type Value } from '../../observation.ts';
import { nodeId, skipNodeId } from './nodeid.ts';
import { MAX_BLOB, type Reader } from './reader.ts';
import { infoBits, statusName } from './status.ts';
import { structure } from './structures.ts';

const TICKS_PER_MS = 10_000;
/** Ticks from 1601-01-01 to 1970-01-01, in two halves: taken off before they are joined, or a number would not hold a microsecond. */
const EPOCH_HIGH = 0x019db1de;
const EPOCH_LOW = 0xd53e8000;
/** 9999-12-31T23:59:59Z; everything later means "the end of time". */
const LATEST_MS = 253_402_300_799_000;

/** Part 6, 5.2.2.5: 100 ns ticks since 1601 as ms since the epoch; NaN for 0 and below (no time) and past year 9999. */
export function dateTime(r: Reader): number {
  const low = r.u32le();
  const high = r.i32le();
  if (high < 0 || (high === 0 && low === 0)) return Number.NaN;
  const at = ((high - EPOCH_HIGH) * 4294967296 + (low - EPOCH_LOW)) / TICKS_PER_MS;
  return at > LATEST_MS ? Number.NaN : at;
}

/** As above as text, to the nearest microsecond. */
export function dateTimeText(r: Reader): string | null {
  const at = dateTime(r);
  return Number.isNaN(at) ? null : timestamp(at);
}

/** A 64-bit integer as a number where that is exact, else as decimal text. */
export function int64(r: Reader, signed: boolean): number | string {
  const low = r.u32le();
  const high = signed ? r.i32le() : r.u32le();
  const value = high * 4294967296 + low;
  if (Number.isSafeInteger(value)) return value;
  return ((BigInt(high) << 32n) + BigInt(low)).toString();
}

/** JSON has no NaN and no infinities; Part 6, 5.4.2.4 writes them as these strings. */
export const float = (value: number): number | string => (Number.isFinite(value) ? value : String(value));

/** A Duration (Part 4, 7.13) in whole ms; null for what is no number. */
export function duration(r: Reader): number | null {
  const ms = r.f64le();
  return Number.isFinite(ms) ? Math.round(ms) : null;
}

/** `2:Speed`; namespace 0 is not written. */
export function qualifiedName(r: Reader): string {
  const namespace = r.u16le();
  const name = r.string() ?? '';
  return namespace === 0 ? name : `${namespace}:${name}`;
}

/** The text alone; the locale is skipped (Part 6, 5.2.2.14: bit 0 locale, bit 1 text). */
export function localizedText(r: Reader): string | null {
  const mask = r.u8();
  if ((mask & 0xfc) !== 0) r.flaw('bad_encoding_mask');
  if ((mask & 1) !== 0) r.skipString();
  return (mask & 2) !== 0 ? r.string() : null;
}

export const statusText = (r: Reader): string => statusName(r.u32le());

/** `status_info` of a status code, nothing when no info bit is set. */
export function statusInfo(code: number): { status_info?: string[] } {
  const bits = infoBits(code);
  return bits.length === 0 ? {} : { status_info: bits };
}

/** Body kinds of Part 6, 5.2.2.15. */
const NO_BODY = 0;
const BYTE_STRING = 1;
const XML = 2;

/** Where an ExtensionObject's binary body lies; `size` -1 when there is none. */
export type Extension = { type: number; id: string; encoding: 'none' | 'binary' | 'xml'; start: number; size: number };

/** Reads past an ExtensionObject. `type` is the number of its type id in namespace 0, else -1. */
export function extension(r: Reader): Extension {
  const id = nodeId(r);
  const number = /^i=(\d+)$/.exec(id);
  const kind = r.u8();
  if (kind > XML) r.flaw('bad_encoding_mask');
  const { start, size } = kind === NO_BODY || kind > XML ? { start: r.at, size: -1 } : r.span();
  return { type: number === null ? -1 : Number(number[1]), id, encoding: kind === BYTE_STRING ? 'binary' : kind === XML ? 'xml' : 'none', start, size };
}

/** A body nobody reads: its type id, size and first MAX_BLOB bytes, XML as text. */
export function unknownBody(r: Reader, e: Extension): Value {
  const size = Math.min(e.size, MAX_BLOB);
  const bytes = Buffer.from(r.view.buffer, r.view.byteOffset + e.start, Math.max(0, size));
  const body = bytes.toString(e.encoding === 'xml' ? 'utf8' : 'base64') + (e.size > MAX_BLOB ? '…' : '');
  return { type_id: e.id, encoding: e.encoding, size: e.size, ...(e.size > 0 ? { body } : {}) };
}

/** An ExtensionObject as a value: decoded where `structures.ts` knows its type, else its type id, size and bytes. */
export function extensionValue(r: Reader): Value {
  const e = extension(r);
  if (e.encoding === 'none') return e.id === 'i=0' ? null : { type_id: e.id };
  return structure(r, e) ?? unknownBody(r, e);
}

export function skipExtension(r: Reader): void {
  skipNodeId(r);
  const kind = r.u8();
  if (kind > XML) r.flaw('bad_encoding_mask');
  else if (kind !== NO_BODY) r.skipString();
}

/**
 * Reads the body of `e` (already read past) and comes back to where the reader stood; null when there is no binary body. What lies behind what `read`
 * took is left: a later version of a structure may be longer (Part 6, 5.2.2.15).
 */
export function inside<T>(r: Reader, e: Extension, read: (r: Reader) => T): T | null {
  if (e.encoding !== 'binary' || e.size < 0 || r.short) return null;
  const { at, end, depth } = r;
  r.at = e.start;
  r.end = e.start + e.size;
  const out = read(r);
  const cut = r.short;
  r.at = at;
  r.end = end;
  r.depth = depth;
  r.short = false;
  if (cut) r.flaw('structure_short');
  return out;
}
