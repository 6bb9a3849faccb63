import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Value } from '../../sensor/observation.ts';
import { compileDetection } from './detection.ts';
import { Fault } from './fault.ts';
import { decide } from './fold.ts';

const matches = (selection: unknown, fields: { [field: string]: Value }): boolean => decide(compileDetection({ s: selection, condition: 's' }))(fields);

/** The line of the fault in a selection. */
function fault(selection: unknown): string {
  try {
    compileDetection({ s: selection, condition: 's' });
  } catch (error) {
    if (error instanceof Fault) return error.line;
    throw error;
  }
  return 'no fault';
}

describe('values', () => {
  it('are equal without regard to case, unless cased', () => {
    assert.ok(matches({ a: 'Write' }, { a: 'wRITE' }));
    assert.ok(!matches({ 'a|cased': 'Write' }, { a: 'write' }));
    assert.ok(matches({ 'a|cased': 'Write' }, { a: 'Write' }));
    assert.ok(!matches({ a: 'write' }, { a: 'writes' }));
  });
  it('are numbers, true and false', () => {
    assert.ok(matches({ a: 6 }, { a: 6 }));
    assert.ok(!matches({ a: 6 }, { a: 66 }));
    assert.ok(matches({ a: true }, { a: true }));
    assert.ok(!matches({ a: true }, { a: false }));
    assert.ok(matches({ a: 0 }, { a: 0 }));
    assert.ok(!matches({ a: 0 }, { a: null }));
  });
  it('null is absent, null or an empty list', () => {
    for (const fields of [{}, { a: null }, { a: [] }] as { [field: string]: Value }[]) assert.ok(matches({ a: null }, fields));
    for (const a of [0, '', false, ['x']]) assert.ok(!matches({ a: null }, { a }));
    assert.ok(matches({ a: [null, 'x'] }, { a: 'x' }) && matches({ a: [null, 'x'] }, {}) && !matches({ a: [null, 'x'] }, { a: 'y' }));
  });
  it('match a list when one of its elements does', () => {
    assert.ok(matches({ a: 'y' }, { a: ['x', 'y'] }));
    assert.ok(!matches({ a: 'z' }, { a: ['x', 'y'] }));
    assert.ok(matches({ a: 3 }, { a: [[1], [2, 3]] }));
  });
  it('of objects in lists are found by the path', () => {
    const nodes: Value = [
      { node_id: 'i=1', attribute_id: 13 },
      { node_id: 'i=2', attribute_id: 4, value: [7, 8] },
    ];
    assert.ok(matches({ 'o.nodes.node_id': 'i=2' }, { 'o.nodes': nodes }));
    assert.ok(!matches({ 'o.nodes.node_id': 'i=3' }, { 'o.nodes': nodes }));
    assert.ok(matches({ 'o.nodes.attribute_id|lt': 13 }, { 'o.nodes': nodes }));
    assert.ok(matches({ 'o.nodes.value': 8 }, { 'o.nodes': nodes }));
    assert.ok(matches({ 'o.nodes.status': null }, { 'o.nodes': nodes }));
    assert.ok(matches({ 'o.id.vendor': 'acme' }, { 'o.id': { vendor: 'ACME' } }));
    assert.ok(!matches({ 'o.id.constructor|exists': true }, { 'o.id': { vendor: 'ACME' } }));
  });
});

describe('wildcards', () => {
  it('stand for any characters and for one', () => {
    assert.ok(matches({ a: 'read_*' }, { a: 'Read_Coils' }));
    assert.ok(matches({ a: '*coil*' }, { a: 'write_single_coil' }));
    assert.ok(matches({ a: 'ab?d' }, { a: 'abcd' }));
    assert.ok(!matches({ a: 'ab?d' }, { a: 'abd' }));
    assert.ok(matches({ a: 'a*b*c' }, { a: 'aXXbYYbc' }));
    assert.ok(!matches({ a: 'a*b*c' }, { a: 'aXXcYYb' }));
  });
  it('are plain characters behind a backslash', () => {
    assert.ok(matches({ a: 'a\\*b' }, { a: 'a*b' }));
    assert.ok(!matches({ a: 'a\\*b' }, { a: 'axb' }));
    assert.ok(matches({ a: 'a\\\\*' }, { a: 'a\\b' }));
    assert.ok(matches({ a: 'C:\\x' }, { a: 'c:\\x' }));
  });
  it('need no more than text times pattern', () => {
    assert.ok(!matches({ a: `${'*a'.repeat(200)}b` }, { a: 'a'.repeat(5000) }));
  });
});

