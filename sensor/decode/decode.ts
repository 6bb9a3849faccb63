import type { Block } from '../capture/source.ts';
import { ethernet } from './ethernet.ts';
import { Fragments } from './fragments.ts';
import { BAD, extensions, FRAGMENT, ipv4, ipv6, WHOLE } from './ip.ts';
import { link } from './linktype.ts';
import { Packet } from './packet.ts';
import { tcp } from './tcp.ts';
import { GRE, gre, INSIDE_ETHERNET, INSIDE_IP, MAX_TUNNELS, VXLAN_PORT, vxlan } from './tunnel.ts';
import { udp } from './udp.ts';

/** What a frame turned out to be. */
export const UNDECODED = 0;
/** Something right above the link layer; `packet.etherType` says what. */
export const LINK = 1;
export const TCP = 2;
export const UDP = 3;
/** IP, but neither TCP nor UDP. */
export const IP = 4;
/** A fragment that waits for the others. */
export const HELD = 5;

const TCP_PROTOCOL = 6;
const UDP_PROTOCOL = 17;
const MPLS = 0x8847;
const PPPOE = 0x8864;

/** Takes frames apart, one at a time, into `packet`. */
export class Decoder {
  readonly packet = new Packet();
  readonly fragments = new Fragments();
  /** Frames that came through a mirror tunnel. */
  tunnelled = 0;

  /** Decodes frame `i` of `block`, which is frame number `frame` of the capture. */
  decode(block: Block, i: number, frame: number): number {
    const start = block.offset[i] as number;
    const captured = block.captured[i] as number;
    const missing = (block.length[i] as number) - captured;
    this.packet.over(block.view, start, start + captured, Math.max(missing, 0), block.at[i] as number, frame);
    return link(this.packet, block.linktype[i] as number) ? this.network(this.packet) : UNDECODED;
  }

  private network(p: Packet): number {
    if (p.etherType === 0x0800) return this.internet(p, ipv4(p));
    if (p.etherType === 0x86dd) return this.internet(p, ipv6(p));
    if (p.etherType === MPLS && labels(p)) return this.network(p);
    if (p.etherType === PPPOE && pppoe(p)) return this.network(p);
    return LINK;
  }

  private internet(p: Packet, outcome: number): number {
    if (outcome === BAD) return UNDECODED;
    if (outcome === FRAGMENT) {
      if (!this.fragments.take(p)) return HELD;
      if (p.version === 6 && extensions(p) !== WHOLE) return UNDECODED;
    }
    if (p.protocol === TCP_PROTOCOL) return tcp(p) ? TCP : UNDECODED;
    if (p.protocol === UDP_PROTOCOL) return this.datagram(p);
    return p.protocol === GRE ? this.tunnel(p, gre(p)) : IP;
  }

  private datagram(p: Packet): number {
    if (!udp(p)) return UNDECODED;
    if (p.destinationPort !== VXLAN_PORT || !vxlan(p)) return UDP;
    return this.tunnel(p, INSIDE_ETHERNET);
  }

  private tunnel(p: Packet, inside: number): number {
    if (inside !== INSIDE_ETHERNET && inside !== INSIDE_IP) return IP;
    if (++p.tunnels > MAX_TUNNELS) return UNDECODED;
    this.tunnelled++;
    p.vlan = 0;
    p.version = 0;
    if (inside === INSIDE_ETHERNET && !ethernet(p)) return UNDECODED;
    return this.network(p);
  }
}

/** RFC 3032: four-byte labels up to the one with the bottom-of-stack bit; the payload's version nibble says what follows. */
function labels(p: Packet): boolean {
  for (let n = 0; n < 8 && p.end - p.pos >= 5; n++) {
    const bottom = (p.view.getUint8(p.pos + 2) & 1) === 1;
    p.pos += 4;
    if (!bottom) continue;
    const version = p.view.getUint8(p.pos) >> 4;
    p.etherType = version === 4 ? 0x0800 : version === 6 ? 0x86dd : 0;
    return p.etherType !== 0;
  }
  return false;
}

/** RFC 2516 session data: six bytes of header, then the PPP protocol (0x0021 IPv4, 0x0057 IPv6). */
function pppoe(p: Packet): boolean {
  if (p.end - p.pos < 8) return false;
  const protocol = p.view.getUint16(p.pos + 6);
  p.etherType = protocol === 0x0021 ? 0x0800 : protocol === 0x0057 ? 0x86dd : 0;
  p.pos += 8;
  return p.etherType !== 0;
}
