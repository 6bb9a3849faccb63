import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ATTACK_VERSION, technique, techniques } from './attack.ts';

test('a technique is found by id and by Sigma tag', () => {
  const expected = { id: 'T1692.001', name: 'Unauthorized Message: Command Message', tactics: ['Evasion', 'Impair Process Control'], former: 'T0855' };
  assert.deepEqual(technique('T1692.001'), expected);
  assert.deepEqual(technique('attack.t1692.001'), expected);
  assert.equal(technique('attack.t0888')?.name, 'Remote System Information Discovery');
});

test('revoked, enterprise and made-up ids are nobody', () => {
  for (const id of ['T0855', 'attack.t0856', 'T1046', 'attack.discovery', '', 'T1692.003']) assert.equal(technique(id), null, id);
});

test('every sub-technique has its parent, shares no former id, and shows the parent in its name', () => {
  const formers = new Set<string>();
  for (const t of techniques()) {
    assert.match(t.id, /^T\d{4}(\.\d{3})?$/);
    assert.ok(t.tactics.length > 0, t.id);
    if (t.former !== null) assert.ok(!formers.has(t.former) && technique(t.former) === null, t.former);
    if (t.former !== null) formers.add(t.former);
    const parent = t.id.split('.')[0] as string;
    if (parent !== t.id) assert.ok(t.name.startsWith(`${technique(parent)?.name}: `), t.id);
  }
  assert.equal(formers.size, 9);
  assert.match(ATTACK_VERSION, /^v\d+\.\d+$/);
});
