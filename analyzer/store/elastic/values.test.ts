/** Values as servers take them. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { StoreError } from '../store.ts';
import { converted, exact, ipOf, timeOf, wordsOf } from './values.ts';

it('a term is no longer than Lucene takes, and never ends in half a letter', () => {
  for (const letter of ['x', 'ü', '網', '🏭']) {
    const text = letter.repeat(33_000);
    const cut = exact(text);
    assert.ok(text.startsWith(cut));
    assert.ok(Buffer.byteLength(cut) <= 32_766 && Buffer.byteLength(cut) > 32_750, `${letter} ${Buffer.byteLength(cut)}`);
    assert.equal(exact(letter.repeat(100)), letter.repeat(100));
  }
});

it('times are in UTC with microseconds', () => {
  assert.equal(timeOf('2026-11-23T10:00:00Z'), '2026-11-23T10:00:00.000000Z');
  assert.equal(timeOf('2026-11-23t12:00:00.1234567+02:00'), '2026-11-23T10:00:00.123456Z');
  assert.equal(timeOf('2026-11-23T24:00:00Z'), '2026-11-24T00:00:00.000000Z');
  assert.equal(timeOf('1969-12-31T23:59:59.999999Z'), '1969-12-31T23:59:59.999999Z');
  assert.equal(timeOf('9999-12-31T23:59:59-02:00'), '9999-12-31T23:59:59.999999Z');
  assert.equal(timeOf('0000-01-01T00:00:00+02:00'), '0000-01-01T00:00:00.000000Z');
  assert.throws(() => timeOf('yesterday'), StoreError);
});

it('what a type does not take is left out', () => {
  assert.deepEqual(
    [converted('long', 1.5), converted('double', Number.NaN), converted('boolean', 'true'), converted('date', 'soon'), converted('ip', 'fe80::1%eth0')],
    [undefined, undefined, undefined, undefined, undefined],
  );
  assert.deepEqual(converted('long', [1, 'x', null, 2 ** 60]), [1]);
  assert.deepEqual(converted('keyword', [1, true, { a: 1 }, null, 'x']), ['1', 'true', '{"a":1}', 'x']);
  assert.equal(converted('keyword', [null]), undefined);
  assert.equal(ipOf('10.0.0.1'), '10.0.0.1');
});

it('lists and objects are taken as far as there is room', () => {
  assert.equal((converted('long', Array(1000).fill(1)) as number[]).length, 256);
  assert.equal((converted('keyword', Array(100).fill('x'.repeat(8192))) as string[]).length, 8);
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`key ${n}`, [{ value: 'x' }]]));
  const flat = JSON.stringify(converted('flattened', many));
  assert.ok(flat.length < 10_000 && flat.includes('key 50'), `${flat.length} characters`);
  assert.ok(JSON.stringify(converted('flattened', [many, many])).length < 10_000);
});

it('objects have keys that a flattened field takes', () => {
  assert.deepEqual(converted('flattened', { '': 'a\0b', ['x'.repeat(300)]: 1 }), { _: 'a b', ['x'.repeat(256)]: 1 });
  assert.deepEqual(converted('flattened', 7), { value: 7 });
  assert.deepEqual(converted('flattened', [[1, [2]]]), [{ values: [1, [2]] }]);
});

it('words are pieces that overlap', () => {
  assert.deepEqual(wordsOf('a bc  a'), ['a', 'bc']);
  assert.deepEqual(
    wordsOf('x'.repeat(9000)).map(({ length }) => length),
    [8000, 5000, 1000],
  );
});
