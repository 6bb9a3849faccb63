/** Hostile bytes and small pieces: nothing is thrown, nothing grows, and rows say what details would. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { viewOf } from '../../../test/lab/bytes.ts';
import { CASES } from '../../../test/modbus-cases.ts';
import { adu, SERVER, type Step, talk } from '../../../test/modbus-wire.ts';
import { mutated, random, START, sense } from '../../../test/sense.ts';
import { type Definition, type Observation, observe } from '../../observation.ts';
import { Operations } from '../../operations.ts';
import { Writer } from '../../writer.ts';
import { type FlowInfo, MORE, NO, NOT_MINE, type Side } from '../dissector.ts';

import { modbus } from './modbus.ts';
import { MAX_OUTSTANDING } from './waits.ts';

const FLOW: FlowInfo = { transport: 'tcp', vlan: 0, address: ['10.0.0.5', '10.0.0.9'], port: [40_001, 502], opener: 0 };
const MESSAGES: [Side, Uint8Array][] = CASES.flatMap(({ request, response }, i): [Side, Uint8Array][] => [
  [0, adu(i, request)],
  [1, adu(i, response)],
  [0, adu(1000 + i, request)],
  [1, adu(1000 + i, `${(Number.parseInt(request.slice(0, 2), 16) | 0x80).toString(16)} 02`)],
]);
const READ: [Side, Uint8Array][] = [
  [0, adu(77, '03 0000 0001')],
  [1, adu(77, '03 02 0007')],
];

type Out = { observations: Observation[]; rows: number; disowned: boolean };

/** Each message is offered alone, whole; what is left over is dropped. `operations`: how many may be known. */
function dissect(messages: readonly (readonly [Side, Uint8Array])[], operations = 1000): Out {
  const out: Out = { observations: [], rows: 0, disowned: false };
  const known = new Map<number, Definition>();
  const writer = new Writer((batch) => {
    for (const definition of batch.definitions) known.set(definition.operation, definition);
    for (let i = 0; i < batch.rows; i++) {
      if ((batch.detail[i] as number) < 0) out.rows++;
      out.observations.push(observe(batch, i, known.get(batch.operation[i] as number)));
    }
  });
  const dissector = modbus.open(FLOW, { writer, operations: new Operations(writer, operations) });
  for (const [n, [side, bytes]] of messages.entries()) {
    const used = dissector.feed(side, viewOf(bytes), 0, bytes.length, START + n, n + 1);
    assert.ok(used === NOT_MINE || (used >= 0 && used <= bytes.length));
    if (used === NOT_MINE) out.disowned = true;
    if (used === NOT_MINE) break;
  }
  dissector.close(START + messages.length, false);
  writer.flush();
  return out;
}

/** The header's length made to fit. */
function fitted(bytes: Uint8Array): Uint8Array {
  const out = bytes.slice();
  out[4] = (bytes.length - 6) >> 8;
  out[5] = (bytes.length - 6) & 255;
  return out;
}

it('every prefix of every message, with a header that fits, is kept and flagged', () => {
  for (const [n, [side, whole]] of MESSAGES.entries()) {
    for (let size = 8; size < whole.length; size++) {
      const before = side === 1 ? [MESSAGES[n - 1] as [Side, Uint8Array]] : [];
      const { observations } = dissect([...READ, ...before, [side, fitted(whole.slice(0, size))], ...READ]);
      assert.equal(observations.filter((o) => o['modbus.transaction_id'] === 77 && o['outcome'] === 'answered').length, 2);
      assert.equal(observations.length, 3, `message ${n} cut at ${size}`);
    }
  }
});

