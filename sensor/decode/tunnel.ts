import type { Packet } from './packet.ts';

/** IANA protocol number of GRE. */
export const GRE = 47;
/** RFC 7348 section 5. */
export const VXLAN_PORT = 4789;
/** Mirrors of mirrors happen; more than this is somebody playing. */
export const MAX_TUNNELS = 4;

const ERSPAN_2 = 0x88be;
const ERSPAN_3 = 0x22eb;
const ETHERNET_BRIDGING = 0x6558;

/** What is inside: an Ethernet frame, an IP packet of `etherType`, or nothing we know. */
export const INSIDE_NOTHING = 0;
export const INSIDE_ETHERNET = 1;
export const INSIDE_IP = 2;

/** RFC 2784 and 2890 (optional checksum, key, sequence number), carrying ERSPAN II or III, Ethernet or IP. */
export function gre(p: Packet): number {
  if (p.end - p.pos < 4) return INSIDE_NOTHING;
  const flags = p.view.getUint16(p.pos);
  const type = p.view.getUint16(p.pos + 2);
  // Version 1 is PPTP; routing (0x4000) is obsolete.
  if ((flags & 0x4007) !== 0) return INSIDE_NOTHING;
  const header = 4 + ((flags & 0x8000) !== 0 ? 4 : 0) + ((flags & 0x2000) !== 0 ? 4 : 0) + ((flags & 0x1000) !== 0 ? 4 : 0);
  // ERSPAN type I has neither a sequence number nor a header of its own (draft-foschiano-erspan-03 section 4.1).
  const inner = type === ERSPAN_2 ? ((flags & 0x1000) !== 0 ? 8 : 0) : type === ERSPAN_3 ? erspan3(p, header) : 0;
  if (inner < 0 || p.end - p.pos < header + inner) return INSIDE_NOTHING;
  p.pos += header + inner;
  if (type === ERSPAN_2 || type === ERSPAN_3 || type === ETHERNET_BRIDGING) return INSIDE_ETHERNET;
  p.etherType = type;
  return type === 0x0800 || type === 0x86dd ? INSIDE_IP : INSIDE_NOTHING;
}

/** ERSPAN III: 12 bytes, and 8 more when the O bit announces a platform specific part. */
function erspan3(p: Packet, header: number): number {
  if (p.end - p.pos < header + 12) return -1;
  return (p.view.getUint8(p.pos + header + 11) & 1) !== 0 ? 20 : 12;
}

/** RFC 7348 section 5: eight bytes, of which the flag I must be set and the others mean nothing. `pos` stands behind the UDP header. */
export function vxlan(p: Packet): boolean {
  if (p.end - p.pos < 8 + 14 || (p.view.getUint8(p.pos) & 0x08) === 0) return false;
  p.pos += 8;
  return true;
}
