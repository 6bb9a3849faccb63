import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FindingFacets, type Store, StoreError } from '../analyzer/store/store.ts';
import { OpenCounts } from './opencounts.ts';

const facets = (high: number): FindingFacets => ({ status: [], level: [{ value: 'high', count: high }], rule: [], assignee: [] });

function over(answer: () => Promise<FindingFacets>) {
  const given = { answer, asked: 0, now: 1_800_000_000_000 };
  const findingFacets = () => {
    given.asked++;
    return given.answer();
  };
  return { given, counts: new OpenCounts({ findingFacets } as unknown as Store, () => new Date(given.now)) };
}

test('a store that does not answer, or refuses, leaves what was known last', async () => {
  const { given, counts } = over(async () => facets(3));
  assert.equal((await counts.open()).high, 3);
  given.now += 3000;
  given.answer = () => new Promise(() => {});
  const since = performance.now();
  assert.deepEqual(await Promise.all([counts.open(), counts.open()]).then((all) => all.map(({ high }) => high)), [3, 3]);
  assert.ok(performance.now() - since < 5000);
  assert.equal(given.asked, 2, 'asked once for both');
  counts.forget();
  given.answer = async () => {
    throw new StoreError('storage', 'away');
  };
  assert.equal((await counts.open()).high, 3);
  given.answer = async () => facets(5);
  assert.equal((await counts.open()).high, 5);
});

test('what was counted before a decision is counted again after it', async () => {
  let answer: (facets: FindingFacets) => void = () => {};
  const { given, counts } = over(
    () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  );
  const before = counts.open();
  counts.forget();
  answer(facets(3));
  assert.equal((await before).high, 3);
  given.answer = async () => facets(2);
  assert.equal((await counts.open()).high, 2);
});
