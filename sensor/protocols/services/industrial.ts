/** Industrial protocols straight over TCP and UDP. */
import type { Bytes } from './bytes.ts';
import { anywhere, onPort, type Signature } from './signature.ts';

/** CIP volume 2, section 2-3: the encapsulation header of 24 bytes, little-endian; options are 0. */
const ENCAPSULATION = new Set([0x0001, 0x0004, 0x0063, 0x0064, 0x0065, 0x0066, 0x006f, 0x0070, 0x0072, 0x0073]);
const enip = (b: Bytes): boolean => ENCAPSULATION.has(b.u16le(0)) && b.u16le(2) <= b.size - 24 && b.u32le(20) === 0 && b.u32le(8) < 0x200;
/** CIP volume 2, section 2-6: implicit messages are two items, a sequenced address and connected data. */
const implicit = (b: Bytes): boolean => b.has(0, 2, 0, 2, 0x80, 8, 0) && b.has(14, 0xb1, 0);

/** IEC 60870-5-104 section 5.1: start, length, four control bytes; what follows starts again. */
function iec104(b: Bytes, hinted: boolean): boolean {
  const length = b.u8(1);
  if (b.u8(0) !== 0x68 || length < 4 || length > 253 || !(hinted || b.size === length + 2 || b.u8(length + 2) === 0x68)) return false;
  const control = b.u8(2);
  if ((control & 3) === 3) return length === 4 && [0x07, 0x0b, 0x13, 0x23, 0x43, 0x83].includes(control) && b.has(3, 0, 0, 0);
  if ((control & 3) === 1) return length === 4 && control === 1 && b.u8(3) === 0 && (b.u8(4) & 1) === 0;
  return length >= 10 && (b.u8(4) & 1) === 0 && b.u8(6) > 0 && b.u8(6) < 128;
}

/** IEEE 1815 section 9.2: two start bytes, a length of at least 5. */
const dnp3 = (b: Bytes): boolean => b.has(0, 0x05, 0x64) && b.u8(2) >= 5;

/** ASHRAE 135 annex J: type 0x81, function, length with this header. */
const bacnet = (b: Bytes): boolean => b.u8(0) === 0x81 && b.u8(1) <= 0x0c && b.u16(2) >= 4 && b.u16(2) === b.size;
/** Annex U (IPv6): type 0x82. */
const bacnet6 = (b: Bytes): boolean => b.u8(0) === 0x82 && b.u8(1) <= 0x0c && b.u16(2) >= 4 && b.u16(2) === b.size;

/** HART-IP (FieldComm TS20085): version, message type, message id, status, sequence, length with this header. */
const hart = (b: Bytes): boolean => [1, 2].includes(b.u8(0)) && [0, 1, 2, 15].includes(b.u8(1)) && b.u8(2) <= 4 && b.u16(6) >= 8 && b.u16(6) === b.size;

/** Beckhoff: two reserved bytes, a length, then 32 bytes of AMS header with a command of 0 to 9. */
const ads = (b: Bytes): boolean =>
  b.u16(0) === 0 && b.u32le(2) >= 32 && b.u32le(2) >= b.size - 6 && b.u32le(2) < 0x100000 && b.u16le(22) >= 0 && b.u16le(22) <= 9 && b.u16le(24) < 0x200;

/** PROFINET's interfaces are UUIDs of the form DEA0000x-6C97-11D1-8271-00A02442DF7D. */
function profinet(b: Bytes): boolean {
  if (b.u8(0) !== 4 || b.u8(1) > 10 || b.size < 80) return false;
  const node = b.has(32, 0x82, 0x71, 0x00, 0xa0, 0x24, 0x42, 0xdf, 0x7d);
  return node && (b.has(24, 0xde, 0xa0, 0x00) || b.has(25, 0x00, 0xa0, 0xde));
}

/** IEEE C37.118.2 section 6.2: sync byte, type and version, size of the frame. */
const synchrophasor = (b: Bytes): boolean =>
  b.u8(0) === 0xaa && b.u8(1) >= 1 && (b.u8(1) & 0x8f) <= 2 && b.u16(2) >= 16 && b.u16(2) <= 0xffff && b.u16(2) === b.size;

/** KNXnet/IP (ISO 22510): header of 6 bytes, version 1.0, total length. */
const knx = (b: Bytes): boolean => b.has(0, 0x06, 0x10) && b.u16(4) === b.size;

/** SLMP, 3E and 4E frames in binary: request 0x5000 or 0x5400, answer 0xd000 or 0xd400. */
const slmp = (b: Bytes): boolean => [0x5000, 0x5400, 0xd000, 0xd400].includes(b.u16(0));

export const industrial: readonly Signature[] = [
  { name: 'ethernet-ip', transport: 'any', ports: [44818], matches: enip },
  anywhere('ethernet-ip', 'udp', implicit, [2222]),
  { name: 'iec-104', transport: 'tcp', ports: [2404], matches: iec104 },
  anywhere('dnp3', 'any', dnp3, [20000]),
  anywhere('bacnet', 'udp', (b) => bacnet(b) || bacnet6(b), [47808]),
  { name: 'hart-ip', transport: 'any', ports: [5094], matches: (b, hinted) => hart(b) && (hinted || b.u8(2) === 0) && (hinted || b.size === 13) },
  anywhere('ads', 'tcp', ads, [48898]),
  anywhere('ads', 'udp', (b) => b.has(0, 0x03, 0x66, 0x14, 0x71), [48899]),
  anywhere('profinet-cm', 'udp', profinet, [34964]),
  anywhere('fins', 'tcp', (b) => b.has(0, 0x46, 0x49, 0x4e, 0x53, 0, 0), [9600]),
  onPort('fins', 'udp', [9600], (b) => (b.u8(0) & 0x3e) === 0 && b.u8(0) >= 0x80 && b.u8(1) === 0 && b.u8(2) <= 7),
  anywhere('codesys', 'tcp', (b) => b.has(0, 0x00, 0x01, 0x17, 0xe8) || b.has(0, 0xbb, 0xbb, 0, 0), [1200, 1217, 2455, 11740]),
  anywhere('fox', 'tcp', (b) => b.says('fox a '), [1911]),
  anywhere('synchrophasor', 'any', synchrophasor, [4712, 4713]),
  anywhere('knxnet-ip', 'any', knx, [3671]),
  onPort('slmp', 'any', [5000, 5001, 5002, 5006, 5007, 5010, 5562], slmp),
  onPort('ethercat', 'udp', [34980], (b) => b.u8(1) >> 4 === 1),
  onPort('pcworx', 'tcp', [1962], (b) => b.u8(0) === 1 || b.u8(0) === 0x81),
  onPort('proconos', 'tcp', [20547], (b) => b.u8(0) === 0xcc),
  anywhere('moxa-nport', 'udp', (b) => b.size === 8 && b.has(0, 1, 0, 0, 8, 0, 0, 0, 0), [4800]),
];
