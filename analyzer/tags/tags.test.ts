import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Observation, rowFields } from '../../sensor/observation.ts';
import { CLIENT } from '../../test/modbus-wire.ts';
import { replay } from '../../test/registers.ts';
import { RuleSet } from '../rules/compile.ts';
import type { Rule } from '../rules/rule.ts';
import { importTags } from './import.ts';
import { tagPoint } from './tag.ts';
import { TagIndex } from './tags.ts';

const SERVER = '10.0.0.9';
const HEAD = 'unit,table,address,name,type,word_order,scale,engineering_unit,low,high';

async function listed(...rows: string[]) {
  const read = await importTags(new TextEncoder().encode([HEAD, ...rows].join('\n')), { server: SERVER, unit: null, notation: null });
  assert.deepEqual(read.problems, []);
  return read.tags;
}

const LIST = [
  '1,hr,100,Tank level,uint16,,0.1,m,0,20',
  '1,hr,101,Flow,float32,CDAB,,l/s,,',
  '1,hr,103,Total,uint32,,,m3,,',
  '1,coils,5,Pump,bool,,,,,',
  '1,hr,200,Name,string(6),,,,,',
];

test('finds the tags that lie in a stretch, also those that begin before it', async () => {
  const index = new TagIndex(await listed(...LIST, '2,hr,100,Other,int16,,,,,', '1,hr,110,Long,string(250),,,,,'.replace('110', '1000')));
  const within = (from: number, to: number) => index.within(SERVER, 1, 'holding_registers', from, to).map(tagPoint);
  assert.deepEqual(within(100, 101), ['1/holding_registers/100']);
  assert.deepEqual(within(102, 104), ['1/holding_registers/101', '1/holding_registers/103']);
  assert.deepEqual(within(1124, 1125), ['1/holding_registers/1000']);
  assert.deepEqual(within(1125, 2000), []);
  assert.deepEqual(index.within('10.0.0.8', 1, 'holding_registers', 0, 65_536), []);
});

test('of overlapping lists the first has its way', async () => {
  const own = await listed('1,hr,100,Mine,uint16,,,,,');
  const configured = await listed('1,hr,99,Wide,uint32,ABCD,,,,', '1,hr,101,Free,uint16,,,,,');
  const index = new TagIndex([...own, ...configured]);
  assert.deepEqual(
    index.within(SERVER, 1, 'holding_registers', 0, 200).map(({ name }) => name),
    ['Mine', 'Free'],
  );
  assert.deepEqual(
    new TagIndex([...configured, ...own]).within(SERVER, 1, 'holding_registers', 0, 200).map(({ name }) => name),
    ['Wide', 'Free'],
  );
});

const writes = (kept: readonly Observation[]) => kept.filter((o) => o['modbus.access'] === 'write');

test('what is kept of a write says its values in engineering units', async () => {
  const tags = new TagIndex(await listed(...LIST));
  const { kept } = replay(
    [
      {
        client: CLIENT,
        say: [
          ['06 0064 00fa', '06 0064 00fa'],
          ['10 0064 0005 0a 007b 0000 4148 0001 0002', '10 0064 0005'],
          ['05 0005 ff00', '05 0005 ff00'],
          ['17 0064 0001 00c8 0003 06 5055 4d50 2000', '17 02 0001'],
          ['06 0066 0001', '06 0066 0001'],
          ['06 0000 0001', '06 0000 0001'],
        ],
      },
    ],
    { tags },
  );
  const level = { point: '1/holding_registers/100', name: 'Tank level', unit: 'm' };
  assert.deepEqual(
    writes(kept).map((o) => o['modbus.tags'] ?? null),
    [
      [{ ...level, value: 25, state: 'high' }],
      [
        { ...level, value: 12.3, state: 'ok' },
        { point: '1/holding_registers/101', name: 'Flow', value: 12.5, unit: 'l/s', state: null },
        { point: '1/holding_registers/103', name: 'Total', value: null, unit: 'm3', state: 'undecided' },
      ],
      [{ point: '1/coils/5', name: 'Pump', value: true, unit: '', state: null }],
      [
        { ...level, value: 0.1, state: 'ok' },
        { point: '1/holding_registers/200', name: 'Name', value: 'PUMP', unit: '', state: null },
      ],
      [{ point: '1/holding_registers/101', name: 'Flow', value: null, unit: 'l/s', state: 'unreadable' }],
      null,
    ].map((one) => one?.map(({ point, name, value, unit, state }: { [key: string]: unknown }) => ({ point, name, value, unit, state })) ?? null),
  );
});

const beyond: Rule = {
  title: 'A value beyond its limits',
  id: '7d1c9a52-6a1e-4d0e-9a52-6f1b6b8b2a11',
  name: 'beyond-limits',
  status: 'stable',
  level: 'medium',
  version: 1,
  enabled: true,
  description: '',
  tags: [],
  category: 'modbus',
  silent: false,
  detection: { limit: { 'modbus.tags.state': ['low', 'high'] }, condition: 'limit' },
  correlation: null,
  falsepositives: [],
  references: [],
  catalogue: [],
  subject: ['destination.ip', 'modbus.unit_id'],
  explain: '{source} saw {modbus.tags.name}.',
  why: '',
  respond: { soc: '', plant: '' },
  blind: '',
  compliance: [],
  tests: [],
  file: '',
  hash: 'cafe',
};

test('a rule may look at the values of cyclic reads, and its finding shows them; without tags it never fires', async () => {
  const say: [string, string][] = [];
  for (let n = 0; n < 50; n++) say.push(['03 0064 0001', `03 02 ${(n === 30 || n === 31 ? 201 : 100 + n).toString(16).padStart(4, '0')}`]);
  const rules = new RuleSet([beyond], rowFields);
  const { analyzer } = replay([{ client: CLIENT, say }], { rules, tags: new TagIndex(await listed(...LIST)) });
  assert.deepEqual(
    analyzer.findings.map(({ count, seen }) => [count, (seen['modbus'] as { [field: string]: unknown })['tags']]),
    [[2, [{ point: '1/holding_registers/100', name: 'Tank level', value: 20.1, unit: 'm', state: 'high' }]]],
  );
  assert.deepEqual(replay([{ client: CLIENT, say }], { rules }).analyzer.findings, []);
});

test('values are called differently as soon as a person decides so', async () => {
  const tags = new TagIndex(await listed(...LIST));
  let seen = 0;
  const { kept } = replay(
    [
      { client: CLIENT, say: [['06 0064 00fa', '06 0064 00fa']] },
      { client: { ...CLIENT, port: 40_003 }, say: [['06 0064 00fa', '06 0064 00fa']] },
    ],
    {},
    (analyzer) => {
      if (seen++ === 0) analyzer.retag(tags);
    },
  );
  const [before, after] = writes(kept);
  assert.deepEqual([before?.['modbus.tags'] === undefined, after?.['modbus.tags'] === undefined], [true, false]);
});
