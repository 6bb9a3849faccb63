import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLIENT } from '../../test/modbus-wire.ts';
import { ipFrom, replay } from '../../test/registers.ts';
import type { RegisterTable } from './map.ts';

const OTHER = ipFrom('10.0.0.6', 40_002);

const brief = (tables: RegisterTable[]) =>
  tables.map(({ unit, table, ranges }) => [
    `${unit} ${table}`,
    ...ranges.map(
      ({ from, quantity, readers, writers, reads, writes }) => `${from}+${quantity} r${reads} ${readers.join(' ')} w${writes} ${writers.join(' ')}`,
    ),
  ]);

test('reads and writes of several clients make ranges, each with who reads and who writes it', () => {
  const tables = replay([
    {
      client: CLIENT,
      say: [
        ['03 0064 0004', '03 08 0001 0002 0003 0004'],
        ['03 0064 0004', '03 08 0005 0006 0007 0008'],
      ],
    },
    {
      client: OTHER,
      say: [
        ['03 0066 0004', '03 08 0009 000a 000b 000c'],
        ['06 0066 0007', '06 0066 0007'],
      ],
    },
  ]).analyzer.registers();
  assert.deepEqual(brief(tables), [
    ['1 holding_registers', '100+2 r2 10.0.0.5 w0 ', '102+1 r3 10.0.0.5 10.0.0.6 w1 10.0.0.6', '103+1 r3 10.0.0.5 10.0.0.6 w0 ', '104+2 r1 10.0.0.6 w0 '],
  ]);
  const [table] = tables;
  assert.deepEqual(
    table?.ranges.map(({ values }) => values),
    [[5, 6], [7], [10], [11, 12]],
    'the newest operation on an address says its value',
  );
  assert.equal(table?.points, 6);
  assert.equal(table?.transactions, 4);
  assert.ok((table?.ranges[0]?.last_seen ?? '') < (table?.ranges[1]?.last_seen ?? ''));
  assert.equal(table?.ranges[1]?.last_seen, table?.last_seen);
});

test('what was refused or never answered is no point, and a refused write leaves no value', () => {
  const say: [string, string | null][] = [['03 0000 0002', '03 04 0001 0002']];
  for (let address = 0x200; address < 0x240; address++) say.push([`03 ${address.toString(16).padStart(4, '0')} 0001`, '83 02']);
  say.push(['06 0000 002a', '86 04'], ['06 0001 002b', null], ['10 0300 0001 02 0001', '90 02'], ['17 0000 0001 0400 0001 02 0001', '97 02']);
  const { analyzer } = replay([{ client: CLIENT, say }]);
  assert.deepEqual(brief(analyzer.registers()), [['1 holding_registers', '0+2 r1 10.0.0.5 w0 ']]);
  assert.deepEqual(analyzer.registers()[0]?.ranges[0]?.values, [1, 2]);
});

test('an operation that is refused now and then counts what was answered', () => {
  const { analyzer } = replay([
    {
      client: CLIENT,
      say: [
        ['06 0005 0001', '06 0005 0001'],
        ['06 0005 0002', '86 04'],
        ['06 0005 0003', '86 04'],
      ],
    },
  ]);
  const [range] = analyzer.registers()[0]?.ranges ?? [];
  assert.deepEqual([range?.writes, range?.values], [1, [1]]);
  const before = range?.last_seen;
  const more = replay([
    {
      client: CLIENT,
      say: [
        ['06 0005 0001', '06 0005 0001'],
        ['06 0005 0002', '86 04'],
        ['06 0005 0004', '06 0005 0004'],
      ],
    },
  ]).analyzer.registers()[0]?.ranges[0];
  assert.deepEqual([more?.writes, more?.values], [2, [4]]);
  assert.ok((more?.last_seen ?? '') > (before ?? ''));
});

test('function 23 reads one range and writes another, 22 writes without telling a value, 24 touches one address', () => {
  const { analyzer } = replay([
    {
      client: CLIENT,
      say: [
        ['17 0010 0002 0020 0001 02 0063', '17 04 0007 0008'],
        ['16 0030 00f2 0025', '16 0030 00f2 0025'],
        ['16 0031 0000 0011', '16 0031 0000 0011'],
        ['18 0040', '18 0006 0002 0001 0002'],
      ],
    },
  ]);
  assert.deepEqual(brief(analyzer.registers()), [
    ['1 holding_registers', '16+2 r1 10.0.0.5 w0 ', '32+1 r0  w1 10.0.0.5', '48+2 r0  w2 10.0.0.5', '64+1 r1 10.0.0.5 w0 '],
  ]);
  assert.deepEqual(
    analyzer.registers()[0]?.ranges.map(({ values }) => values),
    [[7, 8], [99], [null, 17], [null]],
    'an AND mask of 0 leaves the OR mask',
  );
});

test('tables of units come by unit and table, with what was learned of each point', () => {
  const { analyzer } = replay(
    [
      {
        client: CLIENT,
        unit: 3,
        say: [
          ['01 0000 0003', '01 01 05'],
          ['04 0000 0001', '04 02 0007'],
        ],
      },
      {
        client: ipFrom('10.0.0.5', 40_003),
        unit: 2,
        say: [
          ['03 0000 0001', '03 02 0005'],
          ['03 0000 0001', '03 02 0009'],
          ['03 0000 0001', '03 02 0006'],
        ],
      },
    ],
    { learn: 1e9 },
  );
  analyzer.end();
  const tables = analyzer.registers();
  assert.deepEqual(
    tables.map(({ unit, table }) => `${unit} ${table}`),
    ['2 holding_registers', '3 coils', '3 input_registers'],
  );
  assert.deepEqual([tables[0]?.ranges[0]?.low, tables[0]?.ranges[0]?.high, tables[0]?.ranges[0]?.values], [[5], [9], [6]]);
  assert.deepEqual(
    [tables[1]?.ranges[0]?.values, tables[1]?.ranges[0]?.low],
    [
      [1, 0, 1],
      [1, 0, 1],
    ],
  );
  const judged = replay([{ client: CLIENT, say: [['03 0000 0001', '03 02 0005']] }], { learn: 0 });
  judged.analyzer.end();
  assert.deepEqual(judged.analyzer.registers()[0]?.ranges[0]?.low, [null], 'nothing was learned');
});

test('the same transactions give the same bytes, asked once or again and again', () => {
  const talk = [
    {
      client: CLIENT,
      say: [
        ['03 0064 0004', '03 08 0001 0002 0003 0004'],
        ['0f 0000 0003 01 05', '0f 0000 0003'],
        ['05 0007 ff00', '05 0007 ff00'],
      ] as [string, string][],
    },
  ];
  const once = replay(talk).analyzer;
  const often = replay(talk, {}, (analyzer) => analyzer.registers()).analyzer;
  assert.equal(JSON.stringify(once.registers()), JSON.stringify(often.registers()));
  assert.equal(JSON.stringify(often.registers()), JSON.stringify(often.registers()));
  assert.deepEqual(
    once
      .ceilings()
      .filter(({ name }) => name.includes('register'))
      .map(({ hit }) => hit),
    [0, 0, 0],
  );
});
