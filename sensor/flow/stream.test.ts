import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hex } from '../../test/lab/bytes.ts';
import { ACK, FIN, PSH, RST, SYN, tcpFrame } from '../../test/lab/frames.ts';
import { blockOf, random, START, sense, timed } from '../../test/sense.ts';
import { Packet } from '../decode/packet.ts';
import type { Side } from '../protocols/dissector.ts';
import { Flow } from './flow.ts';
import { MAX_HELD_BYTES, MAX_HELD_IN_ALL, MAX_HELD_SEGMENTS, Streams } from './stream.ts';

type Extra = { side?: Side; flags?: number; ipId?: number; at?: number; missing?: number; acknowledged?: number; flow?: Flow };

/** Streams that write down what they hand on: text as it is, `gap N`, `conflict`. */
class Log {
  readonly said: string[] = [];
  readonly flow = new Flow();
  readonly streams = new Streams({
    data: (_flow, side, view, start, end) =>
      this.said.push((side === 1 ? '<' : '') + Buffer.from(view.buffer, view.byteOffset + start, end - start).toString('latin1')),
    gap: (_flow, _side, lost) => this.said.push(`gap ${lost}`),
    conflict: () => this.said.push('conflict'),
  });
  private id = 0;
  private at = START;

  /** `text` as a segment; each has its own IP id and comes 1 ms after the one before, unless told. */
  segment(
    sequence: number,
    text: string,
    { side = 0, flags = ACK, ipId = ++this.id, at = ++this.at, missing = 0, acknowledged = 0, flow = this.flow }: Extra = {},
  ): this {
    const bytes = Uint8Array.from(Buffer.from(text, 'latin1'));
    const p = new Packet();
    p.over(new DataView(bytes.buffer), 0, bytes.length, missing, at, 1);
    p.version = 4;
    p.sequence = sequence | 0;
    p.acknowledged = acknowledged | 0;
    p.flags = flags;
    p.ipId = ipId;
    this.at = at;
    this.streams.segment(flow, side, p);
    return this;
  }

  tells(...expected: string[]): this {
    assert.deepEqual(this.said, expected);
    return this;
  }
}

/** A handshake with initial sequence numbers 99 and 499: data begins at 100 and 500. */
const opened = (): Log => new Log().segment(99, '', { flags: SYN }).segment(499, '', { side: 1, flags: SYN | ACK });

describe('order', () => {
  it('segments in order are handed on as they are', () => {
    const { flow, streams } = opened().segment(100, 'abc').segment(500, 'xy', { side: 1 }).segment(103, 'def').tells('abc', '<xy', 'def');
    assert.deepEqual([flow.opener, flow.established, flow.gaps, flow.retransmitted, streams.held], [0, true, 0, 0, 0]);
  });

  it('segments out of order wait for their turn', () => {
    const log = opened().segment(100, 'a').segment(103, 'd').segment(102, 'c').tells('a');
    assert.ok(log.streams.held > 0);
    log.segment(101, 'b').tells('a', 'b', 'c', 'd');
    assert.deepEqual([log.streams.held, log.flow.gaps, log.flow.retransmitted], [0, 0, 0]);
  });

  it('any order of the segments gives the same bytes', () => {
    const next = random(77);
    for (let round = 0; round < 200; round++) {
      const order = Array.from({ length: 20 }, (_, i) => i).sort(() => next(3) - 1);
      const log = opened();
      for (const i of order) log.segment(100 + i * 3, `${String.fromCharCode(65 + i)}12`);
      assert.equal(log.said.join(''), Array.from({ length: 20 }, (_, i) => `${String.fromCharCode(65 + i)}12`).join(''));
    }
  });

  it('sequence numbers wrap around at 2^32', () => {
    const log = new Log().segment(0xfffffffd, '', { flags: SYN });
    log.segment(0xfffffffe, 'abcd').segment(5, 'hi').segment(2, 'efg').tells('abcd', 'efg', 'hi');
    assert.equal(log.flow.half(0).next, 7);
    log.segment(0xfffffffe, 'abcd').tells('abcd', 'efg', 'hi');
    assert.equal(log.flow.retransmitted, 1);
  });

  it('picks up midway, each direction where it is', () => {
    const { flow } = new Log()
      .segment(7000, 'abc')
      .segment(90, 'xy', { side: 1 })
      .segment(7003, 'd')
      .segment(92, 'z', { side: 1 })
      .tells('abc', '<xy', 'd', '<z');
    assert.deepEqual([flow.opener, flow.established, flow.gaps], [-1, false, 0]);
  });

  it('a SYN-ACK before its SYN opens the connection the right way round', () => {
    const { flow } = new Log()
      .segment(499, '', { side: 1, flags: SYN | ACK })
      .segment(99, '', { flags: SYN })
      .segment(100, 'a')
      .segment(500, 'x', { side: 1 })
      .tells('a', '<x');
    assert.deepEqual([flow.opener, flow.established], [0, true]);
  });

  it('a SYN that comes behind its own data does not turn the stream back', () => {
    const { flow } = new Log().segment(100, 'abc').segment(99, '', { flags: SYN }).segment(103, 'def').tells('abc', 'def');
    assert.equal(flow.opener, 0);
  });

  it('data on a SYN counts from behind it', () => {
    new Log().segment(99, 'abc', { flags: SYN }).segment(103, 'd').tells('abc', 'd');
  });
});

