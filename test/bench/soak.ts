/**
 * npm run bench -- soak [MINUTES [FRAMES_PER_SECOND]]: the appliance on a wire whose traffic never repeats, and how much memory its processes hold, minute by minute:
 * Modbus polls over 64 connections that are opened anew every half minute. Needs root, iproute2 and tcpreplay.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Result } from '../../commands/pass.ts';
import { until, Wire } from '../live/wire.ts';
import { generate } from './generate.ts';

const FLOWS = 64;
/** Seconds of traffic made and sent at a time. */
const PORTION = 30;

const LAUNCHER = fileURLToPath(new URL('../../stillwatch.js', import.meta.url));

const megabytes = (pid: number): number => Math.round(Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024);
const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter((id) => id !== '')
    .map(Number);

type Appliance = { child: ChildProcess; ended: Promise<string> };

async function started(wire: Wire): Promise<Appliance> {
  const child = spawn(process.execPath, [LAUNCHER, 'run', '--interface', wire.name, '--learn', '5m', '--json'], {
    env: { ...process.env, STILLWATCH_STATE: join(wire.folder, 'state'), STILLWATCH_LISTEN: '127.0.0.1:0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  child.stdout?.on('data', (data) => {
    printed += String(data);
  });
  let said = '';
  child.stderr?.on('data', (data) => {
    said += String(data);
  });
  await until('the console is served', () => said.includes('http://') || child.exitCode !== null);
  if (child.exitCode !== null) throw new Error(said);
  return { child, ended: once(child, 'exit').then(() => printed) };
}

/** Sends ever new traffic for so long; how many frames that was. */
async function sent(wire: Wire, minutes: number, rate: number, each: () => void): Promise<number> {
  const files = [0, 1].map((n) => join(wire.folder, `portion${n}.pcap`));
  const make = (n: number): number => generate(files[n % 2] as string, rate * PORTION, FLOWS, n + 1);
  let [all, next] = [0, make(0)];
  for (let n = 0; n < (minutes * 60) / PORTION; n++) {
    const sending = wire.send(files[n % 2] as string, rate);
    all += next;
    next = make(n + 1);
    await sending;
    each();
  }
  return all;
}

/** `MINUTES` and `FRAMES_PER_SECOND` as given on the command line. */
export async function bench([minutes = 60, rate = 10_000]: number[]): Promise<void> {
  const wire = new Wire();
  try {
    const { child, ended } = await started(wire);
    const begin = performance.now();
    const look = (): void => {
      const [sensor = 0] = childrenOf(child.pid as number);
      const state = readdirSync(join(wire.folder, 'state')).reduce((sum, name) => sum + statSync(join(wire.folder, 'state', name)).size, 0);
      const at = ((performance.now() - begin) / 60_000).toFixed(1);
      console.log(`${at} min: analyzer and console ${megabytes(child.pid as number)} MB, sensor ${megabytes(sensor)} MB; state ${Math.round(state / 1e6)} MB`);
    };
    const frames = await sent(wire, minutes, rate, look);
    child.kill('SIGINT');
    const { stats, coverage, findings } = JSON.parse(await ended) as Result;
    console.log(`${frames} frames sent, ${stats.frames} taken, ${coverage.interfaces[0]?.dropped} dropped, ${stats.findings} findings`);
    for (const { rule, count, explanation } of findings) console.log(`${rule.name} (${count}x) ${explanation}`);
  } finally {
    wire.remove();
  }
}
