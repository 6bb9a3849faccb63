/** A line on stderr that says how far a pass over captures is; nothing when stderr is no terminal. */
const EVERY = 200;

export class Progress {
  private readonly shown = process.stderr.isTTY === true;
  private readonly total: number;
  private readonly started = Date.now();
  private last = 0;

  /** `total`: frames expected, 0 when nobody knows. */
  constructor(total: number) {
    this.total = total;
  }

  show(frames: number, findings: number): void {
    const now = Date.now();
    if (!this.shown || now - this.last < EVERY) return;
    this.last = now;
    const seconds = (now - this.started) / 1000;
    const share = this.total > 0 ? ` ${Math.min(100, Math.floor((frames / this.total) * 100))} %` : '';
    process.stderr.write(
      `\r\u001b[K${frames.toLocaleString('en')} frames${share}, ${Math.round(frames / Math.max(seconds, 0.001)).toLocaleString('en')}/s, ${findings} findings`,
    );
  }

  clear(): void {
    if (this.shown && this.last > 0) process.stderr.write('\r\u001b[K');
  }
}
