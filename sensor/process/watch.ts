/** What a live source could not see, told as observations: frames that found no room, an interface that went down, silence. */
import type { Interface, Source } from '../capture/source.ts';
import type { Sensor } from '../sensor.ts';

/** ms without a frame after which that is told. */
export const SILENCE = 60_000;

export class Watch {
  private readonly sensor: Sensor;
  private readonly source: Source;
  private readonly dropped: number[] = [];
  private readonly up: boolean[] = [];
  private frames = 0;
  /** When (ms since the epoch) the newest frame was seen, or watching began. */
  private heardAt = Number.NaN;
  private silent = false;

  constructor(sensor: Sensor, source: Source) {
    this.sensor = sensor;
    this.source = source;
    this.frames = sensor.frames;
  }

  /** After every block, also an empty one. */
  look(): void {
    for (const [i, on] of this.source.report.interfaces.entries()) this.one(i, on);
    this.listen();
  }

  private one(i: number, { name, dropped, up }: Interface): void {
    const { sensor } = this;
    const lost = (dropped ?? 0) - (this.dropped[i] ?? 0);
    if (lost > 0) sensor.lost('kernel_drop', { frames: lost, on: name });
    this.dropped[i] = dropped ?? 0;
    const [was, is] = [this.up[i] ?? true, up !== false];
    if (is !== was) sensor.lost(is ? 'interface_up' : 'interface_down', { on: name });
    this.up[i] = is;
  }

  private listen(): void {
    const { sensor } = this;
    if (sensor.frames > this.frames || Number.isNaN(this.heardAt)) {
      if (this.silent) sensor.lost('traffic_back', { duration: Math.round(sensor.clock - this.heardAt) });
      this.frames = sensor.frames;
      this.heardAt = sensor.clock;
      this.silent = false;
    } else if (!this.silent && sensor.clock - this.heardAt > SILENCE) {
      this.silent = true;
      sensor.lost('no_traffic', { duration: Math.round(sensor.clock - this.heardAt) });
    }
  }
}
