import type { Reader } from './reader.ts';

/** Part 6, 5.2.2.9: encodings of a NodeId's first byte; 0x40 and 0x80 are flags of an ExpandedNodeId. */
const TWO_BYTE = 0;
const FOUR_BYTE = 1;
const NUMERIC = 2;
const STRING = 3;
const GUID = 4;
const OPAQUE = 5;
const HAS_SERVER_INDEX = 0x40;
const HAS_NAMESPACE_URI = 0x80;

const HEX = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, '0'));
const hex = (r: Reader): string => HEX[r.u8()] as string;
/** 16 bits as four digits. */
const word = (n: number): string => `${HEX[n >>> 8]}${HEX[n & 255]}`;

/** Part 6, 5.2.2.6: Data1 to Data3 little-endian, Data4 as bytes. */
export function guid(r: Reader): string {
  const a = r.u32le();
  const [b, c] = [r.u16le(), r.u16le()];
  const head = `${word(a >>> 16)}${word(a & 0xffff)}-${word(b)}-${word(c)}-${hex(r)}${hex(r)}-`;
  return `${head}${hex(r)}${hex(r)}${hex(r)}${hex(r)}${hex(r)}${hex(r)}`;
}

/** Short numeric ids of namespace 0 as text, made when first met: nearly all types and standard nodes. */
const SHORT: string[] = [];
const short = (n: number): string => (SHORT[n] ??= `i=${n}`);

const prefix = (namespace: number) => (namespace === 0 ? '' : `ns=${namespace};`);

function body(r: Reader, encoding: number): string {
  if (encoding === TWO_BYTE) return short(r.u8());
  if (encoding === FOUR_BYTE) {
    const namespace = r.u8();
    return namespace === 0 ? short(r.u16le()) : `ns=${namespace};i=${r.u16le()}`;
  }
  const ns = prefix(r.u16le());
  if (encoding === NUMERIC) return `${ns}i=${r.u32le()}`;
  if (encoding === STRING) return `${ns}s=${r.string() ?? ''}`;
  if (encoding === GUID) return `${ns}g=${guid(r)}`;
  return `${ns}b=${r.base64() ?? ''}`;
}

/** A NodeId as Part 6, 5.3.1.10 writes it: `i=2258`, `ns=2;s=Pump.Speed`, `ns=1;g=...`, `ns=1;b=<base64>`. */
export function nodeId(r: Reader): string {
  const encoding = r.u8();
  if (encoding > OPAQUE) return unknownEncoding(r);
  return body(r, encoding);
}

/** With a namespace URI `nsu=...;` and a server index `svr=N;` in front where there is one (Part 6, 5.2.2.10). */
export function expandedNodeId(r: Reader): string {
  const first = r.u8();
  const encoding = first & 0x3f;
  if (encoding > OPAQUE) return unknownEncoding(r);
  const id = body(r, encoding);
  const uri = (first & HAS_NAMESPACE_URI) !== 0 ? `nsu=${r.string() ?? ''};` : '';
  const server = (first & HAS_SERVER_INDEX) !== 0 ? `svr=${r.u32le()};` : '';
  return uri === '' ? server + id : server + uri + id.replace(/^ns=\d+;/, '');
}

/** Nothing after an unknown encoding can be read. */
function unknownEncoding(r: Reader): string {
  r.flaw('bad_node_id');
  r.skip(r.left + 1);
  return '';
}

/** Skips a NodeId without building its text. */
export function skipNodeId(r: Reader): void {
  const encoding = r.u8();
  if (encoding === TWO_BYTE) r.skip(1);
  else if (encoding === FOUR_BYTE) r.skip(3);
  else if (encoding === NUMERIC) r.skip(6);
  else if (encoding === GUID) r.skip(18);
  else if (encoding === STRING || encoding === OPAQUE) {
    r.skip(2);
    r.skipString();
  } else unknownEncoding(r);
}

/** A message's type id: the number of a numeric NodeId of namespace 0, or -1 for anything else. */
export function typeId(r: Reader): number {
  const encoding = r.u8();
  if (encoding === FOUR_BYTE) {
    const namespace = r.u8();
    const id = r.u16le();
    return namespace === 0 && !r.short ? id : -1;
  }
  if (encoding === TWO_BYTE) return r.short ? -1 : r.u8();
  if (encoding !== NUMERIC) return -1;
  const namespace = r.u16le();
  const id = r.u32le();
  return namespace === 0 && !r.short ? id : -1;
}
