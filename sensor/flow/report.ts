/** Observations of flows: where one starts, what it turns out to speak, how it ends. */
import { type Observation, timestamp } from '../observation.ts';
import type { Side } from '../protocols/dissector.ts';
import { protocols } from '../protocols/index.ts';
import { tcpPorts, udpPorts } from '../protocols/services/ports.ts';
import { macText } from './address.ts';
import type { Flow, Half } from './flow.ts';
import { LINK_PROTOCOL } from './table.ts';

const TRANSPORTS: { [protocol: number]: string } = {
  1: 'icmp',
  2: 'igmp',
  6: 'tcp',
  17: 'udp',
  47: 'gre',
  50: 'esp',
  58: 'ipv6-icmp',
  89: 'ospf',
  112: 'vrrp',
  132: 'sctp',
  [LINK_PROTOCOL]: 'ethernet',
};

export const transportName = (protocol: number): string => TRANSPORTS[protocol] ?? `ip-${protocol}`;

/** A link address is named once for each direction that was seen. */
const mac = (half: Half): string | null => (half.macHigh < 0 ? null : macText(half.macHigh, half.macLow));

/** RFC 6335: ports below are the system's, and so a server's. */
const SYSTEM_PORTS = 1024;
const TCP = 6;

/**
 * The side that asks, as well as can be told: as the dissector knows, who opened the connection, who is not on a service's port, who
 * spoke first, who has the higher port.
 */
export function clientSide(flow: Flow): Side {
  const known = flow.dissector?.client ?? -1;
  if (known >= 0) return known as Side;
  if (flow.protocol === TCP && flow.opener >= 0) return flow.opener as Side;
  const [near, far] = [serves(flow, 0), serves(flow, 1)];
  if (near !== far) return near ? 1 : 0;
  if (flow.opener >= 0) return flow.opener as Side;
  const [low, high] = [flow.port[0] < SYSTEM_PORTS, flow.port[1] < SYSTEM_PORTS];
  if (low !== high) return low ? 1 : 0;
  return flow.port[0] > flow.port[1] ? 0 : 1;
}

/** Whether the side's port is that of a known service. */
function serves(flow: Flow, side: Side): boolean {
  const port = flow.port[side];
  return (flow.transport === 'udp' ? udpPorts : tcpPorts).has(port) || protocols.some((protocol) => protocol.ports.includes(port));
}

function head(flow: Flow, event: string, at: number, client: Side): Observation {
  const server = (1 - client) as Side;
  return {
    kind: 'flow',
    '@timestamp': timestamp(at),
    'source.ip': flow.address[client],
    'source.port': flow.port[client],
    'source.mac': mac(flow.half(client)),
    'destination.ip': flow.address[server],
    'destination.port': flow.port[server],
    'destination.mac': mac(flow.half(server)),
    'network.transport': transportName(flow.protocol),
    'network.protocol': flow.service === '' ? null : flow.service,
    ...(flow.vlan === 0 ? {} : { 'network.vlan.id': flow.vlan }),
    'flow.event': event,
  };
}

export const flowStart = (flow: Flow, at: number, frame: number): Observation => ({ ...head(flow, 'start', at, clientSide(flow)), frame });

export const flowIdentified = (flow: Flow, at: number, frame: number): Observation => ({ ...head(flow, 'identified', at, clientSide(flow)), frame });

/** How it ended: `unanswered` when only one side ever spoke, `reset`, `closed`, or `idle` (fell silent, or the capture ended). */
function endState(flow: Flow): string {
  if (flow.near.frames === 0 || flow.far.frames === 0) return 'unanswered';
  if (flow.reset) return flow.established ? 'reset' : 'refused';
  return flow.closed ? 'closed' : 'idle';
}

export function flowEnd(flow: Flow): Observation {
  const client = clientSide(flow);
  const near = flow.half(client);
  const far = flow.half((1 - client) as Side);
  return {
    ...head(flow, 'end', flow.lastAt, client),
    'flow.state': endState(flow),
    'flow.start': timestamp(flow.firstAt),
    'flow.duration': Math.round((flow.lastAt - flow.firstAt) * 1000) / 1000,
    'source.packets': near.frames,
    'source.bytes': near.bytes,
    'destination.packets': far.frames,
    'destination.bytes': far.bytes,
    'flow.gaps': flow.gaps,
    'flow.lost_bytes': flow.lostBytes,
    'flow.retransmitted': flow.retransmitted,
    'flow.duplicates': flow.duplicates,
    first_frame: flow.firstFrame,
    last_frame: flow.lastFrame,
  };
}
