/** Hostile bytes: nothing is thrown, nothing grows, and what was understood before stays understood. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { join, viewOf } from '../../../test/lab/bytes.ts';
import {
  ack,
  capture,
  chunk,
  clo,
  dissect,
  double,
  err,
  f64,
  flawsOf,
  hel,
  id,
  list,
  message,
  msg,
  named,
  OPCUA_CAPTURES,
  only,
  opened,
  openRequest,
  openResponse,
  type Piece,
  readRequest,
  readResponse,
  requestHeader,
  responseHeader,
  TOKEN,
  type Traffic,
  text,
  traffic,
  u32,
  writeRequest,
} from '../../../test/opcua-wire.ts';
import { NO } from '../dissector.ts';
import { MAX_ASSEMBLIES, MAX_CHUNKS, MAX_PENDING } from './channel.ts';
import { opcua } from './opcua.ts';
import { MAX_DEPTH } from './reader.ts';
import { services } from './services/services.ts';

const SPEED = named(2, 'Pump.Speed');
const poll = (n: number, value: number): [0 | 1, Uint8Array][] => [
  [0, msg(n, n, readRequest(n, [SPEED]))],
  [1, msg(n, n, readResponse(n, [double(value)]))],
];

/** Each message cut at every length, its header's size made to fit, then a sound Read. */
function cut([side, whole]: [0 | 1, Uint8Array], before: [0 | 1, Uint8Array][]): void {
  for (let size = 8; size < whole.length; size++) {
    const bytes = whole.slice(0, size);
    bytes.set(u32(size), 4);
    const { observations } = dissect(opened(...before, [side, bytes], ...poll(50, 1)));
    const good = only(observations, 'Read').filter((o) => o['outcome'] === 'answered' && o['opcua.request_id'] === 50);
    assert.ok(good.length === 1 || observations.some((o) => o.kind === 'flaw'), `cut at ${size}`);
  }
}

const MESSAGES: [0 | 1, Uint8Array][] = [
  [0, hel()],
  [1, ack()],
  [1, err(0x80130000, 'reason')],
  [0, openRequest(3)],
  [1, openResponse(3, 5)],
  [0, msg(2, 2, writeRequest(2, SPEED, double(4)))],
  [0, clo(4)],
];

it('every message cut at every byte is survived', () => {
  for (const one of MESSAGES) cut(one, []);
});

it('every message of the captures cut at every byte is survived', { skip: capture(OPCUA_CAPTURES[3] as string).skip }, async () => {
  for (const name of [OPCUA_CAPTURES[3], OPCUA_CAPTURES[1], OPCUA_CAPTURES[6]]) {
    const { flows, pieces } = await traffic(capture(name as string).path);
    for (const [i, piece] of pieces.entries()) {
      for (let size = 8; size < piece.bytes.length; size += 1 + (piece.bytes.length >> 7)) {
        const bytes = piece.bytes.slice(0, size);
        bytes.set(u32(size), 4);
        const { observations } = dissect({ flows, pieces: [...pieces.slice(Math.max(0, i - 1), i), { ...piece, bytes }] });
        for (const o of observations) assert.doesNotThrow(() => JSON.stringify(o));
      }
    }
  }
});

/** Small and repeatable: xorshift32. */
function random(seed: number): (below: number) => number {
  let x = seed;
  return (below) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % below;
  };
}

function mutated(piece: Piece, next: (below: number) => number): Piece {
  const bytes = piece.bytes.slice();
  for (let n = 1 + next(4); n > 0 && bytes.length > 0; n--) {
    const at = next(bytes.length);
    if (next(4) === 0) bytes.set(u32(next(2) === 0 ? 0x7fffffff : next(0xffffffff)).slice(0, bytes.length - at), at);
    else bytes[at] = next(256);
  }
  return { ...piece, bytes };
}

