/** How well the sensor sees, judged a minute of capture time at a time and told as observations. Counts alone would have to be watched. */
import type { Interface } from './capture/source.ts';
import type { Ceiling } from './coverage.ts';
import type { Counts, Tally } from './tally.ts';

/** ms of capture time between two looks. */
export const MINUTE = 60_000;
/** Frames without which a share says nothing. */
export const ENOUGH = 100;

/** Shares of an interface's frames above which something is wrong with it. */
const LIMITS = { truncated: 0.01, undecoded: 0.01, duplicates: 0.05 } as const;
const REASONS = Object.keys(LIMITS) as (keyof typeof LIMITS)[];

const NONE: Counts = { frames: 0, bytes: 0, truncated: 0, undecoded: 0, duplicates: 0 };

/** What is told: a reason of `loss.reason`, and how much. */
export type Told = { frames?: number; of?: number; duration?: number; on?: string; table?: string; times?: number };
type Tell = (reason: string, how: Told) => void;

export class Health {
  private readonly tally: Tally;
  private readonly ceilings: () => Ceiling[];
  private readonly tell: Tell;
  private until = Number.NaN;
  private readonly counted = new Map<string, Counts>();
  private readonly hit = new Map<string, number>();

  constructor(tally: Tally, ceilings: () => Ceiling[], tell: Tell) {
    this.tally = tally;
    this.ceilings = ceilings;
    this.tell = tell;
  }

  /** `at`: capture time, which may have been set back. */
  tick(at: number, interfaces: readonly Interface[]): void {
    if (at < this.until && at >= this.until - MINUTE) return;
    if (!Number.isNaN(this.until)) this.look(interfaces);
    this.until = at + MINUTE;
  }

  /** Tells what was wrong since the last look. */
  look(interfaces: readonly Interface[]): void {
    for (const [name, now] of this.counts(interfaces)) this.one(name, now);
    for (const { name, limit, hit } of this.ceilings()) {
      if (limit === 0) continue;
      const times = hit - (this.hit.get(name) ?? 0);
      if (times > 0) this.tell('ceiling', { table: name, times });
      this.hit.set(name, hit);
    }
  }

  /** By interface that is captured from live. Files are one capture, however it was cut and whatever each calls its interfaces: ''. */
  private counts(interfaces: readonly Interface[]): Map<string, Counts> {
    const all = new Map<string, Counts>();
    for (const [id, one] of this.tally.interfaces.entries()) {
      const on = interfaces[id];
      const name = on?.driver === undefined ? '' : on.name;
      if (one !== undefined) all.set(name, plus(one, all.get(name)));
    }
    return all;
  }

  private one(name: string, now: Counts): void {
    const before = this.counted.get(name) ?? NONE;
    const of = now.frames - before.frames;
    if (of < ENOUGH) return;
    this.counted.set(name, now);
    for (const reason of REASONS) {
      const frames = now[reason] - before[reason];
      if (frames > of * LIMITS[reason]) this.tell(reason, { frames, of, ...(name === '' ? {} : { on: name }) });
    }
  }
}

const plus = (a: Counts, b: Counts = NONE): Counts => ({
  frames: a.frames + b.frames,
  bytes: a.bytes + b.bytes,
  truncated: a.truncated + b.truncated,
  undecoded: a.undecoded + b.undecoded,
  duplicates: a.duplicates + b.duplicates,
});
