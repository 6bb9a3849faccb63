/** LLDP, IEEE 802.1AB-2016 clause 8, with the inventory of LLDP-MED (ANSI/TIA-1057 section 10.2.6). */
import type { LinkFrame, LinkProtocol, Sink } from '../dissector.ts';
import { fromLink, ipv4At, ipv6At, macAt, readable, report, type Sighting } from '../sighting.ts';

const CHASSIS = 1;
const SYSTEM_NAME = 5;
const SYSTEM_DESCRIPTION = 6;
const MANAGEMENT_ADDRESS = 8;
const ORGANIZATION = 127;
const TIA = 0x0012bb;

export const lldp: LinkProtocol = {
  name: 'lldp',
  etherTypes: [0x88cc],
  open: (sink: Sink) => ({ see: (frame: LinkFrame) => see(frame, sink) }),
};

function see(frame: LinkFrame, sink: Sink): void {
  const { view, start, end } = frame;
  const seen = fromLink('lldp', 'announce', frame);
  // 8.2: the first element is the chassis id.
  if (end - start < 4 || view.getUint16(start) >> 9 !== CHASSIS) return;
  for (let p = start; end - p >= 2; ) {
    const head = view.getUint16(p);
    const length = head & 0x1ff;
    if (head >> 9 === 0 || length > end - p - 2) break;
    element(seen, head >> 9, view, p + 2, length);
    p += 2 + length;
  }
  seen['host.mac'] ??= frame.source;
  report(sink, seen, frame.at, frame.frame);
}

function element(seen: Sighting, type: number, view: DataView, p: number, length: number): void {
  if (type === CHASSIS && length === 7 && view.getUint8(p) === 4) seen['host.mac'] = macAt(view, p + 1);
  else if (type === SYSTEM_NAME) seen['host.name'] = readable(view, p, length);
  else if (type === SYSTEM_DESCRIPTION) seen['device.model'] ??= readable(view, p, length);
  else if (type === MANAGEMENT_ADDRESS && length >= 6) address(seen, view, p, length);
  else if (type === ORGANIZATION && length > 4 && view.getUint32(p) >>> 8 === TIA) inventory(seen, view.getUint8(p + 3), readable(view, p + 4, length - 4));
}

/** 8.5.9: length with the family (1 IPv4, 2 IPv6), family, address. The first one counts. */
function address(seen: Sighting, view: DataView, p: number, length: number): void {
  const size = view.getUint8(p);
  const family = view.getUint8(p + 1);
  if (seen['host.ip'] !== undefined || size + 1 > length) return;
  if (family === 1 && size === 5) seen['host.ip'] = ipv4At(view, p + 2);
  if (family === 2 && size === 17) seen['host.ip'] = ipv6At(view, p + 2);
}

/** Hardware revision 5, firmware 6, software 7, serial number 8, manufacturer 9, model 10. */
function inventory(seen: Sighting, subtype: number, text: string): void {
  if (subtype === 6 || (subtype === 7 && seen['device.version'] === undefined)) seen['device.version'] = text;
  if (subtype === 9) seen['device.manufacturer'] = text;
  if (subtype === 10) seen['device.model'] = text;
}
