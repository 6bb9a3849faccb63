/** The fuzz run: frames by chance through the whole sensor, every row made an observation. Same seed, same digest. */
import { createHash, type Hash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Block } from '../../sensor/capture/source.ts';
import { type Batch, type Definition, observe } from '../../sensor/observation.ts';
import { Sensor } from '../../sensor/sensor.ts';
import { viewOf } from '../lab/bytes.ts';
import { type Frame, framesOf, random, START } from '../sense.ts';
import { replay } from './corpus.ts';
import type { Chance } from './mutate.ts';
import type { Target } from './protocols.ts';
import { talkers } from './talkers.ts';

/** What must be enough for it all, live after a collection: tables, streams and what waits, at their ceilings. */
export const MAX_HEAP = 512 * 1_048_576;
/** Blocks between two measurements. */
const MEASURE = 64;
/** ms from one frame to the next. */
const STEP = 0.02;

export type Progress = { frames: number; observations: number; flaws: number; heap: number };
export type Result = Progress & { digest: string };

const collect: () => void = (() => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
})();

/** Bytes alive after a collection, buffers included. */
function live(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Real frames and made-up ones, a mix of both, time going on; the clock leaps at times. */
async function source(target: Target, next: Chance): Promise<() => Frame> {
  const files: Frame[][] = [];
  for (const path of target.captures()) files.push(await framesOf(path));
  const [real, made] = [replay(files, next), talkers(target.speak, target.port, next)];
  let at = START;
  return () => {
    at += STEP;
    if (next(20_000) === 0) at += next(40_000);
    if (next(200_000) === 0) at += next(2) === 0 ? -2000 : 4_000_000;
    return { ...(next(2) === 0 ? real() : made()), at };
  };
}

/** One reused block with room for `size` frames. */
class Blocks {
  private bytes = new Uint8Array(1 << 20);
  private readonly block: Block;

  constructor(size: number) {
    this.block = new Block(viewOf(this.bytes), size);
  }

  fill(frames: number, draw: () => Frame): Block {
    const { block } = this;
    let end = 0;
    for (let i = 0; i < frames; i++) {
      const { at, bytes, length, linktype } = draw();
      if (end + bytes.length > this.bytes.length) this.grow(end + bytes.length);
      this.bytes.set(bytes, end);
      block.offset[i] = end;
      block.captured[i] = bytes.length;
      block.length[i] = Math.max(length ?? 0, bytes.length);
      block.at[i] = at;
      block.linktype[i] = linktype ?? 1;
      end += bytes.length;
    }
    block.count = frames;
    return block;
  }

  private grow(size: number): void {
    const more = new Uint8Array(size * 2);
    more.set(this.bytes);
    this.bytes = more;
    this.block.view = viewOf(more);
  }
}

/** Takes batches: every row is looked at. */
class Reader {
  observations = 0;
  flaws = 0;
  private readonly hash: Hash = createHash('sha256');
  private readonly known: (Definition | undefined)[] = [];

  take(batch: Batch): void {
    for (const definition of batch.definitions) this.known[definition.operation] = definition;
    const lines: string[] = [];
    for (let i = 0; i < batch.rows; i++) {
      const o = observe(batch, i, this.known[batch.operation[i] as number]);
      if (o.kind === 'flaw' || o['modbus.flaws'] !== undefined || o['opcua.flaws'] !== undefined) this.flaws++;
      lines.push(JSON.stringify(o));
    }
    this.observations += batch.rows;
    this.hash.update(lines.join('\n')).update('\n');
  }

  digest(): string {
    return this.hash.digest('hex').slice(0, 16);
  }
}

/** Sends `frames` frames through; throws what the sensor throws, with the frame that did it. `onBlock` hears of every block. */
export async function fuzz(target: Target, frames: number, seed: number, size: number, onBlock: (progress: Progress) => void = () => {}): Promise<Result> {
  const next = random(seed);
  const draw = await source(target, next);
  const reader = new Reader();
  const sensor = new Sensor((batch) => reader.take(batch));
  const blocks = new Blocks(size);
  let heap = 0;
  for (let n = 0; sensor.frames < frames; n++) {
    const block = blocks.fill(Math.min(size, frames - sensor.frames), draw);
    const before = sensor.frames;
    try {
      sensor.take(block);
    } catch (error) {
      const i = sensor.frames - before - 1;
      const bytes = new Uint8Array(block.view.buffer, block.offset[i] as number, block.captured[i]);
      throw new Error(`seed ${seed}, frame ${sensor.frames}: ${Buffer.from(bytes).toString('hex')}`, { cause: error });
    }
    if (n % MEASURE === 0) heap = Math.max(heap, live());
    if (heap > MAX_HEAP) throw new Error(`seed ${seed}, frame ${sensor.frames}: ${heap} bytes are alive, more than ${MAX_HEAP}`);
    onBlock({ frames: sensor.frames, observations: reader.observations, flaws: reader.flaws, heap });
  }
  sensor.end();
  heap = Math.max(heap, live());
  return { frames: sensor.frames, observations: reader.observations, flaws: reader.flaws, heap, digest: reader.digest() };
}
