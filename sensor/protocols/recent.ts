import type { Ceiling } from '../coverage.ts';
import type { Sink } from './dissector.ts';

/** Different sightings remembered as reported. A /16 that is swept by ARP fits; the longest unreported is forgotten first. */
export const MAX_REMEMBERED = 65_536;
/** ms of capture time before the same is reported again. */
const AGAIN = 60_000;

/** What was reported lately. */
export class Recent {
  /** Sightings forgotten before their time: they may be reported more often than once a minute. */
  forgotten = 0;
  private readonly reported = new Map<string, number>();
  private readonly limit: number;

  /** `limit` is for tests that want to see the ceiling. */
  constructor(limit = MAX_REMEMBERED) {
    this.limit = limit;
  }

  get size(): number {
    return this.reported.size;
  }

  /** Whether `what` was not reported in the last minute; then it counts as reported now. A clock that goes back makes all new. */
  isNew(what: string, at: number): boolean {
    const last = this.reported.get(what);
    if (last !== undefined && at >= last && at - last < AGAIN) return false;
    this.reported.delete(what);
    this.reported.set(what, at);
    if (this.reported.size > this.limit) this.forget(at);
    return true;
  }

  /** A Map keeps the order of insertion, so its first entries are the oldest reports. Many go at once: a Map steps over each one deleted before. */
  private forget(at: number): void {
    const left = this.limit - (this.limit >> 3);
    for (const [what, last] of this.reported) {
      if (this.reported.size <= left) return;
      this.reported.delete(what);
      if (at - last < AGAIN) this.forgotten++;
    }
  }
}

const memories = new WeakMap<Sink['writer'], Recent>();

/** The memory of a sensor: one for all its protocols and flows, so that a name asked for from many ports is reported once. */
export function recent(sink: Sink): Recent {
  const known = memories.get(sink.writer);
  if (known !== undefined) return known;
  const made = new Recent();
  memories.set(sink.writer, made);
  return made;
}

export function recentCeiling(sink: Sink): Ceiling {
  const { size, forgotten } = recent(sink);
  return { name: 'sightings remembered', limit: MAX_REMEMBERED, used: size, hit: forgotten };
}
