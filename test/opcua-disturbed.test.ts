/**
 * Every kind of OPC UA message under every disturbance of a capture: in pieces, out of order, with holes, cut short, doubled. Nothing is
 * thrown, what was not disturbed is found and right, and nothing is made up.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Observation } from '../sensor/observation.ts';
import { services } from '../sensor/protocols/opcua/services/services.ts';
import { join, u16 } from './lab/bytes.ts';
import { ACK, PSH, SYN, tcpFrame } from './lab/frames.ts';
import { CLIENT, SERVER as HOST } from './modbus-wire.ts';
import { writeResponse } from './opcua-cases.ts';
import * as wire from './opcua-wire.ts';
import { type Frame, START, sense } from './sense.ts';

type Side = '>' | '<';
/** `received`: how much of the other direction its sender had. */
type Segment = { side: Side; from: number; bytes: Uint8Array; received: number };
type Message = readonly [Side, Uint8Array];

const SERVER = { ...HOST, port: 4840 };
const SEQUENCE = { '>': 4_294_967_200, '<': 5000 };
const NONE = new Uint8Array(0);

function framesOf(segments: readonly Segment[], apart = 1): Frame[] {
  const frame = (side: Side, from: number, flags: number, payload: Uint8Array, received: number): Uint8Array => {
    const [a, b] = side === '>' ? [CLIENT, SERVER] : [SERVER, CLIENT];
    const ack = (SEQUENCE[side === '>' ? '<' : '>'] + 1 + received) >>> 0;
    return tcpFrame(a, b, { seq: (SEQUENCE[side] + 1 + from) >>> 0, ack, flags, payload });
  };
  const all = [frame('>', -1, SYN, NONE, 0), frame('<', -1, SYN | ACK, NONE, 0), ...segments.map((s) => frame(s.side, s.from, ACK | PSH, s.bytes, s.received))];
  return all.map((bytes, i) => {
    bytes.set(u16(i + 1), 18);
    return { at: START + i * apart, bytes };
  });
}

function inTurn(messages: readonly Message[]): Segment[] {
  const next = { '>': 0, '<': 0 };
  return messages.map(([side, bytes]) => {
    const from = next[side];
    next[side] += bytes.length;
    return { side, from, bytes, received: next[side === '>' ? '<' : '>'] };
  });
}

const { chunk, double, id, msg, named, text, u32 } = wire;
const poll = (n: number): Message[] => [
  ['>', msg(n, n, wire.readRequest(n, [named(1, `tag ${n % 3}`)]))],
  ['<', msg(n, n, wire.readResponse(n, [double(n)]))],
];

/** The number of each case's own exchange. */
const OWN = 4;
const body = (typeId: number, handle: number): Uint8Array => join(id(typeId), wire.requestHeader(wire.TOKEN, handle), u32(0));

/** One exchange of each service with an empty body, and of those whose bodies differ in form; the request first. */
const CASES: { [name: string]: readonly [Message, Message] } = {
  Write: [
    ['>', msg(OWN, OWN, wire.writeRequest(OWN, named(1, 'set point'), double(4.5)))],
    ['<', msg(OWN, OWN, writeResponse(OWN, 0))],
  ],
  ServiceFault: [
    ['>', msg(OWN, OWN, body(527, OWN))],
    ['<', msg(OWN, OWN, join(id(397), wire.responseHeader(OWN, 0x80020000)))],
  ],
  renewal: [
    ['>', wire.openRequest(OWN, 1, 5)],
    ['<', wire.openResponse(OWN, 5, 1)],
  ],
  abort: [
    ['>', msg(OWN, OWN, wire.readRequest(OWN, [named(1, 'x')]))],
    ['<', chunk('A', OWN, OWN, join(u32(0x80800000), text('too large')))],
  ],
  ...Object.fromEntries(
    services.map((one): [string, [Message, Message]] => [
      `${one.name}, empty`,
      [
        ['>', msg(OWN, OWN, body(one.request, OWN))],
        ['<', msg(OWN, OWN, join(id(one.response), wire.responseHeader(OWN), u32(0), u32(0)))],
      ],
    ]),
  ),
};

const START_OF_IT: readonly Message[] = [
  ['>', wire.hel()],
  ['<', wire.ack()],
  ['>', wire.openRequest(1)],
  ['<', wire.openResponse(1, 5)],
];
/** Greeting, channel, a poll, the case (segments 8 and 9), two polls. */
const conversation = (own: readonly Message[]): Segment[] => inTurn([...START_OF_IT, ...poll(2), ...poll(3), ...own, ...poll(5), ...poll(6)]);
const DISTURBED = [8, 9] as const;
const BESIDE = [2, 3, 5, 6];

const opcuaOf = (frames: readonly Frame[]): Observation[] => sense(frames).observations.filter(({ kind }) => kind.startsWith('opcua'));

/** Where and when it was seen; flaws of what went missing around it; whose session it is, which an ActivateSession that went missing would have told. */
const CIRCUMSTANCES = new Set([
  '@timestamp',
  'latency',
  'request_frame',
  'response_frame',
  'opcua.flaws',
  'opcua.user',
  'opcua.user_token',
  'opcua.client_clock_offset',
  'opcua.server_clock_offset',
]);
const said = (o: Observation): string => JSON.stringify(Object.entries(o).filter(([field]) => !CIRCUMSTANCES.has(field)));
const whole = (o: Observation): boolean =>
  (o['outcome'] === 'answered' || o['outcome'] === 'exception') && o['request_frame'] !== null && o['response_frame'] !== null;

