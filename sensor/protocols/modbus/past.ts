/** What became of the last requests of a connection: enough to say whether an answer comes late or twice. */

/** Requests remembered after they were answered or given up. */
export const MAX_PAST = 16;

export class Past {
  /** In turn: the key, and the request's frame, negative for one that was given up. */
  private readonly slots = new Float64Array(MAX_PAST * 2);
  private next = 0;

  /** A request was answered. */
  answered(key: number, frame: number): void {
    this.slots[this.next] = key;
    this.slots[this.next + 1] = frame;
    this.next = this.next + 2 === MAX_PAST * 2 ? 0 : this.next + 2;
  }

  /** Nobody answered a request as long as we waited. */
  gaveUp(key: number, frame: number): void {
    this.answered(key, -frame);
  }

  /** The newest request of this key: its frame, negative when it was given up (from now on it counts as answered), 0 when there is none. */
  find(key: number): number {
    for (let n = 0; n < MAX_PAST; n++) {
      const at = (this.next + (MAX_PAST - 1 - n) * 2) % (MAX_PAST * 2);
      const frame = this.slots[at + 1] as number;
      if (frame === 0 || this.slots[at] !== key) continue;
      this.slots[at + 1] = Math.abs(frame);
      return frame;
    }
    return 0;
  }
}

/** Transaction, unit and function as one number. */
export const keyOf = (id: number, unit: number, code: number): number => id * 65_536 + unit * 256 + code;
