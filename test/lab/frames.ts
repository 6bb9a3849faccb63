/**
 * Frames with right lengths and checksums, for tests. Addresses are text (`00:80:f4:12:34:56`, `10.20.1.11`, `fe80::1`); an IP
 * address with a colon makes an IPv6 packet. What a test wants wrong it breaks itself in the bytes it gets.
 */
import { join, u16, u32 } from './bytes.ts';

export const IPV4 = 0x0800;
export const ARP = 0x0806;
export const IPV6 = 0x86dd;
export const LLDP = 0x88cc;
const VLAN = 0x8100;
const QINQ = 0x88a8;

export const TCP = 6;
export const UDP = 17;

/** RFC 9293 section 3.1, control bits. */
export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const ACK = 0x10;

/** IEEE 802.3: a frame shorter than this (without FCS) is padded. */
const MINIMUM = 60;

export type Host = { mac: string; ip: string; port: number };
/** A frame and its time in ms since the epoch. */
export type Timed = { at: number; bytes: Uint8Array };

export function macBytes(text: string): Uint8Array {
  return Uint8Array.from(text.split(/[:-]/), (part) => Number.parseInt(part, 16));
}

/** 4 or 16 bytes. `::` is understood, embedded IPv4 is not. */
export function ipBytes(text: string): Uint8Array {
  if (!text.includes(':')) return Uint8Array.from(text.split('.'), Number);
  const [left = '', right] = text.split('::');
  const words = (part: string) => (part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16)));
  const head = words(left);
  const tail = right === undefined ? [] : words(right);
  const zeros = new Array<number>(8 - head.length - tail.length).fill(0);
  return Uint8Array.from([...head, ...zeros, ...tail].flatMap(u16));
}

/** RFC 1071. */
export function checksum(...parts: readonly (Uint8Array | readonly number[])[]): number {
  const bytes = join(...parts);
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

/** `vlans` from the outside in: one is 802.1Q, of two the outer is 802.1ad. Padded to 60 bytes unless `pad` is false. */
export function ethernet(of: { source: string; destination: string; type: number; payload: Uint8Array; vlans?: readonly number[]; pad?: boolean }): Uint8Array {
  const vlans = of.vlans ?? [];
  const tags = vlans.flatMap((id, i) => [...u16(vlans.length > 1 && i === 0 ? QINQ : VLAN), ...u16(id)]);
  const frame = join(macBytes(of.destination), macBytes(of.source), tags, u16(of.type), of.payload);
  const missing = of.pad === false ? 0 : Math.max(0, MINIMUM - frame.length);
  return missing === 0 ? frame : join(frame, new Uint8Array(missing));
}

/** RFC 826. `operation` 1 asks, 2 answers; a gratuitous one has the same address on both sides. */
export function arp(of: { operation: 1 | 2; sender: Omit<Host, 'port'>; target: Omit<Host, 'port'>; vlans?: readonly number[] }): Uint8Array {
  const { operation, sender, target } = of;
  const unknown = operation === 1;
  const targetMac = unknown ? '00:00:00:00:00:00' : target.mac;
  const payload = join([0, 1, 8, 0, 6, 4, 0, operation], macBytes(sender.mac), ipBytes(sender.ip), macBytes(targetMac), ipBytes(target.ip));
  const destination = unknown ? 'ff:ff:ff:ff:ff:ff' : target.mac;
  return ethernet({ source: sender.mac, destination, type: ARP, payload, vlans: of.vlans });
}

type Packet = { source: string; destination: string; protocol: number; payload: Uint8Array; ttl?: number };

/** `offset` in bytes (a multiple of 8) and `more` make a fragment. RFC 791 section 3.1. */
export function ipv4(of: Packet & { id?: number; offset?: number; more?: boolean }): Uint8Array {
  const flags = (of.more ? 0x2000 : 0) | ((of.offset ?? 0) >>> 3);
  const head = (sum: number) =>
    join(
      [0x45, 0],
      u16(20 + of.payload.length),
      u16(of.id ?? 0),
      u16(flags),
      [of.ttl ?? 64, of.protocol],
      u16(sum),
      ipBytes(of.source),
      ipBytes(of.destination),
    );
  return join(head(checksum(head(0))), of.payload);
}

/** `protocol` is the next header; extension headers go into `payload`. RFC 8200 section 3. */
export function ipv6(of: Packet): Uint8Array {
  return join([0x60, 0, 0, 0], u16(of.payload.length), [of.protocol, of.ttl ?? 64], ipBytes(of.source), ipBytes(of.destination), of.payload);
}

/** Cuts an IP payload into IPv4 fragments whose payloads hold `size` bytes (a multiple of 8). */
export function fragments(of: Packet & { id: number; size: number }): Uint8Array[] {
  const out: Uint8Array[] = [];
  for (let offset = 0; offset < of.payload.length; offset += of.size) {
    const end = Math.min(of.payload.length, offset + of.size);
    out.push(ipv4({ ...of, payload: of.payload.slice(offset, end), offset, more: end < of.payload.length }));
  }
  return out;
}

function pseudo(source: Host, destination: Host, protocol: number, length: number): Uint8Array {
  const ends = join(ipBytes(source.ip), ipBytes(destination.ip));
  return ends.length === 8 ? join(ends, [0, protocol], u16(length)) : join(ends, u32(length), [0, 0, 0, protocol]);
}

/** A TCP segment. `options` in whole words of 4 bytes. */
export function tcp(
  source: Host,
  destination: Host,
  of: { seq: number; ack?: number; flags: number; payload?: Uint8Array; options?: Uint8Array; window?: number },
): Uint8Array {
  const payload = of.payload ?? new Uint8Array(0);
  const options = of.options ?? new Uint8Array(0);
  const words = 5 + options.length / 4;
  const ports = [...u16(source.port), ...u16(destination.port)];
  const segment = (sum: number) =>
    join(ports, u32(of.seq), u32(of.ack ?? 0), [words << 4, of.flags], u16(of.window ?? 64240), u16(sum), [0, 0], options, payload);
  const bare = segment(0);
  return segment(checksum(pseudo(source, destination, TCP, bare.length), bare));
}

/** A UDP datagram. */
export function udp(source: Host, destination: Host, payload: Uint8Array): Uint8Array {
  const head = (sum: number) => join(u16(source.port), u16(destination.port), u16(8 + payload.length), u16(sum), payload);
  const bare = head(0);
  return head(checksum(pseudo(source, destination, UDP, bare.length), bare) || 0xffff);
}

/** Puts an IP payload of `source` into an Ethernet frame for `destination`. */
export function ipFrame(source: Host, destination: Host, protocol: number, payload: Uint8Array, vlans?: readonly number[]): Uint8Array {
  const packet = { source: source.ip, destination: destination.ip, protocol, payload };
  const six = source.ip.includes(':');
  return ethernet({ source: source.mac, destination: destination.mac, type: six ? IPV6 : IPV4, payload: six ? ipv6(packet) : ipv4(packet), vlans });
}

/** A TCP segment as a whole frame. */
export function tcpFrame(source: Host, destination: Host, of: Parameters<typeof tcp>[2], vlans?: readonly number[]): Uint8Array {
  return ipFrame(source, destination, TCP, tcp(source, destination, of), vlans);
}

/** A UDP datagram as a whole frame. */
export function udpFrame(source: Host, destination: Host, payload: Uint8Array, vlans?: readonly number[]): Uint8Array {
  return ipFrame(source, destination, UDP, udp(source, destination, payload), vlans);
}
