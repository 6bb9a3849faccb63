/** What the round trips read and write: a value of every built-in type, and arrays. */
import { coerceNodeId, DataType, LocalizedText, QualifiedName, StatusCodes } from 'node-opcua';

const later = new Date('2026-11-23T10:00:00.123Z');

export const SCALARS: readonly (readonly [DataType, unknown])[] = [
  [DataType.Boolean, true],
  [DataType.SByte, -128],
  [DataType.Byte, 255],
  [DataType.Int16, -32_768],
  [DataType.UInt16, 65_535],
  [DataType.Int32, -2_147_483_648],
  [DataType.UInt32, 4_294_967_295],
  [DataType.Int64, [0xffffffff, 0xfffffffe]],
  [DataType.UInt64, [0xffffffff, 0xfffffffe]],
  [DataType.Float, 1.5],
  [DataType.Double, -1e300],
  [DataType.String, 'Grüße ☃'],
  [DataType.DateTime, later],
  [DataType.Guid, '72962B91-FA75-4AE6-8D28-B404DC7DAF63'],
  [DataType.ByteString, Buffer.from([1, 2, 3])],
  [DataType.XmlElement, '<a/>'],
  [DataType.NodeId, coerceNodeId('ns=1;s=Plant')],
  [DataType.StatusCode, StatusCodes.BadNodeIdUnknown],
  [DataType.QualifiedName, new QualifiedName({ namespaceIndex: 1, name: 'name' })],
  [DataType.LocalizedText, new LocalizedText({ locale: 'en', text: 'text' })],
];

export const ARRAYS: readonly (readonly [DataType, unknown])[] = [
  [DataType.Boolean, [true, false]],
  [DataType.Byte, new Uint8Array([1, 2])],
  [DataType.Int16, new Int16Array([-1, 2])],
  [DataType.UInt16, new Uint16Array([1, 65_535])],
  [DataType.Int32, new Int32Array([-5, 6])],
  [DataType.UInt32, new Uint32Array([7, 8])],
  [DataType.Float, new Float32Array([2.5, -0.5])],
  [DataType.Double, new Float64Array([0.1, 1e-9])],
  [DataType.String, ['a', '', 'ü']],
  [DataType.DateTime, [later]],
];

/** Two rows of three. */
export const MATRIX = new Float64Array([1, 2, 3, 4, 5, 6]);
