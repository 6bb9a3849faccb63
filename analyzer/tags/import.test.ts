import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportTags } from './export.ts';
import { importTags, MAX_PROBLEMS, problemText } from './import.ts';
import type { Given } from './row.ts';
import { type Tag, tagPoint } from './tag.ts';

const HERE: Given = { server: '10.0.0.9', unit: null, notation: null };
const read = (text: string, given: Partial<Given> = {}, room?: number) => importTags(new TextEncoder().encode(text), { ...HERE, ...given }, room);
const problems = async (text: string, given: Partial<Given> = {}) => (await read(text, given)).problems.map(problemText);
const points = async (text: string, given: Partial<Given> = {}) => {
  const result = await read(text, given);
  assert.deepEqual(result.problems.map(problemText), []);
  return result.tags.map((tag) => `${tagPoint(tag)} ${tag.name}`);
};

const HEAD = 'unit,table,address,name,type';

test('a whole row: every column, in any order, as spreadsheets of the world write them', async () => {
  const text =
    '\ufeffName;Unit ID;Register type;Address;Data type;Word order;Factor;Offset;EU;Min;Max\r\n"Tank ""A"" level";1;Holding Register;100;REAL;low word first;0,1;;m;;\r\n';
  assert.deepEqual(await problems(text), ['line 2, column scale: "0,1" is no number; write a decimal point, not a comma']);
  const { tags } = await read(text.replace('0,1', '0.1').replace(';m;;', ';m;-1.5;20'));
  assert.deepEqual(tags, [
    {
      server: '10.0.0.9',
      unit: 1,
      table: 'holding_registers',
      address: 100,
      bit: null,
      name: 'Tank "A" level',
      type: 'float32',
      length: 0,
      order: 'CDAB',
      scale: 0.1,
      offset: 0,
      eu: 'm',
      low: -1.5,
      high: 20,
    } satisfies Tag,
  ]);
});

test('two columns called unit: the first is the Modbus unit, the second the engineering unit', async () => {
  const { tags } = await read(`unit,table,address,name,type,word order,scale,unit,low,high\n3,ir,7,Flow,uint16,,0.1,l/s,,\n`);
  assert.deepEqual([tags[0]?.unit, tags[0]?.eu], [3, 'l/s']);
  const { tags: slave } = await read(`slave,table,address,name,type,unit\n3,ir,7,Flow,uint16,l/s\n`);
  assert.deepEqual([slave[0]?.unit, slave[0]?.eu], [3, 'l/s']);
});

test('addresses: from 0 unless the list says otherwise, row by row or as a whole', async () => {
  assert.deepEqual(await points(`${HEAD}\n1,hr,100,a,int16\n1,hr,100.3,b,bool\n1,co,0,c,bool\n1,hr,65535,d,int16\n`), [
    '1/coils/0 c',
    '1/holding_registers/100 a',
    '1/holding_registers/100.3 b',
    '1/holding_registers/65535 d',
  ]);
  assert.deepEqual(await points(`${HEAD}\n1,hr,1,a,int16\n`, { notation: 'one-based' }), ['1/holding_registers/0 a']);
  assert.deepEqual(await points('unit,address,name,type\n1,40101,a,int16\n1,300001,b,int16\n1,10001,c,bool\n1,00017,d,bool\n', { notation: 'modicon' }), [
    '1/coils/16 d',
    '1/discrete_inputs/0 c',
    '1/holding_registers/100 a',
    '1/input_registers/0 b',
  ]);
  assert.deepEqual(await points(`${HEAD},notation\n1,hr,40101,a,int16,modicon\n1,hr,40101,b,int16,wire\n1,hr,8,c,int16,one-based\n`), [
    '1/holding_registers/7 c',
    '1/holding_registers/100 a',
    '1/holding_registers/40101 b',
  ]);
  assert.deepEqual(await points(`${HEAD}\n1,coils,17,a,bool\n`, { notation: 'modicon' }), ['1/coils/16 a'], 'a spreadsheet took the zeros off');
});

