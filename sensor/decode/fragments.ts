import { fragment } from './ip.ts';
import type { Packet } from './packet.ts';

/** Datagrams put together at a time; a host that only ever sends first fragments pushes out its own kind. */
export const MAX_DATAGRAMS = 512;
/** RFC 791: the largest datagram. */
const MAX_DATAGRAM = 65_535;
/** RFC 1122 section 3.3.2 asks for 60 to 120 s. */
const TIMEOUT = 60_000;

/** `end` is -1 until a last fragment said where it is; `reach` is the end of the furthest fragment. */
type Datagram = { bytes: Uint8Array; have: Uint8Array; end: number; reach: number; got: number; at: number };

/** Puts IPv4 and IPv6 fragments together. Where fragments overlap the first copy is kept (and counted when bytes differ). */
export class Fragments {
  /** Datagrams given up: pushed out, timed out or impossible. */
  lost = 0;
  /** Those of them that were pushed out. */
  evicted = 0;
  /** Fragments whose overlap said something else than the copy before it. */
  conflicts = 0;
  private readonly open = new Map<string, Datagram>();

  get size(): number {
    return this.open.size;
  }

  /** Takes the fragment that `packet` stands at. True when the datagram is whole: the packet then stands at its payload. */
  take(p: Packet): boolean {
    const length = p.end - p.pos;
    if (fragment.offset + length > MAX_DATAGRAM || p.missing > 0) {
      this.lost++;
      return false;
    }
    const key = this.key(p);
    const datagram = this.open.get(key) ?? this.start(key, p.at);
    this.copy(datagram, p, fragment.offset, length);
    datagram.reach = Math.max(datagram.reach, fragment.offset + length);
    if (!fragment.more && datagram.end < 0) datagram.end = fragment.offset + length;
    if (datagram.end < 0) return false;
    if (datagram.reach > datagram.end) return this.impossible(key);
    if (datagram.got < datagram.end) return false;
    this.open.delete(key);
    p.view = new DataView(datagram.bytes.buffer, 0, datagram.end);
    p.pos = 0;
    p.end = datagram.end;
    return true;
  }

  /** Bytes behind the end: two datagrams that only look like one, or somebody playing. */
  private impossible(key: string): boolean {
    this.open.delete(key);
    this.lost++;
    this.conflicts++;
    return false;
  }

  tick(at: number): void {
    for (const [key, datagram] of this.open) {
      if (at - datagram.at < TIMEOUT) continue;
      this.open.delete(key);
      this.lost++;
    }
  }

  private key(p: Packet): string {
    const who =
      p.version === 4
        ? `${p.source0} ${p.destination0}`
        : `${p.source0} ${p.source1} ${p.source2} ${p.source3} ${p.destination0} ${p.destination1} ${p.destination2} ${p.destination3}`;
    return `${who} ${fragment.id} ${p.protocol} ${p.vlan}`;
  }

  private start(key: string, at: number): Datagram {
    if (this.open.size >= MAX_DATAGRAMS) {
      this.open.delete(this.open.keys().next().value as string);
      this.lost++;
      this.evicted++;
    }
    const datagram = { bytes: new Uint8Array(0), have: new Uint8Array(0), end: -1, reach: 0, got: 0, at };
    this.open.set(key, datagram);
    return datagram;
  }

  private copy(d: Datagram, p: Packet, offset: number, length: number): void {
    if (offset + length > d.bytes.length) grow(d, offset + length);
    let conflict = false;
    for (let i = 0; i < length; i++) {
      const byte = p.view.getUint8(p.pos + i);
      if (d.have[offset + i] === 1) {
        if (d.bytes[offset + i] !== byte) conflict = true;
        continue;
      }
      d.have[offset + i] = 1;
      d.bytes[offset + i] = byte;
      d.got++;
    }
    if (conflict) this.conflicts++;
  }
}

function grow(d: Datagram, size: number): void {
  const room = Math.min(MAX_DATAGRAM, Math.max(size, d.bytes.length * 2, 4096));
  const bytes = new Uint8Array(room);
  const have = new Uint8Array(room);
  bytes.set(d.bytes);
  have.set(d.have);
  d.bytes = bytes;
  d.have = have;
}
