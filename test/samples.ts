/** Findings, assets, facts and the rest, complete and alike, for tests that care about one field. */
import { createHash } from 'node:crypto';
import type { Asset, Attribute } from '../analyzer/asset.ts';
import type { Fact } from '../analyzer/fact.ts';
import type { Decision, Finding } from '../analyzer/finding.ts';
import type { RegisterRange, RegisterTable } from '../analyzer/registers/map.ts';
import type { Conversation, Kept } from '../analyzer/store/store.ts';
import type { Tag } from '../analyzer/tags/tag.ts';

const START = Date.parse('2026-11-23T10:00:00Z');

export const sampleId = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** RFC 3339 with microseconds, `seconds` after 2026-11-23T10:00:00Z. */
export const sampleTime = (seconds: number): string => new Date(START + seconds * 1000).toISOString().replace('Z', '000Z');

export function sampleFinding(name: string, changes: Partial<Finding> = {}): Finding {
  return {
    id: sampleId(name),
    rule: { id: '0f6c1c39-6a1e-4d0e-9a52-6f1b6b8b2a11', name: 'modbus-write-new-client', level: 'high', version: 1 },
    title: 'Modbus write from a client that never wrote to this device',
    level: 'high',
    risk: 60,
    risk_factors: { level: 0.75, criticality: 1, confidence: 0.8 },
    actor: { ip: '10.0.0.66', name: null },
    target: { ip: '10.0.0.9', name: 'Boiler PLC', unit_id: 1 },
    opened: sampleTime(0),
    last_seen: sampleTime(10),
    count: 1,
    occurrences: [{ '@timestamp': sampleTime(0), frames: [10, 11] }],
    tags: ['attack.t1692.001'],
    seen: { modbus: { function_code: 6, address: 100, values: [7] } },
    expected: [],
    explanation: '10.0.0.66 wrote holding register 100 of 10.0.0.9 unit 1.',
    respond: { soc: 'Who owns 10.0.0.66?', plant: 'Is anyone working on 10.0.0.9 now?' },
    blind: 'Says nothing about a known client that was taken over.',
    inputs: { rule: sampleId('rule'), baseline: sampleId('baseline') },
    ...changes,
  };
}

export const sampleAttribute = (name: Attribute['name'], value: string, changes: Partial<Attribute> = {}): Attribute => ({
  name,
  value,
  source: 'behaviour',
  confidence: 3,
  frames: [10],
  first_seen: sampleTime(0),
  last_seen: sampleTime(10),
  ...changes,
});

export const sampleAsset = (address: string, attributes: Attribute[] = [], changes: Partial<Asset> = {}): Asset => ({
  id: sampleId(address),
  address,
  ip: [address],
  mac: [],
  first_seen: sampleTime(0),
  last_seen: sampleTime(10),
  state: 'learning',
  learning_until: sampleTime(3600),
  attributes,
  ...changes,
});

export const sampleFact = (what: string, changes: Partial<Fact> = {}): Fact => ({
  id: sampleId(what),
  kind: 'operation',
  client: '10.0.0.5',
  server: '10.0.0.9',
  protocol: 'modbus',
  port: 0,
  unit: 1,
  what,
  access: 'read',
  readers: [],
  writers: [],
  range: null,
  first_seen: sampleTime(0),
  last_seen: sampleTime(10),
  count: 7,
  frames: [10],
  state: 'proposed',
  by: '',
  ...changes,
});

export const sampleDecision = (on: Decision['on'], kind: Decision['kind'], changes: Partial<Decision> = {}): Decision => ({
  id: sampleId(`${on.id} ${kind} ${changes['@timestamp'] ?? ''}`),
  '@timestamp': sampleTime(100),
  by: 'anna',
  on,
  kind,
  resolution: null,
  comment: '',
  edit: null,
  ...changes,
});

export const sampleConversation = (client: string, server: string, changes: Partial<Conversation> = {}): Conversation => ({
  id: sampleId(`${client} ${server}`),
  client,
  server,
  protocol: 'modbus',
  transport: 'tcp',
  port: 502,
  first_seen: sampleTime(0),
  last_seen: sampleTime(10),
  frames: 100,
  bytes: 6600,
  transactions: 50,
  exceptions: 0,
  timeouts: 0,
  ...changes,
});

export const sampleKept = (name: string, changes: Partial<Kept> = {}): Kept => ({
  id: sampleId(name),
  '@timestamp': sampleTime(0),
  kind: 'modbus',
  frames: [10, 11],
  source: '10.0.0.66',
  destination: '10.0.0.9',
  json: { kind: 'modbus', modbus: { function_code: 6, values: [7] } },
  ...changes,
});

export const sampleRange = (from: number, values: (number | null)[], changes: Partial<RegisterRange> = {}): RegisterRange => ({
  from,
  quantity: values.length,
  readers: ['10.0.0.5'],
  writers: [],
  reads: 50,
  writes: 0,
  last_seen: sampleTime(10),
  values,
  low: values,
  high: values,
  ...changes,
});

export const sampleRegisters = (server: string, unit: number, table: RegisterTable['table'], ranges = [sampleRange(100, [7, null])]): RegisterTable => ({
  id: sampleId(`${server} ${unit} ${table}`),
  server,
  unit,
  table,
  points: ranges.reduce((sum, { quantity }) => sum + quantity, 0),
  transactions: 50,
  last_seen: sampleTime(10),
  ranges,
});

export const sampleTag = (address: number, changes: Partial<Tag> = {}): Tag => ({
  server: '10.0.0.9',
  unit: 1,
  table: 'holding_registers',
  address,
  bit: null,
  name: `Tag ${address}`,
  type: 'uint16',
  length: 0,
  order: null,
  scale: 1,
  offset: 0,
  eu: 'm',
  low: null,
  high: null,
  ...changes,
});
