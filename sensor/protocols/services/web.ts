/** Text protocols of the web and of telephony, TLS and QUIC. */
import type { Bytes } from './bytes.ts';
import { anywhere, onPort, type Signature } from './signature.ts';

const METHODS = ['GET ', 'POST ', 'HEAD ', 'PUT ', 'DELETE ', 'OPTIONS ', 'PATCH ', 'CONNECT ', 'TRACE ', 'PROPFIND ', 'SUBSCRIBE ', 'NOTIFY '];
const HTTP2 = 'PRI * HTTP/2.0';
const SIP = ['INVITE sip', 'REGISTER sip', 'OPTIONS sip', 'SUBSCRIBE sip', 'NOTIFY sip', 'ACK sip', 'BYE sip', 'CANCEL sip', 'MESSAGE sip', 'SIP/2.0 '];
const RTSP = ['DESCRIBE rtsp', 'OPTIONS rtsp', 'SETUP rtsp', 'PLAY rtsp', 'RTSP/1.0 '];

/** RFC 8446 section 5.1: type, version 3.x, length; of a handshake only its two hellos are certain. */
function tls(b: Bytes, hinted: boolean): boolean {
  const type = b.u8(0);
  if (b.u8(1) !== 3 || b.u8(2) > 4 || b.u16(3) <= 0 || b.u16(3) > 16_384 + 2048) return false;
  if (type === 22) return b.u8(5) === 1 || b.u8(5) === 2 || hinted;
  if (type === 21) return b.u16(3) === 2 && b.u8(5) <= 2;
  return (type === 20 || type === 23) && (hinted || b.u16(3) === b.size - 5 || b.has(5 + b.u16(3), 23, 3));
}

/** RFC 9000 section 17.2 and RFC 9369: a long header with a known version and a connection id of at most 20 bytes. */
function quic(b: Bytes): boolean {
  const version = b.u32(1);
  return (b.u8(0) & 0xc0) === 0xc0 && (version === 1 || version === 0x6b3343cf || version >>> 8 === 0xff0000) && b.u8(5) <= 20;
}

const http = (b: Bytes): boolean => b.saysAny(METHODS) || b.says('HTTP/1.') || b.says(HTTP2);

export const web: readonly Signature[] = [
  { name: 'tls', transport: 'tcp', ports: [443, 465, 636, 853, 989, 990, 993, 995, 5061, 5986, 8443, 8883], matches: tls },
  anywhere('quic', 'udp', quic, [443]),
  anywhere('sip', 'any', (b) => b.saysAny(SIP), [5060]),
  anywhere('rtsp', 'tcp', (b) => b.saysAny(RTSP), [554]),
  anywhere('ssdp', 'udp', (b) => b.says('NOTIFY * HTTP/1.') || b.says('M-SEARCH * HTTP/1.'), [1900]),
  onPort('ssdp', 'udp', [1900], (b) => b.says('HTTP/1.')),
  onPort('ipp', 'tcp', [631], http),
  anywhere('http', 'tcp', http, [80, 8080, 8000, 8008, 8081, 8888]),
  onPort('ws-discovery', 'udp', [3702], (b) => b.says('<?xml') || b.says('<') || b.says('\ufeff<')),
  anywhere('ws-discovery', 'udp', (b) => (b.says('<?xml') || b.says('<soap')) && /discovery/i.test(b.text(1024))),
];
