import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { BRIDGE, on } from './network.ts';
import { type Packet, pcapng } from './pcapfile.ts';
import { sleep } from './wiring.ts';

/** The mirror port of the plant's switch, recorded by tcpdump. */
export class Mirror {
  private readonly child: ChildProcess;
  private readonly file: string;
  private heard = '';

  private constructor(file: string) {
    this.file = file;
    const [command, args] = on('switch', 'tcpdump', '-i', BRIDGE, '-w', file, '-U', '-B', '8192', '--time-stamp-precision=micro', '-Z', 'root');
    this.child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.child.stderr?.on('data', (text) => (this.heard += text));
  }

  /** Resolves once frames are recorded. */
  static async open(file: string): Promise<Mirror> {
    const mirror = new Mirror(file);
    for (let i = 0; i < 50 && !mirror.heard.includes('listening on'); i++) await sleep(100);
    if (!mirror.heard.includes('listening on')) throw new Error(`tcpdump does not start: ${mirror.heard}`);
    return mirror;
  }

  /** Ends the recording and says how many frames the kernel had to drop. */
  async close(): Promise<number> {
    await sleep(300);
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGINT');
    await ended;
    return Number(/(\d+) packets? dropped by kernel/.exec(this.heard)?.[1] ?? 0);
  }

  kill(): void {
    if (this.child.exitCode === null) this.child.kill('SIGKILL');
  }

  /** The recording as gzipped pcapng that names the mirror port and nothing of the machine it was made on. Returns frames and bytes written. */
  save(target: string, dropped: number): { frames: number; bytes: number } {
    const packets = readPcap(readFileSync(this.file));
    const bytes = gzipSync(pcapng({ interfaces: [{ name: 'mirror0', tsresol: 6, snaplen: 262_144, dropped }], packets }), { level: 9 });
    writeFileSync(target, bytes);
    return { frames: packets.length, bytes: bytes.length };
  }
}

/** Little-endian pcap with microseconds, as tcpdump writes it here. */
export function readPcap(file: Uint8Array): Packet[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (view.getUint32(0, true) !== 0xa1b2c3d4) throw new Error('not the pcap that was asked for');
  const packets: Packet[] = [];
  for (let at = 24; at + 16 <= file.length; ) {
    const size = view.getUint32(at + 8, true);
    if (at + 16 + size > file.length) break;
    const time = view.getUint32(at, true) * 1000 + view.getUint32(at + 4, true) / 1000;
    packets.push({ at: time, bytes: file.slice(at + 16, at + 16 + size), length: view.getUint32(at + 12, true) });
    at += 16 + size;
  }
  return packets;
}
