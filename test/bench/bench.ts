/**
 * npm run bench [-- FRAMES FLOWS RUNS]: file to findings on generated Modbus polls, beside tshark and the bare prototype in the same run;
 * npm run bench -- opcua [COPIES [RUNS]]: the same of OPC UA, see opcua.ts;
 * npm run bench -- mixed [FRAMES]: traffic of many shapes, see mixed.ts;
 * npm run bench -- elastic [DOCUMENTS [RUNS]]: shipping and pages of Elasticsearch, see elastic.ts;
 * npm run bench -- live [FRAMES]: from a wire, see live.ts;
 * npm run bench -- soak [MINUTES [FRAMES_PER_SECOND]]: the appliance for an hour, see soak.ts.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generate } from './generate.ts';

const [frames = 1_000_000, flows = 64, runs = 5] = process.argv.slice(2).map(Number);
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const bare = here('../../../shared/bench/bare.mjs');

type Measured = { frames: number; ms: number; megabytes: number; transactions?: number };

function stage(name: string, file: string): Measured {
  // A third of the capture is learned, the rest judged.
  const learn = Math.floor((frames * 0.015) / 3);
  const { stdout, status, stderr } = spawnSync(process.execPath, [here('./stages.ts'), name, file, String(learn)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Measured;
}

/** Millions of frames a second of the bare prototype, NaN without it. */
function yardstick(file: string): number {
  if (!existsSync(bare)) return Number.NaN;
  const { stdout } = spawnSync(process.execPath, [bare, file], { encoding: 'utf8' });
  return Number(/Mfps: '([\d.]+)'/.exec(stdout)?.[1] ?? Number.NaN);
}

function tshark(file: string): number {
  const begin = performance.now();
  const { status } = spawnSync('tshark', ['-n', '-r', file, '-Y', 'modbus.func_code == 99'], { stdio: 'ignore' });
  return status === 0 ? performance.now() - begin : Number.NaN;
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] as number;
const rate = (ms: number): string => `${(frames / ms / 1000).toFixed(2)} M frames/s`;

/** Of each run, against the bare prototype in the same run. */
const ratiosOf = (measured: Measured[], bares: number[]): number[] => measured.map((m, run) => frames / m.ms / 1000 / (bares[run] as number));

function main(): void {
  const folder = mkdtempSync(join(tmpdir(), 'stillwatch-bench-'));
  const file = join(folder, 'polls.pcap');
  try {
    generate(file, frames, flows);
    console.log(`${frames} frames, ${flows} flows, ${runs} runs, medians`);
    const stages = ['read', 'decode', 'sensor', 'all', 'keep'];
    const all = stages.map((): Measured[] => []);
    const bares: number[] = [];
    for (let run = 0; run < runs; run++) {
      for (const [n, name] of stages.entries()) (all[n] as Measured[]).push(stage(name, file));
      bares.push(yardstick(file));
    }
    const count = all[2]?.[0]?.transactions ?? Number.NaN;
    const transactions = (ms: number) => `${(count / ms / 1000).toFixed(2)} M transactions/s, ${Math.round((ms * 1e6) / count)} ns each`;
    let before = 0;
    for (const [n, name] of stages.entries()) {
      const ms = median((all[n] as Measured[]).map((m) => m.ms));
      console.log(`${name.padEnd(8)} ${rate(ms)}, this stage ${Math.round(((ms - before) * 1e6) / frames)} ns a frame`);
      // From the frame decoded to the row: flows, streams, pairing.
      if (name === 'sensor') console.log(`Modbus   ${transactions(ms - before)}; from the file on ${transactions(ms)}`);
      before = ms;
    }
    const whole = all[3] as Measured[];
    const ratios = ratiosOf(whole, bares);
    console.log(`peak memory ${median(whole.map((m) => m.megabytes))} MB`);
    console.log(
      `bare prototype ${median(bares).toFixed(2)} M frames/s; ratio, run by run: ${median(ratios).toFixed(2)}, with all that is kept ${median(ratiosOf(all[4] as Measured[], bares)).toFixed(2)}`,
    );
    const peer = tshark(file);
    console.log(Number.isNaN(peer) ? 'tshark: not here' : `tshark with a display filter: ${rate(peer)}, ${transactions(peer)}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Each loads what it needs, and no other's. */
const OTHERS: { [name: string]: () => Promise<{ bench(numbers: number[]): void | Promise<void> }> } = {
  opcua: () => import('./opcua.ts'),
  mixed: () => import('./mixed.ts'),
  elastic: () => import('./elastic.ts'),
  live: () => import('./live.ts'),
  soak: () => import('./soak.ts'),
};
const other = OTHERS[process.argv[2] ?? ''];
if (other === undefined) main();
else await (await other()).bench(process.argv.slice(3).map(Number));
