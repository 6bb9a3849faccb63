/** What OPC UA says of servers and clients: descriptions of applications, certificates, and the Server object (Part 5, 6.3.1) that clients read. */

import type { Observation, Value } from '../../sensor/observation.ts';
import type { AttributeName, Confidence } from '../asset.ts';
import { text } from '../field.ts';
import type { Inventory } from './inventory.ts';

type Sight = { client: string; server: string; at: number; frame: number };
type Say = (address: string, name: AttributeName, value: Value | undefined, source: string, confidence: Confidence) => void;
type Item = { [key: string]: Value };

const itemsOf = (value: Value | undefined): Item[] =>
  (Array.isArray(value) ? value : []).filter((one): one is Item => one !== null && typeof one === 'object' && !Array.isArray(one));

/** Part 5, 12.6 ServerState; `run` is the word that other protocols' devices get too. */
const STATES = ['run', 'failed', 'no_configuration', 'suspended', 'shutdown', 'test', 'communication_fault', 'unknown'];
const RUNNING = 'Running';

/** Nodes of the Server object whose values are plain numbers: they come as rows again and again, and change. */
const SERVER_STATE = 'i=2259';
const SERVICE_LEVEL = 'i=2267';

/** Whether an operation with these fields reads how a server is. */
export const readsState = (fields: { readonly [field: string]: Value }): boolean =>
  fields['opcua.service'] === 'Read' && itemsOf(fields['opcua.nodes']).some(({ node_id: id }) => id === SERVER_STATE || id === SERVICE_LEVEL);

/** Part 4, 6.6.2.4.2: what a server's level says of the data that it gives. */
function levelOf(value: Value): string {
  if (typeof value !== 'number') return '';
  if (value >= 200) return 'healthy';
  return value >= 2 ? 'degraded' : value === 1 ? 'no_data' : 'maintenance';
}

/** Takes the evidence of an `opcua` or `opcua-channel` observation. */
export function opcua(inventory: Inventory, o: Observation, { client, server, at, frame }: Sight): void {
  inventory.see(server, at);
  const say: Say = (address, name, value, source, confidence) => inventory.note(address, name, text(value), source, confidence, at, frame);
  certificates(say, o, client, server);
  if (o.kind !== 'opcua') return;
  const answered = o['outcome'] === 'answered';
  const service = text(o['opcua.service']);
  if (service === 'CreateSession') asking(say, o, client, server, answered);
  else if (service.startsWith('RegisterServer')) registering(say, o, client, server, answered);
  else if (service.startsWith('FindServers')) found(say, o, server);
  else if (service === 'Read' || service === 'Publish') for (const node of itemsOf(o['opcua.nodes'])) read(say, node, server);
  offered(say, o, server);
}

/** Whoever shows a certificate in an opening or a session has its key, or claims to. */
function certificates(say: Say, o: Observation, client: string, server: string): void {
  for (const [address, prefix] of [
    [client, 'opcua.client_certificate'],
    [server, 'opcua.server_certificate'],
  ] as const) {
    const thumbprint = text(o[`${prefix}.thumbprint`]);
    const subject = text(o[`${prefix}.subject`]);
    if (thumbprint === '' || subject === '') continue;
    const until = text(o[`${prefix}.valid_to`]).slice(0, 10);
    say(address, 'certificate', thumbprint, `OPC UA, ${subject}${until === '' ? '' : `, valid to ${until}`}`, 5);
    say(address, 'opcua_application', o[`${prefix}.uri`], 'OPC UA certificate', 4);
  }
}

function asking(say: Say, o: Observation, client: string, server: string, answered: boolean): void {
  const source = 'OPC UA CreateSession';
  say(client, 'opcua_application', o['opcua.application_uri'], source, 5);
  say(client, 'name', o['opcua.application_name'], source, 3);
  say(client, 'product', o['opcua.product_uri'], source, 3);
  if (!answered) return;
  say(client, 'role', 'OPC UA client', 'asks opcua', 2);
  say(server, 'role', 'OPC UA server', 'serves opcua', 3);
}

function offered(say: Say, o: Observation, server: string): void {
  const source = 'OPC UA endpoint list';
  for (const endpoint of itemsOf(o['opcua.endpoints'])) {
    say(server, 'opcua_application', endpoint['application_uri'], source, 5);
    say(server, 'name', endpoint['application_name'], source, 3);
    say(server, 'product', endpoint['product_uri'], source, 3);
    say(server, 'opcua_endpoint', `${text(endpoint['url'])} ${text(endpoint['security_policy'])} ${text(endpoint['security_mode'])}`, source, 5);
    say(server, 'certificate', endpoint['server_certificate'], source, 4);
  }
}

