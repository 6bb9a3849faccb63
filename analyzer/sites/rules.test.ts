import assert from 'node:assert/strict';
import { it } from 'node:test';
import { rulesIn, rulesTogether } from './rules.ts';

const rule = (name: string, cannot_fire: string | null): object => ({
  id: name,
  name,
  title: name,
  level: 'low',
  enabled: true,
  catalogue: [],
  attack: [],
  cannot_fire,
  description: '',
  blind: '',
});

it('a rule of several sensors is one, which cannot fire only where none of theirs can', () => {
  const north = [rule('a', 'No Modbus is seen.'), rule('b', 'No Modbus is seen.')];
  const south = [rule('a', null), rule('b', 'No Modbus is seen.'), rule('c', null)];
  const found = rulesTogether([north, south].map(rulesIn));
  assert.deepEqual(
    found.map(({ name, cannot_fire }) => [name, cannot_fire]),
    [
      ['a', null],
      ['b', 'No Modbus is seen.'],
      ['c', null],
    ],
  );
});

it('what is no rule is left out', () => {
  assert.deepEqual(rulesIn([null, 7, 'a', {}, { ...rule('a', null), level: 'loud' }, { ...rule('b', null), attack: [1] }]), []);
});
