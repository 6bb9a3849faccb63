import assert from 'node:assert/strict';
import { test } from 'node:test';
import { random } from '../../test/sense.ts';
import { notText, rows, rowText, separatorOf } from './csv.ts';

const fields = (text: string, separator = ',') => [...rows(text, separator)].map((row) => row.fields);

test('RFC 4180: quotes, doubled quotes, separators and line ends inside them, LF or CRLF, with or without the last', () => {
  assert.deepEqual(fields('a,b\r\nc,d\r\n'), [
    ['a', 'b'],
    ['c', 'd'],
  ]);
  assert.deepEqual(fields('a,b\nc,d'), [
    ['a', 'b'],
    ['c', 'd'],
  ]);
  assert.deepEqual(fields('"a,1","say ""no""","two\r\nlines",\n'), [['a,1', 'say "no"', 'two\r\nlines', '']]);
  assert.deepEqual(fields('"",""\n'), [['', '']]);
  assert.deepEqual(fields('\n\n a \n\r\n'), [[' a ']], 'empty lines are passed over');
});

test('rows know the line they begin on, also behind a field of several lines', () => {
  const lines = [...rows('h\n"one\ntwo\nthree",x\n\nlast', ',')].map(({ line }) => line);
  assert.deepEqual(lines, [1, 2, 6]);
});

test('broken quotes are a flaw of their row, and the rows behind it are read', () => {
  const read = [...rows('"a"b,c\nd,e\n"never', ',')];
  assert.deepEqual(
    read.map(({ line, flaw }) => [line, flaw]),
    [
      [1, 'has something behind a closing quote'],
      [2, ''],
      [3, 'opens a quote that never closes'],
    ],
  );
});

test('the separator is what the header has most of', () => {
  assert.equal(separatorOf('unit;table;address\n1,2,3,4,5,6'), ';');
  assert.equal(separatorOf('unit\ttable\taddress\n'), '\t');
  assert.equal(separatorOf('"a;b;c;d",e\n'), ',');
  assert.equal(separatorOf('one'), ',');
});

test('what is written is read back', () => {
  const next = random(4711);
  const alphabet = ['a', '"', ',', ';', '\n', '\r\n', '\t', ' ', 'ü', '🏭', ''];
  for (let n = 0; n < 500; n++) {
    const one = ['x', ...Array.from({ length: 1 + next(5) }, () => Array.from({ length: next(6) }, () => alphabet[next(alphabet.length)]).join(''))];
    assert.deepEqual(fields(rowText(one)), [one]);
  }
});

test('never throws, and ends, whatever the text is', () => {
  const next = random(99);
  for (let n = 0; n < 2000; n++) {
    const text = Array.from({ length: next(40) }, () => '",\r\n;a'[next(6)]).join('');
    for (const row of rows(text, ',')) assert.ok(row.fields.length > 0 && row.line > 0);
  }
  const [wide] = [...rows(`${','.repeat(100_000)}\n`, ',')];
  assert.ok((wide?.fields.length ?? 0) < 100);
});

test('bytes that are no text are named with their line', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  assert.equal(notText(bytes('a,ü\n')), null);
  assert.match(notText(Uint8Array.from([...bytes('a\nb\n'), 0xfc, 10])) ?? '', /^line 3: is not UTF-8/);
  assert.match(notText(Uint8Array.of(0xff, 0xfe, 0x61, 0)) ?? '', /UTF-16/);
  assert.match(notText(bytes('a\0b')) ?? '', /^line 1/);
});
