/** Frames changed by chance, so that most of the damage reaches a dissector. */

export type Chance = (below: number) => number;

/** Where an Ethernet/IPv4 frame keeps its TCP or UDP payload; null for anything else. */
type Layout = { ip: number; tcp: boolean; transport: number; payload: number; end: number };

function layoutOf(bytes: Uint8Array): Layout | null {
  if (bytes.length < 34 || bytes[12] !== 8 || bytes[13] !== 0 || (bytes[14] as number) >> 4 !== 4) return null;
  const transport = 14 + ((bytes[14] as number) & 15) * 4;
  const protocol = bytes[23];
  if ((protocol !== 6 && protocol !== 17) || bytes.length < transport + 20) return null;
  const payload = transport + (protocol === 6 ? ((bytes[transport + 12] as number) >> 4) * 4 : 8);
  const end = Math.min(bytes.length, 14 + word(bytes, 16));
  return payload > end ? null : { ip: 14, tcp: protocol === 6, transport, payload, end };
}

const word = (bytes: Uint8Array, at: number): number => ((bytes[at] as number) << 8) | (bytes[at + 1] as number);

function setWord(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}

/** Values that lengths and counts break at. */
const EDGES = [0, 1, 2, 6, 7, 8, 125, 126, 127, 128, 253, 254, 255, 256, 260, 1100, 1101, 0x7fff, 0x8000, 0xfffe, 0xffff];

type Change = (bytes: Uint8Array, from: number, end: number, other: Uint8Array, next: Chance) => Uint8Array;

const flipBits: Change = (bytes, from, end, _, next) => {
  for (let n = 1 + next(4); n > 0; n--) {
    const at = from + next(end - from);
    bytes[at] = (bytes[at] as number) ^ (1 << next(8));
  }
  return bytes;
};

const setBytes: Change = (bytes, from, end, _, next) => {
  for (let n = 1 + next(4); n > 0; n--) bytes[from + next(end - from)] = next(256);
  return bytes;
};

const edgeByte: Change = (bytes, from, end, _, next) => {
  bytes[from + next(end - from)] = EDGES[next(EDGES.length)] as number;
  return bytes;
};

const edgeWord: Change = (bytes, from, end, _, next) => {
  if (end - from >= 2) setWord(bytes, from + next(end - from - 1), EDGES[next(EDGES.length)] as number);
  return bytes;
};

/** Little-endian lengths of OPC UA: null, negative, beyond every message. */
const LONG_EDGES = [0, 1, 0xff, 0x7fff, 0xffff, 0x10000, 0xffffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

const edgeLong: Change = (bytes, from, end, _, next) => {
  if (end - from < 4) return bytes;
  const at = from + next(end - from - 3);
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, LONG_EDGES[next(LONG_EDGES.length)] as number, true);
  return bytes;
};

const truncate: Change = (bytes, from, end, _, next) => bytes.slice(0, from + next(end - from));

const swap: Change = (bytes, from, end, _, next) => {
  const [a, b] = [from + next(end - from), from + next(end - from)];
  [bytes[a], bytes[b]] = [bytes[b] as number, bytes[a] as number];
  return bytes;
};

const insert: Change = (bytes, from, end, _, next) => {
  const at = from + next(end - from + 1);
  const garbage = Uint8Array.from({ length: 1 + next(next(4) === 0 ? 600 : 12) }, () => next(256));
  return joined(bytes.subarray(0, at), garbage, bytes.subarray(at, end));
};

const repeat: Change = (bytes, from, end, _, next) => {
  const [a, b] = [from + next(end - from), from + next(end - from)].sort((x, y) => x - y) as [number, number];
  return joined(bytes.subarray(0, b), bytes.subarray(a, end));
};

/** The head of one, the tail of another. */
const splice: Change = (bytes, from, end, other, next) => {
  const layout = layoutOf(other);
  if (layout === null || layout.payload >= layout.end) return bytes;
  const tail = layout.payload + next(layout.end - layout.payload);
  return joined(bytes.subarray(0, from + next(end - from + 1)), other.subarray(tail, layout.end));
};

/** All of another message behind this one. */
const append: Change = (bytes, _, end, other) => {
  const layout = layoutOf(other);
  return layout === null ? bytes : joined(bytes.subarray(0, end), other.subarray(layout.payload, layout.end));
};

const CHANGES: readonly Change[] = [flipBits, setBytes, edgeByte, edgeWord, edgeLong, truncate, swap, insert, repeat, splice, append];
/** Bytes of a frame at most: what Ethernet with jumbo frames carries. */
const MAX_FRAME = 9000;

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(
    Math.min(
      MAX_FRAME,
      parts.reduce((sum, part) => sum + part.length, 0),
    ),
  );
  let at = 0;
  for (const part of parts) {
    const fitting = part.subarray(0, Math.max(0, out.length - at));
    out.set(fitting, at);
    at += fitting.length;
  }
  return out;
}

/**
 * A changed copy. Mostly the payload is changed and the IP length made to fit; one in sixteen has any byte of the frame changed, and one in
 * eight keeps an IP length that lies. `other` lends bytes.
 */
export function mutate(frame: Uint8Array, other: Uint8Array, next: Chance): Uint8Array {
  const layout = next(16) === 0 ? null : layoutOf(frame);
  const change = CHANGES[next(CHANGES.length)] as Change;
  const copy = frame.slice();
  if (copy.length === 0) return copy;
  if (layout === null) return change(copy, 0, copy.length, other, next);
  if (layout.payload === layout.end) return layout.tcp ? moved(copy, layout, next) : copy;
  const changed = change(copy, layout.payload, layout.end, other, next);
  if (next(8) !== 0 && changed.length > layout.transport) fit(changed, layout);
  return layout.tcp && next(8) === 0 ? moved(changed, layout, next) : changed;
}

/** The lengths of IP and UDP as the frame has them. */
function fit(bytes: Uint8Array, layout: Layout): void {
  setWord(bytes, 16, bytes.length - 14);
  if (!layout.tcp && bytes.length >= layout.transport + 6) setWord(bytes, layout.transport + 4, bytes.length - layout.transport);
}

/** Another place in the stream, near or far, or other flags. */
function moved(bytes: Uint8Array, layout: Layout, next: Chance): Uint8Array {
  if (bytes.length < layout.transport + 14) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const far = next(8) === 0;
  view.setUint32(layout.transport + 4, (view.getUint32(layout.transport + 4) + (far ? next(0x7fffffff) * 2 : next(64) - 32)) >>> 0);
  if (next(4) === 0) bytes[layout.transport + 13] = next(256);
  return bytes;
}
