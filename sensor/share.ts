/** Which conversations are one sensor's, where several share the frames of a capture; the kernel deals live frames out in the same way (`capture/filter.ts`). */
import { TCP } from './decode/decode.ts';
import type { Packet } from './decode/packet.ts';
import { protocols } from './protocols/index.ts';

/** One of `members`, counted from 0. */
export type Share = { member: number; members: number };

/** Spreads the low bits, which alone would be those of neighbouring addresses. */
export const SPREAD = 0x9e3779b1;

/** Ports of servers whose connections stay together, whoever their clients are. */
export const JOINED: readonly number[] = protocols.flatMap(({ joined, ports }) => (joined === true ? ports : []));
const joined = new Set(JOINED);

const source = (p: Packet): number => (p.version === 4 ? p.source0 : p.source0 ^ p.source1 ^ p.source2 ^ p.source3);
const destination = (p: Packet): number => (p.version === 4 ? p.destination0 : p.destination0 ^ p.destination1 ^ p.destination2 ^ p.destination3);

/**
 * Whose a decoded packet is: all of two addresses' conversations stay together. Those with a server of a protocol whose clients share something, such as a
 * session, stay with all of that server's. What has no addresses of IP is the first's.
 */
export function memberOf(p: Packet, kind: number, members: number): number {
  if (p.version === 0) return 0;
  let mixed = source(p) ^ destination(p);
  if (kind === TCP) {
    const [from, to] = [joined.has(p.sourcePort), joined.has(p.destinationPort)];
    if (from !== to) mixed = from ? source(p) : destination(p);
  }
  return (Math.imul(mixed, SPREAD) >>> 16) % members;
}
