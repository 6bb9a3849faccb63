import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANSWERED, type Batch, complete, EXCEPTION, type Observation, rowFields } from '../sensor/observation.ts';
import { Operations } from '../sensor/operations.ts';
import { staticFields } from '../sensor/protocols/modbus/observe.ts';
import { Writer } from '../sensor/writer.ts';
import { Analyzer, type AnalyzerOptions } from './analyzer.ts';
import type { Decision } from './finding.ts';
import { RuleSet } from './rules/compile.ts';
import type { Rule } from './rules/rule.ts';

const SECOND = 1000;
const PLC = '10.0.0.9';
const HMI = '10.0.0.5';
const STRANGER = '10.0.0.66';

function rule(part: Partial<Rule>): Rule {
  return {
    title: 'A rule',
    id: '0f6c1c39-6a1e-4d0e-9a52-6f1b6b8b2a11',
    name: 'a-rule',
    status: 'stable',
    level: 'high',
    version: 1,
    enabled: true,
    description: '',
    tags: ['attack.t1692.001'],
    category: 'modbus',
    silent: false,
    detection: { new: { 'modbus.access': 'write', 'baseline.access': 'new' }, condition: 'new' },
    correlation: null,
    falsepositives: [],
    references: [],
    catalogue: [],
    subject: ['source.ip', 'destination.ip', 'modbus.unit_id'],
    explain: '{source} wrote {modbus.range} of {destination}. Until now: {nearest}.',
    why: '',
    respond: { soc: '', plant: '' },
    blind: '',
    compliance: [],
    tests: [],
    file: '',
    hash: 'cafe',
    ...part,
  };
}

/** A plant that repeats: operations interned and handed out as rows, as the sensor does. */
function plant(rules: Rule[], options: Partial<AnalyzerOptions> = {}, limit?: number) {
  const analyzer = new Analyzer({ rules: new RuleSet(rules, rowFields), learn: 10 * SECOND, ...options });
  const batches: Batch[] = [];
  const writer = new Writer((batch) => {
    batches.push(batch);
    analyzer.take(batch);
  });
  const operations = new Operations(writer, limit);
  let frame = 0;
  const transact = (at: number, client: string, code: number, address: number, values: number[], outcome: number = ANSWERED, status = 0): void => {
    const peer = operations.peer({ client, server: PLC, port: 502, transport: 'tcp', protocol: 'modbus', vlan: 0 });
    const b = (address << 16) | values.length;
    let n = operations.find(peer.number, code, b, 0);
    if (n < 0)
      n = operations.define(peer, code, b, 0, 'modbus', staticFields(peer, 'tcp', { unit: 1, code, mei: 0, address, quantity: values.length, sub: null }));
    frame += 2;
    const i = writer.row(n, at, outcome, frame - 1, frame);
    writer.batch.latency[i] = 1;
    writer.batch.status[i] = status;
    for (const value of values) writer.value(i, value);
  };
  return { analyzer, writer, transact };
}

test('learns, then judges: a write by a stranger is a finding, one by the client that always wrote is not', () => {
  const { analyzer, writer, transact } = plant([rule({})]);
  for (let t = 0; t < 20; t++) transact(t * SECOND, HMI, 6, 100, [t]);
  transact(20 * SECOND, STRANGER, 6, 100, [7]);
  writer.flush();
  analyzer.end();
  assert.equal(analyzer.findings.length, 1);
  const [finding] = analyzer.findings;
  assert.equal(finding?.actor.ip, STRANGER);
  assert.equal(finding?.count, 1);
  assert.deepEqual(finding?.occurrences[0]?.frames, [41, 42]);
  assert.match(
    finding?.explanation ?? '',
    /10\.0\.0\.66 wrote holding_registers 100 of 10\.0\.0\.9\. Until now: 10\.0\.0\.5 does write_single_register on 10\.0\.0\.9 unit 1/,
  );
  assert.ok(finding?.expected.some((fact) => fact.client === HMI && fact.what === 'write_single_register'));
});

test('repeats are one finding until a person closes it, then another', () => {
  const { analyzer, writer, transact } = plant([rule({})], { learn: 0 });
  for (let t = 0; t < 1500; t++) transact(t, STRANGER, 6, 100, [1]);
  writer.flush();
  const [first] = analyzer.findings;
  assert.equal(analyzer.findings.length, 1);
  assert.equal(first?.count, 1500);
  assert.equal(first?.occurrences.length, 1000);
  assert.equal(first?.occurrences.at(-1)?.frames[0], 2999);
  const decision = {
    id: '1',
    '@timestamp': '',
    by: 'anna',
    on: { kind: 'finding', id: first?.id ?? '' },
    kind: 'close',
    resolution: 'true_positive',
    comment: '',
    edit: null,
  } as const;
  analyzer.decide(decision satisfies Decision);
  transact(5000, STRANGER, 6, 100, [1]);
  writer.flush();
  assert.equal(analyzer.findings.length, 2);
  assert.notEqual(analyzer.findings[1]?.id, first?.id);
});

