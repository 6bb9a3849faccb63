/**
 * npm run bench -- mixed [FRAMES]: file to findings, everything on, for traffic of many shapes: what a frame costs, and how much memory it takes. Every case runs in a
 * process of its own, with the rules that come with the product; the last one with 2,000 more.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SYN, tcpFrame } from '../lab/frames.ts';
import { pcap } from '../lab/pcapfile.ts';
import { adu, CLIENT, SERVER, type Step, talk } from '../modbus-wire.ts';
import { OPENING } from '../opcua-cases.ts';
import { double, msg, named, readRequest, readResponse } from '../opcua-wire.ts';
import { type Frame, framesOf, random, START } from '../sense.ts';
import { generate } from './generate.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const MULTIPLY = here('../../../shared/bench/multiply.py');
const PLANT = here('../captures/plant/plant.pcapng.gz');
/** Frames written at a time. */
const PORTION = 20_000;
const HEADER = 24;
const RULES = 2000;

/** Writes frames that `make` gives, portion by portion. */
function written(path: string, count: number, make: (from: number, to: number) => Frame[]): void {
  const file = openSync(path, 'w');
  for (let from = 0; from < count; from += PORTION) {
    const bytes = pcap(make(from, Math.min(count, from + PORTION)));
    writeSync(file, from === 0 ? bytes : bytes.subarray(HEADER));
  }
  closeSync(file);
}

/** A conversation as long as it takes, repeated by `step` for its n-th exchange of two frames. */
const conversation = (path: string, count: number, opening: readonly Step[], step: (n: number) => Step[], port: number): void => {
  const steps: Step[] = [...opening];
  for (let n = 0; n < count / 2; n++) steps.push(...step(n));
  const frames = talk(steps, { server: { ...SERVER, port } });
  written(path, frames.length, (from, to) => frames.slice(from, to));
};

const NODES = Array.from({ length: 10 }, (_, i) => named(2, `Line1.Pump${i}.Speed`));
const registers = Array.from({ length: 125 }, (_, i) => (i * 7).toString(16).padStart(4, '0')).join('');

/** Reads of the most registers that there can be. */
export const largeReads = (path: string, frames: number): void =>
  conversation(
    path,
    frames,
    [],
    (n) => [
      ['>', adu(n & 0xffff, '03 0000 007d')],
      ['<', adu(n & 0xffff, `03 fa ${registers}`)],
    ],
    502,
  );

type Case = { name: string; make(path: string, frames: number, folder: string): void | Promise<void>; rules?: boolean };

/** Connections that nobody answers, from and to addresses by chance. */
function flood(path: string, frames: number): void {
  const next = random(7);
  const address = (): string => `10.${next(256)}.${next(256)}.${1 + next(250)}`;
  written(path, frames, (from, to) =>
    Array.from({ length: to - from }, (_, i) => ({
      at: START + (from + i) * 0.01,
      bytes: tcpFrame({ ...CLIENT, ip: address(), port: 1024 + next(60_000) }, { ...SERVER, ip: address(), port: 1 + next(65_000) }, { seq: 1, flags: SYN }),
    })),
  );
}

async function plant(path: string, frames: number, folder: string): Promise<void> {
  const one = join(folder, 'plant.pcap');
  const recorded = await framesOf(PLANT);
  writeFileSync(one, pcap(recorded));
  const { status, stderr } = spawnSync('python3', [MULTIPLY, one, path, String(Math.max(1, Math.floor(frames / recorded.length)))], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

const CASES: Case[] = [
  { name: 'Modbus polls, 64 flows', make: (path, frames) => void generate(path, frames, 64) },
  { name: 'Modbus polls, 100,000 flows', make: (path, frames) => void generate(path, Math.max(frames, 400_000), 100_000) },
  {
    name: 'Modbus reads of 125 registers',
    make: (path, frames) => largeReads(path, Math.min(frames, 400_000)),
  },
  {
    name: 'OPC UA reads of 10 nodes',
    make: (path, frames) =>
      conversation(
        path,
        Math.min(frames, 400_000),
        OPENING,
        (n) => [
          ['>', msg(n + 2, n + 2, readRequest(n, NODES))],
          [
            '<',
            msg(
              n + 2,
              n + 2,
              readResponse(
                n,
                NODES.map((_, i) => double(n + i)),
              ),
            ),
          ],
        ],
        4840,
      ),
  },
  { name: 'a plant, again and again with other addresses', make: plant },
  { name: 'connections by chance', make: flood },
  { name: `Modbus polls, ${RULES.toLocaleString('en')} more rules`, make: (path, frames) => void generate(path, frames, 64), rules: true },
];

/** Rules that look at what polls have, and match none of them: half can be decided for an operation, half look at every answer. */
function manyRules(folder: string): string {
  const rules = join(folder, 'rules');
  mkdirSync(rules, { recursive: true });
  const model = readFileSync(here('../../rules/modbus/modbus-special-function.yaml'), 'utf8');
  for (let n = 0; n < RULES; n++) {
    const detection = n % 2 === 0 ? `data: { modbus.address: ${40_000 + n}, modbus.unit_id: 1 }` : `data: { modbus.address: ${40_000 + n}, latency|gt: ${n} }`;
    const id = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
    const text = model
      .replace(/^id: .*$/m, `id: ${id}`)
      .replace(/^name: .*$/m, `name: bench-${n}`)
      .replace(/^ {2}data: .*$/m, `  ${detection}`)
      .replace('condition: not data', 'condition: data')
      .replace(
        /^ {2}tests:[\s\S]*/m,
        `  tests:\n    - it: matches\n      given: [{ source.ip: 10.0.0.5, destination.ip: 10.0.0.9, modbus.unit_id: 1, modbus.function_code: 3, modbus.address: ${40_000 + n}, modbus.quantity: 1, latency: 9999 }]\n      finds: [{ modbus.function_code: 3 }]\n    - it: does not\n      given: [{ source.ip: 10.0.0.5, destination.ip: 10.0.0.9, modbus.unit_id: 1, modbus.function_code: 3, modbus.address: 1, modbus.quantity: 1 }]\n      finds: []\n`,
      );
    writeFileSync(join(rules, `bench-${n}.yaml`), text);
  }
  return rules;
}

type Measured = { frames: number; ms: number; megabytes: number };

function measured(file: string, rules: string | null): Measured {
  const { stdout, status, stderr } = spawnSync(process.execPath, [here('./stages.ts'), 'keep', file, '5000', ...(rules === null ? [] : [rules])], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Measured;
}

/** `FRAMES` as given on the command line: about as many a case. */
export async function bench([frames = 1_000_000]: number[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'stillwatch-bench-'));
  try {
    for (const { name, make, rules } of CASES) {
      if (make === plant && !existsSync(MULTIPLY)) {
        console.log(`${name}: ${MULTIPLY} is not there`);
        continue;
      }
      const file = join(folder, 'case.pcap');
      await make(file, frames, folder);
      const runs = [1, 2, 3].map(() => measured(file, rules === true ? manyRules(folder) : null)).sort((a, b) => a.ms - b.ms);
      const { frames: count, ms, megabytes } = runs[1] as Measured;
      console.log(
        `${name.padEnd(46)} ${(count / ms / 1000).toFixed(2)} M frames/s, ${Math.round((ms * 1e6) / count)} ns a frame, ${count} frames, peak ${megabytes} MB`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
