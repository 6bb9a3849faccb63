/** What each stage costs: the chain built up step by step over the same file. Run by bench.ts in a process of its own; prints JSON. */

import { readFileSync } from 'node:fs';
import { compileRules, open, Pass } from '../../commands/pass.ts';
import type { Block } from '../../sensor/capture/source.ts';
import { Decoder } from '../../sensor/decode/decode.ts';
import type { Batch } from '../../sensor/observation.ts';
import { Connection } from '../../sensor/protocols/opcua/connection.ts';
import { Sensor } from '../../sensor/sensor.ts';

const [stage, file, learn, rules] = process.argv.slice(2) as [string, string, string, string | undefined];

/** Reads the file through `take`; ms and frames. */
async function timed(take: (block: Block) => void, end: () => void = () => {}): Promise<{ frames: number; ms: number }> {
  const begin = performance.now();
  const report = await open([file]).frames(take);
  end();
  return { frames: report.frames, ms: performance.now() - begin };
}

type Measured = { frames: number; ms: number; transactions?: number; messages?: number; dissecting?: number };

/** Counts messages of OPC UA: the halves of its transactions that were seen, whether told as rows or in full. */
class Halves {
  messages = 0;
  private readonly kinds: (string | undefined)[] = [];

  take(batch: Batch): void {
    for (const { operation, kind } of batch.definitions) this.kinds[operation] = kind;
    for (let i = 0; i < batch.rows; i++) {
      const kind = batch.details[batch.detail[i] as number]?.kind ?? this.kinds[batch.operation[i] as number];
      if (kind === 'opcua' || kind === 'opcua-channel') this.messages += (batch.requestFrame[i] === 0 ? 0 : 1) + (batch.responseFrame[i] === 0 ? 0 : 1);
    }
  }
}

/** Times what the dissector of OPC UA itself takes, from outside; `ms` so far. */
function watchDissector(): { ms: number } {
  const spent = { ms: 0 };
  const { feed } = Connection.prototype;
  Connection.prototype.feed = function (...args) {
    const begin = performance.now();
    const used = feed.apply(this, args);
    spent.ms += performance.now() - begin;
    return used;
  };
  return spent;
}

/** As `sensor`, with messages of OPC UA counted and its dissector timed. */
async function opcua(): Promise<Measured> {
  const halves = new Halves();
  const spent = watchDissector();
  const sensor = new Sensor((batch) => halves.take(batch));
  const result = await timed(
    (block) => sensor.take(block),
    () => sensor.end(),
  );
  return { ...result, messages: halves.messages, dissecting: spent.ms };
}

async function measure(): Promise<Measured> {
  if (stage === 'read') return timed(() => {});
  if (stage === 'decode') {
    const decoder = new Decoder();
    return timed((block) => {
      for (let i = 0; i < block.count; i++) decoder.decode(block, i, i + 1);
    });
  }
  if (stage === 'opcua') return opcua();
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
  const pass = new Pass({ rules: compileRules(rules === undefined ? [] : [rules]), learn: Number(learn), baseline: null, ...keeping });
  const begin = performance.now();
  await pass.read(open([file]));
  return { frames: pass.sensor.frames, ms: performance.now() - begin };
}

const result = await measure();
/** Of this program alone: what getrusage tells begins with the memory of whoever started it. */
const peak = Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
process.stdout.write(`${JSON.stringify({ ...result, megabytes: Math.round(peak / 1024) })}\n`);
