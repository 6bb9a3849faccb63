import type { Value } from '../../observation.ts';
import { dateTimeText, extensionValue, float, int64, localizedText, qualifiedName, statusInfo, statusText } from './builtin.ts';
import { diagnosticInfo } from './diagnostic.ts';
import { expandedNodeId, guid, nodeId } from './nodeid.ts';
import type { Reader } from './reader.ts';
import { statusName } from './status.ts';

/** Elements of one array value that are kept; the rest is read past. */
export const MAX_ELEMENTS = 1000;
const MAX_DIMENSIONS = 16;

type BuiltIn = { name: string /** Bytes of the shortest encoding. */; least: number; read(r: Reader): Value };

/** Part 6, 5.1.2, table 1: the built-in types by their id. */
export const BUILT_IN: readonly BuiltIn[] = [
  { name: 'Null', least: 1, read: () => null },
  { name: 'Boolean', least: 1, read: (r) => r.u8() !== 0 },
  { name: 'SByte', least: 1, read: (r) => (r.u8() << 24) >> 24 },
  { name: 'Byte', least: 1, read: (r) => r.u8() },
  { name: 'Int16', least: 2, read: (r) => (r.u16le() << 16) >> 16 },
  { name: 'UInt16', least: 2, read: (r) => r.u16le() },
  { name: 'Int32', least: 4, read: (r) => r.i32le() },
  { name: 'UInt32', least: 4, read: (r) => r.u32le() },
  { name: 'Int64', least: 8, read: (r) => int64(r, true) },
  { name: 'UInt64', least: 8, read: (r) => int64(r, false) },
  { name: 'Float', least: 4, read: (r) => float(r.f32le()) },
  { name: 'Double', least: 8, read: (r) => float(r.f64le()) },
  { name: 'String', least: 4, read: (r) => r.string() },
  { name: 'DateTime', least: 8, read: dateTimeText },
  { name: 'Guid', least: 16, read: guid },
  { name: 'ByteString', least: 4, read: (r) => r.base64() },
  { name: 'XmlElement', least: 4, read: (r) => r.string() },
  { name: 'NodeId', least: 2, read: nodeId },
  { name: 'ExpandedNodeId', least: 2, read: expandedNodeId },
  { name: 'StatusCode', least: 4, read: statusText },
  { name: 'QualifiedName', least: 6, read: qualifiedName },
  { name: 'LocalizedText', least: 1, read: localizedText },
  { name: 'ExtensionObject', least: 3, read: extensionValue },
  { name: 'DataValue', least: 1, read: (r) => dataValue(r, false).value },
  { name: 'Variant', least: 1, read: (r) => variant(r).value },
  { name: 'DiagnosticInfo', least: 1, read: (r) => diagnosticInfo(r, []) },
];

/** `type` is a built-in type's name, with `[]` behind it for an array; null for no value. */
export type Typed = { value: Value; type: string | null; dimensions?: number[] };
/** Times as in `dateTimeText`; picoseconds (10 ps a step on the wire) only where a server tells any. */
export type Times = { source_timestamp?: string | null; source_picoseconds?: number; server_timestamp?: string | null; server_picoseconds?: number };
export type DataValue = Typed & { status: string; code: number; times: Times };

/** Variant encoding byte, Part 6, 5.2.2.16: bits 0-5 type id, bit 6 dimensions follow, bit 7 array. */
export function variant(r: Reader): Typed {
  if (!r.enter()) return { value: null, type: null };
  const mask = r.u8();
  const type = BUILT_IN[mask & 0x3f];
  const out = type === undefined ? unknownType(r, mask & 0x3f) : (mask & 0x80) !== 0 ? array(r, type, (mask & 0x40) !== 0) : scalar(r, type);
  r.leave();
  return out;
}

/** Ids 26 to 31 are ByteStrings of a type yet to come (Part 6, 5.1.2); larger ones do not exist and end the reading. */
function unknownType(r: Reader, id: number): Typed {
  r.flaw('bad_variant_type');
  if (id > 31) r.skip(r.left + 1);
  else r.skipString();
  return { value: null, type: null };
}

function scalar(r: Reader, type: BuiltIn): Typed {
  if (type.name === 'Null') return { value: null, type: null };
  return { value: type.read(r), type: type.name };
}

function array(r: Reader, type: BuiltIn, shaped: boolean): Typed {
  const value: Value[] = [];
  const count = r.items(type.least);
  for (let n = count; n > 0 && !r.short; n--) {
    const item = type.read(r);
    if (value.length < MAX_ELEMENTS && r.keep()) value.push(item);
  }
  const out: Typed = { value, type: `${type.name}[]` };
  if (!shaped) return out;
  out.dimensions = [];
  let cells = 1;
  for (let n = r.items(4); n > 0 && !r.short; n--) {
    const length = r.i32le();
    cells *= length;
    if (out.dimensions.length < MAX_DIMENSIONS) out.dimensions.push(length);
    else r.flaw('dimensions_mismatch');
  }
  if (cells !== count) r.flaw('dimensions_mismatch');
  return out;
}

/** Part 6, 5.2.2.17: bits of the mask: 0 value, 1 status, 2 source time, 3 server time, 4 source picoseconds, 5 server picoseconds. */
export function dataValue(r: Reader, timed: boolean): DataValue {
  if (!r.enter()) return { value: null, type: null, status: 'Good', code: 0, times: {} };
  const mask = r.u8();
  if ((mask & 0xc0) !== 0) r.flaw('bad_encoding_mask');
  const typed: Typed = (mask & 1) !== 0 ? variant(r) : { value: null, type: null };
  const code = (mask & 2) !== 0 ? r.u32le() : 0;
  const times = timed ? timesOf(r, mask) : {};
  if (!timed) r.skip(((mask & 4) !== 0 ? 8 : 0) + ((mask & 0x10) !== 0 ? 2 : 0) + ((mask & 8) !== 0 ? 8 : 0) + ((mask & 0x20) !== 0 ? 2 : 0));
  r.leave();
  return { ...typed, status: statusName(code), code, times };
}

function timesOf(r: Reader, mask: number): Times {
  const times: Times = {};
  if ((mask & 4) !== 0) times.source_timestamp = dateTimeText(r);
  if ((mask & 0x10) !== 0) times.source_picoseconds = r.u16le() * 10;
  if ((mask & 8) !== 0) times.server_timestamp = dateTimeText(r);
  if ((mask & 0x20) !== 0) times.server_picoseconds = r.u16le() * 10;
  return times;
}

/** A DataValue as an item prints it: value, type and status as of a Read, then what it has beside. */
export function valueItem(r: Reader): { [key: string]: Value } {
  const { value, type, dimensions, status, code, times } = dataValue(r, true);
  return { value, type, status, ...(dimensions === undefined ? {} : { dimensions }), ...statusInfo(code), ...times };
}
