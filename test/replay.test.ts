/** Same capture, same result, byte for byte, however it is cut. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { compileRules, open, Pass } from '../commands/pass.ts';
import type { Block, Source } from '../sensor/capture/source.ts';
import { pcap } from './lab/pcapfile.ts';
import { capture } from './opcua-wire.ts';
import { blockOf, type Frame } from './sense.ts';

const PLANT = fileURLToPath(new URL('captures/plant/plant-clean.pcapng.gz', import.meta.url));
const shared = [
  'iti/ModbusTCP.pcap',
  'opcua-analyser/example.pcapng',
  'icsnpp-opcua-binary/open62541_client-server_mainloop.pcap',
  'zeek-modbus/fuzz-72.pcap',
].map((name) => ({ name, ...capture(name) }));
const CASES = [{ name: 'the sample plant', path: PLANT, skip: false as string | false }, ...shared];

const folder = mkdtempSync(join(tmpdir(), 'stillwatch-replay-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const rules = compileRules([]);
/** ms learned, the same for every way of reading. */
const LEARN = 10_000;

async function result(source: Source): Promise<ReturnType<Pass['result']>> {
  const pass = new Pass({ rules, learn: LEARN, baseline: null });
  await pass.read(source);
  return pass.result();
}

/** As text; interfaces by name are those of files and differ with them. */
const text = (of: ReturnType<Pass['result']>): string => JSON.stringify(of);
const withoutInterfaces = (of: ReturnType<Pass['result']>): string => JSON.stringify({ ...of, coverage: { ...of.coverage, interfaces: [] } });

async function framesOf(path: string): Promise<Frame[]> {
  const frames: Frame[] = [];
  await open([path]).frames((block) => {
    for (let i = 0; i < block.count; i++) frames.push(frameOf(block, i));
  });
  return frames;
}

function frameOf(block: Block, i: number): Frame {
  const start = block.view.byteOffset + (block.offset[i] as number);
  const bytes = new Uint8Array(block.view.buffer as ArrayBuffer, start, block.captured[i] as number).slice();
  return { at: block.at[i] as number, bytes, length: block.length[i] as number, linktype: block.linktype[i] as number };
}

/** Hands out a block a frame, each in memory that is overwritten afterwards. */
function oneByOne(path: string, frames: readonly Frame[]): Source {
  const source = open([path]);
  const frameByFrame = async (onBlock: (block: Block) => void | Promise<void>) => {
    for (const frame of frames) {
      const block = blockOf([frame]);
      await onBlock(block);
      new Uint8Array(block.view.buffer).fill(0xee);
    }
    return source.frames(() => {});
  };
  return { report: source.report, frames: frameByFrame, stop: () => {} };
}

/** Three files of nanosecond times, which hold a double's microseconds exactly enough. */
function parts(name: string, frames: readonly Frame[]): string[] {
  const third = Math.ceil(frames.length / 3);
  return [0, 1, 2].map((n) => {
    const path = join(folder, `${name.replaceAll('/', '-')}-${n}.pcap`);
    writeFileSync(path, pcap(frames.slice(n * third, (n + 1) * third), { nano: true, linktype: frames[0]!.linktype ?? 1 }));
    return path;
  });
}

for (const { name, path, skip } of CASES) {
  describe(name, { skip }, () => {
    it('twice is the same, byte for byte', async () => {
      const [one, two] = [await result(open([path])), await result(open([path]))];
      assert.equal(text(one), text(two));
      assert.ok(one.stats.frames > 30 && one.assets.length > 1);
    });

    it('whole, cut in three files and frame by frame is the same', async () => {
      const frames = await framesOf(path);
      const whole = await result(open([path]));
      assert.equal(text(await result(oneByOne(path, frames))), text(whole));
      const cut = await result(open(parts(name, frames)));
      assert.equal(withoutInterfaces(cut), withoutInterfaces(whole));
      assert.deepEqual(cut.coverage.interfaces.length, 3);
      assert.equal(
        cut.coverage.interfaces.reduce((sum, one) => sum + one.frames, 0),
        whole.stats.frames,
      );
    });
  });
}

describe('asking for results on the way changes nothing', () => {
  it('neither findings nor what they name as normal', async () => {
    const path = fileURLToPath(new URL('captures/plant/plant.pcapng.gz', import.meta.url));
    const frames = await framesOf(path);
    const read = async (asking: boolean) => {
      let n = 0;
      const pass = new Pass({ rules, learn: 60_000, baseline: null, onBlock: (p) => void (asking && ++n % 97 === 0 && p.analyzer.end()) });
      await pass.read(oneByOne(path, frames));
      return { result: text(pass.result()), facts: JSON.stringify(pass.analyzer.facts.all()) };
    };
    const [never, often] = [await read(false), await read(true)];
    assert.ok(JSON.parse(never.result).findings.some((f: { expected: { range: unknown }[] }) => f.expected.some((fact) => fact.range !== null)));
    assert.ok(often.result === never.result, 'result');
    assert.ok(often.facts === never.facts, 'facts');
  });
});
