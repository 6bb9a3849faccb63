/** What became of the last requests of a connection: enough to say whether an answer comes late or twice. */

/** Requests remembered after they were answered or given up; a power of two. */
export const MAX_PAST = 16;

export class Past {
  private readonly keys = new Int32Array(MAX_PAST);
  /** Frame of the request, negative for one that was given up, 0 in a place not used yet. */
  private readonly frames = new Float64Array(MAX_PAST);
  private next = 0;

  /** A request was answered. */
  answered(key: number, frame: number): void {
    const n = this.next;
    this.keys[n] = key;
    this.frames[n] = frame;
    this.next = (n + 1) & (MAX_PAST - 1);
  }

  /** Nobody answered a request as long as we waited. */
  gaveUp(key: number, frame: number): void {
    this.answered(key, -frame);
  }

  /** The newest request of this key: its frame, negative when it was given up (from now on it counts as answered), 0 when there is none. */
  find(key: number): number {
    for (let back = 1; back <= MAX_PAST; back++) {
      const n = (this.next - back) & (MAX_PAST - 1);
      const frame = this.frames[n] as number;
      if (frame === 0 || this.keys[n] !== key) continue;
      this.frames[n] = Math.abs(frame);
      return frame;
    }
    return 0;
  }
}

/** Transaction (its low 16 bits), unit and function (7 bits) as one number. */
export const keyOf = (id: number, unit: number, code: number): number => (id << 15) | (unit << 7) | code;
