import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Value } from '../../sensor/observation.ts';
import { Correlations } from './correlate.ts';
import type { Correlation, Rule } from './rule.ts';
import { MAX_WINDOW } from './window.ts';

const counting = (correlation: Partial<Correlation>): Rule =>
  ({
    name: 'c',
    correlation: { type: 'event_count', rules: ['base'], 'group-by': ['source.ip'], timespan: 60_000, condition: { gte: 3 }, ...correlation },
  }) as Rule;

const from =
  (ip: string, more: { [field: string]: Value } = {}) =>
  (field: string) =>
    ({ 'source.ip': ip, ...more })[field] ?? null;

describe('event_count', () => {
  it('holds when enough events of a group lie within the span', () => {
    const c = new Correlations();
    const rule = counting({});
    assert.equal(c.take(rule, from('a'), 0, [1, 2]), null);
    assert.equal(c.take(rule, from('b'), 1000, [3]), null);
    assert.equal(c.take(rule, from('a'), 30_000, [4, 5]), null);
    const hit = c.take(rule, from('a'), 60_000, [6]);
    assert.deepEqual(hit, { rule, group: { 'source.ip': 'a' }, count: 3, frames: [1, 2, 4, 5, 6], first: 0, last: 60_000 });
  });
  it('goes on holding, with the frames of the event alone', () => {
    const c = new Correlations();
    const rule = counting({});
    for (const at of [0, 1, 2]) c.take(rule, from('a'), at, [at + 1]);
    assert.deepEqual(c.take(rule, from('a'), 3, [9])?.frames, [9]);
    assert.equal(c.take(rule, from('a'), 100_000, [10]), null);
    c.take(rule, from('a'), 100_001, [11]);
    assert.deepEqual(c.take(rule, from('a'), 100_002, [12])?.frames, [10, 11, 12]);
  });
  it('slides: events fall out when they are older than the span', () => {
    const c = new Correlations();
    for (let at = 0; at < 3_600_000; at += 31_000) assert.equal(c.take(counting({}), from('a'), at, []), null, `at ${at}`);
  });
  it('puts a late event in its place and counts it', () => {
    const c = new Correlations();
    c.take(counting({}), from('a'), 50_000, [5]);
    c.take(counting({}), from('a'), 55_000, [6]);
    const hit = c.take(counting({}), from('a'), 10_000, [1]);
    assert.deepEqual([hit?.count, hit?.first, hit?.last, hit?.frames], [3, 10_000, 55_000, [1, 5, 6]]);
  });
  it('leaves out an event that comes later than the span', () => {
    const c = new Correlations();
    c.take(counting({}), from('a'), 500_000, []);
    c.take(counting({}), from('a'), 500_001, []);
    assert.equal(c.take(counting({}), from('a'), 0, []), null);
    assert.equal(c.take(counting({}), from('a'), 500_002, [])?.count, 3);
  });
  it('starts over when the clock stepped back for good, and survives a leap and times that are none', () => {
    const c = new Correlations();
    c.take(counting({}), from('a'), 4e12, []);
    let hits = 0;
    for (let n = 0; n < 40; n++) if (c.take(counting({}), from('a'), 1000 + n, []) !== null) hits++;
    assert.ok(hits >= 20, `${hits}`);
    assert.equal(c.take(counting({ 'group-by': ['x'] }), from('a'), Number.NaN, []), null);
  });
  it('counts with gt, lt, lte and eq', () => {
    const after = (condition: Correlation['condition'], n: number) => {
      const c = new Correlations();
      let hit = null;
      for (let at = 0; at < n; at++) hit = c.take(counting({ condition }), from('a'), at, []);
      return hit !== null;
    };
    assert.ok(!after({ gt: 3 }, 3) && after({ gt: 3 }, 4));
    assert.ok(after({ eq: 2 }, 2) && !after({ eq: 2 }, 3));
    assert.ok(after({ gte: 2, lte: 3 }, 3) && !after({ gte: 2, lte: 3 }, 4));
    assert.ok(after({ lt: 3 }, 2) && !after({ lt: 3 }, 3));
  });
  it('keeps a bounded number of events and of frames', () => {
    const c = new Correlations();
    let hit = null;
    for (let n = 1; n <= 5000; n++) hit = c.take(counting({ condition: { gte: MAX_WINDOW } }), from('a'), n, [2 * n, 2 * n + 1]) ?? hit;
    assert.equal(hit?.count, MAX_WINDOW);
    const first = new Correlations();
    let begin = null;
    for (let n = 1; n <= 500; n++) begin ??= first.take(counting({ condition: { gte: 500 } }), from('a'), n, [2 * n, 2 * n + 1]);
    assert.equal(begin?.frames.length, 200);
    assert.deepEqual([begin?.frames[0], begin?.frames.at(-1)], [2, 1001]);
  });
});

describe('value_count', () => {
  const distinct = counting({ type: 'value_count', condition: { field: 'port', gte: 3 } });
  it('counts different values, each by its latest event', () => {
    const c = new Correlations();
    for (let at = 0; at < 100; at++) assert.equal(c.take(distinct, from('a', { port: at % 2 }), at, []), null);
    const hit = c.take(distinct, from('a', { port: 7 }), 100, [3]);
    assert.deepEqual([hit?.count, hit?.first], [3, 98]);
  });
  it('forgets values that were not seen within the span', () => {
    const c = new Correlations();
    for (const [n, port] of [1, 2, 3, 4, 5].entries()) assert.equal(c.take(distinct, from('a', { port }), n * 40_000, []), null);
  });
  it('counts the elements of a list, and nothing for null', () => {
    const c = new Correlations();
    assert.equal(c.take(distinct, from('a', { port: null }), 0, []), null);
    assert.equal(c.take(distinct, from('a', { port: [1, 2, 3, 3] }), 0, [])?.count, 3);
  });
  it('tells 1 from "1"', () => {
    const c = new Correlations();
    c.take(distinct, from('a', { port: 1 }), 0, []);
    c.take(distinct, from('a', { port: '1' }), 0, []);
    assert.equal(c.take(distinct, from('a', { port: true }), 0, [])?.count, 3);
  });
});

describe('ceilings', () => {
  it('push out the group that was used longest ago, and count it', () => {
    const c = new Correlations(3);
    for (const ip of ['a', 'b', 'c', 'a', 'd']) c.take(counting({}), from(ip), 0, []);
    assert.deepEqual([c.size, c.evicted], [3, 1]);
    assert.notEqual(c.take(counting({}), from('a'), 0, []), null, 'a was used again and stayed');
    c.take(counting({}), from('b'), 0, []);
    assert.equal(c.evicted, 2);
  });
  it('hold the events of all groups together', () => {
    const c = new Correlations(1000, 50);
    for (let n = 0; n < 40; n++) for (const ip of ['a', 'b', 'c']) c.take(counting({ condition: { gte: 1000 } }), from(ip), n, []);
    assert.ok(c.evicted > 0);
  });
  it('keep correlations apart', () => {
    const c = new Correlations();
    const other = { ...counting({}), name: 'other' };
    c.take(counting({}), from('a'), 0, []);
    c.take(counting({}), from('a'), 0, []);
    assert.equal(c.take(other, from('a'), 0, []), null);
    assert.notEqual(c.take(counting({}), from('a'), 0, []), null);
  });
});