/** Every whole transaction is one of `truth`, none twice, and the polls beside the disturbance are there. */
function honest(found: readonly Observation[], truth: readonly Observation[], ids: readonly number[], where: string): void {
  const left = new Set(truth.map(said));
  for (const o of found.filter((one) => whole(one) && one['opcua.message_type'] !== 'HEL')) assert.ok(left.delete(said(o)), `${where}: made up ${said(o)}`);
  for (const n of ids) {
    const one = truth.find((o) => o['opcua.message_type'] === 'MSG' && o['opcua.request_id'] === n) as Observation;
    assert.ok(!left.has(said(one)), `${where}: ${n} is missing among ${found.map((o) => `${o['opcua.request_id']} ${o['outcome']}`)}`);
  }
}

const eachCase = (test: (segments: Segment[], truth: Observation[], name: string) => void): void => {
  for (const [name, own] of Object.entries(CASES)) {
    const segments = conversation(own);
    const truth = opcuaOf(framesOf(segments));
    for (const n of BESIDE)
      assert.ok(
        truth.some((o) => o['opcua.request_id'] === n && o['outcome'] === 'answered'),
        `${name}: poll ${n}`,
      );
    test(segments, truth, name);
  }
};

const replaced = (segments: readonly Segment[], i: number, ...by: Segment[]): Segment[] => [...segments.slice(0, i), ...by, ...segments.slice(i + 1)];
const part = (s: Segment, from: number, to: number): Segment => ({ ...s, from: s.from + from, bytes: s.bytes.slice(from, to) });

/** The same said, in whatever order and pieces. */
const unchanged = (segments: readonly Segment[], truth: readonly Observation[], where: string): void =>
  assert.deepEqual(opcuaOf(framesOf(segments)).map(said), truth.map(said), where);

/** The empty bodies of the services are alike: every 29th byte of each will do. */
const step = (name: string): number => (name.endsWith('empty') ? 29 : 1);

/** `test` at every byte of the case's request and response. */
function everywhere(test: (segments: Segment[], truth: Observation[], i: number, s: Segment, k: number, where: string) => void): void {
  eachCase((segments, truth, name) => {
    for (const i of DISTURBED) {
      const s = segments[i] as Segment;
      for (let k = 1; k < s.bytes.length; k += step(name)) test(segments, truth, i, s, k, `${name}, segment ${i} at ${k}`);
    }
  });
}

describe('in pieces', () => {
  it('two segments, split at every byte', () => {
    everywhere((segments, truth, i, s, k, where) => unchanged(replaced(segments, i, part(s, 0, k), part(s, k, s.bytes.length)), truth, where));
  });
  it('the second piece before the first', () => {
    everywhere((segments, truth, i, s, k, where) => unchanged(replaced(segments, i, part(s, k, s.bytes.length), part(s, 0, k)), truth, where));
  });
  it('one byte at a time', () => {
    eachCase((segments, truth, name) =>
      unchanged(
        segments.flatMap((s) => Array.from(s.bytes, (_, k) => part(s, k, k + 1))),
        truth,
        name,
      ),
    );
  });
});

it('doubled: each frame, at once', () => {
  eachCase((segments, truth, name) =>
    unchanged(
      segments.flatMap((s) => [s, s]),
      truth,
      name,
    ),
  );
});

describe('with holes', () => {
  const kinds: { [kind: string]: (s: Segment, k: number) => Segment[] } = {
    'one byte is missing': (s, k) => [part(s, 0, k), part(s, k + 1, s.bytes.length)].filter(({ bytes }) => bytes.length > 0),
    'the end is missing': (s, k) => [part(s, 0, k)],
    'the beginning is missing': (s, k) => [part(s, k, s.bytes.length)],
  };
  for (const [kind, cut] of Object.entries(kinds)) {
    it(`${kind}, at every byte: nothing is made up, the polls around it are right`, () => {
      everywhere((segments, truth, i, s, k, where) => {
        const found = opcuaOf(framesOf(replaced(segments, i, ...cut(s, k)), 5));
        honest(found, truth, [2, 3, 6], where);
        assert.ok(!found.some((o) => whole(o) && o['opcua.request_id'] === OWN), `${where}: half a message was taken for whole`);
      });
    });
  }
});

describe('cut short by the sender', () => {
  it('every prefix of every message: found again within two polls', () => {
    eachCase((segments, _, name) => {
      for (const i of DISTURBED) {
        const s = segments[i] as Segment;
        for (let k = 1; k < s.bytes.length; k += step(name)) {
          const messages = segments.map((one, n): Message => [one.side, n === i ? one.bytes.slice(0, k) : one.bytes]);
          const found = opcuaOf(framesOf(inTurn([...messages, ...poll(7), ...poll(8), ...poll(9), ...poll(10)])));
          for (const n of [2, 3, 10]) {
            const one = found.find((o) => o['opcua.request_id'] === n);
            assert.equal(one?.['outcome'], 'answered', `${name}, segment ${i} of ${k} bytes: poll ${n}`);
          }
        }
      }
    });
  });
});
