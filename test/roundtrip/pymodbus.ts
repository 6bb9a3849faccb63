/** pymodbus as a server and as a client, each in a process of its own that ends with the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Value } from '../../sensor/observation.ts';

const PEER = fileURLToPath(new URL('./peer.py', import.meta.url));
/** Debian's own Python: the one that has the package. */
const PYTHON = '/usr/bin/python3';
/** ms a client may take in all. */
const PATIENCE = 60_000;

export type Transport = 'tcp' | 'udp';
export type Framing = 'socket' | 'rtu' | 'ascii';
/** A transaction as a client tells it: our field names without `modbus.`. */
export type Told = { [field: string]: Value };

const start = (...args: string[]): ChildProcess => spawn(PYTHON, ['-I', PEER, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });

/** A server; `stop` ends it. */
export async function serve(transport: Transport, framing: Framing): Promise<{ port: number; stop(): Promise<void> }> {
  const child = start('serve', transport, framing);
  let [out, errors] = ['', ''];
  child.stderr?.on('data', (data) => (errors += data));
  const ended = once(child, 'exit');
  const port = await Promise.race([
    new Promise<number>((resolve) =>
      child.stdout?.on('data', (data) => {
        out += data;
        if (out.includes('\n')) resolve((JSON.parse(out) as { port: number }).port);
      }),
    ),
    ended.then(() => {
      throw new Error(`pymodbus did not start: ${errors}`);
    }),
  ]);
  ended.catch(() => undefined);
  return {
    port,
    async stop() {
      child.stdin?.end();
      if (child.exitCode === null) await ended;
    },
  };
}

/** A client that goes through its functions `rounds` times, `basic` ones only or all; what it says of each transaction. */
export async function ask(transport: Transport, framing: Framing, port: number, seed: number, rounds: number, which: 'basic' | 'all' = 'all'): Promise<Told[]> {
  const child = start('ask', transport, framing, String(port), String(seed), String(rounds), which);
  let [out, errors] = ['', ''];
  child.stdout?.on('data', (data) => (out += data));
  child.stderr?.on('data', (data) => (errors += data));
  const timer = setTimeout(() => child.kill(), PATIENCE);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  const told = out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Told);
  if (code !== 0) throw new Error(`pymodbus ended with ${code} after ${told.length} transactions, the last ${JSON.stringify(told.at(-1))}: ${errors}`);
  return told;
}
