/**
 * npm run bench -- opcua [COPIES [RUNS]]: a real capture of OPC UA, repeated with other addresses, from file to findings, beside tshark in the same run.
 * Its sessions are short and nothing in them repeats: no transaction becomes a row, each is told in full.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shared } from '../shared.ts';

const CAPTURE = shared('icsnpp-opcua-binary/open62541_client-server_mainloop.pcap');
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const MULTIPLY = here('../../../shared/bench/multiply.py');

type Measured = { frames: number; ms: number; megabytes: number; messages?: number; dissecting?: number };

function run(program: string, ...args: string[]): string {
  const { stdout, status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

/** ms of tshark, which dissects every frame for a filter that no frame meets; NaN without it. */
function tshark(file: string): number {
  const begin = performance.now();
  const { status } = spawnSync('tshark', ['-n', '-r', file, '-Y', 'opcua.RequestHandle == 0xfffffffe'], { stdio: 'ignore' });
  return status === 0 ? performance.now() - begin : Number.NaN;
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] as number;

function measure(file: string, copies: number, runs: number): void {
  const stages = ['decode', 'opcua', 'all'];
  const measured = stages.map((): Measured[] => []);
  const peers: number[] = [];
  for (let n = 0; n < runs; n++) {
    for (const [k, name] of stages.entries())
      (measured[k] as Measured[]).push(JSON.parse(run(process.execPath, here('./stages.ts'), name, file, '1')) as Measured);
    peers.push(tshark(file));
  }
  const [decode, sensor, all] = measured as [Measured[], Measured[], Measured[]];
  const { frames, messages = Number.NaN } = sensor[0] as Measured;
  const rate = (ms: number): string => `${Math.round(messages / ms)} k messages/s, ${Math.round((ms * 1e6) / messages)} ns each`;
  const ms = (of: Measured[]): number => median(of.map((one) => one.ms));
  console.log(`${copies} copies, ${frames} frames, ${messages} OPC UA messages, ${runs} runs, medians`);
  console.log(`frames read and decoded  ${Math.round(ms(decode))} ms`);
  console.log(`opcua dissector alone    ${rate(median(sensor.map((one) => one.dissecting as number)))}`);
  console.log(`sensor, file to batches  ${rate(ms(sensor))}`);
  console.log(`all, file to findings    ${rate(ms(all))}, peak memory ${median(all.map((one) => one.megabytes))} MB`);
  console.log(Number.isNaN(median(peers)) ? 'tshark: not here' : `tshark with a filter     ${rate(median(peers))}`);
}

/** `COPIES` and `RUNS` as given on the command line. */
export function bench([copies = 1000, runs = 3]: number[]): void {
  const missing = [CAPTURE, MULTIPLY].find((path) => !existsSync(path));
  if (missing !== undefined) {
    console.error(`${missing} is not there: the bench of OPC UA repeats that capture by that program`);
    process.exitCode = 2;
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'stillwatch-bench-'));
  try {
    const file = join(folder, 'copies.pcap');
    run('python3', MULTIPLY, CAPTURE, file, String(copies));
    measure(file, copies, runs);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
