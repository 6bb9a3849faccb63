/** Windows networks, directories, remote procedure calls, databases, messaging. */
import type { Bytes } from './bytes.ts';
import { anywhere, onPort, type Signature } from './signature.ts';

/** RFC 1002 section 4.3.1: type 0, a length, then SMB 1 (0xff), 2 and 3 (0xfe), encrypted (0xfd) or compressed (0xfc). */
const smb = (b: Bytes): boolean => b.u8(0) === 0 && b.u8(4) >= 0xfc && b.has(5, 0x53, 0x4d, 0x42);
/** RFC 1002 section 4.3: session request, its answers, keep-alive. */
const nbss = (b: Bytes): boolean => [0x81, 0x82, 0x83, 0x84, 0x85].includes(b.u8(0)) && b.u8(1) <= 1 && b.u16(2) <= b.size - 4;
/** RFC 1002 section 4.4.1: datagram types 0x10 to 0x16, flags below 0x10. */
const nbds = (b: Bytes): boolean => b.u8(0) >= 0x10 && b.u8(0) <= 0x16 && b.u8(1) < 0x10;

/** C706 section 12.6.3: version 5.0 or 5.1, type, data representation, length of the fragment in the byte order this one names. */
function dcerpc(b: Bytes): boolean {
  if (b.u8(0) !== 5 || b.u8(1) > 1 || b.u8(2) > 19 || b.u8(2) < 0 || b.size < 16) return false;
  const length = b.u8(4) === 0x10 ? b.u16le(8) : b.u8(4) === 0 ? b.u16(8) : -1;
  return length >= 16 && length >= Math.min(b.size, 16) && b.u16(6) === 0;
}
/** C706 section 12.5.1: connectionless, version 4. */
const dcerpcUdp = (b: Bytes): boolean => b.u8(0) === 4 && b.u8(1) <= 10 && b.u8(1) >= 0 && b.size >= 80 && (b.u8(4) === 0x10 || b.u8(4) === 0) && b.u8(5) === 0;

/** RFC 5531: xid, call (0) or reply (1), for a call version 2, program and version of it. Over TCP behind a record mark. */
function rpcProgram(b: Bytes, at: number): number {
  if (b.u32(at + 4) !== 0 || b.u32(at + 8) !== 2 || b.u32(at + 16) < 0 || b.u32(at + 16) > 10) return -1;
  const program = b.u32(at + 12);
  return program >= 100_000 && program < 0x6000_0000 ? program : -1;
}
const callOf = (b: Bytes): number => Math.max(rpcProgram(b, 0), (b.u32(0) & 0x7fffffff) === b.size - 4 ? rpcProgram(b, 4) : -1);

/** Where the contents of a BER element of this tag start, -1 when it is not one. */
function inside(b: Bytes, at: number, tag: number): number {
  if (b.u8(at) !== tag) return -1;
  const length = b.u8(at + 1);
  return length < 0 ? -1 : length < 0x80 ? at + 2 : length > 0x80 && length <= 0x84 ? at + 2 + (length & 0x7f) : -1;
}
/** RFC 4511 section 4.1.1: sequence, message id, an operation of the application class. */
function ldap(b: Bytes): boolean {
  const p = inside(b, 0, 0x30);
  const size = b.u8(p + 1);
  return p > 0 && b.u8(p) === 2 && size >= 1 && size <= 4 && b.u8(p + 2 + size) >= 0x60 && b.u8(p + 2 + size) <= 0x79 && b.u8(p + 2 + size) !== 0x62;
}
/** RFC 4120 section 5.10: application tags 10 to 14 and 30. Over TCP behind a length of four bytes. */
const kerberos = (b: Bytes, at: number): boolean => [0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x7e].includes(b.u8(at)) && inside(b, inside(b, at, b.u8(at)), 0x30) > 0;
/** RFC 3411: sequence, version 0, 1 or 3, then a community or the header of version 3. */
function snmp(b: Bytes): boolean {
  const p = inside(b, 0, 0x30);
  return p > 0 && b.has(p, 2, 1) && [0, 1, 3].includes(b.u8(p + 2)) && b.u8(p + 3) === (b.u8(p + 2) === 3 ? 0x30 : 4);
}
/** MQTT 3.1.1 section 3.1: CONNECT, remaining length, protocol name. */
const mqtt = (b: Bytes): boolean => b.u8(0) === 0x10 && [2, 3, 4, 5].some((p) => b.says('MQTT', p + 2) || b.says('MQIsdp', p + 2));

export const office: readonly Signature[] = [
  anywhere('smb', 'tcp', smb, [445, 139]),
  onPort('nbss', 'tcp', [139], nbss),
  onPort('nbds', 'udp', [138], nbds),
  anywhere('snmp', 'any', snmp, [161, 162]),
  anywhere('dcerpc', 'tcp', dcerpc, [135]),
  anywhere('dcerpc', 'udp', dcerpcUdp),
  anywhere('nfs', 'any', (b) => [100_003, 100_005, 100_021, 100_227].includes(callOf(b)), [2049]),
  anywhere('portmap', 'any', (b) => callOf(b) === 100_000, [111]),
  anywhere('rpc', 'any', (b) => callOf(b) > 0),
  anywhere('ldap', 'any', ldap, [389, 3268]),
  onPort('kerberos', 'any', [88, 464], (b) => kerberos(b, 0) || kerberos(b, 4)),
  anywhere('mqtt', 'tcp', mqtt, [1883]),
  anywhere('amqp', 'tcp', (b) => b.has(0, 0x41, 0x4d, 0x51, 0x50) && b.u8(4) <= 3, [5672]),
  anywhere('postgresql', 'tcp', (b) => b.u32(0) === b.size && (b.u32(4) === 0x00030000 || b.u32(4) === 80877103), [5432]),
  anywhere('mysql', 'tcp', (b) => b.u8(3) === 0 && b.u8(4) === 10 && /^\d+\.\d+/.test(b.text(16).slice(5)), [3306]),
  anywhere('mssql', 'tcp', (b) => b.has(0, 0x12, 1) && b.u16(2) === b.size, [1433]),
  anywhere('redis', 'tcp', (b) => /^\*\d+\r\n\$\d+\r\n/.test(b.text(24)), [6379]),
  anywhere('zabbix', 'tcp', (b) => b.says('ZBXD\x01'), [10050, 10051]),
];