test('a retired fact is no longer known, an approved one is', () => {
  const { analyzer, writer, transact } = plant([rule({})]);
  for (let t = 0; t < 20; t++) transact(t * SECOND, HMI, 6, 100, [1]);
  writer.flush();
  assert.equal(analyzer.findings.length, 0);
  const fact = analyzer.facts.all().find((f) => f.kind === 'operation');
  const decide = (kind: 'approve' | 'retire') =>
    analyzer.decide({ id: kind, '@timestamp': '', by: 'anna', on: { kind: 'fact', id: fact?.id ?? '' }, kind, resolution: null, comment: '', edit: null });
  decide('retire');
  transact(21 * SECOND, HMI, 6, 100, [1]);
  writer.flush();
  assert.equal(analyzer.findings.length, 1);
  decide('approve');
  transact(22 * SECOND, HMI, 6, 100, [1]);
  writer.flush();
  assert.equal(analyzer.findings[0]?.count, 1);
  assert.equal(analyzer.facts.get(fact?.id ?? '')?.by, 'anna');
});

test('conditions on the single row are tested on each: an exception is not an answer', () => {
  const refused = rule({ detection: { refused: { 'modbus.exception_code': 2 }, condition: 'refused' } });
  const big = rule({ name: 'big', id: '1f6c1c39-6a1e-4d0e-9a52-6f1b6b8b2a11', detection: { big: { 'modbus.values|gt': 900 }, condition: 'big' } });
  const { analyzer, writer, transact } = plant([refused, big], { learn: 0 });
  for (let t = 0; t < 10; t++) transact(t, HMI, 3, 100, [t, 5]);
  transact(11, HMI, 3, 100, [], EXCEPTION, 2);
  transact(12, HMI, 3, 100, [1, 901]);
  writer.flush();
  assert.deepEqual(
    analyzer.findings.map((f) => [f.rule.name, f.count, f.seen['modbus']]).map(([name, count]) => [name, count]),
    [
      ['a-rule', 1],
      ['big', 1],
    ],
  );
});

test('a correlation counts events of its silent rule within its time, by group', () => {
  const base = rule({ name: 'base', silent: true, detection: { refused: { 'modbus.exception_code': 1 }, condition: 'refused' } });
  const many = rule({
    name: 'many',
    id: '2f6c1c39-6a1e-4d0e-9a52-6f1b6b8b2a11',
    category: '',
    detection: null,
    subject: ['source.ip'],
    correlation: { type: 'event_count', rules: ['base'], 'group-by': ['source.ip'], timespan: 60 * SECOND, condition: { gte: 3 } },
  });
  const { analyzer, writer, transact } = plant([base, many], { learn: 0 });
  for (const t of [0, 50, 101]) transact(t * SECOND, HMI, 3, 0, [], EXCEPTION, 1);
  for (const t of [0, 1, 2]) transact(t * SECOND, STRANGER, 4, 0, [], EXCEPTION, 1);
  writer.flush();
  assert.deepEqual(
    analyzer.findings.map((f) => [f.rule.name, f.actor.ip, f.occurrences[0]?.frames.length]),
    [['many', STRANGER, 6]],
  );
});

test('what was learned says how often, how wide and by whom', () => {
  const { analyzer, writer, transact } = plant([]);
  for (let t = 0; t < 9; t++) transact(t * SECOND, HMI, 3, 100, [t, 50 - t]);
  writer.flush();
  analyzer.end();
  const point = analyzer.facts.all().find((f) => f.what === 'holding_registers/101');
  assert.deepEqual(point?.range, { min: 42, max: 50, last: 42 });
  assert.deepEqual(point?.readers, [HMI]);
  assert.equal(point?.count, 9);
});

test('a number that the sensor gives to another operation starts anew', () => {
  const { analyzer, writer, transact } = plant([], {}, 2);
  transact(0, HMI, 3, 1, [1]);
  transact(1, HMI, 3, 2, [2]);
  transact(2, HMI, 3, 3, [3]);
  writer.flush();
  analyzer.end();
  const points = analyzer.facts.all().filter((f) => f.kind === 'point');
  assert.deepEqual(
    points.map((f) => [f.what, f.count, f.range?.last]),
    [
      ['holding_registers/1', 1, 1],
      ['holding_registers/2', 1, 2],
      ['holding_registers/3', 1, 3],
    ],
  );
});

test('observations of their own are judged like rows', () => {
  const { analyzer, writer } = plant([rule({})]);
  const write = (client: string): Observation =>
    complete(
      'modbus',
      { 'source.ip': client, 'destination.ip': PLC, 'modbus.unit_id': 1, 'modbus.function_code': 23, 'modbus.address': 5, request_frame: 1, response_frame: 2 },
      0,
    );
  const send = (o: Observation, at: number) => writer.detail({ ...o, '@timestamp': new Date(at).toISOString() }, at, 1);
  send(write(HMI), 0);
  send(write(HMI), 60 * SECOND);
  send(write(STRANGER), 61 * SECOND);
  writer.flush();
  assert.deepEqual(
    analyzer.findings.map((f) => f.actor.ip),
    [STRANGER],
  );
  assert.equal(analyzer.facts.all().find((f) => f.kind === 'operation')?.count, 2);
});