it('mutated captures are survived, and rows still say what details would', { skip: capture(OPCUA_CAPTURES[8] as string).skip }, async () => {
  const next = random(20_261_123);
  for (const name of OPCUA_CAPTURES) {
    const { flows, pieces } = await traffic(capture(name).path);
    const some = pieces.slice(0, 300);
    for (let round = 0; round < 12; round++) {
      const changed: Traffic = { flows, pieces: some.map((piece) => (next(3) === 0 ? mutated(piece, next) : piece)) };
      const { observations } = dissect(changed);
      assert.ok(observations.length > 0);
      assert.equal(JSON.stringify(observations), JSON.stringify(dissect(changed, { operations: 0 }).observations));
    }
  }
});

it('bodies of every service may be anything', () => {
  const next = random(42);
  for (const service of services) {
    for (let round = 0; round < 20; round++) {
      const noise = Uint8Array.from({ length: next(120) }, () => (next(2) === 0 ? next(4) : next(256)));
      const request = msg(2, 2, join(id(service.request), requestHeader(TOKEN, 2), noise));
      const response = msg(2, 2, join(id(service.response), responseHeader(2), noise));
      const { observations } = dissect(opened([0, request], [1, response], ...poll(3, 1)));
      assert.equal(only(observations, service.name).length >= 1, true, service.name);
      assert.equal(observations.at(-1)?.['opcua.service'], 'Read');
    }
  }
});

it('a bad header is a flaw, and the next message is understood', () => {
  const junk = new Uint8Array(40).fill(0x41);
  const { observations, dissectors } = dissect(
    opened(...poll(2, 1), [0, join(junk, msg(3, 3, readRequest(3, [SPEED])))], [1, msg(3, 3, readResponse(3, [double(2)]))]),
  );
  const flaw = observations.find((o) => o.kind === 'flaw');
  assert.deepEqual(
    [flaw?.['flaw.reason'], flaw?.['flaw.bytes'], flaw?.['network.protocol'], flaw?.['source.ip']],
    ['bad_message_type', 40, 'opcua', '10.0.0.5'],
  );
  assert.equal(observations.at(-1)?.['outcome'], 'answered');
  assert.equal(dissectors[0]?.flaws, 1);
  const large = join(message('MSGF', u32(5)).slice(0, 4), u32(0x7fffffff), new Uint8Array(20));
  assert.deepEqual(flawsOf(dissect(opened(...poll(2, 1), [0, large], ...poll(3, 1))).observations), ['size_over_limit']);
  assert.deepEqual(flawsOf(dissect(opened(...poll(2, 1), [0, message('MSGX', new Uint8Array(30))], ...poll(3, 1))).observations), ['bad_chunk_type']);
});

it('goes on behind a gap', () => {
  const rest = msg(3, 3, readRequest(3, [SPEED])).slice(21);
  const whole = opened(
    ...poll(2, 1),
    [0, join(rest, msg(9, 9, readRequest(9, [SPEED])))],
    [1, msg(9, 9, readResponse(9, [double(2)]))],
    [1, msg(10, 8, readResponse(8, [double(2)]))],
  );
  (whole.pieces[6] as Piece).gap = true;
  const { observations } = dissect(whole);
  assert.deepEqual(flawsOf(observations), ['sequence_gap']);
  assert.deepEqual(
    only(observations, 'Read').map((o) => [o['opcua.request_id'], o['outcome']]),
    [
      [2, 'answered'],
      [9, 'answered'],
      [8, 'lost'],
    ],
  );
});

it('other bytes than OPC UA are given back', () => {
  const flow = opened().flows[0];
  assert.ok(flow !== undefined);
  const junk = new Uint8Array(100_000).fill(0x55);
  assert.equal(opcua.recognise(viewOf(junk), 0, junk.length, true), NO);
  const { observations } = dissect({ flows: [flow], pieces: [{ flow: 0, side: 0, bytes: junk, at: 0, frame: 1 }] });
  assert.deepEqual(observations, []);
});

it('a chunk flood is flagged once and forgotten', () => {
  const body = new Uint8Array(16);
  const flood = Array.from({ length: MAX_CHUNKS + 50 }, (_, i): [0, Uint8Array] => [0, chunk('C', i + 2, 4, i === 0 ? readRequest(1, [SPEED]) : body)]);
  const { observations } = dissect(opened(...flood, [0, chunk('F', MAX_CHUNKS + 52, 4, body)], ...poll(MAX_CHUNKS + 53, 1)));
  assert.deepEqual(flawsOf(observations.filter((o) => o.kind === 'flaw')), ['chunk_flood']);
  assert.equal(observations.at(-1)?.['outcome'], 'answered');
});

