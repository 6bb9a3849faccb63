/** Blocks of the ring: what the kernel writes is read, what points anywhere else ends the reading. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { mutated, random } from '../../test/sense.ts';
import { fill, framesIn, release, statusOf, TAG, TP_STATUS_USER } from './ringblock.ts';
import { Block } from './source.ts';

const SIZE = 65_536;
const DESCRIPTOR = 48;
const DATA = 82;

type Given = { bytes: Uint8Array; vlan?: [tpid: number, tci: number]; at?: number };

/** A block as the kernel writes it, behind `before` bytes of others. */
function written(frames: readonly Given[], before = 0): Uint8Array {
  const out = new Uint8Array(before + SIZE);
  const view = new DataView(out.buffer);
  view.setUint32(before + 8, TP_STATUS_USER, true);
  view.setUint32(before + 12, frames.length, true);
  view.setUint32(before + 16, DESCRIPTOR, true);
  let at = before + DESCRIPTOR;
  for (const [i, { bytes, vlan, at: time = 1_700_000_000_000.125 }] of frames.entries()) {
    const next = (DATA + TAG + bytes.length + 15) & ~15;
    view.setUint32(at, i === frames.length - 1 ? 0 : next, true);
    view.setUint32(at + 4, Math.floor(time / 1000), true);
    view.setUint32(at + 8, Math.round((time % 1000) * 1e6), true);
    view.setUint32(at + 12, bytes.length, true);
    view.setUint32(at + 16, bytes.length + 3, true);
    view.setUint16(at + 24, DATA + TAG, true);
    if (vlan !== undefined) {
      view.setUint32(at + 20, 0x50, true);
      view.setUint32(at + 32, vlan[1], true);
      view.setUint16(at + 36, vlan[0], true);
    }
    out.set(bytes, at + DATA + TAG);
    at += next;
  }
  return out;
}

function read(bytes: Uint8Array, start = 0): { sound: boolean; frames: { hex: string; at: number; length: number }[] } {
  const block = new Block(new DataView(bytes.buffer), framesIn(SIZE));
  const sound = fill(block, start, SIZE, 1, 0);
  const frames = Array.from({ length: block.count }, (_, i) => ({
    hex: Buffer.from(bytes.buffer, block.offset[i] as number, block.captured[i] as number).toString('hex'),
    at: block.at[i] as number,
    length: block.length[i] as number,
  }));
  return { sound, frames };
}

const frame = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => (i * 7 + size) & 255);

it('frames with their times and lengths, wherever the block lies', () => {
  const given = [60, 61, 1514].map((size): Given => ({ bytes: frame(size) }));
  const { sound, frames } = read(written(given, 2 * SIZE), 2 * SIZE);
  assert.equal(sound, true);
  assert.deepEqual(
    frames,
    given.map(({ bytes }) => ({ hex: Buffer.from(bytes).toString('hex'), at: 1_700_000_000_000.125, length: bytes.length + 3 })),
  );
});

it('a tag that the kernel took out is put back where it was', () => {
  const bytes = frame(60);
  const tagged = Buffer.concat([bytes.subarray(0, 12), Buffer.from('88a80064', 'hex'), bytes.subarray(12)]);
  const { frames } = read(written([{ bytes, vlan: [0x88a8, 100] }, { bytes }]));
  assert.deepEqual(
    frames.map(({ hex, length }) => [hex, length]),
    [
      [tagged.toString('hex'), 67],
      [Buffer.from(bytes).toString('hex'), 63],
    ],
  );
});

it('a block is given back', () => {
  const bytes = written([]);
  const words = new Int32Array(bytes.buffer);
  assert.equal(statusOf(words, 0), TP_STATUS_USER);
  release(words, 0);
  assert.equal(statusOf(words, 0), 0);
});

it('offsets and lengths that lie never lead outside the block', () => {
  const next = random(11);
  const model = written([60, 90, 1200].map((size): Given => ({ bytes: frame(size), vlan: [0x8100, 5] })));
  for (let n = 0; n < 20_000; n++) {
    const bytes = new Uint8Array(SIZE);
    // The descriptor and the first headers are where lies matter.
    bytes.set(model);
    bytes.set(mutated(model.slice(0, 400), next).slice(0, 400));
    const block = new Block(new DataView(bytes.buffer), framesIn(SIZE));
    fill(block, 0, SIZE, 1, 0);
    for (let i = 0; i < block.count; i++) {
      const [offset, captured] = [block.offset[i] as number, block.captured[i] as number];
      assert.ok(offset >= 0 && captured >= 0 && offset + captured <= SIZE, `${n}: ${offset} + ${captured}`);
    }
  }
});
