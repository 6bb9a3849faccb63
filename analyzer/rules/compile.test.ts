import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ANSWERED, Batch, type Definition, EXCEPTION, type Observation, OUTCOMES, observe, rowFields, TIMEOUT, type Value } from '../../sensor/observation.ts';
import { fieldsOfRule, NOTHING, RuleSet } from './compile.ts';
import { loadRules } from './load.ts';
import type { Detection, Rule } from './rule.ts';

const root = new URL('../../rules', import.meta.url).pathname;

function rule(name: string, detection: Detection, more: Partial<Rule> = {}): Rule {
  return {
    title: name,
    id: name,
    name,
    status: 'stable',
    level: 'low',
    version: 1,
    enabled: true,
    description: '',
    tags: [],
    category: 'modbus',
    silent: false,
    detection,
    correlation: null,
    falsepositives: [],
    references: [],
    catalogue: [],
    subject: ['source.ip'],
    explain: '',
    why: '',
    respond: { soc: '', plant: '' },
    blind: '',
    compliance: [],
    tests: [],
    file: '',
    hash: '',
    ...more,
  };
}

const set = (...rules: Rule[]) => new RuleSet(rules, rowFields);
const names = (rules: readonly Rule[]) => rules.map((one) => one.name);

const STATIC: { [field: string]: Value } = {
  'source.ip': '10.0.0.5',
  'destination.ip': '10.0.0.9',
  'modbus.function': 'read_coils',
  'modbus.access': 'read',
  'modbus.function_code': 1,
  'baseline.access': 'known',
};

describe('plan', () => {
  it('of an operation that no rule concerns is NOTHING', () => {
    const rules = Array.from({ length: 2000 }, (_, i) => rule(`r${i}`, { s: { 'modbus.access': 'write', 'modbus.address': i }, condition: 's' }));
    const many = set(...rules);
    for (const outcome of OUTCOMES.keys()) assert.equal(many.plan('modbus', STATIC, outcome), NOTHING);
    assert.equal(many.plan('opcua', STATIC, ANSWERED), NOTHING);
  });
  it('decides what the operation decides', () => {
    const plan = set(rule('reads', { s: { 'modbus.access': 'read' }, condition: 's' })).plan('modbus', STATIC, ANSWERED);
    assert.deepEqual(names(plan.always), ['reads']);
    assert.equal(plan.remaining.length, 0);
  });
  it('leaves values to the row, with what is known folded away', () => {
    const plan = set(
      rule('high', { s: { 'modbus.access': 'read', 'modbus.values|gt': 100 }, other: { 'modbus.access': 'write' }, condition: 's or other' }),
    ).plan('modbus', STATIC, ANSWERED);
    assert.equal(plan.always.length, 0);
    assert.equal(plan.remaining.length, 1);
    const batch = new Batch();
    batch.rows = 2;
    batch.values.set([7, 101, 3]);
    batch.valueCount.set([2, 1]);
    batch.valueStart.set([0, 2]);
    assert.ok(plan.remaining[0]!.test(batch, 0));
    assert.ok(!plan.remaining[0]!.test(batch, 1));
  });
  it('treats the outcome as known, and refusals as absent unless there is one', () => {
    const refused = set(rule('refused', { s: { 'modbus.exception_code': 2 }, condition: 's' }), rule('silent', { s: { outcome: 'timeout' }, condition: 's' }));
    assert.equal(refused.plan('modbus', STATIC, ANSWERED), NOTHING);
    assert.deepEqual(names(refused.plan('modbus', STATIC, TIMEOUT).always), ['silent']);
    assert.equal(refused.plan('modbus', STATIC, EXCEPTION).remaining.length, 1);
  });
  it('reads the nodes of a definition as known and their values from the row', () => {
    const fields = { 'opcua.service': 'Read', 'opcua.nodes': [{ node_id: 'i=1' }, { node_id: 'i=2' }] };
    const two = set(
      rule('node', { s: { 'opcua.nodes.node_id': 'i=2' }, condition: 's' }, { category: 'opcua' }),
      rule('value', { s: { 'opcua.nodes.value|gt': 5 }, condition: 's' }, { category: 'opcua' }),
      rule('neither', { s: { 'opcua.nodes.node_id': 'i=3', 'opcua.nodes.value|gt': 5 }, condition: 's' }, { category: 'opcua' }),
    );
    const plan = two.plan('opcua', fields, ANSWERED);
    assert.deepEqual(names(plan.always), ['node']);
    assert.deepEqual(
      plan.remaining.map((each) => each.rule.name),
      ['value'],
    );
  });
  it('folds a comparison of a known and an unknown field', () => {
    const plan = set(rule('same', { s: { 'modbus.values|fieldref': 'modbus.function_code' }, condition: 's' })).plan('modbus', STATIC, ANSWERED);
    const batch = new Batch();
    batch.rows = 1;
    batch.values[0] = 1;
    batch.valueCount[0] = 1;
    assert.ok(plan.remaining[0]!.test(batch, 0));
  });
});

