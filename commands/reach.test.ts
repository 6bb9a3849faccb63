import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Store, StoreError } from '../analyzer/store/store.ts';
import { Reach } from './reach.ts';

const late = async (): Promise<never> => {
  throw new StoreError('storage', 'Elasticsearch does not answer in time: check that it runs, and elasticsearch.nodes');
};

it('after one time-out pages are refused at once, until the background has an answer', async () => {
  const reach = new Reach();
  let asked = 0;
  let answer: () => Promise<number> = late;
  const finding = () => {
    asked++;
    return answer();
  };
  const store = reach.over({ finding } as unknown as Store);
  const refusal = { kind: 'storage', message: 'Elasticsearch does not answer in time: check that it runs, and elasticsearch.nodes' };
  for (let n = 0; n < 3; n++) await assert.rejects(store.finding('x'), refusal);
  assert.equal(asked, 1);
  await assert.rejects(reach.probe(late), refusal);
  answer = async () => 7;
  await assert.rejects(store.finding('x'), refusal);
  await reach.probe(async () => 1);
  assert.equal(await store.finding('x'), 7);
});

it('an answer that refuses one question is no reason not to ask the next', async () => {
  const reach = new Reach();
  const refuse = (kind: StoreError['kind'], message: string) => async () => {
    throw new StoreError(kind, message);
  };
  await assert.rejects(reach.ask(refuse('storage', 'Elasticsearch answers 400 (odd)')), /odd/);
  await assert.rejects(reach.ask(refuse('query', 'a bad cursor')), /cursor/);
  assert.equal(await reach.ask(async () => 1), 1);
  await assert.rejects(reach.ask(refuse('storage', 'Elasticsearch cannot be reached (ECONNREFUSED): check that it runs, and elasticsearch.nodes')));
  assert.match(reach.away, /cannot be reached/);
  await assert.rejects(reach.probe(refuse('storage', 'Elasticsearch does not allow this')), /allow/);
  assert.equal(reach.away, '', 'it answers');
});