describe('holes', () => {
  it('are told of when a later segment has waited long enough', () => {
    const { flow } = opened()
      .segment(100, 'a')
      .segment(105, 'f', { at: START + 100 })
      .segment(106, 'g', { at: START + 1100 })
      .tells('a')
      .segment(107, 'h', { at: START + 1101 })
      .tells('a', 'gap 4', 'f', 'g', 'h');
    assert.deepEqual([flow.gaps, flow.lostBytes], [1, 4]);
  });

  it('are told of by the clock when nothing comes any more', () => {
    const log = opened()
      .segment(100, 'a')
      .segment(105, 'f', { at: START + 100 });
    log.streams.tick(log.flow, START + 1100);
    log.tells('a');
    log.streams.tick(log.flow, START + 1101);
    log.tells('a', 'gap 4', 'f');
  });

  it('are told of at the end, one after the other', () => {
    const log = opened().segment(100, 'a').segment(103, 'd').segment(107, 'h').segment(505, 'y', { side: 1 });
    log.streams.end(log.flow, START + 50);
    log.tells('a', 'gap 2', 'd', 'gap 3', 'h', 'gap 5', '<y');
    assert.equal(log.streams.held, 0);
  });

  it('are none while the stream goes on in turn: what lies ahead may be forged', () => {
    const log = opened().segment(100, 'a').segment(1000, 'evil');
    for (let i = 1; i < 10; i++) log.segment(100 + i, 'a', { at: START + i * 900 });
    log.streams.tick(log.flow, START + 9 * 900 + 1000);
    assert.deepEqual([log.said.join(''), log.flow.gaps], ['a'.repeat(10), 0]);
  });

  it('that were given up for a forged segment are come back to', () => {
    const log = opened().segment(100, 'a').segment(1000, 'evil');
    log.streams.tick(log.flow, START + 5000);
    log
      .segment(101, 'b', { at: START + 6000 })
      .segment(102, 'c')
      .segment(103, 'd')
      .tells('a', 'gap 899', 'evil', 'gap 0', 'b', 'c', 'd');
  });

  it('that are filled late are made good, and the stream goes on behind', () => {
    const log = opened().segment(100, 'a').segment(103, 'de');
    log.streams.tick(log.flow, START + 5000);
    log
      .segment(101, 'bc', { at: START + 6000 })
      .segment(105, 'f')
      .tells('a', 'gap 2', 'de', 'gap 0', 'bc', 'f');
  });

  it('what the snap length cut off is a hole too, also of segments that wait', () => {
    opened().segment(100, 'ab', { missing: 3 }).segment(105, 'f').tells('ab', 'gap 3', 'f');
    opened().segment(102, 'c', { missing: 2 }).segment(105, 'f').segment(100, 'ab').tells('ab', 'c', 'gap 2', 'f');
    opened().segment(102, '', { missing: 3 }).segment(100, 'abcd').segment(105, 'f').tells('abcd', 'gap 1', 'f');
    opened().segment(100, 'ab', { missing: 3 }).segment(100, 'abcdefg').tells('ab', 'gap 3', 'fg');
  });

  it('may not wait with more segments than the ceiling', () => {
    const log = opened();
    for (let i = 0; i < MAX_HELD_SEGMENTS; i++) log.segment(200 + 2 * i, 'x');
    assert.deepEqual([log.said.length, log.streams.overflowed], [0, 0]);
    log.segment(200 + 2 * MAX_HELD_SEGMENTS, 'x');
    log.tells('gap 100', 'x');
    assert.deepEqual([log.streams.overflowed, log.flow.half(0).held.length], [1, MAX_HELD_SEGMENTS]);
  });

  it('may not wait with more bytes than the ceiling, in one direction or all together', () => {
    const big = 'x'.repeat(65_000);
    const log = opened();
    for (let i = 0; i < 5; i++) log.segment(200 + i * 65_001, big);
    assert.ok(log.flow.half(0).heldBytes <= MAX_HELD_BYTES);
    assert.equal(log.streams.overflowed, 1);
    const many = new Log();
    for (let i = 0; i < 600; i++) {
      const flow = new Flow();
      many.segment(1, 'a', { flow });
      for (const at of [100, 70_000]) many.segment(at, big, { flow });
    }
    assert.ok(many.streams.held <= MAX_HELD_IN_ALL, `${many.streams.held}`);
    assert.ok(many.streams.overflowed > 0);
  });
});