describe('rules found by a drawer are those found by asking each', () => {
  it('for lists, numbers and text in any case', () => {
    const rules = Array.from({ length: 40 }, (_, i) => rule(`f${i}`, { s: { 'modbus.function_code': [i, i + 100] }, condition: 's' }));
    rules.push(rule('any', { s: { 'modbus.unit_id': 1 }, condition: 's' }), rule('Text', { s: { 'modbus.function_code': '7' }, condition: 's' }));
    const many = set(...rules);
    const at = (code: Value) => names(many.match({ kind: 'modbus', '@timestamp': '', 'modbus.function_code': code, 'modbus.unit_id': 1 }));
    assert.deepEqual(at(7), ['f7', 'any', 'Text']);
    assert.deepEqual(at(107), ['f7', 'any']);
    assert.deepEqual(at([7, 8]), ['f7', 'f8', 'any', 'Text']);
    assert.deepEqual(at(null), ['any']);
    assert.deepEqual(names(many.plan('modbus', { 'modbus.function_code': 7, 'modbus.unit_id': 1 }, ANSWERED).always), ['f7', 'any', 'Text']);
  });
});

/** A small generator of numbers, so that a failure can be repeated. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
}

describe('the rules that come with Stillwatch', () => {
  const { rules } = loadRules([root]);
  const shipped = set(...rules);
  const pick = numbers(42);
  const one = <T>(of: readonly T[]): T => of[pick(of.length)] as T;
  const VERDICTS = ['known', 'new', 'learning'];

  function definition(): Definition {
    const fields: { [field: string]: Value } = {
      'source.ip': one(['10.0.0.5', '10.0.0.66']),
      'destination.ip': '10.0.0.9',
      'destination.port': 502,
      'network.transport': 'tcp',
      'network.protocol': 'modbus',
      'modbus.unit_id': pick(3),
      'modbus.function_code': one([1, 3, 5, 6, 8, 21, 43, 90, 100]),
      'modbus.access': one(['read', 'write', 'diagnostic', 'identify', 'program', 'other']),
      'modbus.function': one(['read_coils', 'write_single_coil', 'diagnostics', 'reserved', 'umas', 'user_defined']),
      'modbus.address': pick(9),
      'modbus.range': `coils ${pick(9)}`,
      'modbus.sub_function': one([null, 0, 1, 4, 10]),
      'modbus.umas_function': one([null, 16, 64, 48]),
      'modbus.mei_type': one([null, 13, 14]),
    };
    return { operation: 1, kind: 'modbus', peer: { number: 1, client: '', server: '', port: 502, transport: 'tcp', protocol: 'modbus', vlan: 0 }, fields };
  }

  it('match a row by plan exactly when they match its observation', () => {
    const batch = new Batch();
    batch.rows = 1;
    let matched = 0;
    for (let n = 0; n < 3000; n++) {
      const verdicts = Object.fromEntries(['client', 'peer', 'access', 'operation', 'point'].map((what) => [`baseline.${what}`, one(VERDICTS)]));
      const made = definition();
      batch.outcome[0] = pick(OUTCOMES.length);
      batch.status[0] = pick(12);
      batch.detail[0] = -1;
      batch.requestFrame[0] = 1;
      const plan = shipped.plan('modbus', { ...made.fields, ...verdicts }, batch.outcome[0] as number);
      const byPlan = [...plan.always, ...plan.remaining.filter(({ test }) => test(batch, 0)).map((each) => each.rule)];
      const whole = { ...observe(batch, 0, made), ...verdicts } as Observation;
      assert.deepEqual(names(byPlan).sort(), names(shipped.match(whole)).sort(), JSON.stringify(whole));
      matched += byPlan.length;
    }
    assert.ok(matched > 1000, `${matched} matches prove little`);
  });
  it('leave a learned poll alone', () => {
    const fields = { ...STATIC, 'baseline.client': 'known', 'baseline.peer': 'known', 'baseline.operation': 'known', 'baseline.point': 'known' };
    assert.equal(shipped.plan('modbus', fields, ANSWERED), NOTHING);
    assert.equal(
      shipped.plan('opcua', { ...fields, 'opcua.service': 'Read', 'opcua.access': 'read', 'opcua.nodes': [{ node_id: 'i=1', attribute_id: 13 }] }, ANSWERED),
      NOTHING,
    );
  });
});

describe('RuleSet', () => {
  it('leaves out what is switched off and knows who listens to whom', () => {
    const base = rule('base', { s: { 'modbus.access': 'read' }, condition: 's' });
    const correlation = { type: 'event_count' as const, rules: ['base'], 'group-by': ['source.ip'], timespan: 1000, condition: { gte: 2 } };
    const counting = rule('counting', base.detection as Detection, { detection: null, correlation, category: '' });
    const off = rule('off', base.detection as Detection, { enabled: false });
    const some = set(base, counting, off);
    assert.deepEqual(names(some.rules), ['base', 'counting']);
    assert.deepEqual(names(some.correlationsOf(base)), ['counting']);
    assert.deepEqual(names(some.correlationsOf(counting)), []);
    assert.deepEqual(names(some.match({ kind: 'modbus', '@timestamp': '', ...STATIC })), ['base']);
  });
  it('names the fields that a rule looks at', () => {
    assert.deepEqual(fieldsOfRule(rule('r', { a: { 'x.a': 1, 'x.b|contains': 'y' }, b: { 'x.c|fieldref': 'x.d' }, condition: 'a and not b' })), [
      'x.a',
      'x.b',
      'x.c',
      'x.d',
    ]);
  });
});
