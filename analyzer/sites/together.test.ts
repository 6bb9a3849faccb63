import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Heard } from './roll.ts';
import { together } from './together.ts';

const CONTACT = Date.parse('2026-11-23T10:00:05Z');
const heard = (site: string, clock: string): Heard =>
  ({
    site,
    observer: 'one',
    version: '1',
    contact: CONTACT,
    silent: false,
    status: { state: 'capturing', clock, blind: [], coverage: { interfaces: [], protocols: [] } },
  }) as unknown as Heard;
const clockOf = (...all: Heard[]): string => together(all, ({ site }) => site, '').clock;

it('the clock of all sites is the latest, and none that is far ahead', () => {
  const [early, late] = ['2026-11-23T09:00:00.000000Z', '2026-11-23T10:00:00Z'];
  assert.equal(clockOf(heard('North', late), heard('South', early)), late);
  for (const ahead of ['9999-12-31T23:59:59Z', '2026-11-24T10:00:06Z']) {
    assert.equal(clockOf(heard('North', late), heard('South', ahead)), late);
    assert.equal(clockOf(heard('North', ''), heard('South', ahead)), '', 'the wall clock then');
    assert.equal(clockOf(heard('South', ahead)), ahead, "a site's own");
  }
  assert.equal(clockOf(), '');
});
