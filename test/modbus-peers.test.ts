/** Where other analysers give up on Modbus, found by running them: each on the capture it was seen on, or built. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Observation } from '../sensor/observation.ts';
import { tshark } from './agreement.ts';
import { ACK, PSH, SYN, tcpFrame } from './lab/frames.ts';
import { CASES } from './modbus-cases.ts';
import { adu, CLIENT, messages, SERVER, type Step, talk } from './modbus-wire.ts';
import { type Frame, framesOf, START, sense, senseFile, timed } from './sense.ts';
import { missing, shared } from './shared.ts';

const modbusOf = async (capture: string): Promise<Observation[]> => (await senseFile(shared(capture))).filter((o) => o.kind === 'modbus');
const count = (all: readonly Observation[], test: (o: Observation) => boolean): number => all.filter(test).length;

describe('captures that others do not read', { skip: missing('captures') }, () => {
  it('a connection first seen midway from the server: all 1,387 coil writes with their answers (Suricata: 500)', async () => {
    const all = await modbusOf('zeek-modbus/modbusBig.pcap');
    const writes = all.filter((o) => o['modbus.function_code'] === 5);
    assert.equal(writes.length, 1387);
    for (const o of writes)
      assert.deepEqual([o['source.ip'], o['destination.port'], o['outcome'], o['modbus.flaws']], ['10.235.149.240', 502, 'answered', undefined]);
    // Each write is followed by a read of the same coil: what was written is what is read.
    const written = new Map(writes.map((o) => [o['modbus.transaction_id'] as number, o['modbus.values']]));
    const reads = all.filter((o) => o['modbus.function_code'] === 1 && o['outcome'] === 'answered');
    assert.equal(reads.length, 1387);
    assert.ok(count(reads, (o) => JSON.stringify(written.get((o['modbus.transaction_id'] as number) - 1)) === JSON.stringify(o['modbus.values'])) > 1300);
    assert.equal(all.length - writes.length - reads.length, 1);
  });

  it('connections whose handshake was never seen: 2,115 and 14 writes (Suricata: 44 alerts)', async () => {
    const all = await modbusOf('iti/ModbusTCP.pcap');
    const writes = (code: number, outcome: string) => count(all, (o) => o['modbus.function_code'] === code && o['outcome'] === outcome);
    assert.deepEqual([writes(15, 'answered'), writes(15, 'timeout'), writes(16, 'answered')], [2113, 2, 14]);
    assert.equal(
      count(all, (o) => o['modbus.access'] === 'write'),
      2129,
    );
    assert.equal(
      count(all, (o) => o['source.ip'] !== '141.81.0.10'),
      0,
    );
  });

  it('a first message of function 0: 281 PDUs (Suricata: none)', async () => {
    const all = await modbusOf('quickdraw/modbus_test_data_part2.pcap');
    assert.equal(count(all, (o) => o['request_frame'] !== null) + count(all, (o) => o['response_frame'] !== null), 281);
    assert.equal(all[0]?.['modbus.function_code'], 0);
    assert.deepEqual(all[0]?.['modbus.flaws'], ['function_zero']);
    assert.equal(new Set(all.map((o) => o['modbus.function_code'])).size, 128);
  });

  it('a first message of function 90: 90 UMAS requests, each answered (Suricata: none)', async () => {
    const all = await modbusOf('quickdraw/modicon_test.pcap');
    assert.deepEqual([all.length, count(all, (o) => o['outcome'] === 'answered'), count(all, (o) => o['modbus.function_code'] === 90)], [90, 90, 90]);
  });
});

describe('writes without a handshake, counted against tshark', { skip: missing('captures', 'tshark') }, () => {
  it('every write and every answer', async () => {
    const theirs = tshark(shared('iti/ModbusTCP.pcap')).messages.filter((line) => / (15|16)$/.test(line));
    const writes = (await modbusOf('iti/ModbusTCP.pcap')).filter((o) => o['modbus.access'] === 'write');
    assert.equal(count(writes, (o) => o['request_frame'] !== null) + count(writes, (o) => o['response_frame'] !== null), theirs.length);
  });
});

/** What an observation says besides where in the capture it stands. */
const said = (o: Observation): Observation => ({ ...o, request_frame: null, response_frame: null, '@timestamp': '', latency: null });

