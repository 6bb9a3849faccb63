import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FindingView } from '../../analyzer/finding.ts';
import type { Kept } from '../../analyzer/store/store.ts';
import { sampleFinding, sampleKept } from '../../test/samples.ts';
import { frames } from './frames.ts';

const finding = { ...sampleFinding('a'), count: 1, occurrences: [] } as unknown as FindingView;
const line = async (json: Kept['json']): Promise<string> => {
  const page = String(await frames(finding, [sampleKept('a', { json })], 0));
  return /class="what">([^<]*)</.exec(page)?.[1] ?? page;
};

test('a summary of reads is one readable line', async () => {
  const modbus = { function: 'read_holding_registers', range: 'holding_registers 0-9', values: null };
  assert.equal(await line({ modbus, summary: { count: 300, period: 1002.3 } }), 'read holding registers, holding_registers 0-9, 300 times, every 1,002 ms');
  const opcua = { service: 'Read', nodes: [{ node_id: 'ns=2;s=Speed' }] };
  assert.equal(await line({ opcua, summary: { count: 1, period: null } }), 'Read, ns=2;s=Speed, 1 time');
});

test('a TLS handshake says its version and how it went', async () => {
  assert.equal(await line({ kind: 'identity', tls: { version: '1.2', handshake: 'resumed' } }), 'TLS 1.2 handshake, resumed');
});
