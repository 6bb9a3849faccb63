/** What holds for all rules that come with Stillwatch. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { technique } from '../attack.ts';
import { fieldsOfRule } from './compile.ts';
import { FIELDS, fieldNamed } from './fields.ts';
import { isNamedAfter, loadRules } from './load.ts';
import type { Rule } from './rule.ts';
import { testRules } from './trial.ts';

const root = new URL('../../rules', import.meta.url).pathname;
const { rules, problems } = loadRules([root]);
const each = (check: (rule: Rule) => void) => {
  for (const rule of rules) check(rule);
};

describe('the rules that come with Stillwatch', () => {
  it('load without a problem', () => {
    assert.deepEqual(problems, []);
    assert.ok(rules.length >= 80, `${rules.length}`);
  });
  it('pass their own tests', () => {
    const results = testRules(rules);
    assert.deepEqual(
      results.filter(({ ok }) => !ok),
      [],
    );
    assert.ok(results.length >= 2 * rules.length);
  });
  it('lie in a file called after them, with ids and names of their own', () => {
    each((rule) => assert.ok(isNamedAfter(rule), rule.file));
    assert.equal(new Set(rules.map(({ id }) => id)).size, rules.length);
    assert.equal(new Set(rules.map(({ name }) => name)).size, rules.length);
  });
  it('lie in the folder of what they look at, or in that of what cannot be seen', () => {
    const folder = { modbus: 'modbus', opcua: 'opcua', 'opcua-channel': 'opcua', sighting: 'network', loss: 'health' } as { [category: string]: string };
    each((rule) => {
      const expected = folder[rule.category];
      if (expected !== undefined) assert.match(rule.file, new RegExp(`/rules/(${expected}|health)/`));
    });
  });
  it('name current techniques, unless they tell of the sensor itself or are silent', () => {
    each((rule) => {
      for (const tag of rule.tags) assert.notEqual(technique(tag), null, `${rule.name}: ${tag}`);
      if (!rule.silent && !rule.file.includes('/health/')) assert.ok(rule.tags.length > 0, rule.name);
    });
  });
  it('look at documented fields alone', () => {
    each((rule) => {
      for (const field of fieldsOfRule(rule)) assert.notEqual(fieldNamed(field), null, `${rule.name}: ${field}`);
    });
  });
  it('cover the catalogue entries that were promised', () => {
    const covered = new Set(rules.flatMap(({ catalogue }) => catalogue));
    const promised = [
      'MB-01',
      'MB-02',
      'MB-03',
      'MB-04',
      'MB-06',
      'MB-14',
      'MB-15',
      'MB-16',
      'MB-17',
      'MB-18',
      'MB-19',
      'MB-20',
      'MB-21',
      'MB-22',
      'MB-26',
      'MB-27',
      'MB-28',
      'MB-29',
      'MB-41',
      'MB-46',
      'MB-47',
      'MB-48',
    ];
    promised.push('UA-01', 'UA-03', 'UA-06', 'UA-07', 'UA-09', 'UA-22', 'UA-26', 'UA-28', 'UA-31', 'OT-01', 'OT-02', 'OT-05', 'OT-07');
    for (const entry of promised) assert.ok(covered.has(entry), entry);
  });
  it('that are silent are counted by another, and those counted are there', () => {
    const counted = new Set(rules.flatMap(({ correlation }) => correlation?.rules ?? []));
    each((rule) => {
      if (rule.silent) assert.ok(counted.has(rule.name), `nobody counts ${rule.name}`);
    });
  });
  it('speak to people: no field names where words belong, every sentence ended', () => {
    each((rule) => {
      for (const text of [rule.description, rule.explain, rule.why, rule.respond.soc, rule.respond.plant, rule.blind])
        assert.match(text, /[.?!)]$/, `${rule.name}: ${text}`);
      for (const text of [rule.title, rule.why, rule.blind]) assert.doesNotMatch(text, /(modbus|opcua|baseline|flow)\.\w+/, `${rule.name}: ${text}`);
    });
  });
  it('act now only where the process is at risk', () => {
    const critical = rules.filter(({ level }) => level === 'critical').map(({ name }) => name);
    assert.deepEqual(critical, ['modbus-force-listen-only', 'modbus-umas-start-stop']);
  });
});

describe('fields', () => {
  it('are named once each and explained', () => {
    assert.equal(new Set(FIELDS.map(({ name }) => name)).size, FIELDS.length);
    for (const { name, meaning } of FIELDS) assert.ok(meaning.length > 3, name);
  });
  it('inside a documented object are that object', () => {
    assert.equal(fieldNamed('modbus.device_identification.vendor_name')?.name, 'modbus.device_identification');
    assert.equal(fieldNamed('modbus.unit_id.x'), null);
    assert.equal(fieldNamed('nothing'), null);
  });
});
