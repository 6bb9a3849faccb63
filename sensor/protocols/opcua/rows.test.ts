/** The hot path: what repeats becomes rows, and a row says what a detail would. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { join } from '../../../test/lab/bytes.ts';
import {
  type Bytes,
  conversation,
  dissect,
  double,
  f32,
  f64,
  id,
  msg,
  named,
  opened,
  readRequest,
  readResponse,
  sealedOpen,
  TOKEN,
  text,
  u16,
  u32,
} from '../../../test/opcua-wire.ts';
import type { Observation, Value } from '../../observation.ts';
import { ROW_VALUES } from '../../writer.ts';
import { opcuaRowFields } from './observe.ts';

const nodesOf = (o: Observation | undefined): Value[] => (o?.['opcua.nodes'] ?? []) as Value[];

type Poll = { nodes: Bytes[]; values: Bytes[]; token?: Bytes };

/** Polls in turn on channel 5, numbered from 2. */
const polls = (all: Poll[]) =>
  opened(
    ...all.flatMap(({ nodes, values, token = TOKEN }, i): [0 | 1, Uint8Array][] => [
      [0, msg(i + 2, i + 2, readRequest(i + 100, nodes, token))],
      [1, msg(i + 2, i + 2, readResponse(i + 100, values))],
    ]),
  );

const SPEED = named(2, 'Pump.Speed');
const NUMBERS: Bytes[] = [
  [1, 1, 1],
  [1, 2, 0x9c],
  [1, 3, 200],
  [1, 4, 0x18, 0xfc],
  [1, 5, 0x60, 0xea],
  [1, 6, ...u32(-5)],
  [1, 7, ...u32(4_000_000_000)],
  [1, 8, ...u32(-6), ...u32(-1)],
  [1, 9, ...u32(6), ...u32(1)],
  [1, 10, ...f32(1.5)],
  [1, 11, ...f64(-0.25)],
  [1, 11, ...f64(Number.POSITIVE_INFINITY)],
  join([1 | 2 | 4 | 8 | 16 | 32, 11], f64(2), u32(0), u32(1), u32(2), u16(3), u32(4), u32(5), u16(6)),
];

it('makes rows of Reads that give plain numbers, defined once', () => {
  const many = Array.from({ length: 50 }, (_, i) => ({ nodes: [SPEED, id(2259)], values: [double(i), [1, 6, ...u32(i)]] }));
  const { observations, rows, definitions } = dissect(polls(many));
  assert.deepEqual([rows, definitions.length], [50, 1]);
  assert.deepEqual(nodesOf(observations.at(-1))[1], {
    node_id: 'i=2259',
    attribute_id: 13,
    value: 49,
    type: 'Int32',
    status: 'Good',
    name: 'Server_ServerStatus_State',
  });
});

it('a row says field for field what its detail would', () => {
  const traffic = polls([{ nodes: NUMBERS.map((_, i) => id(i + 1)), values: NUMBERS }]);
  const quick = dissect(traffic);
  const slow = dissect(traffic, { operations: 0 });
  assert.deepEqual([quick.rows, slow.rows], [1, 0]);
  assert.equal(JSON.stringify(quick.observations), JSON.stringify(slow.observations));
  assert.deepEqual(
    nodesOf(quick.observations.at(-1)).map((node) => (node as { value: Value }).value),
    [true, -100, 200, -1000, 60_000, -5, 4_000_000_000, -6, 4_294_967_302, 1.5, -0.25, 'Infinity', 2],
  );
});

it('an encrypted channel also says the same both ways', () => {
  const body = new Uint8Array(64).fill(0x5a);
  const traffic = conversation([0, sealedOpen(0)], [1, sealedOpen(5)], [0, msg(1, 2, body)], [1, msg(3, 4, body)], [0, msg(5, 6, body)]);
  const quick = dissect(traffic);
  const slow = dissect(traffic, { operations: 0 });
  assert.deepEqual([quick.rows, quick.definitions.length, slow.rows], [3, 2, 0]);
  assert.equal(JSON.stringify(quick.observations), JSON.stringify(slow.observations));
});

it('another type, node, session or attribute is another operation', () => {
  const { definitions, rows } = dissect(
    polls([
      { nodes: [SPEED], values: [double(1)] },
      { nodes: [SPEED], values: [[1, 6, ...u32(1)]] },
      { nodes: [named(2, 'Pump.Level')], values: [double(1)] },
      { nodes: [SPEED, SPEED], values: [double(1), double(2)] },
      { nodes: [SPEED], values: [double(1)] },
    ]),
  );
  assert.deepEqual([rows, definitions.length], [5, 4]);
});

it('keeps as details what a row cannot say', () => {
  const cases: Bytes[] = [
    [0],
    [1, 0],
    join([1, 12], text('x')),
    join([1 | 2, 11], f64(1), u32(0x80310000)),
    [1, 0x86, ...u32(1), ...u32(5)],
    [1, 9, ...u32(0xffffffff), ...u32(0xffffffff)],
  ];
  for (const value of cases) assert.equal(dissect(polls([{ nodes: [SPEED], values: [value] }])).rows, 0, String(value));
  const tooMany = Array.from({ length: ROW_VALUES + 1 }, () => id(1));
  const large = dissect(polls([{ nodes: tooMany, values: tooMany.map(() => [1, 1, 1]) }]));
  assert.equal(large.rows, 0);
  assert.equal(nodesOf(large.observations.at(-1)).length, ROW_VALUES + 1);
});

it('survives operations that are retired and numbers that are used again', () => {
  const all = Array.from({ length: 60 }, (_, i) => ({ nodes: [id(1 + (i % 12))], values: [i % 5 === 0 ? [1, 1, 1] : double(i)] }));
  const traffic = polls(all);
  const few = dissect(traffic, { operations: 3 });
  assert.ok(few.rows > 0 && few.definitions.length > 12);
  assert.equal(JSON.stringify(few.observations), JSON.stringify(dissect(traffic, { operations: 0 }).observations));
});

it('gives exactly the varying fields row by row', () => {
  const traffic = polls([
    { nodes: [SPEED, id(1)], values: [double(1), [1, 1, 0]] },
    { nodes: [SPEED, id(1)], values: [double(2), [1, 1, 1]] },
  ]);
  const { observations, definitions } = dissect(traffic);
  const fields = definitions[0]?.fields ?? {};
  const [first, second] = observations.slice(-2);
  for (const [name, value] of Object.entries(first ?? {})) {
    if (Object.hasOwn(opcuaRowFields, name) || name === 'kind' || name === 'outcome') continue;
    if (name === 'opcua.nodes') continue;
    assert.deepEqual([name, fields[name]], [name, value]);
    assert.deepEqual([name, second?.[name]], [name, value]);
  }
  for (const name of Object.keys(opcuaRowFields)) assert.ok(!Object.hasOwn(fields, name), name);
  assert.deepEqual(fields['opcua.nodes'], [
    { node_id: 'ns=2;s=Pump.Speed', attribute_id: 13, type: 'Double', status: 'Good' },
    { node_id: 'i=1', attribute_id: 13, type: 'Boolean', status: 'Good', name: 'Boolean' },
  ]);
});
