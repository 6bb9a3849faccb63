/**
 * Every message under every disturbance of a capture: cut short, in pieces, out of order, with holes, doubled. Nothing is thrown, what
 * was not disturbed is found and right, and nothing is made up.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Observation } from '../sensor/observation.ts';
import { u16 } from './lab/bytes.ts';
import { ACK, PSH, SYN, tcpFrame } from './lab/frames.ts';
import { CASES } from './modbus-cases.ts';
import { adu, CLIENT, SERVER } from './modbus-wire.ts';
import { type Frame, START, sense } from './sense.ts';

type Side = '>' | '<';
/** Bytes of one direction, `from` where they lie in its stream. */
type Segment = { side: Side; from: number; bytes: Uint8Array /** How much of the other direction its sender had received. */; received: number };

const NONE = new Uint8Array(0);
const SEQUENCE = { '>': 4_294_967_200, '<': 5000 };

/** A handshake and the segments, `apart` ms from one to the next, each with an IP id of its own. */
function framesOf(segments: readonly Segment[], apart = 1): Frame[] {
  const opening = [frame('>', -1, SYN, NONE, 0), frame('<', -1, SYN | ACK, NONE, 0)];
  return [...opening, ...segments.map(({ side, from, bytes, received }) => frame(side, from, ACK | PSH, bytes, received))].map((bytes, i) => {
    bytes.set(u16(i + 1), 18);
    return { at: START + i * apart, bytes };
  });
}

function frame(side: Side, from: number, flags: number, payload: Uint8Array, received: number): Uint8Array {
  const [a, b] = side === '>' ? [CLIENT, SERVER] : [SERVER, CLIENT];
  const ack = (SEQUENCE[side === '>' ? '<' : '>'] + 1 + received) >>> 0;
  return tcpFrame(a, b, { seq: (SEQUENCE[side] + 1 + from) >>> 0, ack, flags, payload });
}

/** Messages one behind the other, a segment each. */
function inTurn(messages: readonly (readonly [Side, Uint8Array])[]): Segment[] {
  const sent = { '>': 0, '<': 0 };
  return messages.map(([side, bytes]) => {
    const from = sent[side];
    sent[side] += bytes.length;
    return { side, from, bytes, received: sent[side === '>' ? '<' : '>'] };
  });
}

const poll = (id: number): [Side, Uint8Array][] => [
  ['>', adu(id, `03 ${id.toString(16).padStart(4, '0')} 0002`)],
  ['<', adu(id, `03 04 ${id.toString(16).padStart(4, '0')} abcd`)],
];

/** One case between polls; segments 2 and 3 are its own. */
const conversation = (n: number): Segment[] => {
  const { request, response } = CASES[n] as (typeof CASES)[0];
  return inTurn([...poll(900), ['>', adu(500, request)], ['<', adu(500, response)], ...poll(901), ...poll(902)]);
};
const OWN = [2, 3] as const;

const modbusOf = (frames: readonly Frame[]): Observation[] => sense(frames).observations.filter((o) => o.kind === 'modbus');

/** Where, when and beside what else a transaction was seen. */
const CIRCUMSTANCES = new Set(['@timestamp', 'latency', 'request_frame', 'response_frame', 'modbus.pending', 'modbus.overtook']);
/** What an observation says of the transaction, whatever the circumstances. */
const said = (o: Observation): string => JSON.stringify(Object.entries(o).filter(([field]) => !CIRCUMSTANCES.has(field)));
/** A message inside the length of one before it, which was cut or misread: true of the bytes as they came. */
const insideAnother = (o: Observation): boolean => JSON.stringify(o['modbus.flaws'] ?? null) === '["smuggled"]';
const unflagged = (found: readonly Observation[]): Observation[] =>
  found.map((o) => (insideAnother(o) ? (Object.fromEntries(Object.entries(o).filter(([field]) => field !== 'modbus.flaws')) as Observation) : o));
const whole = (o: Observation): boolean => o['outcome'] === 'answered' || o['outcome'] === 'exception' || o['outcome'] === 'ambiguous';

