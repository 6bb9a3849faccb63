/** What each kind of observation says about the devices in it. */

import type { Observation, Value } from '../../sensor/observation.ts';
import type { AttributeName, Confidence } from '../asset.ts';
import { text } from '../field.ts';
import { isDevice, isMac, isPrivate } from './address.ts';
import type { Inventory } from './inventory.ts';
import { opcua } from './opcua.ts';
import { vendorOf } from './vendor.ts';

/** Protocols whose server end is a field device; their clients supervise. */
const CONTROL = new Set([
  'modbus',
  'modbus-security',
  's7comm',
  's7comm-plus',
  'ethernet-ip',
  'dnp3',
  'iec-104',
  'bacnet',
  'profinet',
  'mms',
  'hart-ip',
  'ads',
]);

/** Takes the evidence of an observation that is no repeat, made at `at` (ms). Returns whether its source is new to the network. */
export function evidence(inventory: Inventory, o: Observation, at: number): 'known' | 'new' | 'learning' {
  const frame = frameOf(o);
  // Every device asks by ARP; who it is says the sighting, by its IP address.
  if (o.kind === 'flow' && o['network.protocol'] === 'arp') return 'known';
  const source = text(o['source.ip']) || text(o['source.mac']);
  const verdict = source === '' || isRumour(o, source) ? 'known' : inventory.see(source, at);
  const destination = text(o['destination.ip']);
  if (o.kind === 'flow') flow(inventory, o, source, destination, at, frame);
  else if (o.kind === 'sighting') sighting(inventory, o, source, at, frame);
  else if (o.kind === 'modbus') modbus(inventory, o, destination, at, frame);
  else if (o.kind === 'opcua' || o.kind === 'opcua-channel') opcua(inventory, o, { client: source, server: destination, at, frame });
  else if (o.kind === 'identity') identity(inventory, o, source, destination, at, frame);
  return verdict;
}

/** Anybody can send a first packet from a made-up public address; a device is there when a conversation comes of it. */
function isRumour(o: Observation, source: string): boolean {
  return o.kind === 'flow' && (o['flow.event'] === 'start' || o['flow.state'] === 'unanswered') && !isPrivate(source);
}

const frameOf = (o: Observation): number => Number(o['response_frame'] ?? o['request_frame'] ?? o['frame'] ?? o['last_frame'] ?? 0);

function flow(inventory: Inventory, o: Observation, source: string, destination: string, at: number, frame: number): void {
  if (o['flow.event'] === 'start') {
    link(inventory, source, text(o['source.mac']), at, frame);
    return;
  }
  const answered = o['flow.event'] === 'end' && o['flow.state'] !== 'unanswered' && o['flow.state'] !== 'refused';
  if (answered) inventory.see(destination, at);
  if (o['flow.event'] === 'end') {
    link(inventory, source, text(o['source.mac']), at, frame);
    link(inventory, destination, text(o['destination.mac']), at, frame);
  }
  const protocol = text(o['network.protocol']);
  if (protocol === '') return;
  if (answered) service(inventory, o, destination, protocol, at, frame);
  if (o['flow.event'] === 'identified' || answered) speaks(inventory, source, destination, protocol, at, frame);
}

function service(inventory: Inventory, o: Observation, server: string, protocol: string, at: number, frame: number): void {
  const port = o['destination.port'];
  if (o['network.transport'] === 'tcp') inventory.note(server, 'service', `${protocol} ${o['network.transport']}/${port}`, 'behaviour', 3, at, frame);
}

/** Roles are earned: who serves a control protocol is a controller, who asks it supervises. */
function speaks(inventory: Inventory, client: string, server: string, protocol: string, at: number, frame: number): void {
  for (const address of [client, server]) inventory.note(address, 'protocol', protocol, 'behaviour', 3, at, frame);
  if (inventory.get(server) === undefined) return;
  if (protocol === 'opcua') {
    inventory.note(server, 'role', 'OPC UA server', 'serves opcua', 3, at, frame);
    inventory.note(client, 'role', 'OPC UA client', 'asks opcua', 2, at, frame);
  }
  if (!CONTROL.has(protocol)) return;
  inventory.note(server, 'role', 'controller', `serves ${protocol}`, 3, at, frame);
  inventory.note(server, 'purdue_level', '1', `serves ${protocol}`, 2, at, frame);
  inventory.note(client, 'role', 'control client', `asks ${protocol}`, 2, at, frame);
  inventory.note(client, 'purdue_level', '2', `asks ${protocol}`, 1, at, frame);
}

/** A link address says who made the network card; behind a router it would say so of the router, so only local senders count. */
function link(inventory: Inventory, address: string, mac: string, at: number, frame: number): void {
  if (mac === '' || !isPrivate(address) || !isDevice(mac)) return;
  if (!isMac(address)) inventory.mac(address, mac);
  inventory.note(address, 'mac', mac, 'frame header', 3, at, frame);
  inventory.note(address, 'vendor', vendorOf(mac), 'MAC address prefix', 2, at, frame);
}

