/** Every protocol, one line each; the order is that of trying. */
import type { LinkProtocol, Protocol } from './dissector.ts';
import { modbus } from './modbus/modbus.ts';
import { opcua } from './opcua/opcua.ts';

export const protocols: readonly Protocol[] = [modbus, opcua];

export const linkProtocols: readonly LinkProtocol[] = [];
