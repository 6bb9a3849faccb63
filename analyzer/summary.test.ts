/** One summary of each cyclic read per interval, whatever blocks the capture comes in. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { it, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openFiles } from '../sensor/capture/file.ts';
import { ANSWERED, EXCEPTION, type Observation, rowFields, TIMEOUT, timestamp } from '../sensor/observation.ts';
import { Operations } from '../sensor/operations.ts';
import { staticFields } from '../sensor/protocols/modbus/observe.ts';
import { Sensor } from '../sensor/sensor.ts';
import { Writer } from '../sensor/writer.ts';
import { join } from '../test/lab/bytes.ts';
import { adu, SERVER, type Step, talk } from '../test/modbus-wire.ts';
import { ack, hel, message, sealedOpen, u32 } from '../test/opcua-wire.ts';
import { blockOf, type Frame } from '../test/sense.ts';
import { Analyzer } from './analyzer.ts';
import { RuleSet } from './rules/compile.ts';
import { MAX_SUMMARY_VALUES, Summaries } from './summary.ts';

const MINUTE = 60_000;
const START = Date.parse('2026-11-23T10:00:00Z');
const SIMLAB = fileURLToPath(new URL('../../shared/captures/simlab/', import.meta.url));

function missing(): string | false {
  if (existsSync(SIMLAB)) return false;
  const what = 'there are no captures beside the project (../shared/captures)';
  if (process.env['STILLWATCH_REQUIRE_ALL'] === '1') throw new Error(what);
  return what;
}

/** Rows made by hand; `told` are the summaries so far. */
function poller(interval: number, operationsLimit?: number) {
  const told: Observation[] = [];
  const summaries = new Summaries(interval, (o) => told.push(o));
  const covered: boolean[] = [];
  const writer = new Writer((batch) => {
    for (const definition of batch.definitions) summaries.define(definition);
    for (let i = 0; i < batch.rows; i++) {
      summaries.add(batch, i);
      covered.push(summaries.covers(batch, i));
    }
  });
  const operations = new Operations(writer, operationsLimit);
  const peer = operations.peer({ client: '10.0.0.5', server: '10.0.0.9', port: 502, transport: 'tcp', protocol: 'modbus', vlan: 0 });
  let frame = 0;
  const poll = (at: number, values: number[], { address = 0, code = 3, outcome = ANSWERED as number, latency = 2 } = {}): void => {
    const tuple = { unit: 1, code, mei: 0, address, quantity: values.length, sub: null };
    let n = operations.find(peer.number, code, address, 0);
    if (n < 0) n = operations.define(peer, code, address, 0, 'modbus', staticFields(peer, 'tcp', tuple));
    frame += 2;
    const i = writer.row(n, at, outcome, frame - 1, outcome === TIMEOUT ? 0 : frame);
    writer.batch.latency[i] = outcome === TIMEOUT ? Number.NaN : latency;
    if (outcome === ANSWERED) for (const value of values) writer.value(i, value);
  };
  return { told, covered, summaries, writer, poll };
}

const pick = (o: Observation | undefined, ...names: string[]) => names.map((name) => o?.[`summary.${name}`]);

test('an interval begins at a multiple of its length and ends with the next', () => {
  const { told, summaries, writer, poll } = poller(MINUTE);
  for (let n = 0; n < 100; n++) poll(START + 30_500 + n * 1000, [n, 50 - n]);
  writer.flush();
  assert.equal(summaries.close(), false);
  assert.deepEqual(
    told.map((o) => [o['summary.start'], ...pick(o, 'count', 'answered')]),
    [
      [timestamp(START), 30, 30],
      [timestamp(START + MINUTE), 60, 60],
      [timestamp(START + 2 * MINUTE), 10, 10],
    ],
  );
  const [first, second] = told;
  assert.equal(first?.['@timestamp'], timestamp(START + 30_500));
  assert.deepEqual(pick(first, 'interval', 'period', 'jitter', 'latency_mean', 'latency_max'), [MINUTE, 1000, 0, 2, 2]);
  assert.deepEqual(pick(first, 'first_values', 'last_values', 'values_min', 'values_max', 'first_frame', 'last_frame'), [
    [0, 50],
    [29, 21],
    [0, 21],
    [29, 50],
    1,
    59,
  ]);
  assert.deepEqual(pick(second, 'first_values', 'values_min', 'values_max'), [
    [30, 20],
    [30, -39],
    [89, 20],
  ]);
  assert.deepEqual(
    [first?.kind, first?.['modbus.range'], first?.['source.ip'], first?.['destination.ip']],
    ['modbus', 'holding_registers 0-1', '10.0.0.5', '10.0.0.9'],
  );
});

