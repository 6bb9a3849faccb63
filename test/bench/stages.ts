/** What each stage costs: the chain built up step by step over the same file. Run by bench.ts in a process of its own; prints JSON. */

import { compileRules, open, Pass } from '../../commands/pass.ts';
import type { Block } from '../../sensor/capture/source.ts';
import { Decoder } from '../../sensor/decode/decode.ts';
import { Sensor } from '../../sensor/sensor.ts';

const [stage, file, learn] = process.argv.slice(2) as [string, string, string];

/** Reads the file through `take`; ms and frames. */
async function timed(take: (block: Block) => void, end: () => void = () => {}): Promise<{ frames: number; ms: number }> {
  const begin = performance.now();
  const report = await open([file]).frames(take);
  end();
  return { frames: report.frames, ms: performance.now() - begin };
}

async function measure(): Promise<{ frames: number; ms: number; transactions?: number }> {
  if (stage === 'read') return timed(() => {});
  if (stage === 'decode') {
    const decoder = new Decoder();
    return timed((block) => {
      for (let i = 0; i < block.count; i++) decoder.decode(block, i, i + 1);
    });
  }
  if (stage === 'sensor') {
    let transactions = 0;
    // A row without an operation is no transaction.
    const sensor = new Sensor((batch) => {
      for (let i = 0; i < batch.rows; i++) if (batch.operation[i] !== 0) transactions++;
    });
    const result = await timed(
      (block) => sensor.take(block),
      () => sensor.end(),
    );
    return { ...result, transactions };
  }
  // As `stillwatch run` does it, but for the store: what is kept one by one, and summaries of five minutes.
  const keeping = stage === 'keep' ? { summary: 300_000, onKept: () => {} } : {};
  const pass = new Pass({ rules: compileRules([]), learn: Number(learn), baseline: null, ...keeping });
  const begin = performance.now();
  await pass.read(open([file]));
  return { frames: pass.sensor.frames, ms: performance.now() - begin };
}

const result = await measure();
process.stdout.write(`${JSON.stringify({ ...result, megabytes: Math.round(process.resourceUsage().maxRSS / 1024) })}\n`);
