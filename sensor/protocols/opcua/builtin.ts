/** Built-in types of OPC UA Part 6, 5.2.2, apart from NodeId (`nodeid.ts`) and Variant (`variant.ts`). */
import { timestamp, type Value } from '../../observation.ts';
import { nodeId, skipNodeId } from './nodeid.ts';
import type { Reader } from './reader.ts';
import { statusName } from './status.ts';
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

/** An ExtensionObject as a value: decoded where `structures.ts` knows its type, else its type id and size. */
export function extensionValue(r: Reader): Value {
  const e = extension(r);
  if (e.encoding === 'none') return e.id === 'i=0' ? null : { type_id: e.id };
  return structure(r, e) ?? { type_id: e.id, encoding: e.encoding, size: e.size };
}

export function skipExtension(r: Reader): void {
  skipNodeId(r);
  const kind = r.u8();
  if (kind > XML) r.flaw('bad_encoding_mask');
  else if (kind !== NO_BODY) r.skipString();
}

/** Part 6, 5.2.2.12: a mask, then in this order symbolic id, namespace, locale, localized text, additional info, inner status, inner info. */
export function skipDiagnosticInfo(r: Reader): void {
  if (!r.enter()) return;
  const mask = r.u8();
  if ((mask & 0x80) !== 0) r.flaw('bad_encoding_mask');
  if ((mask & 1) !== 0) r.skip(4);
  if ((mask & 2) !== 0) r.skip(4);
  if ((mask & 8) !== 0) r.skip(4);
  if ((mask & 4) !== 0) r.skip(4);
  if ((mask & 0x10) !== 0) r.skipString();
  if ((mask & 0x20) !== 0) r.skip(4);
  if ((mask & 0x40) !== 0) skipDiagnosticInfo(r);
  r.leave();
}

export function skipDiagnosticInfos(r: Reader): void {
  for (let n = r.items(1); n > 0 && !r.short; n--) skipDiagnosticInfo(r);
}
