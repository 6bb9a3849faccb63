/**
 * The role that a certificate gives to a Modbus/TCP client: MODBUS/TCP Security (MB-TCP-Security-v21), 8.3, an extension of X.509v3
 * (RFC 5280, 4.1) with a UTF8String in it. DER as in X.690.
 */

/** 1.3.6.1.4.1.50316.802.1 as the content of an OBJECT IDENTIFIER. */
const ROLE = Uint8Array.of(0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0x89, 0x0c, 0x86, 0x22, 0x01);
/** Characters of a role that are kept. */
const MAX_ROLE = 128;
/** Extensions looked through; real certificates have about ten. */
const MAX_EXTENSIONS = 64;

const SEQUENCE = 0x30;
const OID = 0x06;
const BOOLEAN = 0x01;
const OCTETS = 0x04;
const UTF8 = 0x0c;
/** TBSCertificate: extensions [3] EXPLICIT. */
const EXTENSIONS = 0xa3;

/** Tag and content of one DER element, and where the next begins. */
type Element = { tag: number; start: number; end: number };

function element(bytes: Uint8Array, at: number, limit: number): Element | null {
  if (at + 2 > limit) return null;
  const first = bytes[at + 1] as number;
  const extra = first < 0x80 ? 0 : first & 0x7f;
  if (extra > 3 || first === 0x80 || at + 2 + extra > limit) return null;
  let length = first < 0x80 ? first : 0;
  for (let i = 0; i < extra; i++) length = length * 256 + (bytes[at + 2 + i] as number);
  const start = at + 2 + extra;
  return start + length > limit ? null : { tag: bytes[at] as number, start, end: start + length };
}

/** The first element inside `outer` with this tag. Every element is at least two bytes, so this ends. */
function inside(bytes: Uint8Array, outer: Element | null, tag: number): Element | null {
  if (outer === null) return null;
  for (let at = outer.start; ; ) {
    const one = element(bytes, at, outer.end);
    if (one === null || one.tag === tag) return one;
    at = one.end;
  }
}

const isRole = (bytes: Uint8Array, oid: Element): boolean => oid.end - oid.start === ROLE.length && ROLE.every((byte, i) => bytes[oid.start + i] === byte);

/** The role in a DER certificate, null where it has none. */
export function roleOf(bytes: Uint8Array): string | null {
  const whole = element(bytes, 0, bytes.length);
  const body = whole?.tag === SEQUENCE ? inside(bytes, whole, SEQUENCE) : null;
  const list = inside(bytes, inside(bytes, body, EXTENSIONS), SEQUENCE);
  if (list === null) return null;
  let at = list.start;
  for (let n = 0; n < MAX_EXTENSIONS; n++) {
    const extension = element(bytes, at, list.end);
    if (extension === null) return null;
    const oid = element(bytes, extension.start, extension.end);
    if (oid?.tag === OID && isRole(bytes, oid)) return text(bytes, oid.end, extension.end);
    at = extension.end;
  }
  return null;
}

/** RFC 5280, 4.1: critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING. */
function text(bytes: Uint8Array, at: number, limit: number): string | null {
  const first = element(bytes, at, limit);
  const octets = first?.tag === BOOLEAN ? element(bytes, first.end, limit) : first;
  const value = octets?.tag === OCTETS ? element(bytes, octets.start, octets.end) : null;
  if (value?.tag !== UTF8) return null;
  return new TextDecoder().decode(bytes.subarray(value.start, value.end)).slice(0, MAX_ROLE);
}
