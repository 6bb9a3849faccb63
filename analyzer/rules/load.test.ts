import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { loadRules, MAX_FILE } from './load.ts';
import { placeholders } from './template.ts';

const dir = mkdtempSync(join(tmpdir(), 'rules-'));
after(() => rmSync(dir, { recursive: true }));

const GOOD = `title: A write
id: 0f6c1c39-6a1e-4d0e-9a52-6f1b6b8b2a12
name: a-write
status: stable
level: high
description: Somebody writes.
tags: [attack.t0836]
logsource: { product: stillwatch, category: modbus }
detection:
  write: { modbus.access: write }
  condition: write
stillwatch:
  version: 1
  catalogue: [MB-01]
  subject: [source.ip]
  explain: "{source} wrote {modbus.range}, not {baseline.operation.nearest}."
  why: Because.
  respond: { soc: Look., plant: Look. }
  blind: Much.
  tests:
    - it: fires
      given: [{ source.ip: 10.0.0.5, modbus.function_code: 6, times: 3, every: 2s, vary: { modbus.address: [1, 2] } }]
      finds: [{ source.ip: 10.0.0.5 }]
    - it: stays silent
      given: [{ modbus.function_code: 3 }]
      finds: []
`;

const COUNTING = `title: Many writes
id: 0f6c1c39-6a1e-4d0e-9a52-6f1b6b8b2a13
name: many-writes
status: stable
level: high
description: Somebody writes much.
correlation:
  type: event_count
  rules: [a-write]
  group-by: [source.ip]
  timespan: 5m
  condition: { gte: 3 }
stillwatch:
  version: 1
  subject: [source.ip]
  explain: "{source} wrote {count} times."
  why: Because.
  respond: { soc: Look., plant: Look. }
  blind: Much.
  tests:
    - it: fires
      given: [{ modbus.function_code: 6, times: 3 }]
      finds: [{ source.ip: 10.0.0.5 }]
    - it: stays silent
      given: [{ modbus.function_code: 6 }]
      finds: []
`;

let made = 0;
/** Loads files, given as name and text, from a folder of their own. */
function load(...files: [name: string, text: string | Uint8Array][]) {
  const folder = join(dir, String(++made), 'rules');
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of files) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const { rules, problems } = loadRules([folder]);
  return { rules, problems: problems.map((line) => line.replace(`${folder}/`, '')) };
}

const changed = (from: string | RegExp, to: string) => {
  const text = GOOD.replace(from, to);
  assert.notEqual(text, GOOD, `${from} changes nothing`);
  return text;
};

describe('loadRules', () => {
  it('reads rules of all folders in order of path, with their hash', () => {
    const { rules, problems } = load(['b/many.yml', COUNTING], ['a/write.yaml', GOOD], ['a/notes.txt', 'no rule'], ['.git/x.yaml', '[']);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      rules.map((rule) => rule.name),
      ['a-write', 'many-writes'],
    );
    const [write, many] = rules;
    assert.equal(write?.category, 'modbus');
    assert.match(write?.hash ?? '', /^[0-9a-f]{64}$/);
    assert.deepEqual(write?.tests[0]?.given[0], {
      fields: { 'source.ip': '10.0.0.5', 'modbus.function_code': 6 },
      times: 3,
      every: 2000,
      vary: { 'modbus.address': [1, 2] },
    });
    assert.equal(many?.correlation?.timespan, 300_000);
    assert.equal(many?.category, '');
  });
  it('takes a single file, and ids instead of names in a correlation', () => {
    const { rules, problems } = load(['a.yaml', GOOD], ['b.yaml', COUNTING.replace('[a-write]', '[0f6c1c39-6a1e-4d0e-9a52-6f1b6b8b2a12]')]);
    assert.deepEqual(problems, []);
    assert.deepEqual(rules[1]?.correlation?.rules, ['a-write']);
    assert.equal(loadRules([rules[0]!.file]).rules.length, 1);
  });
  it('loads what is in order beside what is not', () => {
    const { rules, problems } = load(['bad.yaml', 'title: ['], ['good.yaml', GOOD]);
    assert.equal(rules.length, 1);
    assert.equal(problems.length, 1);
  });
  it('says in one line what cannot be read', () => {
    assert.match(loadRules([join(dir, 'nowhere')]).problems.join('\n'), /^[^\n]*nowhere: cannot be read \(ENOENT\)$/);
    const folder = join(dir, 'links');
    mkdirSync(folder);
    symlinkSync('/does/not/exist', join(folder, 'dead.yaml'));
    symlinkSync(folder, join(folder, 'loop'));
    mkdirSync(join(folder, 'folder.yaml'));
    assert.match(loadRules([folder]).problems.join('\n'), /^[^\n]*dead\.yaml: cannot be read \(ENOENT\)$/);
    assert.match(loadRules(['/dev/null']).problems.join('\n'), /^\/dev\/null: is not a plain file$/);
  });
});