test('references that nobody declared are asked about, never guessed; wire addresses as high are taken', async () => {
  const asked = await problems(`${HEAD}\n1,hr,40101,a,int16\n1,hr,40103,b,int16\n`);
  assert.equal(asked.length, 2);
  assert.match(asked[0] ?? '', /^line 2, column address: 40101 may be wire address 40101 or the Modicon reference of 100; say which in a column notation/);
  assert.equal((await points(`${HEAD}\n1,hr,40101,a,int16\n1,hr,12,b,int16\n`)).length, 2, 'a table with 12 in it counts from the wire');
  assert.match((await problems(`${HEAD}\n1,hr,400101,a,int16\n`))[0] ?? '', /400101 is not within 0 to 65535; if it is a Modicon reference, say which/);
  assert.match(
    (await problems(`${HEAD}\n1,ir,40101,a,int16\n`, { notation: 'modicon' }))[0] ?? '',
    /40101 is a reference into holding_registers, but the table is input_registers/,
  );
});

test('each thing that is wrong is one line with its line, column and fix', async () => {
  const head = 'unit,table,address,name,type,word_order,scale,low,high';
  const cases: [row: string, says: RegExp][] = [
    ['256,hr,1,a,int16,,,,', /column unit: "256" is no unit, a number from 0 to 255/],
    ['m,hr,1,a,int16,,,,', /column unit: "m" is no unit.*engineering_unit/],
    ['1,pumps,1,a,int16,,,,', /column table: "pumps" is no table; write coils/],
    ['1,hr,65536,a,int16,,,,', /column address: 65536 is not within 0 to 65535/],
    ['1,hr,65535,a,int32,,,,', /column address: int32 at 65535 would end beyond 65535/],
    ['1,hr,-1,a,int16,,,,', /column address: "-1" is no address/],
    ['1,hr,5.16,a,bool,,,,', /column address: "5.16" is no address/],
    ['1,hr,5.1,a,int16,,,,', /column type: a bit of a register is a bool/],
    ['1,coils,5.1,a,bool,,,,', /column address: coils have no bits/],
    ['1,coils,5,a,int16,,,,', /column type: coils hold single bits; their type is bool/],
    ['1,hr,5,,int16,,,,', /column name: is empty/],
    ['1,hr,5,a,floaty,,,,', /column type: "floaty" is no type; write bool, int16/],
    ['1,hr,5,a,string,,,,', /column type: a string needs its length: string\(12\)/],
    ['1,hr,5,a,string(900),,,,', /column type: a string has 1 to 250 characters/],
    ['1,hr,5,a,int32,sideways,,,', /column word_order: "sideways" is no word order; write big/],
    ['1,hr,5,a,int32,little endian,,,', /column word_order: "little endian" means different orders to different tools; write ABCD/],
    ['1,hr,5,a,int16,,0,,', /column scale: is 0/],
    ['1,hr,5,a,int16,,x,,', /column scale: "x" is no number/],
    ['1,hr,5,a,int16,,,9,1', /column low: 9 is above high, 1/],
    ['1,hr,5,a,int16,,,,,,more', /has 11 fields where the header has 9/],
    ['"1,hr,5,a,int16', /opens a quote that never closes/],
  ];
  for (const [row, says] of cases) {
    const found = await problems(`${head}\n${row}\n`);
    assert.ok(
      found.some((line) => says.test(line) && line.startsWith('line 2')),
      `${row}: ${found.join(' | ')}`,
    );
    assert.ok(found.every((line) => !line.includes('\n')));
  }
});

test('a header says what is missing, unknown or twice; an empty file that it is empty', async () => {
  assert.deepEqual(await problems('unit,tabel,address,name,type\n'), [
    'line 1, column tabel: "tabel" is no column; the columns are server, unit, table, address, name, type, word_order, scale, offset, engineering_unit, low, high, notation',
    'line 1, column table: is missing',
  ]);
  assert.match((await problems(`${HEAD},name\n`))[0] ?? '', /column name: stands there twice, in columns 4 and 6/);
  assert.deepEqual(await problems(HEAD, { server: null }), ['line 1, column server: is missing; add it, or name the one device with the list: 10.0.0.9=FILE']);
  assert.deepEqual(await problems(''), ['is empty; its first line names the columns']);
  assert.deepEqual(await problems(`${HEAD}\n\n`), ['has a header and no tag']);
});

