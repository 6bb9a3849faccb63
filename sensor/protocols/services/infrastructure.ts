/** What keeps a network going: time, names, routes, management, logs. */
import type { Bytes } from './bytes.ts';
import { anywhere, onPort, type Signature } from './signature.ts';

/** RFC 5905 section 7.3: version 1 to 4, mode not 0. */
const ntp = (b: Bytes): boolean => b.size >= 12 && ((b.u8(0) >> 3) & 7) >= 1 && ((b.u8(0) >> 3) & 7) <= 4 && (b.u8(0) & 7) >= 1;
/** RFC 5424 section 6.2.1: a priority of 0 to 191 in angle brackets. */
const syslog = (b: Bytes): boolean => /^<(\d{1,2}|1[0-8]\d|19[01])>/.test(b.text(5));
/** RFC 1035 section 4.1.1: no more than a few questions, opcode below 6. */
const dns = (b: Bytes, at: number): boolean => b.size >= at + 12 && ((b.u8(at + 2) >> 3) & 15) < 6 && b.u16(at + 4) <= 16 && b.u16(at + 6) + b.u16(at + 4) > 0;
/** RFC 2131 section 2: operation, Ethernet, and the magic cookie of the options. */
const dhcp = (b: Bytes): boolean => (b.u8(0) === 1 || b.u8(0) === 2) && b.u32(236) === 0x63825363;
/** RFC 7252 section 3: version 1, a token of at most 8 bytes, a code of class 0, 2, 4 or 5. */
const coap = (b: Bytes): boolean => b.u8(0) >> 6 === 1 && (b.u8(0) & 15) <= 8 && [0, 2, 4, 5].includes(b.u8(1) >> 5) && b.size >= 4;
/** RFC 5389 section 6: two zero bits and the magic cookie. */
const stun = (b: Bytes): boolean => b.u8(0) < 0x40 && b.u32(4) === 0x2112a442 && b.u16(2) === b.size - 20;
/** RFC 2865 section 3: code, identifier, length. */
const radius = (b: Bytes): boolean => b.u8(0) >= 1 && b.u8(0) <= 45 && b.u16(2) >= 20 && b.u16(2) <= b.size;
/** RFC 7296 section 3.1: two SPIs, a payload, version 1 or 2, and the length. */
const ike = (b: Bytes, at: number): boolean => [1, 2].includes(b.u8(at + 17) >> 4) && b.u32(at + 24) === b.size - at;
/** IEEE 1588 section 13.3: version 2, and the message's length. */
const ptp = (b: Bytes): boolean => (b.u8(1) & 15) === 2 && b.u16(2) >= 44 && b.u16(2) <= b.size;

export const infrastructure: readonly Signature[] = [
  anywhere('dhcp', 'udp', dhcp, [67, 68]),
  onPort('ntp', 'udp', [123], ntp),
  onPort('dns', 'udp', [53], (b) => dns(b, 0)),
  onPort('dns', 'tcp', [53], (b) => dns(b, 2)),
  onPort('mdns', 'udp', [5353], (b) => dns(b, 0)),
  onPort('llmnr', 'udp', [5355], (b) => dns(b, 0)),
  onPort('nbns', 'udp', [137], (b) => b.size >= 12),
  onPort('ptp', 'udp', [319, 320], ptp),
  anywhere('syslog', 'udp', syslog, [514]),
  onPort('syslog', 'tcp', [514, 601, 1468], (b) => syslog(b) || /^\d{1,5} <\d{1,3}>/.test(b.text(12))),
  onPort('coap', 'udp', [5683, 5684], coap),
  anywhere('stun', 'udp', stun, [3478]),
  onPort('radius', 'udp', [1645, 1646, 1812, 1813, 3799], radius),
  onPort('ike', 'udp', [500], (b) => ike(b, 0)),
  onPort('ike', 'udp', [4500], (b) => b.u32(0) === 0 && ike(b, 4)),
  onPort('ipsec-nat-t', 'udp', [4500], (b) => b.size > 0),
  anywhere('bgp', 'tcp', (b) => b.size >= 19 && [0, 4, 8, 12].every((at) => b.u32(at) === 0xffffffff) && b.u8(18) <= 5, [179]),
  onPort('rip', 'udp', [520, 521], (b) => b.u8(0) >= 1 && b.u8(0) <= 2 && b.u8(1) >= 1 && b.u8(1) <= 2),
  onPort('hsrp', 'udp', [1985, 2029], (b) => b.size >= 20),
  anywhere('ipmi', 'udp', (b) => b.has(0, 6, 0) && [0x06, 0x07].includes(b.u8(3)) && (b.u8(2) === 0xff || b.u8(2) === 0), [623]),
  onPort('netflow', 'udp', [2055, 2056, 4739, 9995, 9996], (b) => [1, 5, 7, 8, 9, 10].includes(b.u16(0))),
  onPort('sflow', 'udp', [6343], (b) => b.u32(0) >= 2 && b.u32(0) <= 5),
  anywhere('wireguard', 'udp', (b) => b.has(0, 1, 0, 0, 0) && b.size === 148, [51820]),
  anywhere('openvpn', 'udp', (b) => b.u8(0) === 0x38 && b.size >= 14 && b.size <= 140 && b.u8(9) === 0, [1194]),
  onPort('tacacs', 'tcp', [49], (b) => b.u8(0) >> 4 === 12),
  onPort('whois', 'tcp', [43], (b) => b.size > 0),
];
