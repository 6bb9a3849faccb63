/** One frame taken apart. One instance is reused for every frame; every field is a number (addresses are words). */
export class Packet {
  view: DataView = new DataView(new ArrayBuffer(0));
  /** Number of the frame, from 1. */
  frame = 0;
  /** ms since the epoch. */
  at = 0.5;
  /** Where decoding stands, and the end of what was captured of the layer it stands in. */
  pos = 0;
  end = 0;
  /** Bytes of the current layer that were on the wire but not captured. */
  missing = 0;
  hasMac = false;
  macSourceHigh = 0;
  macSourceLow = 0;
  macDestinationHigh = 0;
  macDestinationLow = 0;
  /** EtherType, or for 802.3 frames the LLC SAPs as 0x0000_DSSS < 0x600 (see ethernet.ts). */
  etherType = 0;
  /** 802.1Q id; for QinQ the outer id times 4096 plus the inner. */
  vlan = 0;
  /** 4, 6, or 0 when the frame carries no IP. */
  version = 0;
  /** Address words; IPv4 has its address in word 0. */
  source0 = 0;
  source1 = 0;
  source2 = 0;
  source3 = 0;
  destination0 = 0;
  destination1 = 0;
  destination2 = 0;
  destination3 = 0;
  /** IANA protocol number. */
  protocol = 0;
  ipId = 0;
  sourcePort = 0;
  destinationPort = 0;
  sequence = 0;
  /** TCP: the next byte the sender waits for (int32), where ACK is set. */
  acknowledged = 0;
  flags = 0;
  /** Mirror tunnels unwrapped on the way in. */
  tunnels = 0;

  over(view: DataView, start: number, end: number, missing: number, at: number, frame: number): void {
    this.view = view;
    this.pos = start;
    this.end = end;
    this.missing = missing;
    this.at = at;
    this.frame = frame;
    this.hasMac = false;
    this.vlan = 0;
    this.version = 0;
    this.tunnels = 0;
    this.etherType = 0;
    this.protocol = 0;
    this.sourcePort = 0;
    this.destinationPort = 0;
    this.flags = 0;
  }
}

/** TCP flags. */
export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const ACK = 16;
