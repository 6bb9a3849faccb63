/** Which conversations are one sensor's, where several share the frames of a capture; the kernel deals live frames out in the same way (`capture/filter.ts`). */
import { TCP } from './decode/decode.ts';
import type { Packet } from './decode/packet.ts';
import { protocols } from './protocols/index.ts';

/** One of `members`, counted from 0. */
export type Share = { member: number; members: number };

/** Spreads the low bits, which alone would be those of neighbouring addresses. */
export const SPREAD = 0x9e3779b1;

/** Ports of servers whose connections are all the first sensor's. */
export const JOINED: readonly number[] = protocols.flatMap(({ joined, ports }) => (joined === true ? ports : []));
const joined = new Set(JOINED);

/**
 * Whose a decoded packet is: all of two addresses' conversations stay together. What is compared across connections, such as a session that another client uses or
 * the certificate that an application shows elsewhere, is compared by one sensor: the first has all of such protocols, and what has no addresses of IP.
 */
export function memberOf(p: Packet, kind: number, members: number): number {
  if (p.version === 0 || (kind === TCP && (joined.has(p.sourcePort) || joined.has(p.destinationPort)))) return 0;
  let mixed = p.source0 ^ p.destination0;
  if (p.version === 6) mixed ^= p.source1 ^ p.source2 ^ p.source3 ^ p.destination1 ^ p.destination2 ^ p.destination3;
  return (Math.imul(mixed, SPREAD) >>> 16) % members;
}
