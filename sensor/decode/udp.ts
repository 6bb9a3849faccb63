import type { Packet } from './packet.ts';

/** RFC 768. Leaves `pos` at the payload; a length of 0 or beyond the datagram means: to its end. */
export function udp(p: Packet): boolean {
  if (p.end - p.pos < 8) return false;
  const v = p.view;
  p.sourcePort = v.getUint16(p.pos);
  p.destinationPort = v.getUint16(p.pos + 2);
  const length = v.getUint16(p.pos + 4);
  if (length >= 8 && p.pos + length < p.end) p.end = p.pos + length;
  p.pos += 8;
  return true;
}