describe('a hostile file gives one line', () => {
  const cases: [string, string | Uint8Array, RegExp][] = [
    ['10 MB of nesting', '['.repeat(10_000_000), /^x\.yaml: is 10000000 bytes long, more than the 65536 of a rule file$/],
    ['nesting up to the ceiling of bytes', '['.repeat(MAX_FILE), /^x\.yaml: maps and lists are nested deeper than 16$/],
    ['nested lists on one line', `${'- '.repeat(MAX_FILE / 2 - 1)}x`, /^x\.yaml: maps and lists are nested deeper than 16$/],
    ['nested maps line by line', Array.from({ length: 300 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'), /^x\.yaml: maps and lists are nested deeper than 16$/],
    [
      'aliases of aliases',
      `a: &a [x,x,x,x,x,x,x,x]\n${'bcdefghijk'
        .split('')
        .map((c, i) => `${c}: &${c} [${Array(8).fill(`*${'abcdefghij'[i]}`).join(',')}]\n`)
        .join('')}`,
      /^x\.yaml: is not YAML: Excessive alias count/,
    ],
    ['bytes that are no text', new Uint8Array([0xff, 0xfe, 0x00]), /^x\.yaml: is not UTF-8 text$/],
    ['an open quote', '"'.padEnd(1000, '\\'), /^x\.yaml: is not YAML: Missing closing/],
    ['a key twice', 'title: a\ntitle: b\n', /^x\.yaml: is not YAML: Map keys must be unique at line 2, column 1$/],
    ['two documents', `${GOOD}---\n${GOOD}`, /^x\.yaml: is not YAML: Source contains multiple documents/],
    ['nothing', '', /^x\.yaml: is empty or not a map$/],
    ['a list', '- 1', /^x\.yaml: is empty or not a map$/],
    ['an own tag', GOOD.replace('title: A write', 'title: !!js/function A write'), /^x\.yaml: is not YAML: Unresolved tag/],
  ];
  for (const [what, text, expected] of cases) {
    it(what, () => {
      const { rules, problems } = load(['x.yaml', text]);
      assert.equal(rules.length, 0);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] as string, expected);
    });
  }
});

describe('a fault gives one readable line', () => {
  const cases: [string, string, string][] = [
    [
      'unknown modifier',
      changed('modbus.access: write', 'modbus.access|startwith: write'),
      'detection.write: unknown modifier "startwith" (did you mean "startswith"?)',
    ],
    ['unknown field of a rule', changed('level: high', 'level: high\nlevle: high'), 'unknown field "levle" (did you mean "level"?)'],
    ['unknown field under stillwatch', changed('  why: Because.', '  why: Because.\n  wy: x'), 'stillwatch: unknown field "wy" (did you mean "why"?)'],
    [
      'unknown field of an observation',
      changed('modbus.access: write', 'modbus.acess: write'),
      'detection.write: unknown field "modbus.acess" (did you mean "modbus.access"?)',
    ],
    [
      'a word that never comes',
      changed('modbus.access: write', 'modbus.access: wirte'),
      'detection.write: modbus.access is never "wirte" (did you mean "write"?)',
    ],
    ['unknown selection', changed('condition: write', 'condition: wrote'), 'detection.condition: unknown selection "wrote" (did you mean "write"?)'],
    ['unused selection', changed('  condition', '  spare: { modbus.access: read }\n  condition'), 'detection.spare: the condition does not use it'],
    ['condition missing', changed('  condition: write\n', ''), 'detection.condition: is missing: name the selections that must hold'],
    [
      'revoked technique',
      changed('attack.t0836', 'attack.t0855'),
      'tags: "attack.t0855" is no current technique of ATT&CK for ICS; it is attack.t1692.001 since v19',
    ],
    ['unknown technique', changed('attack.t0836', 'attack.t1046'), 'tags: "attack.t1046" is no current technique of ATT&CK for ICS'],
    ['no tag', changed('attack.t0836', 'T0836'), 'tags: "T0836" is not a tag such as attack.t0836'],
    ['level', changed('level: high', 'level: urgent'), 'level: must be one of informational, low, medium, high, critical'],
    ['level missing', changed('level: high\n', ''), 'level: is missing'],
    ['id', changed('id: 0f6c', 'id: 0F6C'), 'id: must be a UUID in lower case'],
    ['name', changed('name: a-write', 'name: A write'), 'name: must be lower-case words joined by "-"'],
    [
      'category',
      changed('category: modbus', 'category: modbuss'),
      'logsource.category: must be one of modbus, opcua, opcua-channel, flow, sighting, identity, flaw, loss',
    ],
    ['logsource missing', changed(/logsource.*\n/, ''), 'logsource: is missing'],
    ['nothing to detect', changed(/detection:\n.*\n.*\n/, ''), 'needs either "detection" or "correlation"'],
    ['no test that fires', changed('finds: [{ source.ip: 10.0.0.5 }]', 'finds: []'), 'stillwatch.tests: a test that fires is missing'],
    ['no test that is silent', changed('finds: []', 'finds: [{ source.ip: 10.0.0.5 }]'), 'stillwatch.tests: a test that stays silent is missing (finds: [])'],
    [
      'unknown field in a test',
      changed('modbus.function_code: 3', 'modbus.funktion: 3'),
      'stillwatch.tests[1]: unknown field "modbus.funktion" (did you mean "modbus.function"?)',
    ],
    ['bad repeat in a test', changed('times: 3', 'times: many'), 'stillwatch.tests[0].given[0].times: must be a number'],
    ['bad spacing in a test', changed('every: 2s', 'every: soon'), 'stillwatch.tests[0].given[0].every: must be a time such as 60s, 5m or 1h'],
    [
      'unknown form in explain',
      changed('{modbus.range}', '{modbus.range|tme}'),
      'stillwatch.explain: unknown form "tme" of "modbus.range" (did you mean "time"?)',
    ],
    ['unknown field in explain', changed('{modbus.range}', '{modbus.rnge}'), 'stillwatch.explain: unknown field "modbus.rnge" (did you mean "modbus.range"?)'],
    [
      'unknown field in subject',
      changed('subject: [source.ip]', 'subject: [source.pi]'),
      'stillwatch.subject: unknown field "source.pi" (did you mean "source.ip"?)',
    ],
    ['no subject', changed('subject: [source.ip]', 'subject: []'), 'stillwatch.subject: is empty'],
    ['catalogue', changed('[MB-01]', '[MB-1]'), 'stillwatch.catalogue[0]: must look like MB-03'],
    ['a silent rule that is loud', changed('  version: 1', '  version: 1\n  silent: true'), 'level: a silent rule is informational'],
    ['text where a map belongs', changed('{ soc: Look., plant: Look. }', 'look'), 'stillwatch.respond: must be a map'],
    ['a map where text belongs', changed('title: A write', 'title: { a: b }'), 'title: must be text'],
    [
      'broken expression',
      changed('modbus.access: write', "modbus.range|re: '('"),
      'detection.write.modbus.range|re: "(" is not a regular expression: unterminated group',
    ],
  ];
  for (const [what, text, line] of cases) it(what, () => assert.deepEqual(load(['x.yaml', text]).problems, [`x.yaml: ${line}`]));

  const correlations: [string, string | RegExp, string, string][] = [
    ['an unknown rule', '[a-write]', '[a-wirte]', 'correlation.rules: there is no rule "a-wirte" (did you mean "a-write"?)'],
    ['itself', '[a-write]', '[many-writes]', 'correlation.rules: "many-writes" is itself a correlation'],
    ['no limit', '{ gte: 3 }', '{}', 'correlation.condition: needs gte, gt, lte, lt or eq'],
    ['a limit beyond what is kept', 'gte: 3', 'gte: 5000', 'correlation.condition.gte: has more than 1000'],
    ['value_count without a field', 'event_count', 'value_count', 'correlation.condition: value_count needs "field": what to count'],
    ['event_count with a field', 'gte: 3', 'gte: 3, field: source.ip', 'correlation.condition: event_count counts events and takes no "field"'],
    ['an unknown group', '[source.ip]\n  timespan', '[source.pi]\n  timespan', 'correlation.group-by: unknown field "source.pi" (did you mean "source.ip"?)'],
    ['a bad span', '5m', '5 minutes', 'correlation.timespan: must be a time such as 60s, 5m or 1h'],
    ['no span', '5m', '0s', 'correlation.timespan: must be longer than nothing'],
    ['a type of tomorrow', 'event_count', 'temporal', 'correlation.type: must be one of event_count, value_count'],
    ['a log source', 'correlation:', 'logsource: { product: stillwatch, category: modbus }\ncorrelation:', 'logsource: a correlation has none: its rules do'],
  ];
  for (const [what, from, to, line] of correlations) {
    it(`correlation: ${what}`, () => assert.deepEqual(load(['a.yaml', GOOD], ['b.yaml', COUNTING.replace(from, to)]).problems, [`b.yaml: ${line}`]));
  }

  it('id and name twice', () => {
    const twin = load(['a.yaml', GOOD], ['b.yaml', GOOD.replace('name: a-write', 'name: b-write')]);
    assert.match(twin.problems.join('\n'), /^b\.yaml: id: "0f6c1c39-6a1e-4d0e-9a52-6f1b6b8b2a12" is already that of \S*a\.yaml$/);
    const namesake = load(['a.yaml', GOOD], ['b.yaml', GOOD.replace('2a12', '2a99')]);
    assert.match(namesake.problems.join('\n'), /^b\.yaml: name: "a-write" is already that of \S*a\.yaml$/);
    assert.equal(namesake.rules.length, 1);
  });
  it('several faults of one file are cut short', () =>
    assert.deepEqual(load(['x.yaml', '__proto__: 1']).problems.at(-1)?.replace(/\d+/, 'N'), 'x.yaml: and N more problems'));
  it('names that belong to every object are no fields', () => {
    assert.deepEqual(load(['x.yaml', changed('modbus.access: write', 'constructor: write')]).problems, [
      'x.yaml: detection.write: unknown field "constructor"',
    ]);
    assert.deepEqual(load(['x.yaml', changed('condition: write', 'condition: write and toString')]).problems, [
      'x.yaml: detection.condition: unknown selection "toString"',
    ]);
  });
});

it('placeholders of a template', () => {
  const places = placeholders('{source} at {modbus.range}: {baseline.operation.nearest}, {nearest}, {loss.duration|time}');
  assert.deepEqual(
    places.map(({ name, form }) => [name, form]),
    [
      ['source', ''],
      ['modbus.range', ''],
      ['nearest', ''],
      ['nearest', ''],
      ['loss.duration', 'time'],
    ],
  );
});
