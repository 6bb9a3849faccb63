import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Presence } from '../store/elastic/presence.ts';
import { Roll, SILENT } from './roll.ts';

const NOW = 1_800_000_000_000;
const said = (contact: number, site = 'North'): Presence => ({ site, observer: 'one', version: '1', contact, status: {} as Presence['status'] });
const silent = (roll: Roll): boolean[] => roll.all().map((sensor) => sensor.silent);

it('a sensor that says nothing new for a minute is silent, and heard again when it speaks', () => {
  const roll = new Roll();
  roll.call([said(NOW)], NOW);
  roll.call([said(NOW)], NOW + SILENT);
  assert.deepEqual(silent(roll), [false]);
  roll.call([said(NOW)], NOW + SILENT + 1);
  assert.deepEqual(silent(roll), [true]);
  roll.call([said(NOW + SILENT)], NOW + SILENT + 2);
  assert.deepEqual(silent(roll), [false]);
});

it('at first sight its own clock counts, afterwards only ours', () => {
  const roll = new Roll();
  roll.call([said(NOW - 86_400_000), said(NOW + 86_400_000, 'South')], NOW);
  assert.deepEqual(silent(roll), [true, false]);
  roll.call([said(NOW - 86_390_000), said(NOW + 86_400_000, 'South')], NOW + SILENT + 1);
  assert.deepEqual(silent(roll), [false, true], 'a clock that is a day off');
  assert.deepEqual(roll.sites, ['North', 'South']);
});

it('a sensor whose word is gone falls silent, rather than out of sight', () => {
  const roll = new Roll();
  roll.call([said(NOW), said(NOW, 'South')], NOW);
  roll.call([said(NOW + SILENT, 'South')], NOW + SILENT);
  assert.deepEqual(
    [roll.sites, silent(roll)],
    [
      ['North', 'South'],
      [false, false],
    ],
  );
  roll.call([said(NOW + SILENT + 1, 'South')], NOW + SILENT + 1);
  assert.deepEqual(
    [roll.sites, silent(roll)],
    [
      ['North', 'South'],
      [true, false],
    ],
  );
});

it('time in which the cluster did not answer is no silence of anybody, and does not end one', () => {
  const roll = new Roll();
  roll.call([said(NOW), said(NOW - 2 * SILENT, 'South')], NOW);
  assert.deepEqual(silent(roll), [false, true]);
  roll.miss();
  const back = NOW + 10 * SILENT;
  roll.call([said(NOW), said(NOW - 2 * SILENT, 'South'), said(NOW, 'West')], back);
  assert.deepEqual(silent(roll), [false, true, false], 'nobody could say anything meanwhile');
  roll.call([said(NOW), said(back, 'South'), said(NOW, 'West')], back + SILENT + 1);
  assert.deepEqual(silent(roll), [true, false, true]);
});
