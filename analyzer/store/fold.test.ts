/** Decisions that arrive late, beside those that were taken meanwhile. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { sampleDecision } from '../../test/samples.ts';
import type { Decision } from '../finding.ts';
import { inEffect, inOrder } from './fold.ts';

const at = (minute: number): { '@timestamp': string; id: string } => ({ '@timestamp': `2026-01-01T10:0${minute}:00Z`, id: `${minute}` });
const effect = (late: Decision, ...others: Decision[]): string | undefined => inEffect(late, inOrder([late, ...others]))?.id;

it('an approval that comes after a later retirement leaves the fact retired', () => {
  const on = { kind: 'fact', id: 'f' } as const;
  const approve = sampleDecision(on, 'approve', at(0));
  const retire = sampleDecision(on, 'retire', at(5));
  assert.equal(effect(approve, retire), '5');
  assert.equal(effect(retire, approve), '5');
  assert.equal(effect(sampleDecision(on, 'comment', at(6)), approve, retire), '5');
});

it('a closing that comes after a later reopening closes nothing', () => {
  const on = { kind: 'finding', id: 'f' } as const;
  const close = sampleDecision(on, 'close', { ...at(0), resolution: 'false_positive' });
  assert.equal(effect(close, sampleDecision(on, 'reopen', at(5))), undefined);
  assert.equal(effect(close, sampleDecision(on, 'comment', at(5))), '0');
  assert.equal(effect(sampleDecision(on, 'reopen', at(5)), close), '5');
});
