import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Clues, guess } from './guess.ts';
import { WORD_ORDERS } from './tag.ts';

const clues = (part: Partial<Clues>): Clues => ({ type: 'float32', values: [], low: [null, null], high: [null, null], limits: null, ...part });

test('a usual number stands out from unusual ones', () => {
  assert.equal(guess(clues({ values: [0x4148, 0x0000] })).best, 'ABCD', '12.5');
  assert.equal(guess(clues({ values: [0x0000, 0x4148] })).best, 'CDAB');
  assert.equal(guess(clues({ values: [0xcccd, 0x41bb] })).ranking[0]?.value, 23.475);
});

test('the register that moves least holds sign and exponent, and the reason says so', () => {
  const found = guess(clues({ values: [0x5a3c, 0x4234], low: [12, 0x4230], high: [65_100, 0x4239] }));
  assert.equal(found.best, 'CDAB');
  assert.match(found.verdict, /register 2 of 2 moves least \(16944 to 16953 against 12 to 65100\), as the word with sign and exponent does/);
  const counter = guess(clues({ type: 'uint32', values: [3, 41_000], low: [2, 0], high: [3, 65_535] }));
  assert.equal(counter.best, 'ABCD');
  assert.equal(counter.ranking[0]?.value, 3 * 65_536 + 41_000);
});

test('the limits of a tag speak loudest', () => {
  const limits = { low: 0, high: 100, scale: 0.01, offset: 0 };
  const found = guess(clues({ type: 'int32', values: [5000, 0], limits }));
  assert.equal(found.best, 'CDAB');
  assert.match(found.verdict, /within the limits of its tag/);
});

test('says so when it cannot tell', () => {
  assert.match(guess(clues({ values: [null, 5] })).verdict, /^Cannot tell: not all of its registers/);
  assert.match(guess(clues({ values: [0, 0] })).verdict, /^Cannot tell: every order gives the same value/);
  for (const values of [
    [2, 3],
    [0x4148, 0x4148],
    [1, 1],
  ]) {
    const found = guess(clues({ type: 'int32', values }));
    assert.equal(found.best, null, String(values));
    assert.match(found.verdict, /^Cannot tell/);
  }
});

test('every order is in the ranking once, whatever the bits are', () => {
  for (const type of ['float32', 'int32', 'uint32', 'bcd32'] as const)
    for (const values of [
      [0xffff, 0xffff],
      [0x7f80, 0],
      [0, 1],
      [0x8000, 0],
      [0x9999, 0x9999],
    ]) {
      const { ranking } = guess(clues({ type, values, low: [0, 0], high: [65_535, 3] }));
      assert.deepEqual(ranking.map(({ order }) => order).sort(), [...WORD_ORDERS].sort());
      assert.deepEqual(
        ranking.map(({ score }) => score),
        ranking.map(({ score }) => score).sort((a, b) => b - a),
      );
    }
  assert.equal(guess({ type: 'float64', values: [0x4028, 0, 0, 0], low: [null, null, null, null], high: [null, null, null, null], limits: null }).best, 'ABCD');
});
