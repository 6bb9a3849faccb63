/** The default driver on Linux: an AF_PACKET ring of version 3, mapped into memory. Nothing is copied, and nothing can be sent: the sensor never writes to it. */

import { JOINED } from '../share.ts';
import { programHeader } from './bpf.ts';
import { fanoutProgram, filterProgram } from './filter.ts';
import { indexOf, isUp, type NetworkInterface } from './interfaces.ts';
import { type Linux, type Mapping, SystemError } from './linux.ts';
import { fill, framesIn, release, statusOf, TAG, TP_STATUS_USER } from './ringblock.ts';
import { Block, InputError, type Source, type SourceReport } from './source.ts';

/** linux/if_packet.h, asm-generic/socket.h, linux/if_ether.h */
const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0x80000;
const ETH_P_ALL = 3;
const SOL_SOCKET = 1;
const SO_ERROR = 4;
const SO_ATTACH_FILTER = 26;
const SOL_PACKET = 263;
const PACKET_ADD_MEMBERSHIP = 1;
const PACKET_RX_RING = 5;
const PACKET_STATISTICS = 6;
const PACKET_VERSION = 10;
const PACKET_RESERVE = 12;
const PACKET_FANOUT = 18;
const PACKET_IGNORE_OUTGOING = 23;
const TPACKET_V3 = 2;
const PACKET_MR_PROMISC = 1;
const PACKET_FANOUT_DATA = 22;
/** By a program of our own. */
const FANOUT_CBPF = 6;
/** linux/if_arp.h and LINKTYPE_ETHERNET. */
const LINKTYPE_ETHERNET = 1;

/** Bytes of a block; jumbo frames fit many times over. */
const BLOCK_SIZE = 1_048_576;
const FRAME_SIZE = 2048;
/** ms after which the kernel hands on a block that is not full: how late a quiet link is. */
const RETIRE = 20;
/** ms that one wait for frames takes at most: how fast the source stops, and how often an idle link is told. */
const WAIT = 100;
/** ms between two looks at the counters. */
const COUNT_EVERY = 500;
/** ms of work after which timers and messages get a turn. */
const TURN = 10;
/** How long ago (ms) a frame must have come to be in a block that was handed on: the kernel's timer is not exact. */
const SETTLED = 2 * RETIRE;

export type RingOptions = {
  /** The name of a preset. */
  filter: string;
  /** MiB of the ring. */
  mib: number;
  /** The rings that share the interface's conversations; null for none. */
  fanout: Fanout | null;
};

/** One of several rings: the group's number (1 to 65,535), this one's place in it and how many there are. */
export type Fanout = { group: number; member: number; members: number };

/** An open ring: what is left to do needs no privilege. */
export type OpenRing = { fd: number; size: number; interface: string; index: number };

const int = (...values: number[]): Uint8Array => new Uint8Array(Int32Array.from(values).buffer);

/** Opens the ring of an interface. Throws an InputError of one line with the fix. */
export function openRing(linux: Linux, { name, kind }: NetworkInterface, { filter, mib, fanout }: RingOptions): OpenRing {
  const fd = opened(linux);
  try {
    linux.setOption(fd, SOL_PACKET, PACKET_VERSION, int(TPACKET_V3));
    linux.setOption(fd, SOL_PACKET, PACKET_RESERVE, int(TAG));
    const program = filterProgram(filter);
    if (program !== null) attach(linux, fd, program);
    const size = mib * BLOCK_SIZE;
    allocate(linux, fd, mib);
    // A frame to oneself passes the loopback interface twice, on its way out and in.
    if (kind === 'loopback') linux.setOption(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, int(1));
    const index = linux.interfaceIndex(name);
    linux.bind(fd, address(index));
    linux.setOption(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership(index));
    if (fanout !== null) share(linux, fd, fanout);
    return { fd, size, interface: name, index };
  } catch (error) {
    linux.close(fd);
    if (error instanceof InputError) throw error;
    throw new InputError(`${name} cannot be captured from: ${(error as Error).message}`);
  }
}

/** Protocol 0: nothing comes in before the ring is bound to its interface. */
function opened(linux: Linux): number {
  try {
    return linux.socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  } catch (error) {
    if (error instanceof SystemError && error.code === 'EPERM') {
      throw new InputError(
        'capturing needs CAP_NET_RAW: start it as a service (deploy/systemd), as root, or: sudo setcap cap_net_raw=eip $(readlink -f node_modules/.bin/node)',
      );
    }
    throw new InputError(`a packet socket cannot be opened: ${(error as Error).message}`);
  }
}

/** struct tpacket_req3. */
function allocate(linux: Linux, fd: number, mib: number): void {
  try {
    linux.setOption(fd, SOL_PACKET, PACKET_RX_RING, int(BLOCK_SIZE, mib, FRAME_SIZE, (mib * BLOCK_SIZE) / FRAME_SIZE, RETIRE, 0, 0));
  } catch (error) {
    throw new InputError(
      `a ring of ${mib} MiB cannot be allocated (${(error as SystemError).code}); set capture.ring to fewer MiB, such as ${Math.max(1, mib >> 2)}`,
    );
  }
}

const attach = (linux: Linux, fd: number, program: Buffer): void => linux.setOption(fd, SOL_SOCKET, SO_ATTACH_FILTER, programHeader(linux, program));

