/** Values in every encoding of OPC UA Part 6, 5.2.2, as a Variant each; and whole conversations made of them. */
import { join } from './lab/bytes.ts';
import type { Step } from './modbus-wire.ts';
import * as wire from './opcua-wire.ts';

const { f32, f64, id, list, named, text, u16, u32, u64 } = wire;

const GUID = Array.from({ length: 16 }, (_, n) => (n * 13 + 200) & 255);
const LATER = u64(133_000_000_123_456_789n);

/** A name, which is also the node's, and the Variant's bytes. */
export const VALUES: readonly (readonly [name: string, variant: wire.Bytes])[] = [
  ['Null', [0]],
  ['Boolean', [1, 1]],
  ['SByte, smallest', [2, 0x80]],
  ['Byte', [3, 255]],
  ['Int16, smallest', [4, ...u16(0x8000)]],
  ['UInt16', [5, ...u16(0xffff)]],
  ['Int32', [6, ...u32(-5)]],
  ['UInt32', [7, ...u32(0xfffffffe)]],
  ['Int64, smallest', [8, ...u64(0x8000000000000000n)]],
  ['Int64, exact', [8, ...u64(5n)]],
  ['UInt64, largest', [9, ...u64(0xffffffffffffffffn)]],
  ['Float', [10, ...f32(1.5)]],
  ['Float, no number', [10, ...f32(Number.NaN)]],
  ['Double', [11, ...f64(-1e300)]],
  ['Double, infinite', [11, ...f64(Number.POSITIVE_INFINITY)]],
  ['String', [12, ...text('Grüße ☃')]],
  ['String, null', [12, ...text(null)]],
  ['String, empty', [12, ...text('')]],
  ['DateTime', [13, ...LATER]],
  ['DateTime, none', [13, ...u64(0n)]],
  ['DateTime, the end of time', [13, ...u64(0x7fffffffffffffffn)]],
  ['DateTime, before 1601', [13, ...u64(0xffffffffffffffffn)]],
  ['Guid', [14, ...GUID]],
  ['ByteString', [15, ...u32(3), 1, 2, 3]],
  ['ByteString, null', [15, ...u32(-1)]],
  ['XmlElement', [16, ...text('<a/>')]],
  ['NodeId, two bytes', [17, 0, 85]],
  ['NodeId, four bytes', [17, 1, 3, ...u16(0x1234)]],
  ['NodeId, numeric', [17, 2, ...u16(300), ...u32(70_000)]],
  ['NodeId, string', [17, ...named(2, 'Pump.Speed')]],
  ['NodeId, Guid', [17, 4, ...u16(7), ...GUID]],
  ['NodeId, opaque', [17, 5, ...u16(7), ...u32(4), 9, 8, 7, 6]],
  ['ExpandedNodeId', [18, 1, 0, ...u16(2253)]],
  ['ExpandedNodeId, URI', [18, 0x81, 0, ...u16(2253), ...text('http://plant/')]],
  ['ExpandedNodeId, server', [18, 0x42, ...u16(3), ...u32(99), ...u32(7)]],
  ['ExpandedNodeId, both', [18, 0xc3, ...u16(0), ...text('a'), ...text('http://plant/'), ...u32(5)]],
  ['StatusCode', [19, ...u32(0x80340000)]],
  ['StatusCode, info bits', [19, ...u32(0x480)]],
  ['StatusCode, unknown', [19, ...u32(0x8fff0000)]],
  ['QualifiedName', [20, ...u16(3), ...text('n')]],
  ['LocalizedText', [21, 3, ...text('en'), ...text('x')]],
  ['LocalizedText, nothing', [21, 0]],
  ['LocalizedText, locale', [21, 1, ...text('en')]],
  ['ExtensionObject', [22, ...id(999), 1, ...u32(3), 1, 2, 3]],
  ['ExtensionObject, none', [22, 0, 0, 0]],
  ['ExtensionObject, XML', [22, ...id(999), 2, ...text('<b/>')]],
  ['ExtensionObject, Argument', [22, ...id(298), 1, ...u32(18), ...text('arg'), 0, 6, ...u32(-1), ...u32(-1), 0]],
  ['DataValue', [23, 3, 6, ...u32(7), ...u32(0x80340000)]],
  ['DataValue, everything', [23, 0x3f, 6, ...u32(7), ...u32(0x40000000), ...LATER, ...u16(9), ...LATER, ...u16(8)]],
  ['DiagnosticInfo', [25, 0x7f, ...u32(1), ...u32(2), ...u32(4), ...u32(3), ...text('info'), ...u32(0x80000000), 0]],
  ['Int32[]', [0x86, ...u32(3), ...u32(1), ...u32(2), ...u32(3)]],
  ['Int32[], empty', [0x86, ...u32(0)]],
  ['Int32[], null', [0x86, ...u32(-1)]],
  ['Int32[], two by three', [0xc6, ...u32(6), ...[1, 2, 3, 4, 5, 6].flatMap(u32), ...u32(2), ...u32(2), ...u32(3)]],
  ['Boolean[]', [0x81, ...u32(3), 1, 0, 2]],
  ['Byte[]', [0x83, ...u32(2), 1, 2]],
  ['Int64[]', [0x88, ...u32(1), ...u64(5n)]],
  ['Float[]', [0x8a, ...u32(1), ...f32(2.5)]],
  ['String[]', [0x8c, ...u32(2), ...text('a'), ...text(null)]],
  ['DateTime[]', [0x8d, ...u32(1), ...LATER]],
  ['Guid[]', [0x8e, ...u32(1), ...GUID]],
  ['ByteString[]', [0x8f, ...u32(2), ...u32(1), 7, ...u32(-1)]],
  ['XmlElement[]', [0x90, ...u32(1), ...text('<c/>')]],
  ['NodeId[]', [0x91, ...u32(2), 0, 5, 1, 1, ...u16(2)]],
  ['ExpandedNodeId[]', [0x92, ...u32(1), 0, 5]],
  ['StatusCode[]', [0x93, ...u32(1), ...u32(0x80340000)]],
  ['QualifiedName[]', [0x94, ...u32(1), ...u16(1), ...text('q')]],
  ['LocalizedText[]', [0x95, ...u32(1), 2, ...text('t')]],
  ['ExtensionObject[]', [0x96, ...u32(1), 0, 0, 0]],
  ['DataValue[]', [0x97, ...u32(1), 1, 6, ...u32(5)]],
  ['Variant[]', [0x98, ...u32(2), 6, ...u32(1), 12, ...text('z')]],
  ['DiagnosticInfo[]', [0x99, ...u32(1), 0]],
];

export const writeResponse = (handle: number, ...statuses: number[]): Uint8Array =>
  join(id(676), wire.responseHeader(handle), list(...statuses.map(u32)), u32(-1));

/** Hello to the open channel 5. */
export const OPENING: readonly Step[] = [
  ['>', wire.hel()],
  ['<', wire.ack()],
  ['>', wire.openRequest(1)],
  ['<', wire.openResponse(1, 5)],
];

/** Every value read once and written once, each in messages of its own. */
export const valueSteps = (): Step[] =>
  VALUES.flatMap(([name, bytes], i): Step[] => {
    const [read, write] = [2 * i + 2, 2 * i + 3];
    const node = named(1, name);
    const value = join([1], bytes);
    return [
      ['>', wire.msg(read, read, wire.readRequest(read, [node]))],
      ['<', wire.msg(read, read, wire.readResponse(read, [value]))],
      ['>', wire.msg(write, write, wire.writeRequest(write, node, value))],
      ['<', wire.msg(write, write, writeResponse(write, 0))],
    ];
  });
