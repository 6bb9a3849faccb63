import { ipv4Text, ipv6Text, macText } from '../flow/address.ts';
import { type Observation, timestamp, type Value } from '../observation.ts';
import type { FlowInfo, LinkFrame, Side, Sink } from './dissector.ts';
import { recent } from './recent.ts';

/** What a frame tells of a device, without being asked. */
export type Sighting = {
  type: string;
  operation: string;
  'source.mac'?: string;
  'source.ip'?: string;
  'destination.ip'?: string;
  vlan?: number;
  'host.name'?: string;
  'host.mac'?: string;
  'host.ip'?: string;
  'device.manufacturer'?: string;
  'device.model'?: string;
  'device.version'?: string;
  'host.os'?: string;
};

const FIELDS = ['host.name', 'host.mac', 'host.ip', 'device.manufacturer', 'device.model', 'device.version', 'host.os'] as const;

/** Reports a sighting, unless the same was reported within the last minute of capture time. */
export function report(sink: Sink, seen: Sighting, at: number, frame: number): void {
  if (recent(sink).isNew(Object.values(seen).join('\n'), at)) sink.writer.detail(observation(seen, at, frame), at, frame);
}

const some = (text: string | undefined): Value => (text === undefined || text === '' ? null : text);

function observation(seen: Sighting, at: number, frame: number): Observation {
  const o: Observation = { kind: 'sighting', '@timestamp': timestamp(at), 'sighting.type': seen.type, 'sighting.operation': seen.operation };
  if (seen['source.mac'] !== undefined) o['source.mac'] = seen['source.mac'];
  o['source.ip'] = some(seen['source.ip']);
  o['destination.ip'] = some(seen['destination.ip']);
  if (seen.vlan) o['network.vlan.id'] = seen.vlan;
  for (const field of FIELDS) o[field] = some(seen[field]);
  o['frame'] = frame;
  return o;
}

/** The part every sighting of a link-layer frame has. */
export const fromLink = (type: string, operation: string, frame: LinkFrame): Sighting => ({ type, operation, 'source.mac': frame.source, vlan: frame.vlan });

/** The part every sighting of a datagram has: `side` sent it. The unspecified address is none. */
export const fromFlow = (type: string, operation: string, flow: FlowInfo, side: Side): Sighting => ({
  type,
  operation,
  'source.ip': flow.address[side] === '0.0.0.0' ? '' : flow.address[side],
  'destination.ip': flow.address[(1 - side) as Side],
  vlan: flow.vlan,
});

/** A name on the wire has at most this many characters here. */
const MAX_TEXT = 255;
const utf8 = new TextDecoder();

/** Bytes as text that is safe to show: bytes that are not UTF-8 become U+FFFD, control and direction characters vanish. */
export function readable(view: DataView, start: number, length: number): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + start, Math.max(0, Math.min(length, MAX_TEXT)));
  return utf8.decode(bytes).replace(UNSAFE, '').trim();
}

// Cc, zero-width and bidirectional marks, line separators: a name must not be able to disguise itself.
const UNSAFE = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/** Addresses at `at`; the caller has checked that 4, 16 or 6 bytes are there. */
export const ipv4At = (view: DataView, at: number): string => ipv4Text(view.getUint32(at));
export const ipv6At = (view: DataView, at: number): string =>
  ipv6Text(view.getUint32(at), view.getUint32(at + 4), view.getUint32(at + 8), view.getUint32(at + 12));
export const macAt = (view: DataView, at: number): string => macText(view.getUint16(at), view.getInt32(at + 2));
