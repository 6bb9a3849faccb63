import type { Packet } from './packet.ts';

const VLAN = 0x8100;
const QINQ = 0x88a8;
const OLD_QINQ = 0x9100;
const SNAP = 0xaaaa;
/** Tags followed at most: 802.1ad has two, some rings add one. */
const MAX_TAGS = 4;

/** Ethernet II and IEEE 802.3 with LLC or SNAP. Leaves `pos` behind the header; false when the frame is too short for one. */
export function ethernet(p: Packet): boolean {
  if (p.end - p.pos < 14) return false;
  const v = p.view;
  p.hasMac = true;
  p.macDestinationHigh = v.getUint16(p.pos);
  p.macDestinationLow = v.getInt32(p.pos + 2);
  p.macSourceHigh = v.getUint16(p.pos + 6);
  p.macSourceLow = v.getInt32(p.pos + 8);
  p.etherType = v.getUint16(p.pos + 12);
  p.pos += 14;
  if (p.etherType === VLAN || p.etherType === QINQ || p.etherType === OLD_QINQ) return tags(p);
  return p.etherType >= 0x600 || llc(p);
}

/** 802.1Q: each tag is two bytes of priority and id, then the next EtherType. */
function tags(p: Packet): boolean {
  for (let n = 0; n < MAX_TAGS; n++) {
    if (p.etherType !== VLAN && p.etherType !== QINQ && p.etherType !== OLD_QINQ) break;
    if (p.end - p.pos < 4) return false;
    p.vlan = (p.vlan & 0xfff) * 4096 + (p.view.getUint16(p.pos) & 0xfff);
    p.etherType = p.view.getUint16(p.pos + 2);
    p.pos += 4;
  }
  return p.etherType >= 0x600 || llc(p);
}

/** IEEE 802.2: the length field says how much is payload (the rest is padding); SNAP carries an EtherType again. */
function llc(p: Packet): boolean {
  if (p.end - p.pos < 3) return false;
  p.end = Math.min(p.end, p.pos + p.etherType);
  if (p.end - p.pos < 3) return false;
  const saps = p.view.getUint16(p.pos);
  if (saps === SNAP && p.end - p.pos >= 8 && p.view.getUint8(p.pos + 2) === 3) {
    p.etherType = p.view.getUint16(p.pos + 6);
    p.pos += 8;
  } else {
    // An EtherType is at least 0x600, so the destination SAP alone marks an LLC protocol (0x42 spanning tree, 0xfe IS-IS).
    p.etherType = saps >> 8;
    p.pos += 3;
  }
  return true;
}
