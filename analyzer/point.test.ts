import assert from 'node:assert/strict';
import { test } from 'node:test';
import { looksLikeReference, parsePoint, parseReference, pointId, TABLES, writtenAddress } from './point.ts';

test('a point and its id are the same thing', () => {
  for (const point of [
    { unit: 1, table: 'holding_registers', address: 100 },
    { unit: 255, table: 'coils', address: 65_535 },
    { unit: 0, table: 'discrete_inputs', address: 0 },
  ] as const) {
    assert.deepEqual(parsePoint(pointId(point)), point);
  }
  assert.equal(pointId({ unit: 1, table: 'holding_registers', address: 100 }), '1/holding_registers/100');
  for (const id of ['', '1/holding_registers', '256/coils/0', '1/coils/65536', '1/pumps/3', '1/coils/-1', '1/coils/1.5', 'x1/coils/1', '1/coils/1/2'])
    assert.equal(parsePoint(id), null, id);
});

test('addresses are written as people write them', () => {
  const written: [table: (typeof TABLES)[number], address: number, oneBased: string, modicon: string][] = [
    ['coils', 0, '1', '00001'],
    ['discrete_inputs', 16, '17', '10017'],
    ['input_registers', 0, '1', '30001'],
    ['holding_registers', 100, '101', '40101'],
    ['holding_registers', 9998, '9999', '49999'],
    ['holding_registers', 9999, '10000', '410000'],
    ['holding_registers', 65_535, '65536', '465536'],
    ['coils', 65_535, '65536', '065536'],
  ];
  for (const [table, address, oneBased, modicon] of written) {
    assert.equal(writtenAddress('wire', table, address), String(address));
    assert.equal(writtenAddress('one-based', table, address), oneBased);
    assert.equal(writtenAddress('modicon', table, address), modicon);
  }
});

test('every reference that is written is read back, and what is none is refused', () => {
  for (const table of TABLES)
    for (const address of [0, 1, 9998, 9999, 65_535]) assert.deepEqual(parseReference(writtenAddress('modicon', table, address)), { table, address });
  assert.deepEqual(parseReference('400101'), { table: 'holding_registers', address: 100 }, 'six digits below 10000 are fine too');
  for (const text of ['', '1', '20001', '50001', '40000', '400000', '465537', '4000001', '4010x', '-40001']) assert.equal(parseReference(text), null, text);
  assert.ok(looksLikeReference('40101', 'holding_registers'));
  assert.ok(!looksLikeReference('40101', 'input_registers'));
});
