import { Bytes } from './bytes.ts';
import { industrial } from './industrial.ts';
import { infrastructure } from './infrastructure.ts';
import { iso } from './iso.ts';
import { links } from './links.ts';
import { office } from './office.ts';
import { tcpPorts, udpPorts } from './ports.ts';
import { remote } from './remote.ts';
import type { Signature } from './signature.ts';
import { web } from './web.ts';

const signatures: readonly Signature[] = [...industrial, ...iso, ...web, ...remote, ...office, ...infrastructure];

/**
 * Names what a flow speaks from the first payload of one of its directions, by its bytes before its ports. '' when neither says
 * anything. Called once a flow; never throws, whatever the bytes.
 */
export function nameService(view: DataView, start: number, end: number, transport: 'tcp' | 'udp', portA: number, portB: number): string {
  const bytes = new Bytes(view, start, end);
  const hints = (one: Signature) => one.ports.includes(portA) || one.ports.includes(portB);
  const able = signatures.filter((one) => one.transport === 'any' || one.transport === transport);
  const known = able.find((one) => hints(one) && one.matches(bytes, true)) ?? able.find((one) => !hints(one) && one.matches(bytes, false));
  return known?.name ?? byPort(transport === 'tcp' ? tcpPorts : udpPorts, portA, portB);
}

/** The lower port is the server's more often than not. */
const byPort = (ports: ReadonlyMap<number, string>, a: number, b: number): string => ports.get(Math.min(a, b)) ?? ports.get(Math.max(a, b)) ?? '';

/** Names what stands right above the link layer; '' when the EtherType is not known. */
export const nameLink = (etherType: number): string => links.get(etherType) ?? '';
