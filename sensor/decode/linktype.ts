import { ethernet } from './ethernet.ts';
import type { Packet } from './packet.ts';

/** LINKTYPE_ numbers as in tcpdump.org/linktypes.html. */
export const LINKTYPE_NULL = 0;
export const LINKTYPE_ETHERNET = 1;
export const LINKTYPE_RAW = 101;
export const LINKTYPE_LOOP = 108;
export const LINKTYPE_LINUX_SLL = 113;
export const LINKTYPE_IPV4 = 228;
export const LINKTYPE_IPV6 = 229;
export const LINKTYPE_LINUX_SLL2 = 276;

const IPV4 = 0x0800;
const IPV6 = 0x86dd;

/** What each linktype is called, where it can be decoded. */
const NAMES: { [linktype: number]: string } = {
  [LINKTYPE_NULL]: 'BSD loopback',
  [LINKTYPE_ETHERNET]: 'Ethernet',
  12: 'raw IP',
  14: 'raw IP',
  [LINKTYPE_RAW]: 'raw IP',
  [LINKTYPE_LOOP]: 'OpenBSD loopback',
  [LINKTYPE_LINUX_SLL]: 'Linux cooked v1',
  [LINKTYPE_IPV4]: 'raw IPv4',
  [LINKTYPE_IPV6]: 'raw IPv6',
  [LINKTYPE_LINUX_SLL2]: 'Linux cooked v2',
};

/** Name of a linktype, '' when frames of it cannot be decoded. */
export const linktypeName = (linktype: number): string => NAMES[linktype] ?? '';

/** Steps over the link header and sets `etherType`; false when it is too short or of an unknown kind. */
export function link(p: Packet, linktype: number): boolean {
  if (linktype === LINKTYPE_ETHERNET) return ethernet(p);
  if (linktype === LINKTYPE_LINUX_SLL) return cooked(p);
  if (linktype === LINKTYPE_LINUX_SLL2) return cooked2(p);
  if (linktype === LINKTYPE_NULL || linktype === LINKTYPE_LOOP) return loopback(p);
  if (linktypeName(linktype) !== '') return raw(p);
  return false;
}

/** The version nibble says which IP it is. */
function raw(p: Packet): boolean {
  if (p.end - p.pos < 1) return false;
  const version = p.view.getUint8(p.pos) >> 4;
  p.etherType = version === 4 ? IPV4 : version === 6 ? IPV6 : 0;
  return p.etherType !== 0;
}

/** Four bytes of address family in either byte order; the IP version behind it is the same in all. */
function loopback(p: Packet): boolean {
  if (p.end - p.pos < 5) return false;
  p.pos += 4;
  return raw(p);
}

/** Linux cooked v1: packet type, ARPHRD, address length, 8 bytes of address, protocol. */
function cooked(p: Packet): boolean {
  if (p.end - p.pos < 16) return false;
  address(p, p.pos + 6, p.view.getUint16(p.pos + 4));
  p.etherType = p.view.getUint16(p.pos + 14);
  p.pos += 16;
  return true;
}

/** Linux cooked v2: protocol first, then interface index, ARPHRD, packet type, address length, address. */
function cooked2(p: Packet): boolean {
  if (p.end - p.pos < 20) return false;
  address(p, p.pos + 12, p.view.getUint8(p.pos + 11));
  p.etherType = p.view.getUint16(p.pos);
  p.pos += 20;
  return true;
}

/** Cooked headers know the sender's link address only. */
function address(p: Packet, at: number, length: number): void {
  if (length !== 6) return;
  p.hasMac = true;
  p.macSourceHigh = p.view.getUint16(at);
  p.macSourceLow = p.view.getInt32(at + 2);
  p.macDestinationHigh = 0;
  p.macDestinationLow = 0;
}
