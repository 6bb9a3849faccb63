/** How many a second, over the last few seconds. */

/** Seconds that are looked at. */
const WINDOW = 10;

export class Rate {
  private readonly counts = new Array<number>(WINDOW).fill(0);
  private second = 0;

  /** `now`: ms of a clock that never goes back. */
  add(n: number, now: number): void {
    this.forget(now);
    this.counts[this.second % WINDOW]! += n;
  }

  perSecond(now: number): number {
    this.forget(now);
    return this.counts.reduce((sum, n) => sum + n, 0) / WINDOW;
  }

  /** Empties what is older than the window. */
  private forget(now: number): void {
    const second = Math.floor(now / 1000);
    for (let s = Math.max(this.second + 1, second - WINDOW + 1); s <= second; s++) this.counts[s % WINDOW] = 0;
    this.second = Math.max(this.second, second);
  }
}
