/** Datagrams that a mirror port delivers twice: the same IP id, size and bytes in one direction, right behind the first. */
import type { Packet } from '../decode/packet.ts';
import { sum } from './sum.ts';

/** Datagrams remembered of a direction: as many may lie between one and its copy. */
export const MAX_COPIES = 8;
/** A copy comes this much later (ms) at most. */
const WINDOW = 100;

export class Copies {
  private readonly ids = new Int32Array(MAX_COPIES).fill(-1);
  private readonly lengths = new Int32Array(MAX_COPIES);
  private readonly sums = new Int32Array(MAX_COPIES);
  private readonly times = new Float64Array(MAX_COPIES);
  private next = 0;

  /** Whether this is the second copy of a datagram. Remembers it when it is the first. IPv6 and senders that leave the id 0 cannot be told. */
  again(p: Packet): boolean {
    if (p.version !== 4 || p.ipId === 0) return false;
    const length = p.end - p.pos;
    const bytes = sum(p.view, p.pos, p.end);
    for (let n = 0; n < MAX_COPIES; n++) {
      if (this.ids[n] !== p.ipId || this.lengths[n] !== length || this.sums[n] !== bytes || p.at - (this.times[n] as number) >= WINDOW) continue;
      this.ids[n] = -1;
      return true;
    }
    const n = this.next;
    this.ids[n] = p.ipId;
    this.lengths[n] = length;
    this.sums[n] = bytes;
    this.times[n] = p.at;
    this.next = (n + 1) & (MAX_COPIES - 1);
    return false;
  }
}