function sighting(inventory: Inventory, o: Observation, source: string, at: number, frame: number): void {
  const type = text(o['sighting.type']);
  const label = type.toUpperCase();
  const host = text(o['host.ip']) || source;
  // A name server speaks of addresses anywhere; those of the plant's own ranges are devices.
  if (host !== source && isPrivate(host)) inventory.see(host, at);
  // A DHCP server passes on the client's link address: it is the host's own only where the host's IP address stands beside it.
  if (text(o['host.ip']) !== '') link(inventory, host, text(o['host.mac']), at, frame);
  const said: [AttributeName, Value | undefined, Confidence][] = [
    ['hostname', o['host.name'], type === 'dns' ? 3 : 4],
    ['vendor', o['device.manufacturer'], 4],
    ['model', o['device.model'], 4],
    ['firmware', o['device.version'], 4],
    ['operating_system', o['host.os'], type === 'dhcp' ? 2 : 4],
  ];
  for (const [name, value, confidence] of said) inventory.note(host, name, text(value), label, confidence, at, frame);
}

const IDENTIFICATION: [string, AttributeName][] = [
  ['vendor_name', 'vendor'],
  ['product_code', 'product'],
  ['major_minor_revision', 'firmware'],
  ['model_name', 'model'],
  ['product_name', 'model'],
  ['user_application_name', 'name'],
];

/** Modbus exceptions by which a gateway says that it does not reach a unit (V1.1b3 section 7). */
const UNREACHABLE = new Set<Value | undefined>([10, 11]);

function modbus(inventory: Inventory, o: Observation, server: string, at: number, frame: number): void {
  if (o['response_frame'] === null || o['response_frame'] === undefined) return;
  inventory.see(server, at);
  if (UNREACHABLE.has(o['modbus.exception_code'])) return inventory.units.unreachable(server);
  const unit = Number(o['modbus.unit_id']);
  inventory.note(server, 'unit_id', String(unit), 'Modbus', 5, at, frame);
  inventory.units.answered(server, unit, at);
  const say = (name: AttributeName, value: Value | undefined, source: string, confidence: Confidence): void => {
    const by = `${source} unit ${unit}`;
    inventory.note(server, name, text(value), by, confidence, at, frame);
    inventory.units.say(server, unit, { name, value: text(value), source: by, confidence, at, frame });
  };
  for (const [name, value, source, confidence] of identified(o)) say(name, value, source, confidence);
}

type Told = [name: AttributeName, value: Value | undefined, source: string, confidence: Confidence];
type Objects = { [name: string]: Value };

const objectsOf = (value: Value | undefined): Objects => (value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {});

/** What a transaction says of the device that answered it. */
function identified(o: Observation): Told[] {
  const objects = objectsOf(o['modbus.device_identification']);
  const umas = objectsOf(o['modbus.umas_identity']);
  return [
    ...IDENTIFICATION.map(([object, name]): Told => [name, objects[object], 'Modbus 43/14', 5]),
    ['model', o['modbus.server_text'], 'Modbus 17', 3],
    ['run_state', RUN[text(o['modbus.run_indicator'])], 'Modbus 17', 4],
    ...(Object.keys(umas).length === 0 ? [] : umasIdentity(umas)),
    ['run_state', switched(o), 'UMAS', 4],
  ];
}

/** Section 6.13: the run indicator. */
const RUN: { [indicator: string]: string } = { on: 'run', off: 'stop' };

const umasIdentity = (umas: Objects): Told[] => [
  ['vendor', 'Schneider Electric', 'UMAS', 4],
  ['model', umas['model'], 'UMAS', 5],
  ['firmware', umas['firmware'], 'UMAS', 4],
  ['name', umas['name'], 'UMAS', 4],
  ['project', umas['project'], 'UMAS', 4],
];

/** The controller did as it was told. */
function switched(o: Observation): string {
  if (o['modbus.umas_status'] !== 'done') return '';
  return o['modbus.umas_name'] === 'start_plc' ? 'run' : o['modbus.umas_name'] === 'stop_plc' ? 'stop' : '';
}

/** A TLS handshake that came to something: whose certificates were shown, by thumbprint in the form of OPC UA's. */
function identity(inventory: Inventory, o: Observation, client: string, server: string, at: number, frame: number): void {
  if (o['tls.established'] !== true && o['tls.server.hash.sha1'] === undefined) return;
  inventory.see(server, at);
  speaks(inventory, client, server, text(o['network.protocol']), at, frame);
  service(inventory, o, server, text(o['network.protocol']), at, frame);
  inventory.note(server, 'certificate', text(o['tls.server.hash.sha1']).toLowerCase(), 'TLS handshake', 5, at, frame);
  inventory.note(client, 'certificate', text(o['tls.client.hash.sha1']).toLowerCase(), 'TLS handshake', 5, at, frame);
}
