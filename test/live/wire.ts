/** A wire to capture from: a pair of interfaces, one here, its other end in a network namespace of its own, from where captures are sent. Nothing leads out. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { counters } from '../../sensor/capture/interfaces.ts';
import type { Block, Source, SourceReport } from '../../sensor/capture/source.ts';
import { pcap } from '../lab/pcapfile.ts';
import type { Frame } from '../sense.ts';

let made = 0;

export class Wire {
  /** The interface on this side. */
  readonly name: string;
  readonly folder = mkdtempSync(join(tmpdir(), 'stillwatch-live-'));
  private readonly space: string;

  constructor() {
    const n = `${process.pid}${made++}`.slice(-8);
    this.name = `sw${n}a`;
    this.space = `sw${n}`;
    this.ip('netns', 'add', this.space);
    this.ip('link', 'add', this.name, 'type', 'veth', 'peer', 'name', 'far', 'netns', this.space);
    // As deploy/mirror-port.md says: an interface that has IPv6 speaks by itself.
    execFileSync('sysctl', ['-q', '-w', `net.ipv6.conf.${this.name}.disable_ipv6=1`]);
    execFileSync('ip', ['netns', 'exec', this.space, 'sysctl', '-q', '-w', 'net.ipv6.conf.far.disable_ipv6=1']);
    this.ip('-n', this.space, 'link', 'set', 'far', 'up');
    this.up();
  }

  up(): void {
    this.ip('link', 'set', this.name, 'up');
  }

  down(): void {
    this.ip('link', 'set', this.name, 'down');
  }

  mtu(bytes: number): void {
    this.ip('link', 'set', this.name, 'mtu', String(bytes));
    this.ip('-n', this.space, 'link', 'set', 'far', 'mtu', String(bytes));
  }

  /** Sends a capture file from the other end, as fast as it goes or so many frames a second; resolves when it was sent. */
  send(file: string, rate = 0): Promise<void> {
    const speed = rate === 0 ? ['--topspeed'] : ['-p', String(rate)];
    const child = spawn('ip', ['netns', 'exec', this.space, 'tcpreplay', '-i', 'far', '-K', ...speed, file], { stdio: ['ignore', 'ignore', 'pipe'] });
    let complaint = '';
    child.stderr.on('data', (data) => {
      complaint += String(data);
    });
    return new Promise((resolve, reject) => child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(complaint)))));
  }

  /** Frames as a capture file. */
  file(frames: readonly Frame[]): string {
    const path = join(this.folder, `${made++}.pcap`);
    writeFileSync(path, pcap(frames));
    return path;
  }

  /** Frames that this side sent so far. */
  get transmitted(): number {
    return counters(this.name).transmitted;
  }

  remove(): void {
    this.ip('netns', 'delete', this.space);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private ip(...args: string[]): void {
    execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until `true`; an error that says for what after `limit` ms. */
export async function until(what: string, holds: () => boolean, limit = 20_000): Promise<void> {
  for (let waited = 0; !holds(); waited += 20) {
    if (waited > limit) throw new Error(`not in ${limit} ms: ${what}`);
    await pause(20);
  }
}

export type Capturing = { frames: Frame[]; report: Promise<SourceReport>; stop(): void };

/** A source whose frames are copied out as they come. */
export function copied(source: Source): Capturing {
  const frames: Frame[] = [];
  const report = source.frames((block: Block) => {
    for (let i = 0; i < block.count; i++) {
      const [offset, size] = [block.offset[i] as number, block.captured[i] as number];
      const bytes = new Uint8Array(block.view.buffer, block.view.byteOffset + offset, size).slice();
      frames.push({ at: block.at[i] as number, bytes, length: block.length[i], linktype: block.linktype[i] });
    }
  });
  return { frames, report, stop: () => source.stop() };
}

/** The same by a driver that is a package, in a process of its own. Rejects with its complaint when the interface cannot be opened. */
export async function capturedBy(driver: string, name: string, filter: string): Promise<Capturing> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('capture.ts', import.meta.url)), driver, name, filter], { stdio: ['pipe', 'pipe', 'ignore'] });
  const frames: Frame[] = [];
  const told = new Promise<{ report: SourceReport }>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = JSON.parse(line) as { hex?: string; at: number; length: number; linktype: number; ready?: true; report?: SourceReport; failed?: string };
      if (said.hex !== undefined) frames.push({ ...said, bytes: Uint8Array.from(Buffer.from(said.hex, 'hex')) });
      else if (said.ready) child.emit('ready');
      else if (said.report) resolve({ report: said.report });
      else reject(new Error(said.failed));
    });
  });
  await Promise.race([once(child, 'ready'), told]);
  return { frames, report: told.then(({ report }) => report), stop: () => void child.stdin.end() };
}