it('many messages left open keep the newest', () => {
  const left = Array.from({ length: MAX_ASSEMBLIES * 3 }, (_, i): [0, Uint8Array] => [0, chunk('C', i + 2, i + 2, readRequest(i, [SPEED]))]);
  const last = MAX_ASSEMBLIES * 3 + 1;
  const { observations } = dissect(opened(...left, [0, chunk('F', last + 1, last, new Uint8Array(0))]));
  assert.equal(only(observations, 'Read').length, 1);
});

it('requests beyond the ceiling push out the oldest as lost', () => {
  const many = Array.from({ length: MAX_PENDING + 5 }, (_, i): [0, Uint8Array] => [0, msg(i + 2, i + 2, readRequest(i, [SPEED]))]);
  const { observations } = dissect(opened(...many), { end: false });
  assert.deepEqual(
    only(observations, 'Read').map((o) => [o['opcua.request_id'], o['outcome']]),
    [2, 3, 4, 5, 6].map((n) => [n, 'lost']),
  );
});

it('nesting without end stops at the limit', () => {
  let value: Uint8Array = new Uint8Array([0]);
  for (let i = 0; i < MAX_DEPTH * 3; i++) value = join([0x80 | 24], u32(1), value);
  const { observations } = dissect(opened([0, msg(2, 2, writeRequest(2, SPEED, join([1], value)))], ...poll(3, 1)));
  assert.ok(flawsOf(only(observations, 'Write')).includes('depth_over_limit'));
});

it('lengths beyond the message, broken text and long paths are flagged', () => {
  const flaws = (body: Uint8Array) => flawsOf(dissect(opened([0, msg(2, 2, body)])).observations);
  const count = join(id(631), requestHeader(TOKEN, 1), f64(0), u32(0), u32(0x7fffffff));
  assert.ok(flaws(count).includes('length_beyond_message'));
  assert.deepEqual(flaws(readRequest(1, [[3, 1, 0, ...u32(2), 0xff, 0xfe]])), ['not_utf8']);
  const path = Array.from({ length: 8000 }, () => join(id(47), [0, 1, 0, 0], text('x')));
  assert.ok(flaws(join(id(554), requestHeader(TOKEN, 1), list(join(id(85), list(...path))))).includes('path_over_limit'));
  assert.ok(flaws(readRequest(1, [[9, 9]])).includes('bad_node_id'));
});

it('flags what does not belong together', () => {
  const answered = (response: Uint8Array) =>
    dissect(opened([0, msg(2, 2, readRequest(7, [SPEED]))], [1, msg(2, 2, response)])).observations.at(-1)?.['opcua.flaws'];
  assert.deepEqual(answered(readResponse(8, [double(1)])), ['handle_mismatch']);
  assert.deepEqual(answered(join(id(676), responseHeader(7), u32(-1), u32(-1))), ['response_mismatch']);
  assert.deepEqual(answered(readResponse(7, [double(1), double(2)])), ['result_count_mismatch']);
  assert.deepEqual(answered(join(readResponse(7, [double(1)]), [0])), ['trailing_bytes']);
  const stranger = dissect(opened([0, msg(2, 2, readRequest(7, [SPEED]), 6)])).observations.at(-1);
  assert.deepEqual(
    stranger?.['opcua.flaws'],
    ['unknown_channel', 'sequence_gap'].filter((f) => f !== 'sequence_gap'),
  );
  const token = dissect(opened([0, chunk('F', 2, 2, readRequest(7, [SPEED]), 5, 77)])).observations.at(-1);
  assert.deepEqual(token?.['opcua.flaws'], ['unknown_token']);
});

it('a message larger than agreed is flagged', () => {
  const large = readRequest(1, [named(1, 'x'.repeat(70_000))]);
  assert.deepEqual(flawsOf(dissect(opened([0, msg(2, 2, large)])).observations), ['size_over_negotiated']);
});
