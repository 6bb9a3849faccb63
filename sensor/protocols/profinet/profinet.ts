/** PROFINET DCP (IEC 61158-6-10 section 4.3): who answers to which name, and who sets names and addresses. */
import type { LinkFrame, LinkProtocol, Sink } from '../dissector.ts';
import { fromLink, ipv4At, readable, report, type Sighting } from '../sighting.ts';

/** Frame ids of DCP: hello, get and set, identify request, identify response. Below them is cyclic data, which names nobody. */
const HELLO = 0xfefc;
const IDENTIFY_RESPONSE = 0xfeff;

const GET = 3;
const SET = 4;
const IDENTIFY = 5;
const OPERATIONS: { [service: number]: string } = { [GET]: 'get', [SET]: 'set', [IDENTIFY]: 'identify', 6: 'hello' };
/** Manufacturers by vendor id, as far as they are common. */
const VENDORS: { [id: number]: string } = { 42: 'Siemens', 176: 'Phoenix Contact', 285: 'WAGO', 288: 'Beckhoff' };

export const profinet: LinkProtocol = {
  name: 'profinet',
  etherTypes: [0x8892],
  open: (sink: Sink) => ({ see: (frame: LinkFrame) => see(frame, sink) }),
};

/** Frame id, service id, service type (0 request, 1 answer), transaction, delay, length of the blocks. */
function see(frame: LinkFrame, sink: Sink): void {
  const { view, start } = frame;
  if (frame.end - start < 12) return;
  const id = view.getUint16(start);
  if (id < HELLO || id > IDENTIFY_RESPONSE) return;
  const service = view.getUint8(start + 2);
  const asks = view.getUint8(start + 3) === 0;
  const operation = OPERATIONS[service];
  // Questions carry filters, not facts; only a request to set carries what will be one.
  if (operation === undefined || (asks && service !== SET && service !== 6) || (!asks && service === SET)) return;
  const seen = fromLink('profinet', operation, frame);
  seen['host.mac'] = service === SET ? frame.destination : frame.source;
  blocks(seen, view, start + 12, Math.min(frame.end, start + 12 + view.getUint16(start + 10)));
  report(sink, seen, frame.at, frame.frame);
}

/** Option, suboption, length, then two bytes of information or qualifier and the value; padded to even. */
function blocks(seen: Sighting, view: DataView, start: number, end: number): void {
  for (let p = start; end - p >= 4; ) {
    const length = view.getUint16(p + 2);
    if (length > end - p - 4) return;
    if (length >= 2) block(seen, view.getUint16(p), view, p + 6, length - 2);
    p += 4 + length + (length & 1);
  }
}

function block(seen: Sighting, option: number, view: DataView, p: number, length: number): void {
  if (option === 0x0102 && length >= 4) seen['host.ip'] = present(ipv4At(view, p));
  if (option === 0x0201) seen['device.model'] = readable(view, p, length);
  if (option === 0x0202) seen['host.name'] = readable(view, p, length);
  if (option === 0x0203 && length >= 4) seen['device.manufacturer'] = VENDORS[view.getUint16(p)] ?? `PROFINET vendor ${view.getUint16(p)}`;
}

const present = (address: string): string => (address === '0.0.0.0' ? '' : address);