describe('repeats', () => {
  it('of a mirror port have the same IP id: counted, not handed on twice', () => {
    const { flow } = opened().segment(100, 'abc', { ipId: 9 }).segment(100, 'abc', { ipId: 9 }).segment(103, 'd').tells('abc', 'd');
    assert.deepEqual([flow.duplicates, flow.retransmitted], [1, 0]);
  });

  it('of the sender have another', () => {
    const { flow } = opened().segment(100, 'abc', { ipId: 9 }).segment(100, 'abc', { ipId: 10 }).segment(103, 'def').segment(100, 'abcdef').tells('abc', 'def');
    assert.deepEqual([flow.duplicates, flow.retransmitted], [0, 2]);
  });

  it('with other bytes are a conflict, and the first copy stays', () => {
    opened().segment(100, 'abc').segment(100, 'aXc').segment(103, 'd').tells('abc', 'conflict', 'd');
  });

  it('that bring something new as well hand on just that', () => {
    const { flow } = opened().segment(100, 'abc').segment(101, 'bcde').segment(105, 'f').tells('abc', 'de', 'f');
    assert.deepEqual([flow.retransmitted, flow.gaps], [1, 0]);
  });

  it('of a segment that waits are compared with it', () => {
    const { flow } = opened().segment(103, 'def').segment(103, 'def').segment(100, 'abc').tells('abc', 'def');
    assert.equal(flow.retransmitted, 1);
    opened().segment(103, 'def').segment(103, 'dXf').segment(100, 'abc').tells('conflict', 'abc', 'def');
    opened().segment(103, 'def').segment(104, 'efgh').segment(100, 'abc').tells('abc', 'def', 'gh');
    opened().segment(103, 'def').segment(104, 'eXgh').segment(100, 'abc').tells('conflict', 'abc', 'def', 'gh');
  });

  it('a segment in turn that contradicts one that waits yields to it', () => {
    opened().segment(103, 'def').segment(100, 'abcdefg').tells('abcdefg');
    opened().segment(103, 'def').segment(100, 'abcXXX').tells('conflict', 'abc', 'def');
    opened().segment(103, 'def').segment(101, 'bcXXX').segment(100, 'a').tells('conflict', 'a', 'bc', 'def');
  });

  it('keep-alives are nothing: one byte that was acknowledged, or none', () => {
    const { flow } = opened().segment(100, 'abc').segment(102, '\0').segment(102, '').segment(103, 'd').tells('abc', 'd');
    assert.deepEqual([flow.retransmitted, flow.duplicates, flow.gaps], [0, 0, 0]);
  });
});

