/** Names and addresses from DNS (RFC 1035), LLMNR (RFC 4795) and mDNS (RFC 6762). */
import { Datagrams } from '../datagrams.ts';
import { type Dissector, type FlowInfo, NO, type Protocol, type Side, type Sink, YES } from '../dissector.ts';
import { fromFlow, readable, report, type Sighting } from '../sighting.ts';
import { addressOf, type Message, message, nameAt, PTR, type Record, SRV, TXT } from './message.ts';

/** By content alone only a message without a byte too many is believed. */
export const dns = named('dns', 53, (m) => m.exact && m.questions.length === 1 && m.opcode === 0);
export const llmnr = named('llmnr', 5355, () => false);
export const mdns = named('mdns', 5353, () => false);

function named(name: string, port: number, anywhere: (m: Message) => boolean): Protocol {
  return {
    name,
    transport: 'udp',
    ports: [port],
    recognise: (view, start, end, hinted) => {
      const m = message(view, start, end);
      return m !== undefined && (hinted || anywhere(m)) ? YES : NO;
    },
    open: (flow: FlowInfo, sink: Sink): Dissector =>
      new Datagrams((own, side, view, start, end, at, frame) => {
        const m = message(view, start, end);
        if (m === undefined) return false;
        if (name !== 'mdns') own.client = (m.isAnswer ? 1 - side : side) as Side;
        if (m.isAnswer && m.status === 0) for (const seen of sightings(name, flow, side, view, start, end, m)) report(sink, seen, at, frame);
        return true;
      }),
  };
}

function sightings(type: string, flow: FlowInfo, side: Side, view: DataView, start: number, end: number, m: Message): Sighting[] {
  const base = fromFlow(type, 'answer', flow, side);
  const out = m.records.flatMap((record) => host(base, view, start, end, record));
  if (type === 'mdns') for (const record of m.records) if (record.type === TXT) out.push(...device(base, view, start, end, record, m.records));
  return out;
}

/** A name and its address. Names are compared without regard to case, and some resolvers mix it on purpose; mDNS shows it. */
function host(base: Sighting, view: DataView, start: number, end: number, record: Record): Sighting[] {
  const ip = addressOf(view, record);
  const name = record.type === PTR ? nameAt(view, start, end, record.data).text : record.name;
  if (ip === '' || name === '' || isLocal(ip) || SERVICE.test(name)) return [];
  return [{ ...base, 'host.name': base.type === 'mdns' ? name : name.toLowerCase(), 'host.ip': ip }];
}

const isLocal = (ip: string): boolean => ip.startsWith('127.') || ip === '::1' || ip === '0.0.0.0' || ip === '::';
/** RFC 6763 section 7: a service, which some announce with an address of its own. */
const SERVICE = /\._(tcp|udp)\./i;

/** Keys under which services say what device they run on: printers, cameras, Apple's, general use. */
const MANUFACTURER = ['manufacturer', 'usb_MFG', 'vendor', 'mf'];
const MODEL = ['model', 'usb_MDL', 'product', 'ty', 'md', 'am'];
const VERSION = ['fw', 'fv', 'firmware', 'sw', 'swversion'];

/** RFC 6763 section 6: strings `key=value` that belong to a service instance; its SRV record says which host. */
function device(base: Sighting, view: DataView, start: number, end: number, record: Record, all: Record[]): Sighting[] {
  const keys = texts(view, record);
  const pick = (names: string[]) => names.map((name) => keys.get(name.toLowerCase())).find((value) => value !== undefined) ?? '';
  const said = { 'device.manufacturer': pick(MANUFACTURER), 'device.model': pick(MODEL).replace(/^\((.*)\)$/, '$1'), 'device.version': pick(VERSION) };
  if (Object.values(said).every((value) => value === '')) return [];
  const service = all.find((one) => one.type === SRV && one.name === record.name && one.dataEnd - one.data > 6);
  const target = service === undefined ? '' : nameAt(view, start, end, service.data + 6).text;
  const own = all.find((one) => one.name === target && addressOf(view, one) !== '');
  return [{ ...base, operation: 'service', 'host.name': target, 'host.ip': own === undefined ? '' : addressOf(view, own), ...said }];
}

function texts(view: DataView, record: Record): Map<string, string> {
  const keys = new Map<string, string>();
  for (let p = record.data; p < record.dataEnd; ) {
    const length = view.getUint8(p);
    if (length > record.dataEnd - p - 1) break;
    const text = readable(view, p + 1, length);
    const cut = text.indexOf('=');
    if (cut > 0 && cut < text.length - 1) keys.set(text.slice(0, cut).toLowerCase(), text.slice(cut + 1));
    p += 1 + length;
  }
  return keys;
}
