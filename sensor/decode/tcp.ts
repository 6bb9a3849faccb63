import type { Packet } from './packet.ts';

/** RFC 9293 section 3.1. Leaves `pos` at the payload; false when the header does not fit. */
export function tcp(p: Packet): boolean {
  if (p.end - p.pos < 20) return false;
  const v = p.view;
  const header = (v.getUint8(p.pos + 12) >> 4) << 2;
  if (header < 20 || p.end - p.pos < header) return false;
  p.sourcePort = v.getUint16(p.pos);
  p.destinationPort = v.getUint16(p.pos + 2);
  p.sequence = v.getInt32(p.pos + 4);
  p.acknowledged = v.getInt32(p.pos + 8);
  p.flags = v.getUint8(p.pos + 13);
  p.pos += header;
  return true;
}