/** Every whole transaction was one of `truth`, none twice; and those with `ids` are there. */
function honest(found: readonly Observation[], truth: readonly Observation[], ids: readonly number[], where: string): void {
  const left = new Map(truth.map((o) => [said(o), true]));
  for (const o of found.filter(whole)) {
    assert.ok(left.delete(said(o)), `${where}: made up ${said(o)}`);
  }
  for (const id of ids) {
    const o = truth.find((one) => one['modbus.transaction_id'] === id) as Observation;
    assert.ok(!left.has(said(o)), `${where}: transaction ${id} is missing among ${found.map((f) => `${f['modbus.transaction_id']} ${f['outcome']}`)}`);
  }
}

const name = (n: number): string => `${n} ${CASES[n]?.name}`;
const eachCase = (test: (segments: Segment[], truth: Observation[], where: string) => void): void => {
  for (let n = 0; n < CASES.length; n++) {
    const segments = conversation(n);
    const truth = modbusOf(framesOf(segments));
    assert.deepEqual(
      truth.map((o) => o['outcome']),
      ['answered', 'answered', 'answered', 'answered'],
      name(n),
    );
    test(segments, truth, name(n));
  }
};

/** The segments with the one at `at` replaced. */
const replaced = (segments: readonly Segment[], at: number, ...by: Segment[]): Segment[] => [...segments.slice(0, at), ...by, ...segments.slice(at + 1)];
const part = (s: Segment, from: number, to: number): Segment => ({ ...s, from: s.from + from, bytes: s.bytes.slice(from, to) });

describe('in pieces', () => {
  it('two segments, split at every byte', () => {
    eachCase((segments, truth, where) => {
      for (const at of OWN) {
        const s = segments[at] as Segment;
        for (let k = 1; k < s.bytes.length; k++) {
          const found = modbusOf(framesOf(replaced(segments, at, part(s, 0, k), part(s, k, s.bytes.length))));
          assert.deepEqual(found.map(said), truth.map(said), `${where}, segment ${at} at ${k}`);
        }
      }
    });
  });

  it('the second piece before the first', () => {
    eachCase((segments, truth, where) => {
      for (const at of OWN) {
        const s = segments[at] as Segment;
        for (let k = 1; k < s.bytes.length; k++) {
          const found = modbusOf(framesOf(replaced(segments, at, part(s, k, s.bytes.length), part(s, 0, k))));
          assert.deepEqual(found.map(said), truth.map(said), `${where}, segment ${at} at ${k}`);
        }
      }
    });
  });

  it('sent again in pieces of another size, overlapping', () => {
    eachCase((segments, truth, where) => {
      for (const at of OWN) {
        const s = segments[at] as Segment;
        for (let k = 1; k < s.bytes.length; k++) {
          const again = [part(s, 0, k), part(s, Math.max(0, k - 3), Math.min(s.bytes.length, k + 2)), s];
          assert.deepEqual(modbusOf(framesOf(replaced(segments, at, ...again))).map(said), truth.map(said), `${where}, segment ${at} at ${k}`);
        }
      }
    });
  });

  it('one byte at a time', () => {
    eachCase((segments, truth, where) => {
      const bytes = segments.flatMap((s) => [...s.bytes].map((_, k) => part(s, k, k + 1)));
      assert.deepEqual(modbusOf(framesOf(bytes)).map(said), truth.map(said), where);
    });
  });
});

