/** When ports are used again. */
import { ACK, type Packet } from '../decode/packet.ts';
import type { Flow, Half } from './flow.ts';

/** Of a connection joined midway a SYN may come late, so soon (ms) after the first segment and so far (bytes) before it. */
const LATE = 3000;
const BEFORE = 65_536;

/**
 * Whether a SYN opens another connection on the ports of the one that is followed. TCP numbers each from a place of its own (RFC 9293 section 3.4.1), so the number tells
 * its repeat from a new one, however near they are: bytes of a new one that were taken for repeats would be seen by nobody.
 */
export function renewed(flow: Flow, half: Half, p: Packet): boolean {
  const answers = (p.flags & ACK) !== 0;
  const repeats = half.opened && p.sequence === half.initial;
  if (flow.closed) return !answers || !repeats;
  // Only the other side was heard so far, and nobody heard it answer a SYN.
  if (!half.started) return !answers && flow.opener < 0 && (flow.near.started || flow.far.started);
  if (half.opened) return !repeats;
  const before = (half.initial - p.sequence) | 0;
  return p.at - flow.firstAt > LATE || before < 0 || before > BEFORE;
}
