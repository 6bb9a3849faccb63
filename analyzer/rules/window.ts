/** Events of one group within a time span. */

/** Events a window holds at most; beyond, the oldest goes and the count stays. */
export const MAX_WINDOW = 1000;
/** Frames kept of the window's first events, and as many of its last. */
const FRAMES_AT_EACH_END = 100;
/** Events in a row from before the window after which the clock is taken to have stepped back. */
const LATE_BEFORE_RESET = 16;

/** A frame number or 0: a transaction has at most two. */
type Event = { value: string | null; at: number; one: number; two: number };

/**
 * Kept in order of time; an event that comes late but within the span is put in its place. One from before the span is left out,
 * unless so many come in a row that the capture's clock must have stepped back: then the window starts over.
 */
export class Window {
  private events: Event[] = [];
  private readonly byValue = new Map<string, Event>();
  private readonly span: number;
  private late = 0;

  /** `span` in ms. An event falls out when it is older than the newest by more than that. */
  constructor(span: number) {
    this.span = span;
  }

  /** Events, or distinct values where values were given. */
  get size(): number {
    return this.events.length;
  }

  get first(): number {
    return this.events[0]?.at ?? Number.NaN;
  }

  get last(): number {
    return this.events[this.events.length - 1]?.at ?? Number.NaN;
  }

  /** With a `value` only its latest occurrence is kept. */
  add(value: string | null, at: number, frames: readonly number[]): void {
    if (!Number.isFinite(at) || this.tooLate(at)) return;
    const known = value === null ? undefined : this.byValue.get(value);
    if (known !== undefined) {
      if (known.at > at) return;
      this.events.splice(this.events.lastIndexOf(known), 1);
    }
    const event = { value, at, one: frames[0] ?? 0, two: frames[1] ?? 0 };
    let place = this.events.length;
    while (place > 0 && (this.events[place - 1] as Event).at > at) place--;
    this.events.splice(place, 0, event);
    if (value !== null) this.byValue.set(value, event);
    this.prune();
  }

  /** Frame numbers of the first and last events, each once, in order of time. */
  frames(): number[] {
    const { events } = this;
    const few = FRAMES_AT_EACH_END / 2;
    const ends = events.length <= 2 * few ? events : [...events.slice(0, few), ...events.slice(-few)];
    return [...new Set(ends.flatMap(({ one, two }) => [one, two]).filter((frame) => frame > 0))];
  }

  private tooLate(at: number): boolean {
    if (!(at < this.last - this.span)) {
      this.late = 0;
      return false;
    }
    if (++this.late < LATE_BEFORE_RESET) return true;
    this.late = 0;
    this.events = [];
    this.byValue.clear();
    return false;
  }

  private prune(): void {
    const oldest = this.last - this.span;
    while (this.events.length > MAX_WINDOW || this.first < oldest) {
      const gone = this.events.shift() as Event;
      if (gone.value !== null) this.byValue.delete(gone.value);
    }
  }
}
