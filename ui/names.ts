/** How people write what the wire and the store spell in one way. */
const PROTOCOLS: { [protocol: string]: string } = {
  modbus: 'Modbus',
  opcua: 'OPC UA',
  'opc ua': 'OPC UA',
  umas: 'UMAS',
  s7comm: 'S7comm',
  mdns: 'mDNS',
  profinet: 'PROFINET',
  ethernetip: 'EtherNet/IP',
  enip: 'EtherNet/IP',
};
const ACRONYMS = new Set(['plc', 'rtu', 'hmi', 'scada', 'io', 'dcs', 'vfd', 'mac', 'vlan', 'ip', 'dhcp', 'dns', 'ntp']);

/** `OPC UA`, `Modbus`, `SNMP`; `unknown` for ''. Short unknown ones are taken for acronyms. */
export const protocolName = (protocol: string): string =>
  PROTOCOLS[protocol] ?? (protocol === '' ? 'unknown' : /^[a-z0-9]{2,5}$/.test(protocol) ? protocol.toUpperCase() : protocol);

/** `engineering_station` as `engineering station`, `opcua_server` as `OPC UA server`, `plc` as `PLC`. */
export const words = (spelled: string): string =>
  spelled
    .split('_')
    .map((part) => (part === 'opcua' ? 'OPC UA' : ACRONYMS.has(part) ? part.toUpperCase() : part))
    .join(' ');
