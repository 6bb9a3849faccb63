/** How far a pass over captures is. */
import { StatusLine } from './statusline.ts';

export class Progress {
  private readonly line = new StatusLine();
  private readonly total: number;

  /** `total`: frames expected, 0 when nobody knows. */
  constructor(total: number) {
    this.total = total;
  }

  show(frames: number, findings: number): void {
    this.line.show((seconds) => {
      const share = this.total > 0 ? ` ${Math.min(100, Math.floor((frames / this.total) * 100))} %` : '';
      return `${frames.toLocaleString('en')} frames${share}, ${Math.round(frames / seconds).toLocaleString('en')}/s, ${findings} findings`;
    });
  }

  clear(): void {
    this.line.clear();
  }
}