/** A server makes itself known to a discovery server, and is the client of that (Part 4, 5.4.5). */
function registering(say: Say, o: Observation, client: string, server: string, answered: boolean): void {
  const source = text(o['opcua.service']);
  say(client, 'role', 'OPC UA server', `OPC UA ${source}`, 3);
  say(client, 'opcua_application', o['opcua.server_uri'], `OPC UA ${source}`, 4);
  say(client, 'product', o['opcua.product_uri'], `OPC UA ${source}`, 3);
  const [name] = Array.isArray(o['opcua.server_names']) ? o['opcua.server_names'] : [];
  say(client, 'name', name, `OPC UA ${source}`, 3);
  if (answered) say(server, 'role', 'OPC UA discovery server', `answers ${source}`, 4);
}

/** Servers that a discovery server knows, as far as they are devices of their own with an address in their URL. */
function found(say: Say, o: Observation, server: string): void {
  const servers = itemsOf(o['opcua.servers']);
  for (const one of servers) {
    const urls = Array.isArray(one['discovery_urls']) ? one['discovery_urls'] : [];
    for (const url of urls) {
      const address = hostOf(text(url));
      if (address === '' || address === server) continue;
      say(address, 'opcua_application', one['application_uri'], 'OPC UA FindServers', 4);
      say(address, 'name', one['name'], 'OPC UA FindServers', 2);
    }
  }
  if (servers.some((one) => one['type'] === 'discovery_server')) say(server, 'role', 'OPC UA discovery server', 'OPC UA FindServers', 4);
}

/** `10.0.0.7` of `opc.tcp://10.0.0.7:4840/x`; an IPv6 address without its brackets. */
const hostOf = (url: string): string => /^[a-z.]+:\/\/(?:\[([^\]]+)\]|([^/:]+))/i.exec(url)?.slice(1).find(Boolean) ?? '';

/** Strings of the Server object by node id: BuildInfo (Part 5, 12.4) one by one. */
const STRINGS = new Map<string, [AttributeName, Confidence]>([
  ['i=2261', ['product', 5]],
  ['i=2262', ['product', 3]],
  ['i=2263', ['vendor', 5]],
  ['i=2264', ['firmware', 5]],
]);

/** One node that was read of the server's own description. */
function read(say: Say, node: Item, server: string): void {
  const id = text(node['node_id']);
  const { value } = node;
  if (!id.startsWith('i=22') || node['attribute_id'] !== 13 || value === null || value === undefined) return;
  const string = STRINGS.get(id);
  if (string !== undefined) say(server, string[0], value, 'OPC UA BuildInfo', string[1]);
  else if (id === 'i=2260') build(say, value, server);
  else if (id === 'i=2256') status(say, value, server);
  else if (id === SERVICE_LEVEL) say(server, 'service_level', levelOf(value), 'OPC UA ServiceLevel', 5);
  else if (id === SERVER_STATE) say(server, 'run_state', stateOf(value), 'OPC UA ServerState', 5);
  // The server itself is the first of ServerArray, and the second of NamespaceArray (Part 5, 6.3.1).
  else if (id === 'i=2254' && Array.isArray(value)) say(server, 'opcua_application', value[0], 'OPC UA ServerArray', 5);
  else if (id === 'i=2255' && Array.isArray(value)) say(server, 'opcua_application', value[1], 'OPC UA NamespaceArray', 4);
}

const objectOf = (value: Value | undefined): Item => (value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {});

function build(say: Say, value: Value | undefined, server: string): void {
  const info = objectOf(value);
  say(server, 'vendor', info['manufacturer'], 'OPC UA BuildInfo', 5);
  say(server, 'product', info['product'], 'OPC UA BuildInfo', 5);
  say(server, 'product', info['product_uri'], 'OPC UA BuildInfo', 3);
  say(server, 'firmware', info['software_version'], 'OPC UA BuildInfo', 5);
}

function status(say: Say, value: Value, server: string): void {
  const all = objectOf(value);
  say(server, 'run_state', stateOf(all['state']), 'OPC UA ServerStatus', 5);
  build(say, all['build_info'], server);
}

/** The state by number, or by name as a structure has it. */
function stateOf(value: Value | undefined): string {
  if (typeof value === 'number') return STATES[value] ?? '';
  const name = text(value);
  return name === RUNNING ? 'run' : name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase();
}
