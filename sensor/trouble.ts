import { type Observation, timestamp } from './observation.ts';
import type { FlowInfo, Side } from './protocols/dissector.ts';

/** An observation of what is wrong with a flow: bytes out of spec (`flaw`) or not seen (`loss`). `side` sent them, or should have. */
export function trouble(
  kind: 'flaw' | 'loss',
  flow: FlowInfo,
  side: Side,
  protocol: string,
  reason: string,
  bytes: number,
  at: number,
  frame: number,
): Observation {
  const other = (1 - side) as Side;
  return {
    kind,
    '@timestamp': timestamp(at),
    'source.ip': flow.address[side],
    'source.port': flow.port[side],
    'destination.ip': flow.address[other],
    'destination.port': flow.port[other],
    'network.transport': flow.transport,
    'network.protocol': protocol === '' ? null : protocol,
    ...(flow.vlan === 0 ? {} : { 'network.vlan.id': flow.vlan }),
    [`${kind}.reason`]: reason,
    [`${kind}.bytes`]: bytes,
    frame,
  };
}
