import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complete, rowFields, type Value } from '../../sensor/observation.ts';
import { Sensor } from '../../sensor/sensor.ts';
import { join } from '../../test/lab/bytes.ts';
import { SERVER, type Step, talk } from '../../test/modbus-wire.ts';
import { OPENING } from '../../test/opcua-cases.ts';
import { id, msg, readRequest, readResponse, u32 } from '../../test/opcua-wire.ts';
import { blockOf } from '../../test/sense.ts';
import { Analyzer } from '../analyzer.ts';
import { type AttributeName, all, best } from '../asset.ts';
import { RuleSet } from '../rules/compile.ts';
import { evidence } from './evidence.ts';
import { Inventory } from './inventory.ts';

const ENDS = { 'source.ip': '10.0.0.5', 'destination.ip': '10.0.0.9', 'destination.port': 4840, outcome: 'answered', request_frame: 4, response_frame: 6 };

/** What is known of two devices after these observations. */
function after(...seen: { [field: string]: Value }[]): (address: string, name: AttributeName) => string[] {
  const inventory = new Inventory(0);
  for (const address of ['10.0.0.5', '10.0.0.7', '10.0.0.9']) inventory.see(address, 1);
  for (const fields of seen) evidence(inventory, complete('opcua', { ...ENDS, ...fields }, 1000), 1000);
  return (address, name) => {
    const asset = inventory.get(address);
    return asset === undefined ? [] : all(asset, name);
  };
}
const node = (number: number, value: Value, more: { [key: string]: Value } = {}): Value => ({ node_id: `i=${number}`, attribute_id: 13, value, ...more });
const read = (...nodes: Value[]): { [field: string]: Value } => ({ 'opcua.service': 'Read', 'opcua.nodes': nodes });

test('BuildInfo says what a server is, string by string', () => {
  const of = after(read(node(2261, 'Pump server'), node(2262, 'urn:pump'), node(2263, 'ACME'), node(2264, '1.4.2'), node(2265, '77'), node(2259, 4)));
  const known = (['vendor', 'product', 'firmware', 'run_state'] as const).map((name) => of('10.0.0.9', name));
  assert.deepEqual(known, [['ACME'], ['Pump server', 'urn:pump'], ['1.4.2'], ['shutdown']]);
});

test('and as structures: BuildInfo alone, and inside ServerStatus', () => {
  const info = { type_id: 'i=340', product_uri: 'urn:pump', manufacturer: 'ACME', product: 'Pump server', software_version: '1.4.2', build_number: '7' };
  for (const seen of [node(2260, info), node(2256, { state: 'NoConfiguration', build_info: info })]) {
    const of = after(read(seen));
    assert.deepEqual([of('10.0.0.9', 'vendor'), of('10.0.0.9', 'firmware')], [['ACME'], ['1.4.2']]);
  }
  assert.deepEqual(after(read(node(2256, { state: 'NoConfiguration' })))('10.0.0.9', 'run_state'), ['no_configuration']);
  assert.deepEqual(after(read(node(2256, { state: 'Running' })))('10.0.0.9', 'run_state'), ['run']);
});

test('the product that a server names outranks its URI', () => {
  const inventory = new Inventory(0);
  inventory.see('10.0.0.9', 1);
  const endpoints = [{ url: 'opc.tcp://plc', product_uri: 'urn:pump', application_name: 'Pump', application_uri: 'urn:plc:pump' }];
  evidence(inventory, complete('opcua', { ...ENDS, 'opcua.service': 'GetEndpoints', 'opcua.endpoints': endpoints }, 1000), 1000);
  evidence(inventory, complete('opcua', { ...ENDS, ...read(node(2261, 'Pump server')) }, 900), 900);
  const [asset] = inventory.all();
  assert.deepEqual(asset && [best(asset, 'product'), best(asset, 'name'), best(asset, 'opcua_application')], ['Pump server', 'Pump', 'urn:plc:pump']);
});

test('only what was read counts: no writes, no other attribute, no failed read, no made-up types', () => {
  const written = { 'opcua.service': 'Write', 'opcua.nodes': [node(2263, 'Mallory')] };
  const named = read(node(2263, 'Manufacturer', { attribute_id: 4 }), node(2264, null), node(2259, 99), node(2260, 'text'), node(2255, []), 'x', null);
  const of = after(written, named);
  for (const name of ['vendor', 'firmware', 'run_state', 'opcua_application'] as const) assert.deepEqual(of('10.0.0.9', name), [], name);
});

test('ServerArray and NamespaceArray name the application', () => {
  assert.deepEqual(after(read(node(2254, ['urn:plc', 'urn:other'])))('10.0.0.9', 'opcua_application'), ['urn:plc']);
  assert.deepEqual(after(read(node(2255, ['http://opcfoundation.org/UA/', 'urn:plc'])))('10.0.0.9', 'opcua_application'), ['urn:plc']);
});

