/**
 * Capture files for tests: pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng) as byte strings.
 * A time is ms since the epoch; a double carries it to about a quarter of a microsecond.
 */
import { join } from './bytes.ts';
import type { Timed } from './frames.ts';

export const LINKTYPE_NULL = 0;
export const LINKTYPE_ETHERNET = 1;
export const LINKTYPE_RAW = 101;
export const LINKTYPE_LINUX_SLL = 113;
export const LINKTYPE_LINUX_SLL2 = 276;

/** `length` is the size on the wire where the capture cut it short. */
export type Packet = Timed & { length?: number };

const word = (big: boolean) => (n: number) => (big ? [n >>> 24, n >>> 16, n >>> 8, n] : [n, n >>> 8, n >>> 16, n >>> 24]).map((byte) => byte & 0xff);
const half = (big: boolean) => (n: number) => (big ? [n >>> 8, n] : [n, n >>> 8]).map((byte) => byte & 0xff);

export type PcapOptions = { linktype?: number; bigEndian?: boolean; nano?: boolean; snaplen?: number };

/** A pcap file. Frames longer than `snaplen` are cut. */
export function pcap(packets: readonly Packet[], options: PcapOptions = {}): Uint8Array {
  const w = word(options.bigEndian ?? false);
  const h = half(options.bigEndian ?? false);
  const snaplen = options.snaplen ?? 262_144;
  const head = [w(options.nano ? 0xa1b23c4d : 0xa1b2c3d4), h(2), h(4), w(0), w(0), w(snaplen), w(options.linktype ?? LINKTYPE_ETHERNET)];
  const records = packets.map((packet) => {
    const bytes = packet.bytes.slice(0, snaplen);
    const { seconds, fraction } = split(packet.at, options.nano ? 1e9 : 1e6);
    return join(w(seconds), w(fraction), w(bytes.length), w(packet.length ?? packet.bytes.length), bytes);
  });
  return join(head.flat(), ...records);
}

function split(at: number, units: number): { seconds: number; fraction: number } {
  const seconds = Math.floor(at / 1000);
  const fraction = Math.round((at - seconds * 1000) * (units / 1000));
  return fraction >= units ? { seconds: seconds + 1, fraction: fraction - units } : { seconds, fraction };
}

export type InterfaceOptions = {
  linktype?: number;
  snaplen?: number;
  name?: string;
  /** The byte of if_tsresol as on the wire: 6 is microseconds (the default when absent), 9 nanoseconds, 0x8a 2^-10 s. */
  tsresol?: number;
  /** if_tsoffset, whole seconds added to every time of the interface. */
  tsoffset?: number;
  /** Writes an interface statistics block at the end of the section with this isb_ifdrop. */
  dropped?: number;
};

export type Section = {
  bigEndian?: boolean;
  interfaces?: readonly InterfaceOptions[];
  /** `on` is the index of the interface in this section, 0 when left out. */
  packets: readonly (Packet & { on?: number })[];
  /** Writes simple packet blocks (no time, interface 0) in place of enhanced ones. */
  simple?: boolean;
};

/** A pcapng file of one or more sections. Every section numbers its interfaces anew. */
export function pcapng(...sections: readonly Section[]): Uint8Array {
  return join(...sections.map(section));
}

function section(of: Section): Uint8Array {
  const interfaces = of.interfaces ?? [{}];
  const write = writer(of.bigEndian ?? false);
  const packets = of.packets.map((packet) => (of.simple ? write.simple(packet) : write.enhanced(packet, interfaces[packet.on ?? 0] ?? {})));
  const statistics = interfaces.flatMap((one, i) => (one.dropped === undefined ? [] : [write.statistics(i, one.dropped)]));
  return join(write.header(), ...interfaces.map(write.interface), ...packets, ...statistics);
}

/** One pcapng block, for a test that wants one of its own; `body` is padded to a multiple of 4. */
export function block(type: number, body: Uint8Array, bigEndian = false): Uint8Array {
  const w = word(bigEndian);
  const padding = new Uint8Array(-body.length & 3);
  const total = 12 + body.length + padding.length;
  return join(w(type), w(total), body, padding, w(total));
}

function writer(big: boolean) {
  const w = word(big);
  const h = half(big);
  const option = (code: number, value: Uint8Array | number[]) => join(h(code), h(value.length), value, new Uint8Array(-value.length & 3));
  const wide = (n: bigint) => {
    const [high, low] = [w(Number(BigInt.asUintN(32, n >> 32n))), w(Number(BigInt.asUintN(32, n)))];
    return big ? [...high, ...low] : [...low, ...high];
  };
  return {
    header: () => block(0x0a0d0d0a, join(w(0x1a2b3c4d), h(1), h(0), wide(-1n)), big),
    interface: (of: InterfaceOptions) => {
      const options: Uint8Array[] = [];
      if (of.name !== undefined) options.push(option(2, new TextEncoder().encode(of.name)));
      if (of.tsresol !== undefined) options.push(option(9, [of.tsresol]));
      if (of.tsoffset !== undefined) options.push(option(14, wide(BigInt(of.tsoffset))));
      if (options.length > 0) options.push(join(h(0), h(0)));
      return block(1, join(h(of.linktype ?? LINKTYPE_ETHERNET), h(0), w(of.snaplen ?? 0), ...options), big);
    },
    enhanced: (packet: Packet & { on?: number }, on: InterfaceOptions) => {
      const time = ticks(packet.at, on);
      const halves = [w(Number(time >> 32n)), w(Number(time & 0xffffffffn))].flat();
      return block(6, join(w(packet.on ?? 0), halves, w(packet.bytes.length), w(packet.length ?? packet.bytes.length), packet.bytes), big);
    },
    simple: (packet: Packet) => block(3, join(w(packet.length ?? packet.bytes.length), packet.bytes), big),
    statistics: (on: number, dropped: number) => block(5, join(w(on), w(0), w(0), option(5, wide(BigInt(dropped))), h(0), h(0)), big),
  };
}

/** Time in units of if_tsresol since the epoch less if_tsoffset. */
function ticks(at: number, on: InterfaceOptions): bigint {
  const resolution = on.tsresol ?? 6;
  const units = resolution & 0x80 ? 2 ** (resolution & 0x7f) : 10 ** resolution;
  const { seconds, fraction } = split(at, units);
  return BigInt(seconds - (on.tsoffset ?? 0)) * BigInt(units) + BigInt(fraction);
}
