/** DHCP, RFC 2131, options of RFC 2132. */
import { Datagrams } from '../datagrams.ts';
import { type Dissector, type FlowInfo, NO, type Protocol, type Recognition, type Side, type Sink, YES } from '../dissector.ts';
import { fromFlow, ipv4At, macAt, readable, report, type Sighting } from '../sighting.ts';

/** RFC 2131 section 3: the magic cookie before the options. */
const COOKIE = 0x63825363;
const OPTIONS = 240;
const REQUEST = 1;

/** RFC 2132 section 9.6. */
const MESSAGES = ['', 'discover', 'offer', 'request', 'decline', 'ack', 'nak', 'release', 'inform'];
const HOST_NAME = 12;
const REQUESTED_ADDRESS = 50;
const MESSAGE_TYPE = 53;
const VENDOR_CLASS = 60;
const PAD = 0;
const END = 255;

export const dhcp: Protocol = {
  name: 'dhcp',
  transport: 'udp',
  ports: [67, 68],
  recognise: (view: DataView, start: number, end: number): Recognition => (fits(view, start, end) ? YES : NO),
  open: (flow: FlowInfo, sink: Sink): Dissector =>
    new Datagrams((own, side, view, start, end, at, frame) => look(own, flow, sink, side, view, start, end, at, frame)),
};

/** BOOTP request or reply over Ethernet with DHCP's options. */
function fits(view: DataView, start: number, end: number): boolean {
  if (end - start < OPTIONS) return false;
  const operation = view.getUint8(start);
  return (operation === 1 || operation === 2) && view.getUint8(start + 2) <= 16 && view.getUint32(start + 236) === COOKIE;
}

function look(own: Datagrams, flow: FlowInfo, sink: Sink, side: Side, view: DataView, start: number, end: number, at: number, frame: number): boolean {
  if (!fits(view, start, end)) return false;
  const asks = view.getUint8(start) === REQUEST;
  own.client = (asks ? side : 1 - side) as Side;
  const seen = fromFlow('dhcp', '', flow, side);
  if (view.getUint8(start + 1) === 1 && view.getUint8(start + 2) === 6) seen['host.mac'] = macAt(view, start + 28);
  // ciaddr is an address in use, yiaddr one that is given.
  seen['host.ip'] = present(ipv4At(view, start + (asks ? 12 : 16)));
  const type = options(seen, view, start + OPTIONS, end);
  seen.operation = MESSAGES[type] || (asks ? 'bootp request' : 'bootp reply');
  report(sink, seen, at, frame);
  return true;
}

/** Reads the options and returns the message type, 0 when there is none. */
function options(seen: Sighting, view: DataView, start: number, end: number): number {
  let type = 0;
  for (let p = start; p < end; ) {
    const code = view.getUint8(p++);
    if (code === PAD) continue;
    if (code === END || p === end) break;
    const length = view.getUint8(p++);
    if (length > end - p) break;
    if (code === MESSAGE_TYPE && length === 1) type = view.getUint8(p);
    else option(seen, code, view, p, length);
    p += length;
  }
  return type;
}

function option(seen: Sighting, code: number, view: DataView, p: number, length: number): void {
  if (code === HOST_NAME) seen['host.name'] = readable(view, p, length);
  if (code === REQUESTED_ADDRESS && length === 4 && !seen['host.ip']) seen['host.ip'] = present(ipv4At(view, p));
  if (code === VENDOR_CLASS) vendor(seen, readable(view, p, length));
}

/** Vendor classes of operating systems; those of boot loaders say nothing, all others are those of a device. */
function vendor(seen: Sighting, text: string): void {
  if (text.startsWith('MSFT ')) seen['host.os'] = 'Windows';
  else if (text.startsWith('android-dhcp-')) seen['host.os'] = `Android ${text.slice(13)}`;
  else if (/^(udhcp|dhcpcd)\b/.test(text)) seen['host.os'] = 'Linux';
  else if (!/^(PXEClient|HTTPClient)\b/.test(text)) seen['device.model'] = text;
}

const present = (address: string): string => (address === '0.0.0.0' ? '' : address);
