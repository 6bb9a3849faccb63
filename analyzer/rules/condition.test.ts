import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseCondition } from './condition.ts';
import { compileDetection } from './detection.ts';
import { Fault } from './fault.ts';
import { decide, type Node } from './fold.ts';

const NAMES = ['a', 'b', 'c', 'sel_1', 'sel_2', '_x'];
const selections = new Map<string, Node>(NAMES.map((name) => [name, { kind: 'leaf', field: name, test: (value) => value === 1, equals: null }]));

/** Whether a condition holds when the selections `on` do. */
const holds = (condition: string, ...on: string[]): boolean => decide(parseCondition(condition, selections))(Object.fromEntries(on.map((name) => [name, 1])));

const fault = (condition: string): string => {
  try {
    compileDetection({ write: { a: 1 }, unknown: { b: 1 }, condition });
  } catch (error) {
    if (error instanceof Fault) return error.line;
    throw error;
  }
  return 'no fault';
};

describe('conditions', () => {
  it('and, or, not, in this order of strength: not, and, or', () => {
    assert.ok(holds('a and b', 'a', 'b') && !holds('a and b', 'a'));
    assert.ok(holds('a or b', 'b') && !holds('a or b'));
    assert.ok(holds('not a') && !holds('not a', 'a'));
    assert.ok(holds('a or b and c', 'a') && holds('a or b and c', 'b', 'c') && !holds('a or b and c', 'b'));
    assert.ok(holds('not a and b', 'b') && !holds('not a and b', 'a', 'b') && !holds('not a and b'));
    assert.ok(holds('not not a', 'a'));
  });
  it('parentheses, and words in any case', () => {
    assert.ok(holds('(a or b) AND c', 'a', 'c') && !holds('(a or b) AND c', 'a'));
    assert.ok(holds('not(a or b)') && !holds('not(a or b)', 'b'));
  });
  it('1 of, all of, 2 of names with *', () => {
    assert.ok(holds('1 of sel_*', 'sel_2') && !holds('1 of sel_*', 'a'));
    assert.ok(holds('all of sel_*', 'sel_1', 'sel_2') && !holds('all of sel_*', 'sel_1'));
    assert.ok(holds('2 of sel_*', 'sel_1', 'sel_2') && !holds('2 of sel_*', 'sel_2'));
    assert.ok(holds('3 of them', 'a', 'b', 'sel_1') && !holds('3 of them', 'a', 'b', '_x'));
    assert.ok(holds('any of sel_*', 'sel_1'));
  });
  it('them leaves out names that begin with an underscore', () => {
    assert.ok(!holds('1 of them', '_x') && holds('1 of them', 'c'));
    assert.ok(holds('all of them', 'a', 'b', 'c', 'sel_1', 'sel_2'));
  });
  const cases: [string, RegExp][] = [
    ['write and unkown', /^detection\.condition: unknown selection "unkown" \(did you mean "unknown"\?\)$/],
    ['write and', /ends where a selection is expected/],
    ['', /is empty/],
    ['(write and unknown', /closing parenthesis is missing/],
    ['write unknown', /"unknown" is not expected there/],
    ['write and unknown)', /"\)" is not expected there/],
    ['1 of sel*', /no selection is called "sel\*"/],
    ['3 of them', /can never hold: there are only 2/],
    ['0 of them', /expected a number from 1/],
    ['write or unknown | count() > 5', /write a correlation rule/],
    ['write', /^detection\.unknown: the condition does not use it$/],
    [`${'('.repeat(100)}write${')'.repeat(100)} and unknown`, /nested deeper/],
    [`write and unknown ${'and write '.repeat(400)}`, /longer than/],
  ];
  for (const [condition, expected] of cases)
    it(`says what is wrong with ${JSON.stringify(condition.slice(0, 30))}`, () => assert.match(fault(condition), expected));
});