describe('modifiers', () => {
  it('contains, startswith, endswith', () => {
    assert.ok(matches({ 'a|contains': 'AD' }, { a: 'read' }));
    assert.ok(matches({ 'a|startswith': ['wr', 're'] }, { a: 'read' }));
    assert.ok(matches({ 'a|endswith': 'ad' }, { a: 'read' }));
    assert.ok(!matches({ 'a|startswith': 'ad' }, { a: 'read' }));
    assert.ok(matches({ 'a|contains': 'r*d' }, { a: 'already' }));
    assert.ok(matches({ 'a|contains': 2 }, { a: 123 }));
  });
  it('all wants every value, each in any element', () => {
    assert.ok(matches({ 'a|all': ['x', 'y'] }, { a: ['y', 'x', 'z'] }));
    assert.ok(!matches({ 'a|all': ['x', 'y'] }, { a: ['x'] }));
    assert.ok(matches({ 'a|contains|all': ['ab', 'bc'] }, { a: 'abc' }));
    assert.ok(!matches({ 'a|contains|all': ['ab', 'cd'] }, { a: 'abc' }));
  });
  it('lt, lte, gt, gte compare numbers and only those', () => {
    assert.ok(matches({ 'a|lt': 5 }, { a: 4.9 }) && !matches({ 'a|lt': 5 }, { a: 5 }));
    assert.ok(matches({ 'a|lte': 5 }, { a: 5 }) && !matches({ 'a|lte': 5 }, { a: 6 }));
    assert.ok(matches({ 'a|gt': 5 }, { a: 6 }) && !matches({ 'a|gt': 5 }, { a: 5 }));
    assert.ok(matches({ 'a|gte': 5 }, { a: [1, 5] }) && !matches({ 'a|gte': 5 }, { a: '7' }));
    assert.ok(!matches({ 'a|lt': 5 }, {}));
  });
  it('exists', () => {
    assert.ok(matches({ 'a|exists': true }, { a: 0 }) && !matches({ 'a|exists': true }, { a: [] }));
    assert.ok(matches({ 'a|exists': false }, { a: null }) && !matches({ 'a|exists': false }, { a: 'x' }));
  });
  it('fieldref', () => {
    assert.ok(matches({ 'a|fieldref': 'b' }, { a: 'X', b: 'x' }));
    assert.ok(!matches({ 'a|fieldref': 'b' }, { a: 'x', b: 'y' }));
    assert.ok(!matches({ 'a|fieldref': 'b' }, { a: null, b: null }));
    assert.ok(matches({ 'a|fieldref|startswith': 'b' }, { a: 'xyz', b: ['q', 'xy'] }));
    assert.ok(!matches({ 'a|fieldref|cased': 'b' }, { a: 'X', b: 'x' }));
  });
  it('cidr, versions 4 and 6', () => {
    assert.ok(matches({ 'a|cidr': '10.0.0.0/8' }, { a: '10.1.2.3' }));
    assert.ok(!matches({ 'a|cidr': '10.0.0.0/8' }, { a: '11.1.2.3' }));
    assert.ok(matches({ 'a|cidr': ['192.168.0.0/16', 'fd00::/8'] }, { a: 'fd12::1' }));
    assert.ok(!matches({ 'a|cidr': 'fd00::/8' }, { a: 'fe80::1' }));
    assert.ok(!matches({ 'a|cidr': '0.0.0.0/0' }, { a: '::1' }));
    assert.ok(matches({ 'a|cidr': '10.0.0.7/32' }, { a: '10.0.0.7' }) && !matches({ 'a|cidr': '10.0.0.7/32' }, { a: '10.0.0.8' }));
    assert.ok(!matches({ 'a|cidr': '10.0.0.0/8' }, { a: 'not an address' }));
  });
  it('re, with flags, anchored by the author', () => {
    assert.ok(matches({ 'a|re': '^ns=\\d+;' }, { a: 'ns=2;s=x' }));
    assert.ok(!matches({ 'a|re': 'ABC' }, { a: 'abc' }));
    assert.ok(matches({ 'a|re|i': 'ABC' }, { a: 'abc' }));
    assert.ok(matches({ 'a|re': '[a-z]{2,4}-(?:[0-9]{3})' }, { a: 'plc-123' }));
  });
});

describe('faults are found when compiling', () => {
  const cases: [string, unknown, RegExp][] = [
    ['unknown modifier', { 'a|startwith': 'x' }, /^detection\.s: unknown modifier "startwith" \(did you mean "startswith"\?\)$/],
    ['modifiers that exclude each other', { 'a|contains|startswith': 'x' }, /exclude each other/],
    ['cidr with contains', { 'a|cidr|contains': '10.0.0.0/8' }, /exclude each other/],
    ['twice the same', { 'a|contains|contains': 'x' }, /twice/],
    ['re flag without re', { 'a|i': 'x' }, /belongs behind "re"/],
    ['all without a list', { 'a|all': 'x' }, /"all" needs a list/],
    ['bad network', { 'a|cidr': '10.0.0.0/33' }, /is not a network/],
    ['bad network', { 'a|cidr': '10.0.0.0' }, /is not a network/],
    ['gt of text', { 'a|gt': 'many' }, /needs a number/],
    ['exists of text', { 'a|exists': 'yes' }, /needs true or false/],
    ['fieldref of a number', { 'a|fieldref': 3 }, /needs the name of a field/],
    ['null with a modifier', { 'a|contains': null }, /null stands alone/],
    ['an object as value', { a: { b: 1 } }, /a value must be text/],
    ['no values', { a: [] }, /list of values is empty/],
    ['keywords', ['x', 'y'], /keyword searches are not supported/],
    ['text', 'x', /must be a map/],
    ['an empty map', {}, /is empty/],
    ['no field name', { '|contains': 'x' }, /names no field/],
    ['broken expression', { 'a|re': '(' }, /is not a regular expression/],
    ['nested repeats', { 'a|re': '(a+)+$' }, /could take forever: a repeated group/],
    ['alternatives repeated', { 'a|re': '(a|a)*$' }, /could take forever/],
    ['counted alternatives', { 'a|re': '(a|a){30}' }, /could take forever/],
    ['a chain of repeats', { 'a|re': 'a*a*a*a*b' }, /more than 3 repeats/],
    ['a chain of optionals', { 'a|re': `${'a?'.repeat(30)}${'a'.repeat(30)}` }, /optional parts/],
    ['a back reference', { 'a|re': '(a)\\1' }, /refers back/],
    ['looking ahead', { 'a|re': '(?=a)a' }, /ahead or behind/],
    ['counting far', { 'a|re': 'a{1000}' }, /counts beyond/],
    ['too long', { 'a|re': 'a'.repeat(300) }, /longer than/],
  ];
  for (const [what, selection, expected] of cases) it(what, () => assert.match(fault(selection), expected));
});
