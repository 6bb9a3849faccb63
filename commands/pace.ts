/** A source that hands its frames on in step with their times. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Block, type Source } from '../sensor/capture/source.ts';

/** Frames due within this (ms) go on together. */
const SLICE = 50;

/** `speed` times as fast as recorded; Infinity for as fast as it goes. */
export function paced(source: Source, speed: number): Source {
  if (speed === Number.POSITIVE_INFINITY) return source;
  let stopped = false;
  return {
    report: source.report,
    stop() {
      stopped = true;
      source.stop();
    },
    frames(onBlock) {
      const started = performance.now();
      let first = Number.NaN;
      return source.frames(async (block) => {
        for (let from = 0; from < block.count && !stopped; ) {
          if (Number.isNaN(first)) first = block.at[0] as number;
          const due = ((block.at[from] as number) - first) / speed - (performance.now() - started);
          if (due > 1) await sleep(Math.min(due, 1000));
          if (due > 1000) continue;
          const to = upTo(block, from, (block.at[from] as number) + SLICE * speed);
          await onBlock(part(block, from, to));
          from = to;
        }
      });
    },
  };
}

function upTo(block: Block, from: number, time: number): number {
  let to = from + 1;
  while (to < block.count && (block.at[to] as number) < time) to++;
  return to;
}

/** Frames `from` to `to` as a block of their own. */
function part(block: Block, from: number, to: number): Block {
  const some = new Block(block.view, to - from);
  some.count = to - from;
  for (const column of ['offset', 'captured', 'length', 'at', 'interfaceId', 'linktype'] as const) some[column].set(block[column].subarray(from, to) as never);
  return some;
}
