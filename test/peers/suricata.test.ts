/** Suricata's own expectations of its Modbus test, read from its files and held against our observations. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import type { Observation } from '../../sensor/observation.ts';
import { senseFile } from '../sense.ts';
import { missing, shared } from '../shared.ts';

type Check = { filter: { count: number; match: { [field: string]: string | number } } };
type Test = (o: Observation) => boolean;

const NAMES: { [name: string]: number } = { RdCoils: 1, MEI: 43 };
/** `assigned` of Suricata: a public function code (V1.1b3 section 5.1). */
const assigned = (o: Observation) => o['modbus.access'] !== 'other' && o['modbus.access'] !== 'program';
const TABLES: { [word: string]: string } = { coils: 'coils', input: 'input_registers', discretes: 'discrete_inputs', holding: 'holding_registers' };

/** A clause of the `modbus` keyword: `function 1`, `access read coils`, `unit >9`, `address 0<>2`. */
function clause(text: string): Test {
  const [word, ...rest] = text.trim().split(/\s+/) as [string, ...string[]];
  if (word === 'function') return rest[0] === 'assigned' ? assigned : (o) => o['modbus.function_code'] === Number(rest[0]);
  if (word === 'access') return (o) => o['modbus.access'] === rest[0] && (rest[1] === undefined || o['modbus.table'] === TABLES[rest[1]]);
  const field = word === 'unit' ? 'modbus.unit_id' : word === 'address' ? 'modbus.address' : undefined;
  if (field === undefined) throw new Error(`not known: ${text}`);
  const [, low, more, high] = /^(\d*)([<>]*)(\d*)$/.exec(rest.join('')) as unknown as [string, string, string, string];
  if (more === '') return (o) => o[field] === Number(low);
  if (more === '>') return (o) => (o[field] as number) > Number(high);
  // A range takes in what lies between: of the two reads of coils (0, and 2 to 3) one has to match.
  return (o) => (o[field] as number) >= Number(low) && (o[field] as number) < Number(high);
}

/** Its signatures by number; each is a test of a request. */
function signatures(): Map<number, Test> {
  const rules = readFileSync(shared('suricata-verify-modbus/test.rules'), 'utf8').split('\n').filter(Boolean);
  return new Map(
    rules.map((rule) => {
      const clauses = (/modbus: ([^;]+);/.exec(rule)?.[1] ?? '').split(',').map(clause);
      return [Number(/sid:(\d+)/.exec(rule)?.[1]), (o: Observation) => o['request_frame'] !== null && clauses.every((one) => one(o))];
    }),
  );
}

/** A field of its JSON as a test of ours. */
function field(name: string, value: string | number, rules: Map<number, Test>): Test {
  if (name === 'event_type') return () => true;
  if (name === 'alert.signature_id') return rules.get(Number(value)) as Test;
  if (name === 'modbus.request.function_code') return (o) => o['request_frame'] !== null && o['modbus.function_code'] === NAMES[value];
  if (name === 'modbus.request.access_type') return (o) => `${o['modbus.access']} | ${o['modbus.table']}`.toUpperCase() === value;
  if (name === 'modbus.response.category') return (o) => o['response_frame'] !== null && assigned(o) === (value === 'PUBLIC_ASSIGNED');
  throw new Error(`not known: ${name}`);
}

describe('Suricata on its own capture', { skip: missing('captures') }, () => {
  it('counts what test.yaml counts; two requests with protocol id 16 it does not take for Modbus', async () => {
    const { checks } = parse(readFileSync(shared('suricata-verify-modbus/test.yaml'), 'utf8')) as { checks: Check[] };
    const all = (await senseFile(shared('suricata-verify-modbus/modbus.pcap'))).filter((o) => o.kind === 'modbus');
    const observations = all.filter((o) => !JSON.stringify(o['modbus.flaws'] ?? []).includes('protocol_id'));
    assert.equal(all.length - observations.length, 2);
    const rules = signatures();
    const held = checks.filter(({ filter: { count, match } }) => {
      // A running number of Suricata's own, not of the wire.
      if (match['modbus.id'] !== undefined) return false;
      const tests = Object.entries(match).map(([name, value]) => field(name, value, rules));
      assert.equal(observations.filter((o) => tests.every((one) => one(o))).length, count, JSON.stringify(match));
      return true;
    });
    assert.equal(rules.size, 7);
    assert.deepEqual([checks.length, held.length], [10, 9]);
  });
});