describe('doubled', () => {
  it('each frame, at once and at the end', () => {
    eachCase((segments, truth, where) => {
      const frames = framesOf(segments);
      for (const [i, frame] of frames.entries()) {
        const at = [...frames.slice(0, i + 1), { ...frame, at: frame.at + 0.02 }, ...frames.slice(i + 1)];
        assert.deepEqual(modbusOf(at).map(said), truth.map(said), `${where}, frame ${i} at once`);
        const last = [...frames, { ...frame, at: (frames.at(-1) as Frame).at + 1 }];
        assert.deepEqual(modbusOf(last).map(said), truth.map(said), `${where}, frame ${i} at the end`);
      }
    });
  });

  it('all of it, and retransmitted with IP ids of their own', () => {
    eachCase((segments, truth, where) => {
      const frames = framesOf(segments);
      assert.deepEqual(modbusOf(frames.flatMap((frame) => [frame, { ...frame, at: frame.at + 0.02 }])).map(said), truth.map(said), where);
      assert.deepEqual(modbusOf(framesOf(segments.flatMap((s) => [s, s]))).map(said), truth.map(said), where);
    });
  });
});

/** A header begun before its time may tell of as many bytes as the longest message followed: 1,106, or 93 polls. */
const BEHIND = 120;
const behind = Array.from({ length: BEHIND }, (_, i) => poll(1000 + i)).flat();
const LAST = [900, 1000 + BEHIND - 2, 1000 + BEHIND - 1];

/** `pause` ms before frame `i` and all behind it. */
const paused = (frames: readonly Frame[], i: number, pause: number): Frame[] => frames.map((frame, n) => (n < i ? frame : { ...frame, at: frame.at + pause }));

describe('with holes', () => {
  const kinds: { [kind: string]: (s: Segment, k: number) => Segment[] } = {
    'one byte is missing': (s, k) => [part(s, 0, k), part(s, k + 1, s.bytes.length)].filter(({ bytes }) => bytes.length > 0),
    'the end is missing': (s, k) => (k === 0 ? [] : [part(s, 0, k)]),
    'the beginning is missing': (s, k) => (k === s.bytes.length - 1 ? [] : [part(s, k + 1, s.bytes.length)]),
  };
  /** The case with a hole in its request (2) or its answer (3); then two polls, of which the second is `pause` ms late. */
  const holed = (cut: (s: Segment, k: number) => Segment[], sides: readonly number[], ids: readonly number[], pause: number): void => {
    eachCase((segments, truth, where) => {
      for (const at of sides) {
        const s = segments[at] as Segment;
        for (let k = 0; k < s.bytes.length; k++) {
          const frames = framesOf(replaced(segments, at, ...cut(s, k)), 5);
          const found = modbusOf(paused(frames, frames.length - 2, pause));
          honest(found, truth, ids, `${where}, segment ${at} at ${k}`);
          assert.ok(!found.some((o) => whole(o) && o['modbus.transaction_id'] === 500), `${where}, segment ${at} at ${k}: half a message was taken for whole`);
        }
      }
    });
  };

  /** The same, followed by polls without a pause, of which the last are right. */
  const recovered = (cut: (s: Segment, k: number) => Segment[], sides: readonly number[]): void => {
    eachCase((segments, _, where) => {
      const messages = [...segments.map(({ side, bytes }): [Side, Uint8Array] => [side, bytes]), ...behind];
      const all = inTurn(messages);
      const truth = modbusOf(framesOf(all));
      for (const at of sides) {
        const s = all[at] as Segment;
        for (let k = 0; k < s.bytes.length; k++) {
          honest(unflagged(modbusOf(framesOf(replaced(all, at, ...cut(s, k)), 5))), truth, LAST, `${where}, segment ${at} at ${k}`);
        }
      }
    });
  };

  for (const [kind, cut] of Object.entries(kinds)) {
    it(`${kind} in an answer, at every byte: found again within the longest message`, () => recovered(cut, [3]));
    it(`${kind} in a request, at every byte: after a pause all is right`, () => holed(cut, [2], [900, 902], 2000));
    it(`${kind} in an answer, at every byte: the polls behind it are right at once`, () => holed(cut, [3], [900, 901, 902], 0));
    it(`${kind} in a request, at every byte: the polls behind it are right at once`, () => holed(cut, [2], [900, 901, 902], 0));
  }

  it('frames captured in part, every length', () => {
    eachCase((segments, truth, where) => {
      const frames = framesOf(segments, 5);
      for (const at of OWN) {
        const i = at + 2;
        const { bytes, at: time } = frames[i] as Frame;
        const size = 54 + (segments[at] as Segment).bytes.length;
        for (let k = 0; k < size; k++) {
          const cut = paused(frames.with(i, { at: time, bytes: bytes.slice(0, k), length: bytes.length }), frames.length - 2, 2000);
          honest(modbusOf(cut), truth, [900, 902], `${where}, frame ${i} cut at ${k}`);
        }
      }
    });
  });
});

