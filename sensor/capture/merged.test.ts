/** Frames of several sources come out in order of time, none lost, however they are cut into blocks. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { random } from '../../test/sense.ts';
import { Merged } from './merged.ts';
import { Block, type Source } from './source.ts';

/** A source that hands out these times in blocks, each when it is let; every frame holds its source and its place. */
function scripted(name: string, times: readonly number[], sizes: () => number, wait: () => Promise<void>): Source {
  const report = { frames: 0, interfaces: [{ name, linktype: 1, dropped: 0 }], warnings: [] };
  return {
    report,
    stop: () => {},
    async frames(onBlock) {
      for (let from = 0; from < times.length; ) {
        await wait();
        const count = Math.min(times.length - from, sizes());
        const block = new Block(new DataView(new ArrayBuffer(Math.max(1, count * 8))), Math.max(1, count));
        for (let i = 0; i < count; i++) {
          block.view.setUint32(i * 8, name.charCodeAt(0));
          block.view.setUint32(i * 8 + 4, from + i);
          block.offset[i] = i * 8;
          block.captured[i] = 8;
          block.length[i] = 8;
          block.at[i] = times[from + i] as number;
        }
        block.count = count;
        if (count === 0) block.idleUntil = (times[from] as number) - 0.5;
        await onBlock(block);
        // What was handed on may be written over from here.
        new Uint8Array(block.view.buffer).fill(0xee);
        from += count;
        report.frames += count;
      }
      return report;
    },
  };
}

type Seen = { from: string; place: number; at: number; on: number };

async function merged(sources: readonly Source[]): Promise<Seen[]> {
  const seen: Seen[] = [];
  const { frames } = await new Merged(sources).frames(async ({ view, offset, at, count, interfaceId }) => {
    for (let i = 0; i < count; i++) {
      const start = offset[i] as number;
      seen.push({ from: String.fromCharCode(view.getUint32(start)), place: view.getUint32(start + 4), at: at[i] as number, on: interfaceId[i] as number });
    }
    await new Promise(setImmediate);
  });
  assert.equal(frames, seen.length);
  return seen;
}

/** Times far ahead of now: no frame is let go because it waited long enough. */
const AHEAD = Date.now() + 3_600_000;

it('two directions, cut by chance: in order of time, every frame once', async () => {
  const next = random(5);
  for (let round = 0; round < 20; round++) {
    const times = (step: number): number[] => Array.from({ length: 300 }, (_, i) => AHEAD + i * step + next(3) / 10);
    const pause = async (): Promise<void> => {
      for (let n = next(3); n > 0; n--) await new Promise(setImmediate);
    };
    const lanes = [times(2), times(3), times(1)];
    const seen = await merged(lanes.map((one, i) => scripted('abc'[i] as string, one, () => next(40), pause)));
    assert.equal(seen.length, 900);
    for (let i = 1; i < seen.length; i++) assert.ok((seen[i]?.at as number) >= (seen[i - 1]?.at as number), `${round}: ${i}`);
    for (const [i, name] of ['a', 'b', 'c'].entries()) {
      const own = seen.filter(({ from }) => from === name);
      assert.deepEqual(
        own.map(({ place }) => place),
        lanes[i]?.map((_, place) => place),
      );
      assert.ok(own.every(({ on }) => on === i));
    }
  }
});

it('a source that says nothing holds the others up for a moment only', async () => {
  const silent: Source = {
    report: { frames: 0, interfaces: [], warnings: [] },
    stop: () => {},
    frames: () => new Promise((resolve) => setTimeout(() => resolve({ frames: 0, interfaces: [], warnings: [] }), 400)),
  };
  const now = Date.now();
  let first = 0;
  const speaking = scripted(
    'a',
    [now, now + 1],
    () => 2,
    async () => {},
  );
  await new Merged([speaking, silent]).frames(({ count }) => {
    if (count > 0 && first === 0) first = Date.now() - now;
  });
  assert.ok(first > 0 && first < 300, `${first} ms`);
});

it('one that fails ends them all', async () => {
  let stopped = false;
  const failing: Source = { report: { frames: 0, interfaces: [], warnings: [] }, stop: () => {}, frames: () => Promise.reject(new Error('gone')) };
  const other: Source = {
    report: { frames: 0, interfaces: [], warnings: [] },
    stop: () => {
      stopped = true;
    },
    frames: () => new Promise(() => {}),
  };
  await assert.rejects(
    new Merged([failing, other]).frames(() => {}),
    /gone/,
  );
  assert.equal(stopped, true);
});
