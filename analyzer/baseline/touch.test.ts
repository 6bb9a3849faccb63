import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Facts } from './facts.ts';
import { touchOf } from './touch.ts';

const told = (service: string, rest: { [field: string]: unknown } = {}) =>
  touchOf('opcua', {
    'source.ip': '10.0.0.5',
    'destination.ip': '10.0.0.9',
    'destination.port': 4840,
    'opcua.service': service,
    'opcua.access': 'subscribe',
    ...rest,
  } as never);
const node = (id: string | null, handle: number) => ({ node_id: id, attribute_id: 13, client_handle: handle, value: handle, type: 'Double', status: 'Good' });

it('publishing is one operation, whatever it brings: its nodes are points, handles nobody knows are none', () => {
  const facts = new Facts([]);
  for (let i = 0; i < 500; i++) {
    const touch = told('Publish', { 'opcua.nodes': [node(`ns=2;s=${i % 7}`, i), node(null, 1000 + i)] });
    assert.ok(touch !== null);
    facts.judge(touch, true, { at: i, frame: i });
  }
  const kinds = facts.all().map((fact) => fact.kind);
  const count = (kind: string) => kinds.filter((one) => one === kind).length;
  assert.deepEqual([count('peer'), count('operation'), count('point')], [1, 1, 7]);
  const verdicts = facts.judge(told('Publish', { 'opcua.nodes': [node(null, 5)] }) as never, false, { at: 501, frame: 501 });
  assert.deepEqual([verdicts['baseline.operation'], verdicts['baseline.point']], ['known', 'known']);
});

it('turning monitoring or publishing off is another operation than turning it on', () => {
  assert.equal(told('SetMonitoringMode', { 'opcua.monitoring_mode': 'disabled' })?.what, 'SetMonitoringMode/disabled');
  assert.equal(told('SetMonitoringMode', { 'opcua.monitoring_mode': 'reporting' })?.what, 'SetMonitoringMode');
  assert.equal(told('SetPublishingMode', { 'opcua.publishing_enabled': false })?.what, 'SetPublishingMode/off');
  assert.equal(told('CreateSubscription', { 'opcua.publishing_enabled': false })?.what, 'CreateSubscription');
});