describe('cut short by the sender', () => {
  it('every prefix of every message: the stream is found again within the longest message', () => {
    const polls = modbusOf(framesOf(inTurn(behind), 10));
    assert.equal(polls.length, BEHIND);
    eachCase((segments, truth, where) => {
      for (const at of OWN) {
        const s = segments[at] as Segment;
        for (let k = 0; k < s.bytes.length; k++) {
          const messages = segments.map(({ side, bytes }, i): [Side, Uint8Array] => [side, i === at ? bytes.slice(0, k) : bytes]);
          const found = modbusOf(framesOf(inTurn([...messages, ...behind]), 10));
          // What the cut message now says with bytes of the next is what its receiver reads too.
          const others = found.filter((o) => o['modbus.transaction_id'] !== 500);
          honest(unflagged(others), [...truth, ...polls], LAST, `${where}, segment ${at} of ${k} bytes`);
        }
      }
    });
  });
});

/** Every order of `n` things. */
function orders(n: number): number[][] {
  if (n === 0) return [[]];
  return orders(n - 1).flatMap((order) => Array.from({ length: n }, (_, i) => [...order.slice(0, i), n - 1, ...order.slice(i)]));
}

describe('out of order', () => {
  const asked = [1, 2, 3, 4].map((id) => poll(id)[0] as [Side, Uint8Array]);
  const told = [1, 2, 3, 4].map((id) => poll(id)[1] as [Side, Uint8Array]);
  const segments = inTurn([...asked, ...told, ...poll(5)]);
  const truth = modbusOf(framesOf(segments));

  it('requests of a pipeline in every order, answers in every order', () => {
    assert.equal(truth.length, 5);
    for (const order of orders(4)) {
      const requests = [...order.map((i) => segments[i] as Segment), ...segments.slice(4)];
      assert.deepEqual(modbusOf(framesOf(requests)).map(said), truth.map(said), `requests ${order}`);
      const answers = [...segments.slice(0, 4), ...order.map((i) => segments[4 + i] as Segment), ...segments.slice(8)];
      assert.deepEqual(modbusOf(framesOf(answers)).map(said), truth.map(said), `answers ${order}`);
    }
  });

  it('requests and answers mixed in every order: what is paired is right', () => {
    const six = [...segments.slice(0, 3), ...segments.slice(4, 7)];
    const three = modbusOf(framesOf(six));
    assert.equal(three.filter(whole).length, 3);
    for (const order of orders(6)) {
      const found = modbusOf(framesOf(order.map((i) => six[i] as Segment)));
      honest(found, three, [], String(order));
      const halves = found.reduce((sum, o) => sum + (o['request_frame'] === null ? 0 : 1) + (o['response_frame'] === null ? 0 : 1), 0);
      // A mirror of both ports mixes the directions; within one it keeps the order, and then nothing is lost.
      const kept = [0, 1, 2, 3, 4, 5].every((i) => i === 3 || i === 0 || order.indexOf(i) > order.indexOf(i - 1));
      assert.ok(halves === 6 || (!kept && halves === 5), `${order}: ${halves} of six messages`);
    }
  });

  it('every case, its answer before its request: both halves are there', () => {
    eachCase((of, all, where) => {
      const found = modbusOf(framesOf(of.toSpliced(2, 2, of[3] as Segment, of[2] as Segment)));
      honest(found, all, [900, 901, 902], where);
      const own = found.filter((o) => o['modbus.transaction_id'] === 500);
      assert.ok(own.some((o) => o['request_frame'] !== null) && own.some((o) => o['response_frame'] !== null), where);
    });
  });
});
