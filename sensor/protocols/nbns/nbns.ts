/** NetBIOS names over UDP, RFC 1002 section 4.2. */
import { Datagrams } from '../datagrams.ts';
import { type Dissector, type FlowInfo, NO, type Protocol, type Side, type Sink, YES } from '../dissector.ts';
import { type Message, message, NB, NBSTAT, type Record } from '../dns/message.ts';
import { fromFlow, ipv4At, macAt, readable, report, type Sighting } from '../sighting.ts';

const REGISTRATION = 5;
const RELEASE = 6;
const OPERATIONS: { [opcode: number]: string } = { 0: 'answer', [REGISTRATION]: 'register', [RELEASE]: 'release', 8: 'refresh', 9: 'refresh' };
/** Top bit of the name flags: many hosts have this name. */
const GROUP = 0x8000;
/** The sixteenth byte of a name: workstation, file server. Others repeat them. */
const HOSTS = [0x00, 0x20];
/** Names of a node status answer that are looked at; a byte counts them. */
const MAX_STATUS_NAMES = 64;

export const nbns: Protocol = {
  name: 'nbns',
  transport: 'udp',
  ports: [137],
  recognise: (view, start, end, hinted) => {
    const m = message(view, start, end);
    const name = m?.questions[0]?.name ?? m?.records[0]?.name ?? '';
    return m !== undefined && isEncoded(name) && (hinted || m.exact) ? YES : NO;
  },
  open: (flow: FlowInfo, sink: Sink): Dissector =>
    new Datagrams((own, side, view, start, end, at, frame) => {
      const m = message(view, start, end);
      if (m === undefined) return false;
      own.client = (m.isAnswer ? 1 - side : side) as Side;
      if (m.status === 0 || !m.isAnswer) for (const record of m.records) told(flow, sink, side, view, m, record, at, frame);
      return true;
    }),
};

function told(flow: FlowInfo, sink: Sink, side: Side, view: DataView, m: Message, record: Record, at: number, frame: number): void {
  const seen = fromFlow('nbns', OPERATIONS[m.opcode] ?? 'other', flow, side);
  const good = record.type === NB ? named(seen, view, record) : record.type === NBSTAT && m.isAnswer && status(seen, view, record);
  if (good) report(sink, seen, at, frame);
}

/** 4.2.2: flags and an address for each owner. */
function named(seen: Sighting, view: DataView, record: Record): boolean {
  const { text, suffix } = decoded(record.name);
  if (text === '' || !HOSTS.includes(suffix) || record.dataEnd - record.data < 6 || (view.getUint16(record.data) & GROUP) !== 0) return false;
  seen['host.name'] = text;
  seen['host.ip'] = ipv4At(view, record.data + 2);
  return true;
}

/** 4.2.18: a count, names of 18 bytes (15 of text, suffix, flags), then the link address. */
function status(seen: Sighting, view: DataView, record: Record): boolean {
  if (record.dataEnd - record.data < 1) return false;
  const names = Math.min(view.getUint8(record.data), MAX_STATUS_NAMES, Math.floor((record.dataEnd - record.data - 1) / 18));
  const mac = record.data + 1 + names * 18;
  seen.operation = 'status';
  seen['host.ip'] = seen['source.ip'] ?? '';
  for (let p = record.data + 1; p < mac; p += 18) {
    if ((view.getUint16(p + 16) & GROUP) === 0 && HOSTS.includes(view.getUint8(p + 15))) seen['host.name'] ??= readable(view, p, 15);
  }
  if (record.dataEnd - mac >= 6 && macAt(view, mac) !== '00:00:00:00:00:00') seen['host.mac'] = macAt(view, mac);
  return seen['host.name'] !== undefined;
}

/** RFC 1001 section 14.1: each half byte of the sixteen is a letter from A to P. */
const isEncoded = (name: string): boolean => /^[A-P]{32}(\.|$)/.test(name);

function decoded(name: string): { text: string; suffix: number } {
  if (!isEncoded(name)) return { text: '', suffix: -1 };
  const bytes = Uint8Array.from({ length: 16 }, (_, i) => (name.charCodeAt(2 * i) - 65) * 16 + name.charCodeAt(2 * i + 1) - 65);
  return { text: readable(new DataView(bytes.buffer), 0, 15), suffix: bytes[15] as number };
}
