/** How well the sensor sees, judged a minute of capture time at a time and told as observations. Counts alone would have to be watched. */
import type { Interface } from './capture/source.ts';
import { type Ceiling, sum } from './coverage.ts';
import { type Observation, timestamp } from './observation.ts';
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

/** Counts so far: by interface that is captured from live, '' for files, and how often each table was full. */
export type Measure = { interfaces: { [name: string]: Counts }; full: { [table: string]: number } };

/** Measures, when it is time. */
export class Health {
  private readonly tally: Tally;
  private readonly ceilings: () => Ceiling[];
  private readonly onMeasure: (measure: Measure) => void;
  private until = Number.NaN;

  constructor(tally: Tally, ceilings: () => Ceiling[], onMeasure: (measure: Measure) => void) {
    this.tally = tally;
    this.ceilings = ceilings;
    this.onMeasure = onMeasure;
  }

  /** `at`: capture time, which may have been set back. */
  tick(at: number, interfaces: readonly Interface[]): void {
    if (at < this.until && at >= this.until - MINUTE) return;
    if (!Number.isNaN(this.until)) this.look(interfaces);
    this.until = at + MINUTE;
  }

  look(interfaces: readonly Interface[]): void {
    const full = Object.fromEntries(this.ceilings().flatMap(({ name, limit, hit }) => (limit === 0 ? [] : [[name, hit]])));
    this.onMeasure({ interfaces: this.counts(interfaces), full });
  }

  /** Files are one capture, however it was cut and whatever each calls its interfaces. */
  private counts(interfaces: readonly Interface[]): Measure['interfaces'] {
    const all: Measure['interfaces'] = {};
    for (const [id, one] of this.tally.interfaces.entries()) {
      const on = interfaces[id];
      const name = on?.driver === undefined ? '' : on.name;
      if (one !== undefined) all[name] = sum(one, all[name] ?? NONE);
    }
    return all;
  }
}

/** Judges each measure against the one before. */
export class Judge {
  private readonly tell: Tell;
  private readonly counted = new Map<string, Counts>();
  private readonly full = new Map<string, number>();

  constructor(tell: Tell) {
    this.tell = tell;
  }

  judge({ interfaces, full }: Measure): void {
    for (const [name, now] of Object.entries(interfaces)) this.one(name, now);
    for (const [table, hit] of Object.entries(full)) {
      const times = hit - (this.full.get(table) ?? 0);
      if (times > 0) this.tell('ceiling', { table, times });
      this.full.set(table, hit);
    }
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

/** What several sensors counted that share the frames of a capture. */
export function together(a: Measure, b: Measure): Measure {
  const interfaces = { ...a.interfaces };
  for (const [name, counts] of Object.entries(b.interfaces)) interfaces[name] = sum(counts, interfaces[name] ?? NONE);
  return { interfaces, full: sum(a.full, b.full) };
}

/** An observation of what the capture itself missed, or shows badly. */
export function lossOf(reason: string, { frames, of, duration, on, table, times }: Told, at: number, frame: number): Observation {
  return {
    kind: 'loss',
    '@timestamp': timestamp(at),
    'loss.reason': reason,
    ...(on === undefined ? {} : { 'loss.interface': on }),
    ...(frames === undefined ? {} : { 'loss.frames': frames }),
    ...(of === undefined ? {} : { 'loss.of': of }),
    ...(duration === undefined ? {} : { 'loss.duration': duration }),
    ...(table === undefined ? {} : { 'loss.table': table }),
    ...(times === undefined ? {} : { 'loss.times': times }),
    frame,
  };
}