/** Joins the group; the first of it says how frames are dealt out. */
function share(linux: Linux, fd: number, { group, member }: Fanout): void {
  linux.setOption(fd, SOL_PACKET, PACKET_FANOUT, int((group & 0xffff) | (FANOUT_CBPF << 16)));
  if (member === 0) linux.setOption(fd, SOL_PACKET, PACKET_FANOUT_DATA, programHeader(linux, fanoutProgram(JOINED)));
}

/** struct sockaddr_ll; the protocol is in network order. */
function address(index: number): Uint8Array {
  const out = Buffer.alloc(20);
  out.writeUInt16LE(AF_PACKET, 0);
  out.writeUInt16BE(ETH_P_ALL, 2);
  out.writeInt32LE(index, 4);
  return out;
}

/** struct packet_mreq: promiscuous as long as the socket is open. */
function membership(index: number): Uint8Array {
  const out = Buffer.alloc(16);
  out.writeInt32LE(index, 0);
  out.writeUInt16LE(PACKET_MR_PROMISC, 4);
  return out;
}

/** Frames of an open ring, block by block, in the ring's own memory. */
export class Ring implements Source {
  readonly report: SourceReport;
  private readonly linux: Linux;
  private readonly ring: OpenRing;
  private readonly mapping: Mapping;
  private readonly words: Int32Array;
  private readonly block: Block;
  private next = 0;
  private counted = 0;
  private turn = 0;
  private stopped = false;

  constructor(linux: Linux, ring: OpenRing) {
    this.linux = linux;
    this.ring = ring;
    this.mapping = linux.map(ring.fd, ring.size);
    this.words = new Int32Array(this.mapping.bytes);
    this.block = new Block(new DataView(this.mapping.bytes), framesIn(BLOCK_SIZE));
    this.report = { frames: 0, interfaces: [{ name: ring.interface, linktype: LINKTYPE_ETHERNET, dropped: 0, up: true, driver: 'ring' }], warnings: [] };
  }

  stop(): void {
    this.stopped = true;
  }

  async frames(onBlock: (block: Block) => void | Promise<void>): Promise<SourceReport> {
    try {
      while (!this.stopped) {
        const now = performance.now();
        if (now - this.counted > COUNT_EVERY) this.count(now);
        if (this.ready) await this.take(onBlock);
        else await this.wait(onBlock);
      }
      this.count(performance.now());
    } finally {
      this.mapping.unmap();
      this.linux.close(this.ring.fd);
    }
    return this.report;
  }

  /** Whether the kernel handed the next block over. */
  private get ready(): boolean {
    return (statusOf(this.words, this.next) & TP_STATUS_USER) !== 0;
  }

  private async take(onBlock: (block: Block) => void | Promise<void>): Promise<void> {
    const { block, next, words } = this;
    if (!fill(block, next, BLOCK_SIZE, LINKTYPE_ETHERNET, 0)) this.warn('a block of the ring was not as the kernel writes it');
    this.report.frames += block.count;
    if (block.count > 0) await onBlock(block);
    release(words, next);
    this.next = next + BLOCK_SIZE === this.ring.size ? 0 : next + BLOCK_SIZE;
    if (performance.now() - this.turn < TURN) return;
    await new Promise(setImmediate);
    this.turn = performance.now();
  }

  /** Nothing there: waits, and tells that time passes. */
  private async wait(onBlock: (block: Block) => void | Promise<void>): Promise<void> {
    const told = await this.linux.poll(this.ring.fd, WAIT);
    this.turn = performance.now();
    if (told) this.failed();
    this.missed();
    // In this order: a block that came while nobody looked holds frames from before now.
    const now = Date.now();
    if (told || this.ready) return;
    this.block.count = 0;
    this.block.idleUntil = now - SETTLED;
    await onBlock(this.block);
  }

  /** ENETDOWN, told once by the kernel when the interface goes down; frames come again by themselves when it is back up. */
  private failed(): void {
    const error = Buffer.alloc(4);
    this.linux.getOption(this.ring.fd, SOL_SOCKET, SO_ERROR, error);
    const [on] = this.report.interfaces;
    if (error.readInt32LE() !== 0 && on !== undefined) on.up = false;
  }

  /** Whether one that was down is up again. One that was removed does not come back to this ring, and one that was made anew under its name is another one. */
  private missed(): void {
    const [on] = this.report.interfaces;
    if (on === undefined || on.up !== false) return;
    if (indexOf(this.ring.interface) !== this.ring.index) throw new InputError(`interface ${this.ring.interface} is gone`);
    on.up = isUp(this.ring.interface);
  }

  /** PACKET_STATISTICS begins anew each time it is read (struct tpacket_stats_v3: frames, drops, freezes). */
  private count(now: number): void {
    this.counted = now;
    const stats = Buffer.alloc(12);
    this.linux.getOption(this.ring.fd, SOL_PACKET, PACKET_STATISTICS, stats);
    const [on] = this.report.interfaces;
    if (on !== undefined) on.dropped = (on.dropped ?? 0) + stats.readUInt32LE(4);
  }

  private warn(line: string): void {
    const { warnings } = this.report;
    const whole = `${this.ring.interface}: ${line}`;
    if (!warnings.includes(whole)) warnings.push(whole);
  }
}
