/** A node-opcua server and clients, each in a process of its own, with a proxy between them that writes down what passes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Frame } from '../sense.ts';
import type { Told } from './opcua-told.ts';
import { tcpProxy } from './proxy.ts';

/** ms a client may take in all. */
const PATIENCE = 90_000;

const start = (program: string, ...args: string[]): ChildProcess =>
  spawn(process.execPath, [fileURLToPath(new URL(program, import.meta.url)), ...args], { stdio: ['pipe', 'pipe', 'pipe'] });

/** The lines of JSON among what it prints; node-opcua prints warnings of its own. */
const lines = (out: string): Told[] =>
  out
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Told);

export type Mode = 'None' | 'Sign' | 'SignAndEncrypt';
export type User = 'anonymous' | 'name' | 'certificate';
export type Talk = { told: Told[]; frames: Frame[] };
export type Server = { talk(mode: Mode, user: User): Promise<Talk>; stop(): Promise<void> };

async function client(folder: string, url: string, mode: Mode, user: User): Promise<Told[]> {
  const child = start('./opcua-client.ts', folder, url, mode, user);
  let [out, errors] = ['', ''];
  child.stdout?.on('data', (data) => (out += data));
  child.stderr?.on('data', (data) => (errors += data));
  const timer = setTimeout(() => child.kill(), PATIENCE);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  const told = lines(out);
  if (code !== 0) throw new Error(`the client ended with ${code} after ${told.length} transactions, the last ${JSON.stringify(told.at(-1))}: ${errors}`);
  return told;
}

/** A server; keys of its own are made when it starts. */
export async function serve(): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'stillwatch-opcua-'));
  const child = start('./opcua-server.ts', folder);
  let [out, errors] = ['', ''];
  child.stderr?.on('data', (data) => (errors += data));
  const ended = once(child, 'exit');
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout?.on('data', (data) => {
      out += data;
      const said = out.endsWith('\n') ? lines(out).find((line) => typeof line['port'] === 'number') : undefined;
      if (said !== undefined) resolve(said['port'] as number);
    });
    void ended.then(() => reject(new Error(`node-opcua did not start: ${errors}`)));
  });
  return {
    async talk(mode, user) {
      const proxy = await tcpProxy(port);
      try {
        const told = await client(folder, `opc.tcp://127.0.0.1:${proxy.port}`, mode, user);
        return { told, frames: proxy.frames(4840) };
      } finally {
        await proxy.close();
      }
    },
    async stop() {
      child.stdin?.end();
      if (child.exitCode === null) await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