describe('conversations that others mix up', () => {
  const answered = (all: readonly Observation[]) =>
    all.map((o) => [o['outcome'], o['modbus.transaction_id'], o['modbus.unit_id'], o['modbus.address'], o['modbus.values']]);

  it('two answers of function 3 in one segment', () => {
    const both = Uint8Array.from([...adu(2, '03 04 0005 0006'), ...adu(1, '03 02 0007')]);
    const all = messages([
      ['>', adu(1, '03 0010 0001')],
      ['>', adu(2, '03 0020 0002')],
      ['<', both],
    ]);
    assert.deepEqual(answered(all), [
      ['answered', 2, 1, 32, [5, 6]],
      ['answered', 1, 1, 16, [7]],
    ]);
    assert.deepEqual(
      all.map((o) => [o['request_frame'], o['response_frame']]),
      [
        [4, 5],
        [3, 5],
      ],
    );
  });

  it('sixteen requests in one segment, answered in another order, four to a segment', () => {
    const ids = Array.from({ length: 16 }, (_, i) => i);
    const order = ids.map((i) => (i * 7 + 3) % 16);
    const answers = order.map((i) => adu(100 + i, `03 02 ${(1000 + i).toString(16).padStart(4, '0')}`));
    const all = messages([
      ['>', Uint8Array.from(ids.flatMap((i) => [...adu(100 + i, `03 ${i.toString(16).padStart(4, '0')} 0001`)]))],
      ...[0, 4, 8, 12].map((from): Step => ['<', Uint8Array.from(answers.slice(from, from + 4).flatMap((one) => [...one]))]),
    ]);
    assert.deepEqual(
      answered(all),
      order.map((i) => ['answered', 100 + i, 1, i, [1000 + i]]),
    );
  });

  it('a gateway whose units answer in another order, under one transaction id', () => {
    const units = [1, 2, 3, 247];
    const all = messages([
      ...units.map((unit): Step => ['>', adu(9, '04 0000 0001', { unit })]),
      ...[3, 247, 1, 2].map((unit): Step => ['<', adu(9, `04 02 ${unit.toString(16).padStart(4, '0')}`, { unit })]),
    ]);
    assert.deepEqual(
      answered(all),
      [3, 247, 1, 2].map((unit) => ['answered', 9, unit, 0, [unit]]),
    );
  });

  it('a gateway that answers one unit with an exception while another is still busy', () => {
    const all = messages([
      ['>', adu(1, '03 0000 0001', { unit: 1 })],
      ['>', adu(1, '03 0000 0001', { unit: 2 })],
      ['<', adu(1, '83 0b', { unit: 2 })],
      ['<', adu(1, '03 02 0001', { unit: 1 })],
    ]);
    assert.deepEqual(
      all.map((o) => [o['modbus.unit_id'], o['outcome'], o['modbus.exception_code']]),
      [
        [2, 'exception', 11],
        [1, 'answered', null],
      ],
    );
  });

  const exchange: Step[] = CASES.flatMap(({ request, response }, i): Step[] => [
    ['>', adu(i, request)],
    ['<', adu(i, response)],
  ]);

  it('SYN-ACK before SYN, on port 502 and off it', () => {
    for (const port of [502, 10_502]) {
      const server = { ...SERVER, port };
      const frames = talk(exchange, { server });
      const [syn, back, ...others] = frames as [Frame, Frame, ...Frame[]];
      const swapped = [{ ...syn, bytes: back.bytes }, { ...back, bytes: syn.bytes }, ...others];
      const [right, wrong] = [sense(frames), sense(swapped)].map(({ observations }) => observations.filter((o) => o.kind === 'modbus'));
      assert.equal(right?.length, CASES.length);
      assert.deepEqual(wrong, right);
    }
  });

  it('a handshake that comes after the first request', () => {
    const frames = talk(exchange);
    const [syn, back, first, ...others] = frames as [Frame, Frame, Frame, ...Frame[]];
    const late = timed([first, syn, back, ...others].map(({ bytes }) => bytes));
    const modbus = (of: readonly Frame[]) => sense(of).observations.filter((o) => o.kind === 'modbus');
    assert.deepEqual(modbus(late).map(said), modbus(frames).map(said));
  });
});