describe('far outside the window', () => {
  it('one segment alone moves nothing, ahead or behind', () => {
    const log = opened()
      .segment(100, 'abc')
      .segment(100_000_000, 'evil')
      .segment(103, 'def')
      .segment(-100_000_000, 'evil')
      .segment(106, 'g')
      .tells('abc', 'def', 'g');
    assert.deepEqual([log.streams.outside, log.flow.gaps, log.flow.retransmitted], [2, 0, 0]);
  });

  it('two in a row that agree are a new place in the stream, ahead or behind', () => {
    for (const place of [100_000_000, -100_000_000]) {
      const { flow } = opened()
        .segment(100, 'abc')
        .segment(place, 'one')
        .segment(place + 3, 'two')
        .segment(place + 6, 'three')
        .tells('abc', 'gap 0', 'two', 'three');
      assert.equal(flow.gaps, 1);
    }
  });

  it('a stream that was led astray finds back', () => {
    opened()
      .segment(100, 'a')
      .segment(1e9, 'x')
      .segment(1e9 + 1, 'y')
      .segment(101, 'b')
      .segment(102, 'c')
      .segment(103, 'd')
      .tells('a', 'gap 0', 'y', 'gap 0', 'c', 'd');
  });

  it('what waited is forgotten with the place it waited for', () => {
    const log = opened()
      .segment(100, 'a')
      .segment(110, 'late')
      .segment(1e9, 'x')
      .segment(1e9 + 1, 'y');
    assert.equal(log.streams.held, 0);
  });
});

describe('ends', () => {
  it('FIN closes when both sides sent it, RST at once', () => {
    const log = opened().segment(100, 'bye', { flags: FIN | ACK });
    assert.equal(log.flow.closed, false);
    log.segment(500, '', { side: 1, flags: FIN | ACK }).tells('bye');
    assert.deepEqual([log.flow.closed, log.flow.reset], [true, false]);
    const reset = opened().segment(100, '', { flags: RST });
    assert.deepEqual([reset.flow.closed, reset.flow.reset], [true, true]);
  });
});

const a = { mac: '00:80:f4:00:00:01', ip: '10.20.0.1', port: 40000 };
const b = { mac: '00:80:f4:00:00:02', ip: '10.20.0.2', port: 502 };
const ask = (seq: number, id = 1) => tcpFrame(a, b, { seq, flags: ACK | PSH, payload: hex(`000${id} 0000 0006 01 03 0000 0001`) });
const reply = (seq: number, id = 1) => tcpFrame(b, a, { seq, flags: ACK | PSH, payload: hex(`000${id} 0000 0005 01 03 02 0007`) });
const events = (observations: ReturnType<typeof sense>['observations']) =>
  observations.map((o) =>
    o.kind === 'flow' ? `${o['flow.event']} ${o['flow.state'] ?? ''}`.trim() : `${o.kind} ${o['outcome'] ?? o['flaw.reason'] ?? o['loss.reason']}`,
  );