test('period, jitter and latency are those of the numbers', () => {
  const { told, summaries, writer, poll } = poller(MINUTE);
  const times = [0, 900, 2000, 2950, 4100];
  const latencies = [1, 2, 9, 4, 4];
  for (const [k, t] of times.entries()) poll(START + t, [1], { latency: latencies[k] as number });
  writer.flush();
  summaries.close();
  const steps = times.slice(1).map((t, k) => t - (times[k] as number));
  const mean = steps.reduce((a, b) => a + b) / steps.length;
  const deviation = Math.sqrt(steps.reduce((sum, d) => sum + (d - mean) ** 2, 0) / steps.length);
  assert.deepEqual(pick(told[0], 'period', 'jitter', 'latency_mean', 'latency_max'), [1025, Math.round(deviation * 1000) / 1000, 4, 9]);
});

test('only answered reads are covered; what failed counts as well', () => {
  const { told, covered, summaries, writer, poll } = poller(MINUTE);
  poll(START, [1]);
  poll(START + 1000, [2], { outcome: EXCEPTION });
  poll(START + 2000, [3], { outcome: TIMEOUT });
  poll(START + 2500, [9], { code: 6, address: 4 });
  poll(START + 3000, [4]);
  writer.flush();
  summaries.close();
  assert.deepEqual(covered, [true, false, false, false, true]);
  assert.deepEqual(
    told.map((o) => pick(o, 'count', 'answered', 'period', 'values_min', 'values_max')),
    [[4, 2, 1000, [1], [4]]],
  );
});

test('one that was never answered has neither latency nor values', () => {
  const { told, summaries, writer, poll } = poller(MINUTE);
  poll(START, [1], { outcome: TIMEOUT });
  writer.flush();
  summaries.close();
  assert.deepEqual(pick(told[0], 'count', 'answered', 'period', 'jitter', 'latency_mean', 'latency_max', 'first_values'), [1, 0, null, null, null, null, null]);
});

test('values beyond the ceiling are left out, the rest stays', () => {
  const { told, summaries, writer, poll } = poller(MINUTE);
  const many = Array.from({ length: 100 }, (_, k) => k);
  poll(START, many);
  writer.flush();
  summaries.close();
  assert.deepEqual(pick(told[0], 'last_values'), [many.slice(0, MAX_SUMMARY_VALUES)]);
});

test('a request told late counts where it is told, and a clock that steps back begins anew', () => {
  const { told, summaries, writer, poll } = poller(MINUTE);
  poll(START + 59_000, [1]);
  poll(START + 61_000, [2]);
  poll(START + 58_000, [0], { outcome: TIMEOUT });
  poll(START + 62_000, [3]);
  poll(START - 3_600_000, [4]);
  writer.flush();
  summaries.close();
  assert.deepEqual(
    told.map((o) => [o['summary.start'], ...pick(o, 'count', 'answered', 'period')]),
    [
      [timestamp(START), 1, 1, null],
      [timestamp(START + MINUTE), 3, 2, 1000],
      [timestamp(START - 3_600_000), 1, 1, null],
    ],
  );
});

test('an operation that fell silent is told while others go on', () => {
  const { told, summaries, writer, poll } = poller(MINUTE);
  poll(START, [1], { address: 7 });
  for (let n = 0; n < 130; n++) poll(START + 1000 + n * 1000, [1]);
  writer.flush();
  assert.deepEqual(
    told.map((o) => o['modbus.address']),
    [0, 7, 0],
  );
  assert.equal(summaries.size, 1);
});

