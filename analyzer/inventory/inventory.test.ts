import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complete, type Observation, type Value } from '../../sensor/observation.ts';
import { all, best } from '../asset.ts';
import { isDevice, isPrivate } from './address.ts';
import { evidence } from './evidence.ts';
import { Inventory } from './inventory.ts';

const MAC = '00:80:f4:0a:01:11';
const LOCAL = 'fe80::280:f4ff:fe0a:111';
const flow = (event: string, fields: { [field: string]: Value }, at = 0): Observation =>
  complete('flow', { 'flow.event': event, 'flow.state': 'closed', 'network.transport': 'tcp', frame: 1, ...fields }, at);

test('groups and nobody are no devices', () => {
  for (const address of ['224.0.0.251', '255.255.255.255', '10.1.255.255', '0.0.0.0', '::', 'ff02::fb', '01:00:5e:00:00:fb', ''])
    assert.ok(!isDevice(address), address);
  for (const address of ['10.1.2.3', 'fe80::1', MAC, '8.8.8.8']) assert.ok(isDevice(address), address);
  assert.ok(isPrivate('172.31.0.1') && !isPrivate('172.32.0.1') && isPrivate('fd00::1') && !isPrivate('2001:db8::1'));
});

test('a device seen by link address, link-local and IPv4 address is one', () => {
  for (const order of [
    [MAC, LOCAL, '10.0.0.9'],
    ['10.0.0.9', MAC, LOCAL],
    [LOCAL, '10.0.0.9', MAC],
  ]) {
    const inventory = new Inventory(0);
    for (const address of order) {
      inventory.see(address, 1);
      inventory.mac(address, MAC);
    }
    assert.deepEqual(
      inventory.all().map((asset) => [asset.address, asset.mac, [...asset.ip].sort()]),
      [['10.0.0.9', [MAC], ['10.0.0.9', LOCAL]]],
      order.join(' '),
    );
    assert.equal(inventory.see(LOCAL, 2), 'known');
    assert.equal(inventory.get(MAC)?.address, '10.0.0.9');
  }
});

test('two IPv4 addresses on one link address stay two devices: it may be a router', () => {
  const inventory = new Inventory(0);
  for (const address of ['10.0.0.1', '10.0.0.2']) {
    inventory.see(address, 1);
    inventory.mac(address, MAC);
  }
  assert.equal(inventory.all().length, 2);
});

test('a device is new only after the network was learned, and learns for itself', () => {
  const inventory = new Inventory(1000);
  assert.equal(inventory.see('10.0.0.1', 0), 'learning');
  assert.equal(inventory.see('10.0.0.1', 5000), 'known');
  assert.equal(inventory.see('10.0.0.2', 5000), 'new');
  assert.equal(inventory.learningUntil('10.0.0.2'), 6000);
  inventory.settle(5500);
  assert.deepEqual(
    inventory.all().map((asset) => asset.state),
    ['protected', 'learning'],
  );
});

test('roles and services come from behaviour; who never answered has none', () => {
  const inventory = new Inventory(0);
  const ends = { 'source.ip': '10.0.0.5', 'destination.ip': '10.0.0.9', 'destination.port': 502 };
  evidence(inventory, flow('start', ends), 0);
  evidence(inventory, flow('identified', { ...ends, 'network.protocol': 'modbus' }), 0);
  evidence(inventory, flow('end', { ...ends, 'network.protocol': 'modbus', 'destination.mac': MAC }), 0);
  evidence(inventory, flow('end', { ...ends, 'destination.ip': '10.0.0.77', 'flow.state': 'unanswered', 'network.protocol': 'modbus' }), 0);
  const server = inventory.get('10.0.0.9');
  assert.ok(server);
  assert.equal(best(server, 'role'), 'controller');
  assert.deepEqual(all(server, 'service'), ['modbus tcp/502']);
  assert.deepEqual(server.mac, [MAC]);
  assert.equal(inventory.get('10.0.0.77'), undefined);
});

test('what a device says of itself beats its MAC prefix', () => {
  const inventory = new Inventory(0);
  const answer = {
    'source.ip': '10.0.0.5',
    'destination.ip': '10.0.0.9',
    'modbus.function_code': 43,
    'modbus.mei_type': 14,
    request_frame: 1,
    response_frame: 2,
  };
  evidence(inventory, flow('end', { 'source.ip': '10.0.0.5', 'destination.ip': '10.0.0.9', 'destination.mac': MAC }), 0);
  evidence(
    inventory,
    complete('modbus', { ...answer, 'modbus.device_identification': { vendor_name: 'Acme', product_code: 'X-1', major_minor_revision: 'v2.7' } }, 5),
    5,
  );
  const device = inventory.get('10.0.0.9');
  assert.ok(device);
  assert.equal(best(device, 'vendor'), 'Acme');
  assert.equal(best(device, 'firmware'), 'v2.7');
  assert.deepEqual(device.attributes.find((a) => a.value === 'Acme')?.frames, [2]);
  assert.equal(device.attributes.find((a) => a.value === 'Acme')?.confidence, 5);
});

test('hostile names are kept short, and a device has only so many', () => {
  const inventory = new Inventory(0);
  inventory.see('10.0.0.9', 0);
  for (let n = 0; n < 5000; n++) inventory.note('10.0.0.9', 'hostname', `${n}${'x'.repeat(10_000)}`, 'DNS', 3, n, n);
  const device = inventory.get('10.0.0.9');
  assert.equal(device?.attributes.length, 200);
  assert.equal(device?.attributes[0]?.value.length, 256);
});
