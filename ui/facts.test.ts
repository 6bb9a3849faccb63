import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { consoleOver, fill, memoryStore, visitor } from '../test/console/fixture.ts';

async function opened() {
  const store = memoryStore();
  await fill(store);
  const { app, accounts } = await consoleOver(store);
  await accounts.create('other', 'a quiet river at dawn', 'analyst');
  const [anna, bert] = [visitor(app), visitor(app)];
  await Promise.all([anna.logIn('analyst'), bert.logIn('other')]);
  return { store, anna, bert };
}

/** What the form of the baseline sends when every row is chosen. */
async function chosen(visit: ReturnType<typeof visitor>) {
  const { text } = await visit.ask('/baseline');
  const of = (name: string): string[] => [...text.matchAll(new RegExp(`name="${name}" value="([^"]+)"`, 'g'))].map((match) => match[1] as string);
  return { ...visit.form(text, '/baseline/decisions'), fact: of('fact'), seen: of('seen') };
}

test('whoever decides on facts that somebody else decided on meanwhile is told, and overwrites nothing', async () => {
  const { store, anna, bert } = await opened();
  const [first, second] = [await chosen(anna), await chosen(bert)];
  const [one, two] = first.fact as [string, string];
  assert.match((await anna.post('/baseline/decisions', { ...first, fact: [one], kind: 'approve' })).location as string, /done=1$/);
  const late = await bert.post('/baseline/decisions', { ...second, fact: [one, two], kind: 'retire' });
  assert.match(late.location as string, /done=1&late=1$/);
  assert.match((await bert.ask(late.location as string)).text, /1 fact decided\. Meanwhile somebody else decided on 1 fact: look again/);
  assert.deepEqual(
    store.decided.map(({ by, kind, on }) => [by, kind, on.id]),
    [
      ['analyst', 'approve', one],
      ['other', 'retire', two],
    ],
  );
  assert.match((await bert.post('/baseline/decisions', { ...(await chosen(bert)), fact: [one], kind: 'retire' })).location as string, /done=1$/);
  assert.match((await anna.post('/baseline/decisions', { ...first, fact: [one], kind: 'approve' })).location as string, /done=1$/, 'the same form again');
  assert.equal(store.decided.length, 3);
});

test('facts of a page are decided on several at a time, and not all at once', async () => {
  const { store, anna } = await opened();
  const { decide } = store;
  const at = { work: 0, most: 0 };
  store.decide = async (...given) => {
    at.most = Math.max(at.most, ++at.work);
    await sleep(5);
    await decide(...given);
    at.work--;
  };
  const form = await chosen(anna);
  assert.ok(form.fact.length > 10);
  const { location } = await anna.post('/baseline/decisions', { ...form, kind: 'approve' });
  assert.match(location as string, new RegExp(`done=${form.fact.length}$`));
  assert.equal(at.most, 8);
});
