import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleRange, sampleRegisters, sampleTag } from '../test/samples.ts';
import { offers, type PointRow, pointPage, reach, seenFrom } from './points.ts';

const map = sampleRegisters('10.0.0.9', 1, 'holding_registers', [
  sampleRange(10, [1, 2, 3, 4], { readers: ['a', 'b'] }),
  sampleRange(14, [0, 0x4148], { writers: ['w'] }),
  sampleRange(500, [7]),
]);

const brief = ({ rows, next }: { rows: PointRow[]; next: number | null }) => [
  rows.map(({ address, cells, tag }) => `${address}${cells.length > 1 ? `+${cells.length}` : ''}${tag === null ? '' : ` ${tag.name}`}`),
  next,
];

test('every address that was seen is a row, a tag takes as many as it is wide, and bits come beneath their register', () => {
  const tags = [
    sampleTag(11, { type: 'float32', order: 'ABCD', name: 'F' }),
    sampleTag(14, { type: 'bool', bit: 0, name: 'b0' }),
    sampleTag(14, { type: 'bool', bit: 9, name: 'b9' }),
    sampleTag(300, { name: 'Unseen' }),
  ];
  assert.deepEqual(brief(pointPage(map, tags, 0, 100, false)), [['10', '11+2 F', '13', '14', '14 b0', '14 b9', '15', '300 Unseen', '500'], null]);
  assert.deepEqual(brief(pointPage(map, tags, 0, 100, true)), [['11+2 F', '14 b0', '14 b9', '300 Unseen'], null]);
  assert.deepEqual(brief(pointPage(null, [], 0, 100, false)), [[], null]);
});

test('pages follow each other without a hole and without a repeat', () => {
  const seen: number[] = [];
  for (let from: number | null = 0, turns = 0; from !== null; turns++) {
    assert.ok(turns < 20);
    const page = pointPage(map, [], from, 2, false);
    seen.push(...page.rows.map(({ address }) => address));
    from = page.next;
  }
  assert.deepEqual(seen, [10, 11, 12, 13, 14, 15, 500]);
  const wide = sampleTag(10, { type: 'float64', order: 'ABCD' });
  assert.deepEqual(brief(pointPage(map, [wide], 12, 1, false)), [['10+4 Tag 10'], 14], 'a page that begins inside a value begins with it');
});

test('knows how far a page reaches before the tags are asked for', () => {
  assert.equal(reach(map, 0, 3), 13);
  assert.equal(reach(map, 12, 4), 500, 'what lies between two seen addresses belongs to the page before');
  assert.equal(reach(map, 12, 5), 65_536);
  assert.equal(reach(map, 0, 100), 65_536);
  assert.equal(seenFrom(map, 16), 500);
  assert.equal(seenFrom(map, 501), 65_536);
});

test('offers the orders of what nobody decided, and of nothing else', () => {
  const tags = [sampleTag(10, { type: 'uint32', name: 'open' }), sampleTag(12, { type: 'uint32', order: 'CDAB', name: 'said' })];
  const { rows } = pointPage(map, tags, 0, 100, false);
  assert.deepEqual(
    rows.map(({ address, open, reading }) => [address, open, reading?.value ?? null]),
    [
      [10, true, null],
      [12, false, 4 * 65_536 + 3],
      [14, true, null],
      [15, false, null],
      [500, false, null],
    ],
  );
  assert.deepEqual(
    offers(map, rows[0] as PointRow).map(({ type }) => type),
    ['uint32'],
  );
  const beside = pointPage(map, [sampleTag(11, { name: 'next' })], 0, 1, false).rows[0];
  assert.equal(beside?.open, false, 'the next register belongs to a tag');
  const [float] = offers(map, rows[2] as PointRow);
  assert.deepEqual([float?.type, float?.guess.best, float?.guess.ranking[0]?.value], ['float32', 'CDAB', 12.5]);
});
