/** A small budget of the fuzz run: nothing is thrown, memory is bounded, and what comes out depends on the seed alone. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { random } from '../sense.ts';
import { mutate } from './mutate.ts';
import { TARGETS } from './protocols.ts';
import { fuzz, MAX_HEAP } from './run.ts';

const FRAMES = 50_000;

for (const [protocol, target] of Object.entries(TARGETS)) {
  describe(`fuzz ${protocol}`, () => {
    it(`${FRAMES} frames, in blocks of 4096 and of 100: the same`, async () => {
      const one = await fuzz(target, FRAMES, 7, 4096);
      const other = await fuzz(target, FRAMES, 7, 100);
      assert.equal(one.frames, FRAMES);
      assert.equal(one.digest, other.digest);
      assert.ok(one.observations > FRAMES / 4, `${one.observations} observations`);
      assert.ok(one.flaws > FRAMES / 50, `${one.flaws} flaws`);
      assert.ok(one.heap < MAX_HEAP && other.heap < MAX_HEAP);
    });

    it('another seed gives something else', async () => {
      assert.notEqual((await fuzz(target, 5000, 8, 4096)).digest, (await fuzz(target, 5000, 9, 4096)).digest);
    });
  });
}

it('mutation changes most frames, in the payload more than before it, and makes nothing without end', () => {
  const next = random(3);
  const frame = new Uint8Array(66);
  frame.set([8, 0, 0x45], 12);
  frame.set([0, 52], 16);
  frame[23] = 6;
  frame[46] = 0x50;
  let [changed, header] = [0, 0];
  for (let n = 0; n < 5000; n++) {
    const out = mutate(frame, frame, next);
    if (Buffer.compare(out, frame) !== 0) changed++;
    if (Buffer.compare(out.slice(18, 38), frame.slice(18, 38)) !== 0) header++;
    assert.ok(out.length <= 9000);
  }
  assert.ok(changed > 3500, `${changed} changed`);
  assert.ok(header < 500, `${header} with another header`);
});