test('a number that gets another meaning tells what it stood for', () => {
  const { told, summaries, writer, poll } = poller(MINUTE, 1);
  poll(START, [1], { address: 7 });
  poll(START + 1000, [5], { address: 8 });
  writer.flush();
  summaries.close();
  assert.deepEqual(
    told.map((o) => [o['modbus.address'], ...pick(o, 'count', 'last_values')]),
    [
      [7, 1, [1]],
      [8, 1, [5]],
    ],
  );
});

test('at the end they come in portions', () => {
  const { told, summaries, writer, poll } = poller(MINUTE);
  for (let address = 0; address < 10; address++) poll(START, [1], { address });
  writer.flush();
  const more = [summaries.close(4), summaries.close(4), summaries.close(4)];
  assert.deepEqual([more, told.length, summaries.size], [[true, true, false], 10, 0]);
});

/** What the sensor and the summaries say of frames that come in blocks of `size`. */
function summarise(frames: readonly Frame[], size: number, interval: number): Observation[] {
  const told: Observation[] = [];
  const summaries = new Summaries(interval, (o) => told.push(o));
  const sensor = new Sensor((batch) => {
    for (const definition of batch.definitions) summaries.define(definition);
    for (let i = 0; i < batch.rows; i++) summaries.add(batch, i);
  });
  for (let at = 0; at < frames.length; at += size) sensor.take(blockOf(frames.slice(at, at + size)));
  sensor.end();
  summaries.close();
  return told;
}

test('blocks of one frame, of many and of all say the same', () => {
  const steps: Step[] = [];
  for (let n = 0; n < 400; n++) {
    steps.push(['>', adu(n, n % 3 === 0 ? '03 0000 0002' : '04 0005 0001')], ['<', adu(n, n % 3 === 0 ? `03 04 0001 00${(n % 90) + 10}` : '04 02 0007')]);
    if (n % 50 === 49) steps.push(['>', adu(9000 + n, '06 0004 0001')], ['<', adu(9000 + n, '06 0004 0001')]);
    steps.push(n % 7 === 0 ? 900 : 300);
  }
  const frames = talk(steps);
  const whole = summarise(frames, frames.length, 10_000);
  assert.ok(whole.length > 20);
  for (const size of [1, 2, 7, 100]) assert.equal(JSON.stringify(summarise(frames, size, 10_000)), JSON.stringify(whole));
});

type Series = { fc: number; addr: string; n: number; interval_mean: number; interval_stdev: number };

it('a real capture: count, period and jitter of every cyclic series, in one summary and in many', { skip: missing() }, async () => {
  const path = `${SIMLAB}24-13_12-output.pcap`;
  const { polling_series: expected } = JSON.parse(readFileSync(`${path}.analysis.json`, 'utf8')) as { polling_series: Series[] };
  const run = async (interval: number): Promise<Observation[]> => {
    const told: Observation[] = [];
    const analyzer = new Analyzer({ rules: new RuleSet([], rowFields), learn: 0, summary: interval, onKept: (o) => told.push(o) });
    const sensor = new Sensor((batch) => analyzer.take(batch));
    await openFiles([path]).frames((block) => sensor.take(block));
    sensor.end();
    analyzer.close();
    return told.filter((o) => o['summary.count'] !== undefined);
  };
  const whole = await run(1e10);
  const parts = await run(MINUTE);
  assert.equal(expected.length, 4);
  assert.equal(whole.length, 4);
  for (const series of expected) {
    const same = (o: Observation) => o['modbus.function_code'] === series.fc && o['modbus.address'] === Number(series.addr);
    const [one] = whole.filter(same);
    assert.equal(one?.['summary.count'], series.n);
    assert.ok(Math.abs((one?.['summary.period'] as number) / 1000 - series.interval_mean) < 0.0001);
    assert.ok(Math.abs((one?.['summary.jitter'] as number) / 1000 - series.interval_stdev) < 0.0001);
    const own = parts.filter(same);
    assert.ok(own.length >= 17);
    assert.equal(
      own.reduce((sum, o) => sum + (o['summary.count'] as number), 0),
      series.n,
    );
    for (const o of own) assert.ok(Date.parse(o['summary.start'] as string) % MINUTE === 0);
  }
});

