/** The cluster answers while it can, the local store else; what is written is written here. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { sampleDecision, sampleFinding } from '../../test/samples.ts';
import type { Decision } from '../finding.ts';
import { openSqlite } from './sqlite.ts';
import { type Store, StoreError } from './store.ts';
import { tiered } from './tiered.ts';

/** Two stores with one finding each, by which it is seen who answered; the cluster's can be made to fail. */
async function both() {
  const [local, there] = [openSqlite(':memory:'), openSqlite(':memory:')];
  await local.save({ findings: [sampleFinding('local')] });
  await there.save({ findings: [sampleFinding('central')] });
  const state = { fails: null as Error | null, unfit: '', now: 0, asked: 0, recorded: [] as Decision[] };
  const central: Store = {
    ...there,
    findings: async (query) => {
      state.asked++;
      if (state.fails !== null) throw state.fails;
      return there.findings(query);
    },
  };
  const record = async (decision: Decision): Promise<void> => {
    if (state.fails !== null) throw state.fails;
    state.recorded.push(decision);
  };
  const store = tiered({ local, central, unfit: () => state.unfit, record, now: () => state.now });
  const who = async (): Promise<boolean> => (await store.findings({})).items[0]?.id === sampleFinding('central').id;
  return { store, state, who, local };
}

it('reads from the cluster, and from here while history is on its way', async () => {
  const { store, state, who } = await both();
  assert.ok(await who());
  assert.equal(store.reason(), '');
  state.unfit = '3,000 findings are still on their way.';
  assert.ok(!(await who()));
  assert.equal(store.reason(), state.unfit);
});

it('reads from here when the cluster fails, says why, and asks again later', async () => {
  const { store, state, who } = await both();
  state.fails = new StoreError('storage', 'Elasticsearch does not answer in time');
  assert.ok(!(await who()));
  assert.equal(store.reason(), 'Elasticsearch does not answer in time');
  state.fails = null;
  state.asked = 0;
  state.now = 9000;
  assert.ok(!(await who()));
  assert.equal(state.asked, 0, 'not asked for a while');
  state.now = 11_000;
  assert.ok(await who());
  assert.equal(store.reason(), '');
});

it('reads from here too when something in the cluster cannot be read', async () => {
  const { store, state, who } = await both();
  state.fails = new TypeError('Cannot read properties of undefined');
  assert.ok(!(await who()));
  assert.equal(store.reason(), 'What Elasticsearch holds cannot be read (Cannot read properties of undefined)');
});

it('passes on a question that is wrong: the other store would refuse it too', async () => {
  const { store, state } = await both();
  await assert.rejects(store.findings({ since: 'tomorrow' }), /not a time/);
  assert.equal(state.asked, 1);
  assert.equal(store.reason(), '');
});

it('decides here, has the cluster know at once, and does not fail when it cannot', async () => {
  const { store, state, local } = await both();
  const on = { kind: 'finding', id: sampleFinding('local').id } as const;
  await store.decide(sampleDecision(on, 'acknowledge', { id: 'a' }));
  assert.deepEqual(
    state.recorded.map(({ id }) => id),
    ['a'],
  );
  state.fails = new StoreError('storage', 'away');
  await store.decide(sampleDecision(on, 'start', { id: 'b' }));
  assert.deepEqual(
    (await local.decisions(on)).map(({ id }) => id),
    ['a', 'b'],
  );
  await assert.rejects(store.decide(sampleDecision(on, 'close', { id: 'c', after: 0 }), []), /Meanwhile anna decided/);
});
