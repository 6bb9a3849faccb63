import assert from 'node:assert/strict';
import { it } from 'node:test';
import { compileRules } from '../../commands/pass.ts';
import { loadConfig } from '../../config.ts';
import type { Heard } from './roll.ts';
import { Silence } from './silence.ts';

it('a site that refuses its finding holds up no other, and is tried again', async () => {
  const raised: string[] = [];
  let refuses = true;
  const silence = new Silence({
    rules: compileRules(loadConfig(undefined, {}).rules),
    raise: async (site) => {
      if (refuses && site === 'A') throw new Error('refused');
      raised.push(site);
    },
    over: async () => {},
  });
  const heard = ['A', 'B', 'C'].map((site) => ({ site, observer: 'one', version: '1', contact: 1_800_000_000_000, silent: true }) as Heard);
  await assert.rejects(silence.look(heard, 1_800_000_100_000), /refused/);
  assert.deepEqual(raised, ['B', 'C']);
  refuses = false;
  await silence.look(heard, 1_800_000_110_000);
  assert.deepEqual(raised, ['B', 'C', 'A']);
});
