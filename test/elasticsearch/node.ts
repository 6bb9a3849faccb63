/** Servers that a test starts, stops, freezes and kills by itself. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const VERSION = '8.19.0';
/** ms that a server may take until it answers. */
const PATIENCE = 90_000;
const START = fileURLToPath(new URL('start', import.meta.url));

/** A port that is free now, and whose neighbour 100 above is not asked for here. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** One server with a folder of its own that outlives its process. */
export class TestNode {
  readonly port: number;
  readonly url: string;
  private readonly home = mkdtempSync(join(tmpdir(), 'stillwatch-elasticsearch-'));
  private readonly others: readonly number[];
  private readonly heap: string;
  private process: ChildProcess | null = null;
  private ended: Promise<void> = Promise.resolve();

  /** `heap`: as Java is told, `512m`. */
  constructor(port: number, others: readonly number[] = [], heap = '512m') {
    this.port = port;
    this.others = others;
    this.heap = heap;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** Starts the process; `ready` waits for it. */
  launch(): void {
    const args = [VERSION, this.home, this.port, ...this.others].map(String);
    const env = { ...process.env, STILLWATCH_ELASTICSEARCH_HEAP: this.heap };
    const child = spawn(START, args, { stdio: 'ignore', env });
    this.process = child;
    this.ended = new Promise((resolve) => child.once('exit', () => resolve()));
  }

  async ready(): Promise<void> {
    for (const since = performance.now(); performance.now() - since < PATIENCE; await sleep(200)) {
      const health = await fetch(`${this.url}/_cluster/health`).catch(() => null);
      if (health?.ok === true) return;
      if (this.process?.exitCode !== null) throw new Error(`Elasticsearch on port ${this.port} ended by itself`);
    }
    throw new Error(`Elasticsearch on port ${this.port} does not answer`);
  }

  async start(): Promise<this> {
    this.launch();
    await this.ready();
    return this;
  }

  /** Sends the signal; with one that ends the process, waits until it has. */
  async signal(name: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    this.process?.kill(name);
    if (name === 'SIGTERM' || name === 'SIGKILL') await this.ended;
  }

  async remove(): Promise<void> {
    await this.signal('SIGKILL');
    rmSync(this.home, { recursive: true, force: true });
  }
}
