/**
 * npm run fuzz -- PROTOCOL [FRAMES [SEED]]: frames by chance through the whole sensor. Prints how far it is, and at the end what came of it;
 * the same seed gives the same digest. A block that takes too long, an exception or too much memory ends it with exit code 1.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { TARGETS } from './protocols.ts';
import { fuzz, MAX_HEAP, type Progress, type Result } from './run.ts';

const BLOCK = 4096;
/** ms a block may take before the run counts as hanging. */
const PATIENCE = 60_000;
/** ms between two lines. */
const EVERY = 10_000;

type Order = { protocol: string; frames: number; seed: number };
type News = { progress?: Progress; result?: Result; error?: string };

const megabytes = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MB`;

function line(p: Progress, seconds: number): string {
  const rate = Math.round(p.frames / seconds);
  const memory = `live heap ${megabytes(p.heap)} of ${megabytes(MAX_HEAP)}, RSS ${megabytes(process.memoryUsage.rss())}`;
  return `${p.frames} frames, ${p.observations} observations, ${p.flaws} flaws, ${rate} frames/s, ${memory}`;
}

/** Starts the run in a thread of its own and watches it. */
function watch(order: Order): void {
  const worker = new Worker(new URL(import.meta.url), { workerData: order });
  const begin = performance.now();
  let [heard, printed, frames] = [begin, begin, 0];
  const stop = (code: number) => {
    clearInterval(timer);
    process.exitCode = code;
    void worker.terminate();
  };
  const fail = (why: string) => {
    console.error(`FAILED: ${why}`);
    stop(1);
  };
  const timer = setInterval(() => {
    if (performance.now() - heard > PATIENCE) fail(`seed ${order.seed}: the block behind frame ${frames} takes longer than ${PATIENCE / 1000} s`);
  }, 1000);
  worker.on('message', ({ progress, result, error }: News) => {
    heard = performance.now();
    if (error !== undefined) return fail(error);
    if (result !== undefined) {
      console.log(`${line(result, (heard - begin) / 1000)}\nseed ${order.seed}, digest ${result.digest}`);
      return stop(0);
    }
    if (progress === undefined) return;
    frames = progress.frames;
    if (heard - printed < EVERY) return;
    printed = heard;
    console.log(line(progress, (heard - begin) / 1000));
  });
  worker.on('error', (error) => fail(String(error)));
}

async function work({ protocol, frames, seed }: Order): Promise<void> {
  const tell = (news: News) => parentPort?.postMessage(news);
  try {
    tell({ result: await fuzz(TARGETS[protocol] as (typeof TARGETS)[string], frames, seed, BLOCK, (progress) => tell({ progress })) });
  } catch (error) {
    const { message, cause } = error as Error;
    tell({ error: `${message}\n${(cause as Error | undefined)?.stack ?? ''}` });
  }
}

function main([protocol = '', frames = '1000000', seed = '1']: string[]): void {
  if (TARGETS[protocol] === undefined || !(Number(frames) > 0) || !(Number(seed) > 0)) {
    console.error(`usage: npm run fuzz -- ${Object.keys(TARGETS).join('|')} [FRAMES [SEED]]`);
    process.exitCode = 2;
    return;
  }
  watch({ protocol, frames: Number(frames), seed: Number(seed) });
}

if (isMainThread) main(process.argv.slice(2));
else await work(workerData as Order);
