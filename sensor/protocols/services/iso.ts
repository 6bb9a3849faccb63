/** What runs over TPKT (RFC 1006) and COTP (ISO 8073): S7comm, MMS, RDP. */
import type { Bytes } from './bytes.ts';
import { anywhere, onPort, type Signature } from './signature.ts';

const CONNECTION_REQUEST = 0xe0;
const CONNECTION_CONFIRM = 0xd0;
const DATA = 0xf0;

/** RFC 1006 section 6: version 3, a reserved byte, the length with this header. COTP's first byte is its own length. */
const tpkt = (b: Bytes): boolean => b.has(0, 3, 0) && b.u16(2) >= 7 && b.u8(4) >= 2 && b.u8(4) <= b.u16(2) - 5;

/** ISO 8073 section 13.2.2.1: the low half of a connection TPDU's code is the credit. */
const connecting = (b: Bytes): boolean => tpkt(b) && ((b.u8(5) & 0xf0) === CONNECTION_REQUEST || (b.u8(5) & 0xf0) === CONNECTION_CONFIRM);

/** Where the user data of a data TPDU starts, -1 when there is none. */
const data = (b: Bytes): number => (tpkt(b) && (b.u8(5) & 0xf0) === DATA ? 5 + b.u8(4) : -1);

/** Where the value of a connection parameter starts; its length is the byte before. ISO 8073 section 13.3.4. */
function parameter(b: Bytes, code: number): number {
  const end = 5 + b.u8(4);
  for (let p = 11; p + 2 <= end && p + 2 <= b.size; p += 2 + b.u8(p + 1)) if (b.u8(p) === code) return p + 2;
  return -1;
}

const CALLED = 0xc2;
const CALLING = 0xc1;

/** Siemens: the first byte of a TSAP of two is the kind of connection (1 PG, 2 OP, 3 other), the second rack and slot. */
function siemens(b: Bytes): boolean {
  return [CALLED, CALLING].some((code) => {
    const p = parameter(b, code);
    return p > 0 && b.u8(p - 1) === 2 && b.u8(p) >= 1 && b.u8(p) <= 3 && (b.u8(p) !== 1 || b.u8(p + 1) !== 0 || code === CALLING);
  });
}

const simatic = (b: Bytes): boolean => [CALLED, CALLING].some((code) => b.says('SIMATIC-', parameter(b, code)));

/** MS-RDPBCGR section 2.2.1.1: a cookie or token, then a negotiation request of type 1 (answer 2, failure 3) and 8 bytes. */
const negotiates = (b: Bytes): boolean => b.says('Cookie: ', 11) || (b.u8(11) >= 1 && b.u8(11) <= 3 && b.has(13, 8, 0)) || b.says('mstshash=', 19);

/** ISO 8327: connect and accept SPDUs, and "give tokens" before "data transfer", behind which presentation data follows. */
function session(b: Bytes): boolean {
  const p = data(b);
  return p > 0 && (b.u8(p) === 0x0d || b.u8(p) === 0x0e || b.has(p, 1, 0, 1, 0));
}

export const iso: readonly Signature[] = [
  anywhere('s7comm', 'tcp', (b) => data(b) > 0 && b.u8(data(b)) === 0x32 && [1, 2, 3, 7, 8].includes(b.u8(data(b) + 1)), [102]),
  anywhere('s7comm-plus', 'tcp', (b) => b.u8(data(b)) === 0x72, [102]),
  anywhere('mms', 'tcp', session, [102]),
  anywhere('rdp', 'tcp', (b) => connecting(b) && negotiates(b), [3389]),
  onPort('rdp', 'tcp', [3389], (b) => tpkt(b)),
  anywhere('s7comm-plus', 'tcp', (b) => connecting(b) && simatic(b), [102]),
  onPort('s7comm', 'tcp', [102], (b) => connecting(b) && siemens(b)),
  onPort('mms', 'tcp', [102], (b) => connecting(b) && parameter(b, CALLED) > 0),
  anywhere('iso-on-tcp', 'tcp', (b) => connecting(b) || data(b) > 0, [102]),
];