test('the analyzer keeps diagnostics, identifications, exceptions and time-outs one by one, and summarises the rest', () => {
  const kept: [Observation, number[]][] = [];
  const analyzer = new Analyzer({ rules: new RuleSet([], rowFields), learn: 0, summary: MINUTE, onKept: (o, frames) => kept.push([o, frames]) });
  const sensor = new Sensor((batch) => analyzer.take(batch));
  const poll = (n: number): Step[] => [['>', adu(n, '03 0000 0001')], ['<', adu(n, '03 02 0007')], 1000];
  const steps: Step[] = [
    ...[1, 2, 3].flatMap(poll),
    ['>', adu(10, '08 0000 a537')],
    ['<', adu(10, '08 0000 a537')],
    ['>', adu(11, '2b 0e 01 00')],
    ['<', adu(11, '2b 0e 01 01 00 00 01 00 01 41')],
    ['>', adu(12, '03 0000 0001')],
    ['<', adu(12, '83 02')],
    ['>', adu(13, '06 0004 0001')],
    ['<', adu(13, '06 0004 0001')],
    ['<', adu(14, '03 02 0001')],
    ['>', adu(15, '03 0000 0001')],
    30_000,
    ...poll(16),
  ];
  sensor.take(blockOf(talk(steps)));
  sensor.end();
  analyzer.close();
  const alone = kept.filter(([o]) => o['summary.count'] === undefined);
  assert.deepEqual(
    alone.map(([o]) => [o['modbus.transaction_id'], o['outcome']]).sort((a, b) => Number(a[0]) - Number(b[0])),
    [
      [10, 'answered'],
      [11, 'answered'],
      [12, 'exception'],
      [13, 'answered'],
      [14, 'orphan'],
      [15, 'timeout'],
    ],
  );
  const summaries = kept.filter(([o]) => o['summary.count'] !== undefined);
  assert.deepEqual(
    summaries.map(([o, frames]) => [...pick(o, 'count', 'answered'), frames]),
    [[6, 4, []]],
  );
});

test('encrypted messages: how many, how often and how large, by sender; the analyzer keeps their summaries alone', () => {
  const OPENED = ['>', '<', '>', '<'] as const;
  const opening = [hel(), ack(), sealedOpen(0), sealedOpen(5)].map((bytes, i): Step => [OPENED[i] as '>' | '<', bytes]);
  const encrypted = (size: number): Uint8Array => message('MSGF', join(u32(5), u32(1), new Uint8Array(size).fill(0xa5)));
  const polls = Array.from({ length: 50 }, (_, i): Step[] => [998, ['>', encrypted(64)], ['<', encrypted(i === 7 ? 800 : 96)]]).flat();
  const frames = talk([...opening, ...polls], { server: { ...SERVER, port: 4840 } });
  const kept: Observation[] = [];
  const analyzer = new Analyzer({ rules: new RuleSet([], rowFields), learn: 0, summary: MINUTE, onKept: (o) => kept.push(o) });
  const sensor = new Sensor((batch) => analyzer.take(batch));
  sensor.take(blockOf(frames));
  sensor.end();
  analyzer.close();
  const messages = kept.filter((o) => o.kind === 'opcua');
  assert.deepEqual(
    messages.map((o) => pick(o, 'sender', 'count', 'period', 'bytes', 'size_min', 'size_max')),
    [
      ['client', 50, 1000, 50 * 80, 80, 80],
      ['server', 50, 1000, 49 * 112 + 816, 112, 816],
    ],
  );
  assert.deepEqual(
    messages.map((o) => [o['opcua.visibility'], o['opcua.security_policy'], o['summary.answered'], typeof o['summary.first_frame']]),
    Array(2).fill(['opaque', 'Basic256Sha256', undefined, 'number']),
  );
});
