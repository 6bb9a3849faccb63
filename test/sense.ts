/** Frames into the sensor, observations out, for tests. */
import { openFiles } from '../sensor/capture/file.ts';
import { Block } from '../sensor/capture/source.ts';
import type { Coverage } from '../sensor/coverage.ts';
import { type Definition, type Observation, observe } from '../sensor/observation.ts';
import type { Keyring } from '../sensor/protocols/opcua/keys/keyring.ts';
import { Sensor } from '../sensor/sensor.ts';
import { join, viewOf } from './lab/bytes.ts';
import type { Timed } from './lab/frames.ts';

export const START = Date.parse('2026-11-23T10:00:00Z');

/** `length` is the size on the wire where the capture cut the frame short. */
export type Frame = Timed & { length?: number; linktype?: number };

/** All frames in one block. */
export function blockOf(frames: readonly Frame[]): Block {
  const block = new Block(viewOf(join(...frames.map((frame) => frame.bytes))), Math.max(1, frames.length));
  let offset = 0;
  for (const { at, bytes, length, linktype } of frames) {
    const i = block.count++;
    block.offset[i] = offset;
    block.captured[i] = bytes.length;
    block.length[i] = length ?? bytes.length;
    block.at[i] = at;
    block.linktype[i] = linktype ?? 1;
    offset += bytes.length;
  }
  return block;
}

/** Frames 10 ms apart. */
export const timed = (bytes: readonly Uint8Array[], from = START): Frame[] => bytes.map((one, i) => ({ at: from + i * 10, bytes: one }));

/** Every frame of a capture file, copied out. */
export async function framesOf(path: string): Promise<Frame[]> {
  const frames: Frame[] = [];
  await openFiles([path]).frames((block) => {
    for (let i = 0; i < block.count; i++) {
      const [offset, size] = [block.offset[i] as number, block.captured[i] as number];
      const bytes = new Uint8Array(block.view.buffer, block.view.byteOffset + offset, size).slice();
      frames.push({ at: block.at[i] as number, bytes, length: block.length[i], linktype: block.linktype[i] });
    }
  });
  return frames;
}

export type Sensed = { observations: Observation[]; definitions: Definition[]; rows: number; coverage: Coverage };

/** Everything the sensor says of these frames; `end` false leaves out what it says at the end of a capture. */
export function sense(frames: readonly Frame[], { end = true, each = false, keys }: { end?: boolean; each?: boolean; keys?: Keyring } = {}): Sensed {
  const out = { observations: [] as Observation[], definitions: [] as Definition[], rows: 0 };
  const known = new Map<number, Definition>();
  const sensor = new Sensor(
    (batch) => {
      for (const definition of batch.definitions) known.set(definition.operation, definition);
      out.definitions.push(...batch.definitions);
      for (let i = 0; i < batch.rows; i++) {
        if ((batch.detail[i] as number) < 0) out.rows++;
        out.observations.push(observe(batch, i, known.get(batch.operation[i] as number)));
      }
    },
    { keys },
  );
  sensor.interfaces = () => [{ name: 'test', linktype: 1, dropped: null }];
  for (const block of each ? frames.map((frame) => blockOf([frame])) : [blockOf(frames)]) sensor.take(block);
  if (end) sensor.end();
  return { ...out, coverage: sensor.coverage() };
}

/** Everything the sensor says of a capture file. */
export async function senseFile(path: string): Promise<Observation[]> {
  const observations: Observation[] = [];
  const known: (Definition | undefined)[] = [];
  const sensor = new Sensor((batch) => {
    for (const definition of batch.definitions) known[definition.operation] = definition;
    for (let i = 0; i < batch.rows; i++) observations.push(observe(batch, i, known[batch.operation[i] as number]));
  });
  await openFiles([path]).frames((block) => sensor.take(block));
  sensor.end();
  return observations;
}

/** Small and repeatable: xorshift32. */
export function random(seed: number): (below: number) => number {
  let x = seed;
  return (below) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % below;
  };
}

/** One to four bytes, or the tail, changed. */
export function mutated(from: Uint8Array, next: (below: number) => number): Uint8Array {
  const bytes = from.slice(0, next(8) === 0 ? next(from.length + 1) : from.length);
  for (let n = 1 + next(4); n > 0 && bytes.length > 0; n--) bytes[next(bytes.length)] = next(256);
  return bytes;
}