describe('in the sensor', () => {
  it('a new SYN on the ports of an ended connection is another conversation', () => {
    const open = (seq: number) => [tcpFrame(a, b, { seq, flags: SYN }), tcpFrame(b, a, { seq: seq + 1000, flags: SYN | ACK })];
    const first = [...open(99), ask(100), reply(1100)];
    for (const second of [1e9, 3e9, 200]) {
      const { observations } = sense(timed([...first, ...open(second), ask(second + 1), reply(second + 1001)]));
      const one = ['start', 'identified', 'modbus answered'];
      assert.deepEqual(events(observations), [...one, 'end idle', ...one, 'end idle'], `${second}`);
    }
  });

  it('a SYN sent again, at once or late, is not', () => {
    const syn = tcpFrame(a, b, { seq: 99, flags: SYN });
    const { observations } = sense(timed([syn, syn, tcpFrame(b, a, { seq: 499, flags: SYN | ACK }), ask(100), syn, reply(500)]));
    assert.deepEqual(events(observations), ['start', 'identified', 'modbus answered', 'end idle']);
  });

  it('a SYN after only the other side was heard is a new connection', () => {
    const stray = [reply(7000), tcpFrame(a, b, { seq: 99, flags: SYN }), tcpFrame(b, a, { seq: 499, flags: SYN | ACK }), ask(100), reply(500)];
    assert.deepEqual(events(sense(timed(stray)).observations), [
      'start',
      'identified',
      'modbus orphan',
      'end unanswered',
      'start',
      'identified',
      'modbus answered',
      'end idle',
    ]);
  });

  it('what waits behind a hole is analysed when the capture ends', () => {
    const { observations, coverage } = sense(timed([ask(100), reply(500), ask(124, 3)]));
    assert.deepEqual(events(observations), ['start', 'identified', 'modbus answered', 'loss stream_gap', 'modbus lost', 'end idle']);
    const { gaps, lost_bytes, messages } = coverage.protocols[0]!;
    assert.deepEqual([gaps, lost_bytes, messages], [1, 12, 3]);
  });

  it('mirror copies of a forged answer: counted, flagged, once analysed', () => {
    const forged = reply(500);
    forged[62] = 9;
    const { observations, coverage } = sense(timed([ask(100), ask(100), reply(500), forged]));
    assert.deepEqual(events(observations), ['start', 'identified', 'modbus answered', 'flaw tcp_overlap_conflict', 'end idle']);
    assert.equal(coverage.protocols[0]!.flaws, 1);
  });

  it('one block or a block a frame, it is the same', () => {
    const frames = timed([ask(100), ask(124, 3), reply(500), ask(112, 2), reply(511, 2)]);
    assert.deepEqual(sense(frames, { each: true }).observations, sense(frames).observations);
    assert.equal(blockOf(frames).count, 5);
  });
});

describe('a hole that its receiver acknowledged', () => {
  it('was lost to the capture only: what waits behind it goes on before the answer does', () => {
    opened().segment(100, 'abc').segment(106, 'ghi').segment(500, 'xy', { side: 1, acknowledged: 109 }).tells('abc', 'gap 3', 'ghi', '<xy');
    opened().segment(100, 'abc').segment(106, 'ghi').segment(500, '', { side: 1, acknowledged: 106 }).segment(109, 'jkl').tells('abc', 'gap 3', 'ghi', 'jkl');
  });

  it('is waited for while it is not', () => {
    const log = opened().segment(100, 'abc').segment(106, 'ghi').segment(500, 'xy', { side: 1, acknowledged: 103 });
    log.segment(502, 'z', { side: 1, acknowledged: 500_000_000 }).segment(503, 'w', { side: 1, flags: 0, acknowledged: 109 });
    log.tells('abc', '<xy', '<z', '<w').segment(103, 'def').tells('abc', '<xy', '<z', '<w', 'def', 'ghi');
  });

  it('may be filled late: a piece of it stands alone, and the stream goes on behind it when what lay beyond was forged', () => {
    const log = opened().segment(100, 'abc').segment(190, 'forged').segment(500, 'x', { side: 1, acknowledged: 196 });
    log.tells('abc', 'gap 87', 'forged', '<x');
    log.segment(110, 'klm').segment(113, 'nop');
    log.tells('abc', 'gap 87', 'forged', '<x', 'gap 0', 'klm', 'gap 0', 'gap 0', 'nop').segment(116, 'qrs');
    assert.equal(log.said.at(-1), 'qrs');
    log.segment(110, 'klm').segment(100, 'abc');
    assert.equal(log.said.at(-1), 'qrs');
  });
});
