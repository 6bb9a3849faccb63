/** A line on stderr that changes while something is under way; nothing when stderr is no terminal. */
const EVERY = 200;

export class StatusLine {
  private readonly shown = process.stderr.isTTY === true;
  private readonly started = Date.now();
  private last = 0;

  /** Five times a second at most; `text` is told how many seconds it has been. */
  show(text: (seconds: number) => string): void {
    const now = Date.now();
    if (!this.shown || now - this.last < EVERY) return;
    this.last = now;
    process.stderr.write(`\r\u001b[K${text(Math.max((now - this.started) / 1000, 0.001))}`);
  }

  clear(): void {
    if (this.shown && this.last > 0) process.stderr.write('\r\u001b[K');
  }
}
