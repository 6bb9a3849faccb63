import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Status } from '../coverage.ts';
import { cannotFire, listRules } from './list.ts';
import { loadRules } from './load.ts';
import type { Rule } from './rule.ts';

const { rules } = loadRules([new URL('../../rules', import.meta.url).pathname]);
const named = (name: string): Rule => rules.find((rule) => rule.name === name) as Rule;

const protocol = (name: string, more: object) => ({
  protocol: name,
  flows: 4,
  frames: 1,
  bytes: 1,
  messages: 10,
  one_sided: 0,
  gaps: 0,
  lost_bytes: 0,
  retransmitted: 0,
  duplicates: 0,
  flaws: 0,
  opaque: 0,
  ...more,
});
const status = (modbus: object = {}, opcua: object = {}, more: Partial<Status> = {}): Status => ({
  state: 'capturing',
  source: '',
  frames: 1,
  frames_per_second: 1,
  clock: '',
  assets_learning: 0,
  assets_protected: 3,
  blind: [],
  coverage: { interfaces: [], protocols: [protocol('modbus', modbus), protocol('opcua', opcua)], ceilings: [], clock_steps: 0 },
  ...more,
});
const why = (name: string, now: Status | null) => cannotFire(named(name), rules, now);

describe('listRules', () => {
  it('says what a rule is and covers', () => {
    const listed = listRules([named('modbus-force-listen-only')]);
    assert.deepEqual(listed, [
      {
        id: named('modbus-force-listen-only').id,
        name: 'modbus-force-listen-only',
        title: 'Modbus device told to listen only',
        level: 'critical',
        enabled: true,
        tests: 3,
        catalogue: ['MB-15'],
        attack: ['T0814'],
        cannot_fire: null,
      },
    ]);
  });
  it('finds nothing that keeps the shipped rules from firing', () => {
    for (const { name, cannot_fire } of listRules(rules)) assert.equal(cannot_fire, null, name);
    for (const { name, cannot_fire } of listRules(rules, status())) assert.equal(cannot_fire, null, name);
  });
});

describe('a rule cannot fire', () => {
  it('when it is switched off', () => assert.match(cannotFire({ ...named('modbus-new-client'), enabled: false }, rules, null) ?? '', /switched off/));
  it('when it contradicts itself', () => {
    const never = { ...named('modbus-new-client'), detection: { a: { kind: 'opcua' }, condition: 'a' } };
    assert.match(cannotFire(never, rules, null) ?? '', /never hold/);
  });
  it('when its protocol is not seen', () => {
    const none = status();
    none.coverage.protocols = [];
    assert.match(why('modbus-force-listen-only', none) ?? '', /No Modbus was seen/);
    assert.equal(why('arp-sweep', none), null);
    assert.match(why('modbus-function-scan', none) ?? '', /No Modbus was seen/, 'nor a correlation over it');
  });
  it('while everything is still being learned, when it needs what was learned', () => {
    const learning = status({}, {}, { assets_learning: 3, assets_protected: 0 });
    assert.match(why('modbus-write-new-client', learning) ?? '', /still being learned/);
    assert.equal(why('modbus-force-listen-only', learning), null);
    assert.equal(why('modbus-function-scan', learning), null);
  });
  it('when it needs answers and one direction alone is seen', () => {
    assert.match(why('modbus-function-scan', status({ one_sided: 4 })) ?? '', /one direction/);
    assert.equal(why('modbus-write-new-client', status({ one_sided: 4 })), null);
  });
  it('when what it looks at is encrypted', () => {
    assert.match(why('opcua-write-new-client', status({}, { opaque: 10 })) ?? '', /encrypted/);
    assert.equal(why('opcua-deprecated-policy', status({}, { opaque: 10 })), null);
  });
});