test('certificates are those of whoever shows them, with subject and expiry', () => {
  const shown = (prefix: string) => ({
    [`${prefix}.thumbprint`]: prefix.slice(6, 12),
    [`${prefix}.subject`]: 'CN=x',
    [`${prefix}.valid_to`]: '2027-01-02T00:00:00Z',
  });
  const inventory = new Inventory(0);
  for (const address of ['10.0.0.5', '10.0.0.9']) inventory.see(address, 1);
  const both = { ...ENDS, 'opcua.message_type': 'OPN', ...shown('opcua.client_certificate'), ...shown('opcua.server_certificate') };
  evidence(inventory, complete('opcua-channel', both, 1000), 1000);
  const said = inventory.all().map((asset) => asset.attributes.filter((one) => one.name === 'certificate').map((one) => [one.value, one.source]));
  assert.deepEqual(said, [[['client', 'OPC UA, CN=x, valid to 2027-01-02']], [['server', 'OPC UA, CN=x, valid to 2027-01-02']]]);
});

test('roles are earned: client, server, and the discovery server that answers a registration', () => {
  const session = after({ 'opcua.service': 'CreateSession', 'opcua.application_uri': 'urn:hmi' });
  assert.deepEqual([session('10.0.0.5', 'role'), session('10.0.0.9', 'role')], [['OPC UA client'], ['OPC UA server']]);
  const registered = { 'opcua.service': 'RegisterServer2', 'opcua.server_uri': 'urn:plc', 'opcua.server_names': ['Pump'] };
  const of = after(registered);
  assert.deepEqual([of('10.0.0.5', 'role'), of('10.0.0.5', 'opcua_application'), of('10.0.0.5', 'name')], [['OPC UA server'], ['urn:plc'], ['Pump']]);
  assert.deepEqual(of('10.0.0.9', 'role'), ['OPC UA discovery server']);
  assert.deepEqual(after({ ...registered, outcome: 'exception' })('10.0.0.9', 'role'), []);
  assert.deepEqual(after({ 'opcua.service': 'CreateSession', outcome: 'timeout' })('10.0.0.9', 'role'), []);
});

test('a discovery server tells of servers at addresses that are devices', () => {
  const servers = [
    { name: 'Mixer', application_uri: 'urn:mixer', discovery_urls: ['opc.tcp://10.0.0.7:4840/x', 'opc.tcp://mixer:4840'], type: 'server' },
    { name: 'LDS', application_uri: 'urn:lds', discovery_urls: ['opc.tcp://10.0.0.9'], type: 'discovery_server' },
  ];
  const of = after({ 'opcua.service': 'FindServers', 'opcua.servers': servers });
  assert.deepEqual(
    [of('10.0.0.7', 'opcua_application'), of('10.0.0.7', 'name'), of('10.0.0.9', 'role')],
    [['urn:mixer'], ['Mixer'], ['OPC UA discovery server']],
  );
  assert.deepEqual(of('10.0.0.9', 'opcua_application'), []);
});

test('ServerState and ServiceLevel that a client reads again and again: as they are now, though they come as rows', () => {
  const level = (state: number, service: number): Uint8Array[] => [join([1, 6], u32(state)), Uint8Array.of(1, 3, service)];
  const reads = [level(0, 255), level(0, 255), level(0, 120), level(1, 1)].flatMap((values, i): Step[] => [
    ['>', msg(i + 2, i + 2, readRequest(7, [id(2259), id(2267)]))],
    ['<', msg(i + 2, i + 2, readResponse(7, values))],
  ]);
  const states: [string, string][] = [];
  let rows = 0;
  const analyzer = new Analyzer({ rules: new RuleSet([], rowFields), learn: 0 });
  const sensor = new Sensor((batch) => {
    for (let i = 0; i < batch.rows; i++) if ((batch.operation[i] as number) > 0) rows++;
    analyzer.take(batch);
    const asset = analyzer.inventory.get(SERVER.ip);
    if (asset !== undefined) states.push([best(asset, 'run_state'), best(asset, 'service_level')]);
  });
  for (const frame of talk([...OPENING, ...reads], { server: { ...SERVER, port: 4840 } })) sensor.take(blockOf([frame]));
  assert.equal(rows, 4);
  assert.deepEqual(
    states.filter((one, i) => i === 0 || one.join() !== (states[i - 1] as [string, string]).join()),
    [
      ['', ''],
      ['run', 'healthy'],
      ['run', 'degraded'],
      ['failed', 'no_data'],
    ],
  );
});