test('overlapping tags are both named; bits may name the parts of a word', async () => {
  assert.deepEqual(await problems(`${HEAD}\n1,hr,6,b,int16\n1,hr,5,a,int32\n2,hr,6,c,int16\n`), [
    'line 2, column address: b (1/holding_registers/6) overlaps a (1/holding_registers/5) of line 3',
  ]);
  assert.equal((await points(`${HEAD}\n1,hr,5,word,uint16\n1,hr,5.0,bit,bool\n1,hr,5.1,other,bool\n`)).length, 3);
  assert.equal((await problems(`${HEAD}\n1,hr,5.1,bit,bool\n1,hr,5.1,again,bool\n`)).length, 1);
  assert.equal((await problems(`${HEAD}\n1,hr,5,float,float32\n1,hr,6.1,bit,bool\n`)).length, 1);
  assert.equal((await problems(`${HEAD}\n1,hr,0,long,string(40)\n1,hr,1,a,int16\n1,hr,19,b,int16\n1,hr,20,c,int16\n`)).length, 2);
  assert.equal((await points(`${HEAD}\n1,hr,5,Spare,uint16\n1,hr,6,Spare,uint16\n`)).length, 2, 'names need not differ');
});

test('a list for a device or a unit takes no other', async () => {
  assert.match(
    (await problems(`server,${HEAD}\n10.0.0.8,1,hr,5,a,int16\n`))[0] ?? '',
    /column server: "10.0.0.8" is another device; this list is for 10.0.0.9/,
  );
  assert.match(
    (await problems(`${HEAD}\n4,hr,5,a,int16\n`, { unit: 3 }))[0] ?? '',
    /column unit: 4 is another device behind the gateway; this list is for unit 3/,
  );
  assert.equal((await read(`server,${HEAD}\n10.0.0.8,1,hr,5,a,int16\n`, { server: null })).tags[0]?.server, '10.0.0.8');
});

test('many problems are counted, the first twenty told, and nothing is taken', async () => {
  const result = await read(`${HEAD}\n${'1,hr,5,a,floaty\n'.repeat(500)}1,hr,9,fine,int16\n`);
  assert.deepEqual([result.faults, result.problems.length, result.tags.length, result.rows], [500, MAX_PROBLEMS, 0, 501]);
});

test('a list with more tags than there is room for is refused', async () => {
  const rows = Array.from({ length: 12 }, (_, n) => `1,hr,${n},t${n},int16`).join('\n');
  assert.equal((await read(`${HEAD}\n${rows}`, {}, 12)).tags.length, 12);
  const refused = await read(`${HEAD}\n${rows}`, {}, 11);
  assert.deepEqual([refused.tags.length, refused.problems.map(problemText)], [0, ['line 13: is one tag too many: 11 have room, of 500000 in all']]);
});

test('two hundred thousand rows are read', async () => {
  const lines = [`server,${HEAD},word_order,scale`];
  for (let n = 0; n < 200_000; n++) lines.push(`10.0.${n >> 15}.9,${1 + ((n >> 14) & 1)},holding_registers,${(n & 0x3fff) * 2},Tank ${n},float32,CDAB,0.1`);
  const { tags, faults } = await read(lines.join('\n'), { server: null });
  assert.deepEqual([tags.length, faults], [200_000, 0]);
});

test('what is exported is the same when it comes back', async () => {
  const text = `${HEAD},word_order,scale,offset,engineering_unit,low,high\n1,hr,40100,"a, ""b""",float64,badc,1e-3,-4.5,°C,-1,1\n2,ir,5.4,bit,bool,,,,,,\n1,hr,7,text,string(9),,,,,,\n0,di,65535,end,bit,,,,,,\n255,hr,9,n,bcd32,,,,,,7\n`;
  const { tags } = await read(text);
  assert.equal(tags.length, 5);
  assert.deepEqual((await read(exportTags(tags), { server: null })).tags, tags);
});
