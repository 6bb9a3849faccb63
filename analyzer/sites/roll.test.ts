import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Presence } from '../store/elastic/presence.ts';
import { GONE, Roll, SILENT } from './roll.ts';

const NOW = 1_800_000_000_000;
const STATUS = { clock: '2026-11-23T10:00:00Z', source: 'eth1', coverage: { interfaces: [] } } as unknown as Presence['status'];
const said = (contact: number, site = 'North'): Presence => ({ site, observer: 'one', version: '1', contact, status: STATUS });
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
  roll.lose();
  const back = NOW + 10 * SILENT;
  roll.call([said(NOW), said(NOW - 2 * SILENT, 'South'), said(NOW, 'West')], back);
  assert.deepEqual(silent(roll), [false, true, false], 'nobody could say anything meanwhile');
  roll.call([said(NOW), said(back, 'South'), said(NOW, 'West')], back + SILENT + 1);
  assert.deepEqual(silent(roll), [true, false, true]);
});

it("what is no word of a site is nobody's, and gone as soon as it is", () => {
  const roll = new Roll();
  for (const site of ['*', '', 'Nor\nth', '\u0000']) roll.call([said(NOW, site)], NOW);
  for (const contact of [-1e300, -1, Number.NaN, Number.POSITIVE_INFINITY]) roll.call([said(contact)], NOW);
  assert.deepEqual(roll.all(), []);
});

it('a contact later than now is as late as it came, and still falls silent', () => {
  const roll = new Roll();
  for (let at = NOW; at <= NOW + SILENT + 1000; at += 1000) roll.call([said(1e300)], at);
  assert.deepEqual(
    roll.all().map(({ contact, silent }) => [contact, silent]),
    [[NOW, true]],
  );
});

it('a sensor that was taken away is forgotten after a week, one that is still there never', () => {
  const roll = new Roll();
  roll.call([said(NOW), said(NOW, 'South')], NOW);
  roll.call([said(NOW)], NOW + GONE);
  assert.deepEqual(roll.sites, ['North', 'South']);
  roll.call([said(NOW)], NOW + GONE + 1);
  assert.deepEqual(roll.sites, ['North']);
});

it('what pages show of a sensor is of the kind they expect', () => {
  const roll = new Roll();
  const odd = { isEscaped: true, toString: 1 };
  for (const clock of ['zzz', '+275760-09-13T00:00:00Z', '-000001-01-01T00:00:00Z']) {
    const status = { ...STATUS, clock, source: odd, coverage: { interfaces: [{ name: 'eth1', driver: odd, up: odd }] } } as unknown as Presence['status'];
    roll.call([{ ...said(NOW), status }], NOW);
    const shown = roll.all()[0]?.status;
    assert.deepEqual([shown?.clock, shown?.source, shown?.coverage.interfaces], ['', '', [{ name: 'eth1' }]]);
  }
});
