import assert from 'node:assert/strict';
import { test } from 'node:test';
import { random } from '../../test/sense.ts';
import { type Access, type Stretch, sweep } from './sweep.ts';

const access = (client: string, from: number, to: number, writes = false, count = 1): Access => ({ client, writes, from, to, count, last: 0, values: null });
const brief = ({ from, to, readers, writers, reads, writes }: Stretch) => `${from}-${to - 1} r ${readers.join(' ')} ${reads} w ${writers.join(' ')} ${writes}`;

test('neighbours of the same readers are one range, whoever asks for them in how many pieces', () => {
  assert.deepEqual(sweep([access('a', 0, 10, false, 5), access('a', 10, 20, false, 7), access('a', 5, 15)]).map(brief), ['0-19 r a 13 w  0']);
});

test('a range ends where a reader or writer comes, goes, or nobody is', () => {
  const found = sweep([access('a', 0, 10, false, 3), access('b', 4, 6), access('w', 5, 6, true, 2), access('a', 12, 13)]).map(brief);
  assert.deepEqual(found, ['0-3 r a 3 w  0', '4-4 r a b 4 w  0', '5-5 r a b 4 w w 2', '6-9 r a 3 w  0', '12-12 r a 1 w  0']);
});

test('agrees with looking at every address on its own', () => {
  for (let seed = 1; seed < 60; seed++) {
    const next = random(seed * 7919);
    const all = Array.from({ length: 1 + next(12) }, () => {
      const from = next(40);
      return access(`c${next(3)}`, from, from + 1 + next(12), next(3) === 0, 1 + next(9));
    });
    const stretches = sweep(all);
    const parties = (address: number) => {
      const here = all.filter(({ from, to }) => from <= address && address < to);
      const names = (writes: boolean) => [...new Set(here.filter((one) => one.writes === writes).map(({ client }) => client))].sort();
      return JSON.stringify([names(false), names(true)]);
    };
    for (let address = 0; address < 60; address++) {
      const stretch = stretches.filter(({ from, to }) => from <= address && address < to);
      assert.ok(stretch.length <= 1);
      assert.equal(JSON.stringify([stretch[0]?.readers ?? [], stretch[0]?.writers ?? []]), parties(address), `seed ${seed}, address ${address}`);
    }
    for (const [n, { from, to, reads, writes }] of stretches.entries()) {
      const before = stretches[n - 1];
      if (before?.to === from) assert.notEqual(parties(before.from), parties(from), 'neighbours differ');
      const touching = all.filter((one) => one.from < to && one.to > from);
      const sum = (of: boolean) => touching.filter((one) => one.writes === of).reduce((total, one) => total + one.count, 0);
      assert.deepEqual([reads, writes], [sum(false), sum(true)]);
    }
  }
});
