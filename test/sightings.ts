/** Sightings of frames, as the whole sensor reports them. */
import { Block } from '../sensor/capture/source.ts';
import { type Batch, type Observation, observe } from '../sensor/observation.ts';
import { Sensor } from '../sensor/sensor.ts';
import { join, viewOf } from './lab/bytes.ts';
import type { Timed } from './lab/frames.ts';

/** Runs Ethernet frames through a sensor and returns its observations of a kind. */
export function observed(frames: readonly Timed[], kind = 'sighting'): Observation[] {
  const out: Observation[] = [];
  const sensor = new Sensor((batch: Batch) => {
    for (let i = 0; i < batch.rows; i++) if ((batch.detail[i] as number) >= 0) out.push(observe(batch, i, undefined));
  });
  sensor.take(blockOf(frames));
  sensor.end();
  return out.filter((o) => o.kind === kind);
}

function blockOf(frames: readonly Timed[]): Block {
  const bytes = join(...frames.map((frame) => frame.bytes));
  const block = new Block(viewOf(bytes), Math.max(1, frames.length));
  let offset = 0;
  for (const { at, bytes: own } of frames) {
    const i = block.count++;
    block.offset[i] = offset;
    block.captured[i] = own.length;
    block.length[i] = own.length;
    block.at[i] = at;
    block.linktype[i] = 1;
    offset += own.length;
  }
  return block;
}

/** The fields that say something, without time and frame. */
export function said(o: Observation): { [field: string]: unknown } {
  return Object.fromEntries(Object.entries(o).filter(([field, value]) => value !== null && !['kind', '@timestamp', 'frame'].includes(field)));
}
