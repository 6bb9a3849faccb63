/** Every protocol, one line each; the order is that of trying. */
import { arp } from './arp/arp.ts';
import { dhcp } from './dhcp/dhcp.ts';
import type { LinkProtocol, Protocol } from './dissector.ts';
import { dns, llmnr, mdns } from './dns/dns.ts';
import { lldp } from './lldp/lldp.ts';
import { modbus, modbusAscii, modbusRtu } from './modbus/modbus.ts';
import { nbns } from './nbns/nbns.ts';
import { opcua } from './opcua/opcua.ts';
import { profinet } from './profinet/profinet.ts';
import { modbusSecurity } from './tls/tls.ts';

export const protocols: readonly Protocol[] = [modbus, modbusRtu, modbusAscii, opcua, modbusSecurity, dhcp, mdns, llmnr, nbns, dns];

export const linkProtocols: readonly LinkProtocol[] = [arp, lldp, profinet];