it('every prefix of every message as it is waits for more', () => {
  for (const [side, whole] of MESSAGES) {
    const code = (whole[7] as number) & 0x7f;
    for (let size = 0; size < whole.length; size++) {
      const writer = new Writer(() => {});
      const dissector = modbus.open(FLOW, { writer, operations: new Operations(writer, 10) });
      assert.equal(dissector.feed(side, viewOf(whole), 0, size, START, 1), 0);
      assert.notEqual(modbus.recognise(viewOf(whole), 0, size, true) === NO && size > 0, true);
      assert.equal(modbus.recognise(viewOf(whole), 0, size, false), code === 65 && size >= 8 ? NO : MORE);
    }
  }
});

const timeless = (observations: Observation[]) =>
  observations
    .filter((o) => o.kind !== 'flow')
    .map((o) => ({
      ...o,
      '@timestamp': '',
      latency: null,
      request_frame: o['request_frame'] !== null,
      response_frame: o['response_frame'] !== null,
      frame: 0,
    }));

it('one byte at a time is the same as whole, on port 502 and off it, with a handshake and without', () => {
  const steps: Step[] = MESSAGES.map(([side, bytes]) => [side === 0 ? '>' : '<', bytes]);
  for (const server of [SERVER, { ...SERVER, port: 10_502 }]) {
    for (const handshake of [true, false]) {
      const whole = sense(talk(steps, { server, handshake }));
      assert.equal(whole.observations.filter((o) => o.kind === 'modbus').length, CASES.length * 2);
      assert.deepEqual(timeless(sense(talk(steps, { server, handshake, bytewise: true })).observations), timeless(whole.observations));
    }
  }
});

it('rows say what details would', () => {
  const twice = [...MESSAGES, ...MESSAGES];
  const rows = dissect(twice);
  const details = dissect(twice, 0);
  assert.ok(rows.rows > 30);
  assert.equal(details.rows, 0);
  assert.equal(JSON.stringify(rows.observations), JSON.stringify(details.observations));
});

it('mutated messages are survived, and rows still say what details would', () => {
  const next = random(20_261_123);
  let rows = 0;
  for (let round = 0; round < 600; round++) {
    const messages = MESSAGES.map(([side, bytes]): [Side, Uint8Array] => [
      next(50) === 0 ? ((1 - side) as Side) : side,
      next(3) === 0 ? mutated(bytes, next) : bytes,
    ]);
    const changed = next(2) === 0 ? messages : messages.map(([side, bytes]): [Side, Uint8Array] => [side, bytes.length > 8 ? fitted(bytes) : bytes]);
    const out = dissect([...READ, ...changed]);
    rows += out.rows;
    assert.equal(JSON.stringify(out.observations), JSON.stringify(dissect([...READ, ...changed], 0).observations));
  }
  assert.ok(rows > 1000);
});

it('bytes by chance are survived whole, in pieces and after a hole', () => {
  const next = random(7);
  for (let round = 0; round < 2000; round++) {
    const writer = new Writer(() => {});
    const dissector = modbus.open(FLOW, { writer, operations: new Operations(writer, 16) });
    for (const [side, bytes] of READ) dissector.feed(side, viewOf(bytes), 0, bytes.length, START, 1);
    for (let n = 0; n < 10; n++) {
      const bytes = Uint8Array.from({ length: next(300) }, () => (next(3) === 0 ? next(256) : next(4)));
      const side = next(2) as Side;
      if (next(4) === 0) dissector.gap(side, START);
      const used = dissector.feed(side, viewOf(bytes), 0, bytes.length, START + n, n);
      assert.ok(used >= 0 && used <= bytes.length);
    }
    dissector.tick(START + 60_000);
    dissector.close(START + 60_000, true);
  }
});

it('a client that only asks does not make anything grow', () => {
  const flood = Array.from({ length: 5000 }, (_, i): [Side, Uint8Array] => [0, adu(i & 0xffff, '03 0000 0001')]);
  const { observations } = dissect(flood);
  assert.equal(observations.length, 5000);
  assert.equal(observations.filter((o) => o['outcome'] === 'lost').length, MAX_OUTSTANDING);
});
