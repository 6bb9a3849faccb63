/** Runs the examples in a rule file through the real analyzer. */
import { Batch, complete, type Kind, type Observation, rowFields, timestamp, type Value } from '../../sensor/observation.ts';
import { Analyzer } from '../analyzer.ts';
import type { Finding } from '../finding.ts';
import { RuleSet } from './compile.ts';
import type { Example, Rule, RuleTest } from './rule.ts';

export type Trial = { rule: string; it: string; ok: boolean /** Why not; '' when ok. */; reason: string };

/** When tests begin, ms since the epoch: any time does. */
const START = Date.UTC(2026, 0, 1);
/** Learning in tests, ms. What is `learned` must fit into it. */
const LEARN = 3_600_000;
const PORTS: { [kind: string]: number } = { modbus: 502, opcua: 4840, 'opcua-channel': 4840 };

/** Runs the tests of every rule, each rule alone with what it correlates. */
export function testRules(rules: readonly Rule[]): Trial[] {
  return rules.flatMap((rule) => testRule(rule, rules));
}

/** `among` holds the base rules of a correlation. A silent rule is heard, a disabled one enabled. */
export function testRule(rule: Rule, among: readonly Rule[]): Trial[] {
  const bases = among.filter((base) => rule.correlation?.rules.includes(base.name)).map((base) => ({ ...base, silent: true }));
  const set = new RuleSet([...bases, { ...rule, silent: false, enabled: true }], rowFields);
  return rule.tests.map((test) => {
    const reason = judge(test, run(test, rule, bases, set));
    return { rule: rule.name, it: test.it, ok: reason === '', reason };
  });
}

/** Findings of the rule that `given` raised or repeated. */
function run(test: RuleTest, rule: Rule, bases: readonly Rule[], set: RuleSet): Finding[] {
  const analyzer = new Analyzer({ rules: set, learn: LEARN });
  const kindOf = (fields: { [field: string]: Value }): Kind => kind(fields, rule, bases);
  const learned = spread(test.learned, START, kindOf);
  const last = learned[learned.length - 1];
  const from = last === undefined ? START : last.at + LEARN + 1000;
  const given = spread(test.given, from, kindOf);
  for (const { observation, at } of [...learned, ...given]) analyzer.take(batchOf(observation, at));
  analyzer.end();
  const begin = timestamp(Math.min(from, ...given.map(({ at }) => at)));
  return analyzer.findings.filter((finding) => finding.rule.name === rule.name && finding.last_seen >= begin);
}

type Timed = { observation: Observation; at: number };

/** Writes out repeats: one after the other, `every` apart, unless an example says when it happened. */
function spread(examples: readonly Example[], from: number, kindOf: (fields: { [field: string]: Value }) => Kind): Timed[] {
  const out: Timed[] = [];
  let at = from;
  for (const { fields, times, every, vary } of examples) {
    if (typeof fields['@timestamp'] === 'string') at = Date.parse(fields['@timestamp']);
    for (let n = 0; n < times; n++, at += every) {
      const varied = Object.entries(vary).map(([field, values]) => [field, values[n % values.length] as Value]);
      out.push({ observation: whole({ ...fields, ...Object.fromEntries(varied) }, kindOf, at, out.length), at });
    }
  }
  return out;
}

/** The observation with what the sensor would have added. */
function whole(fields: { [field: string]: Value }, kindOf: (fields: { [field: string]: Value }) => Kind, at: number, n: number): Observation {
  const what = kindOf(fields);
  const frame = 2 * n + 1;
  const port = PORTS[what];
  const service: { [field: string]: Value } =
    port === undefined ? {} : { 'destination.port': port, 'network.transport': 'tcp', 'network.protocol': port === PORTS['modbus'] ? 'modbus' : 'opcua' };
  const observation = complete(what, { ...service, ...fields }, at);
  if (what !== 'modbus' && what !== 'opcua' && what !== 'opcua-channel') return { frame, ...observation };
  const answered = observation['outcome'] === 'answered' || observation['outcome'] === 'exception';
  return { request_frame: frame, response_frame: answered ? frame + 1 : null, ...observation };
}

/** What is said, then what the rule is about, then what the fields are named after. */
function kind(fields: { [field: string]: Value }, rule: Rule, bases: readonly Rule[]): Kind {
  if (typeof fields['kind'] === 'string') return fields['kind'] as Kind;
  if (rule.category !== '') return rule.category as Kind;
  const categories = bases.map((base) => base.category);
  const named = categories.find((category) => Object.keys(fields).some((field) => field.startsWith(`${category.split('-')[0]}.`)));
  return (named ?? categories[0]) as Kind;
}

function batchOf(observation: Observation, at: number): Batch {
  const batch = new Batch();
  batch.rows = 1;
  batch.at[0] = at;
  batch.detail[0] = batch.details.push(observation) - 1;
  return batch;
}

/** Why the findings are not those expected; '' when they are. Each expected one needs a finding of its own. */
function judge(test: RuleTest, findings: readonly Finding[]): string {
  const left = [...findings];
  for (const expected of test.finds) {
    const n = left.findIndex((finding) => differences(expected, finding) === '');
    if (n < 0) return left[0] === undefined ? 'did not fire' : `fired, but ${differences(expected, left[0])}`;
    left.splice(n, 1);
  }
  return left[0] === undefined ? '' : `fired ${test.finds.length === 0 ? '' : 'also '}where it should be silent: ${left[0].explanation}`;
}

function differences(expected: { [field: string]: Value }, finding: Finding): string {
  for (const [field, value] of Object.entries(expected)) {
    const seen = inside(finding.seen, field.startsWith('@') ? [field] : field.split('.'));
    if (JSON.stringify(seen) !== JSON.stringify(value)) return `${field} is ${JSON.stringify(seen ?? null)}, not ${JSON.stringify(value)}`;
  }
  return '';
}

function inside(value: unknown, keys: readonly string[]): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  if (Array.isArray(value)) return value.map((each) => inside(each, keys));
  return value !== null && typeof value === 'object' && Object.hasOwn(value, key) ? inside((value as { [key: string]: unknown })[key], rest) : undefined;
}
