import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complete, type Value } from '../../sensor/observation.ts';
import type { AttributeName } from '../asset.ts';
import { evidence } from './evidence.ts';
import { Inventory } from './inventory.ts';

const SHOWN = { 'tls.established': true, 'tls.server.hash.sha1': 'AB12', 'tls.client.hash.sha1': 'CD34', 'modbus.role': 'Operator' };

function seen(fields: { [field: string]: Value }): Inventory {
  const inventory = new Inventory(0);
  const ends = {
    'source.ip': '10.0.0.5',
    'destination.ip': '10.0.0.9',
    'destination.port': 802,
    'network.transport': 'tcp',
    'network.protocol': 'modbus-security',
  };
  evidence(inventory, complete('identity', { ...ends, request_frame: 4, response_frame: 6, ...fields }, 1000), 1000);
  return inventory;
}

const values = (inventory: Inventory, address: string, name: AttributeName) => {
  const asset = inventory.all().find((one) => one.address === address);
  return asset === undefined ? null : asset.attributes.filter((one) => one.name === name).map((one) => [one.value, one.confidence, one.frames]);
};

test('a TLS handshake shows certificates of both ends, protocol and service', () => {
  const inventory = seen(SHOWN);
  assert.deepEqual(values(inventory, '10.0.0.9', 'certificate'), [['ab12', 5, [6]]]);
  assert.deepEqual(values(inventory, '10.0.0.5', 'certificate'), [['cd34', 5, [6]]]);
  assert.deepEqual(values(inventory, '10.0.0.9', 'service'), [['modbus-security tcp/802', 3, [6]]]);
  for (const address of ['10.0.0.5', '10.0.0.9']) assert.deepEqual(values(inventory, address, 'protocol'), [['modbus-security', 3, [6]]]);
  assert.deepEqual(values(inventory, '10.0.0.9', 'role')?.[0]?.[0], 'controller');
});

test('without certificates there is protocol and service; a hello nobody answered is no device', () => {
  const hidden = seen({ 'tls.established': true, 'tls.certificate_visibility': 'hidden' });
  assert.deepEqual([values(hidden, '10.0.0.9', 'certificate'), values(hidden, '10.0.0.9', 'service')?.length], [[], 1]);
  assert.equal(values(seen({ 'tls.established': false }), '10.0.0.9', 'service'), null);
});