/** Every frame twice, the second 10 to 50 us later, in the order of their times; `from`: the frame a new number was. */
function doubled(frames: readonly Frame[]): { frames: Frame[]; from: number[] } {
  const all = frames.flatMap((frame, i) => [
    { frame, i, at: frame.at },
    { frame, i, at: frame.at + 0.01 + (i % 5) * 0.01 },
  ]);
  all.sort((a, b) => a.at - b.at);
  return { frames: all.map(({ frame, at }) => ({ ...frame, at })), from: [0, ...all.map(({ i }) => i + 1)] };
}

/** Modbus observations, with the frame numbers of the capture that has each frame once. */
function modbusFrom(frames: readonly Frame[], from: readonly number[] = []): Observation[] {
  const was = (frame: unknown) => (typeof frame === 'number' ? (from[frame] ?? frame) : null);
  return sense(frames)
    .observations.filter((o) => o.kind === 'modbus')
    .map((o) => ({ ...o, request_frame: was(o['request_frame']), response_frame: was(o['response_frame']) }));
}

const DOUBLED = [
  'icsnpp-modbus/modbus_example.pcap',
  'iti/ModbusTCP.pcap',
  'iti/modbus_test.pcap',
  'malcolm-s4/Modicon.pcap',
  'quickdraw/modbus_test_data_part2.pcap',
  'quickdraw/modicon_test.pcap',
  'simlab/26-33_37-output.pcap',
  'suricata-verify-modbus/modbus.pcap',
  'zeek-modbus/modbusBig.pcap',
  'zeek-modbus/modbusSmall.pcap',
];

describe('a mirror of both ports, every frame twice', { skip: missing('captures') }, () => {
  for (const capture of DOUBLED) {
    it(capture, async () => {
      const once = await framesOf(shared(capture));
      const twice = doubled(once);
      const [expected, found] = [modbusFrom(once), modbusFrom(twice.frames, twice.from)];
      assert.ok(expected.length > 5);
      assert.deepEqual(found, expected);
    });
  }
});

describe('a mirror of both ports, built', () => {
  const exchange: Step[] = CASES.flatMap(({ request, response }, i): Step[] => [
    ['>', adu(i, request)],
    ['<', adu(i, response)],
  ]);

  for (const udp of [false, true]) {
    it(udp ? 'UDP' : 'TCP', () => {
      const once = talk(exchange, { udp });
      const twice = doubled(once);
      assert.deepEqual(modbusFrom(twice.frames, twice.from), modbusFrom(once));
    });

    it(`${udp ? 'UDP' : 'TCP'}, frames so close that the copies lie between them`, () => {
      const once = talk(exchange, { udp }).map((frame, i) => ({ ...frame, at: START + i * 0.007 }));
      const twice = doubled(once);
      assert.deepEqual(modbusFrom(twice.frames, twice.from), modbusFrom(once));
    });
  }

  it('counts the copies', () => {
    const end = (frames: readonly Frame[]) => sense(frames).observations.find((o) => o['flow.event'] === 'end') as Observation;
    const once = talk(exchange);
    assert.deepEqual([end(once)['flow.duplicates'], end(doubled(once).frames)['flow.duplicates']], [0, exchange.length]);
  });

  it('a SYN and its answer twice and in the wrong order', () => {
    const [syn, back, ...others] = talk(exchange) as [Frame, Frame, ...Frame[]];
    const wrong = timed([back, syn, back, syn, ...others].map(({ bytes }) => bytes));
    assert.deepEqual(modbusFrom(wrong).map(said), modbusFrom(talk(exchange)).map(said));
  });

  it('a frame sent by hand between two answers is no copy', () => {
    const bytes = tcpFrame(CLIENT, SERVER, { seq: 1001, flags: ACK | PSH, payload: adu(1, '03 0000 0001') });
    const again = tcpFrame(CLIENT, SERVER, { seq: 1013, flags: ACK | PSH, payload: adu(1, '03 0000 0001') });
    const syn = tcpFrame(CLIENT, SERVER, { seq: 1000, flags: SYN });
    assert.equal(modbusFrom(timed([syn, bytes, again])).length, 2);
  });
});
