import type { Packet } from './packet.ts';

/** What an IP layer turned out to be. */
export const BAD = 0;
export const WHOLE = 1;
export const FRAGMENT = 2;

/** Extension headers followed at most (RFC 8200 names six kinds, each once but for options). */
const MAX_EXTENSIONS = 8;
const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT_HEADER = 44;
const AUTHENTICATION = 51;
const DESTINATION = 60;

/** Where a fragment belongs: set when `ipv4` or `ipv6` answers FRAGMENT. */
export const fragment = { offset: 0, more: false, id: 0 };

/** RFC 791. Leaves `pos` at the payload and `end` at the end of the datagram, Ethernet padding cut off. */
export function ipv4(p: Packet): number {
  if (p.end - p.pos < 20) return BAD;
  const v = p.view;
  const first = v.getUint8(p.pos);
  const header = (first & 15) << 2;
  if (first >> 4 !== 4 || header < 20 || p.end - p.pos < header) return BAD;
  const total = v.getUint16(p.pos + 2);
  p.version = 4;
  p.ipId = v.getUint16(p.pos + 4);
  p.protocol = v.getUint8(p.pos + 9);
  p.source0 = v.getInt32(p.pos + 12);
  p.destination0 = v.getInt32(p.pos + 16);
  const place = v.getUint16(p.pos + 6);
  // A total length of 0 comes from segmentation offload on the capturing machine: the frame's own end counts.
  if (total >= header) bound(p, p.pos + total);
  p.pos += header;
  if ((place & 0x3fff) === 0) return WHOLE;
  fragment.offset = (place & 0x1fff) << 3;
  fragment.more = (place & 0x2000) !== 0;
  fragment.id = p.ipId;
  return FRAGMENT;
}

/** RFC 8200, with extension headers. A zero payload length is a jumbogram or offload: the frame's own end counts. */
export function ipv6(p: Packet): number {
  if (p.end - p.pos < 40) return BAD;
  const v = p.view;
  if (v.getUint8(p.pos) >> 4 !== 6) return BAD;
  const length = v.getUint16(p.pos + 4);
  p.version = 6;
  p.ipId = 0;
  p.protocol = v.getUint8(p.pos + 6);
  p.source0 = v.getInt32(p.pos + 8);
  p.source1 = v.getInt32(p.pos + 12);
  p.source2 = v.getInt32(p.pos + 16);
  p.source3 = v.getInt32(p.pos + 20);
  p.destination0 = v.getInt32(p.pos + 24);
  p.destination1 = v.getInt32(p.pos + 28);
  p.destination2 = v.getInt32(p.pos + 32);
  p.destination3 = v.getInt32(p.pos + 36);
  p.pos += 40;
  if (length > 0) bound(p, p.pos + length);
  return extensions(p);
}

/** Follows extension headers to the payload; those of a fragmented packet go on behind its reassembled part (RFC 8200 section 4.5). */
export function extensions(p: Packet): number {
  for (let n = 0; n < MAX_EXTENSIONS; n++) {
    const kind = p.protocol;
    if (kind !== HOP_BY_HOP && kind !== ROUTING && kind !== FRAGMENT_HEADER && kind !== DESTINATION && kind !== AUTHENTICATION) return WHOLE;
    if (p.end - p.pos < 8) return BAD;
    p.protocol = p.view.getUint8(p.pos);
    if (kind === FRAGMENT_HEADER) {
      const place = p.view.getUint16(p.pos + 2);
      fragment.offset = place & 0xfff8;
      fragment.more = (place & 1) !== 0;
      fragment.id = p.view.getInt32(p.pos + 4);
      p.pos += 8;
      if (fragment.offset !== 0 || fragment.more) return FRAGMENT;
      continue;
    }
    // RFC 4302 counts the authentication header in words of four bytes, less two.
    const size = kind === AUTHENTICATION ? (p.view.getUint8(p.pos + 1) + 2) * 4 : (p.view.getUint8(p.pos + 1) + 1) * 8;
    if (p.end - p.pos < size) return BAD;
    p.pos += size;
  }
  return BAD;
}

/** The layer ends at `end` on the wire; what of it was not captured is `missing`. A length beyond the frame itself is a lie. */
function bound(p: Packet, end: number): void {
  if (end <= p.end) {
    p.end = end;
    p.missing = 0;
  } else {
    p.missing = Math.min(p.missing, end - p.end);
  }
}
