/** What a live source could not see, told as observations: frames that found no room, an interface that went down, silence. */
import type { Source } from '../capture/source.ts';
import type { Sensor } from '../sensor.ts';

/** ms without a frame after which that is told. */
export const SILENCE = 60_000;

export class Watch {
  private readonly sensor: Sensor;
  private readonly source: Source;
  private dropped = 0;
  private up = true;
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
    const { sensor } = this;
    const [on] = this.source.report.interfaces;
    const dropped = on?.dropped ?? 0;
    if (dropped > this.dropped) sensor.lost('kernel_drop', { frames: dropped - this.dropped });
    this.dropped = dropped;
    const up = on?.up !== false;
    if (up !== this.up) sensor.lost(up ? 'interface_up' : 'interface_down', {});
    this.up = up;
    this.listen();
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
