import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreError } from '../analyzer/store/store.ts';
import { consoleOver, fill, memoryStore, PASSWORD, TOKEN, visitor } from '../test/console/fixture.ts';
import { status } from '../test/console/plant.ts';
import { openAccounts } from './accounts.ts';
import { createApp } from './app.ts';
import { safeNext } from './auth.ts';

async function opened(more = {}) {
  const store = memoryStore();
  await fill(store);
  const { app, accounts } = await consoleOver(store, more);
  return { store, app, accounts, visit: visitor(app), first: (store.given.findings[0] as { id: string }).id };
}

const PAGES = ['/findings', '/assets', '/baseline', '/rules', '/coverage', '/account', '/findings/x', '/assets/x', '/nowhere'];

test('without a session every page leads to the login, and back to where one wanted to go', async () => {
  const { visit } = await opened();
  for (const path of PAGES) {
    const { status, location } = await visit.ask(path);
    assert.equal(status, 303, path);
    assert.equal(location, `/login?next=${encodeURIComponent(path)}`);
  }
  assert.equal((await visit.ask('/status.json')).status, 401);
  const entered = await visit.post('/login', { name: 'analyst', password: PASSWORD, next: '/assets?role=plc' });
  assert.equal(entered.location, '/assets?role=plc');
  for (const path of PAGES.slice(0, 6)) assert.equal((await visit.ask(path)).status, 200, path);
});

test('the cookie is HttpOnly and SameSite=Strict, Secure over https, and its session ends with a logout', async () => {
  const { app, visit } = await opened();
  const { headers } = await visit.logIn('viewer');
  const cookie = headers.getSetCookie()[0] ?? '';
  assert.match(cookie, /HttpOnly/);
  assert.match(cookie, /SameSite=Strict/);
  assert.doesNotMatch(cookie, /Secure/);
  const body = new URLSearchParams({ name: 'viewer', password: PASSWORD }).toString();
  const secure = await app.request('https://console.test/login', { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  assert.match(secure.headers.getSetCookie()[0] ?? '', /Secure/);

  const page = await visit.ask('/findings');
  const replay = { cookie: cookie.split(';')[0] as string };
  assert.equal((await app.request('http://console.test/findings', { headers: replay })).status, 200);
  assert.equal((await visit.post('/logout', visit.form(page.text, '/logout'))).status, 303);
  assert.equal((await app.request('http://console.test/findings', { headers: replay })).status, 303, 'the old cookie is worth nothing');
});

test('a wrong password says nothing about the name, and repeating it makes one wait', async () => {
  const { visit } = await opened();
  const known = await visit.post('/login', { name: 'analyst', password: 'wrong wrong wrong' });
  const unknown = await visit.post('/login', { name: 'analysu', password: 'wrong wrong wrong' });
  assert.equal(known.status, 401);
  assert.equal(known.text.replaceAll('analyst', ''), unknown.text.replaceAll('analysu', ''));
  for (let i = 0; i < 5; i++) await visit.post('/login', { name: 'analyst', password: 'wrong wrong wrong' });
  const waits = await visit.post('/login', { name: 'analyst', password: PASSWORD });
  assert.equal(waits.status, 429);
  assert.match(waits.text, /Try again in \d+ s/);
  assert.doesNotMatch(waits.text, new RegExp(PASSWORD));
});

test('a form from another site, or without the token of this session, decides nothing', async () => {
  const { store, visit, first } = await opened();
  await visit.logIn('analyst');
  const action = `/findings/${first}/decisions`;
  const fields = visit.form((await visit.ask(`/findings/${first}`)).text, action);
  assert.equal(fields['kind'], 'acknowledge');
  const refused = [
    await visit.post(action, fields, { origin: 'http://evil.test', host: 'console.test' }),
    await visit.post(action, fields, { origin: 'null', host: 'console.test' }),
    await visit.post(action, fields, { 'sec-fetch-site': 'cross-site' }),
    await visit.post(action, fields, { 'sec-fetch-site': 'same-site' }),
    await visit.post(action, { ...fields, csrf: 'A'.repeat(43) }),
    await visit.post(action, { ...fields, csrf: '' }),
  ];
  assert.deepEqual(
    refused.map((one) => one.status),
    [403, 403, 403, 403, 403, 403],
  );
  assert.equal(store.decided.length, 0);
  assert.equal((await visit.post(action, fields)).status, 303);
  assert.equal(store.decided.length, 1);
});

test('a viewer sees no form to decide with and may not decide; only an administrator manages accounts', async () => {
  const { store, app, visit, first } = await opened();
  await visit.logIn('viewer');
  const page = await visit.ask(`/findings/${first}`);
  assert.doesNotMatch(page.text, /decisions"/);
  assert.match(page.text, /takes the role analyst/);
  const csrf = visit.form(page.text, '/logout')['csrf'] as string;
  const decision = { csrf, kind: 'acknowledge', nonce: 'x'.repeat(12), seen: 'new' };
  assert.equal((await visit.post(`/findings/${first}/decisions`, decision)).status, 403);
  assert.equal((await visit.post('/baseline/decisions', { ...decision, kind: 'approve', fact: 'x' })).status, 403);
  assert.equal((await visit.post(`/assets/${store.given.assets[0]?.id}/edit`, { ...decision, name: 'x' })).status, 403);
  assert.equal((await visit.post('/account/add', { csrf, name: 'mallory', role: 'administrator', password: PASSWORD })).status, 403);
  assert.equal(store.decided.length, 0);

  const chief = visitor(app);
  await chief.logIn('administrator');
  const token = chief.form((await chief.ask('/account')).text, '/account/add')['csrf'] as string;
  assert.equal(
    (await chief.post('/account/add', { csrf: token, name: 'carla', role: 'viewer', password: 'for the first login' })).location,
    '/account?done=add',
  );
  assert.equal(store.lines.at(-1)?.action, 'account add');
  assert.equal((await chief.post('/account/remove', { csrf: token, name: 'administrator' })).status, 422, 'the last one stays');
});

test('set-up makes the first administrator, with the token, once', async () => {
  const store = memoryStore();
  const accounts = openAccounts(':memory:', { cost: { N: 1024, r: 8, p: 1 } });
  const { visit: other } = await opened();
  const app = createApp({
    store,
    accounts,
    status: () => status(),
    rules: () => [],
    decide: (one) => store.decide(one),
    now: () => new Date(),
    setupToken: TOKEN,
  });
  const visit = visitor(app);
  assert.equal((await visit.ask('/findings')).location, '/setup');
  const fields = { name: 'anna', password: PASSWORD, again: PASSWORD };
  assert.equal((await visit.post('/setup', { ...fields, token: 'guessed' })).status, 403);
  assert.equal((await visit.post('/setup', { ...fields, token: TOKEN, again: 'something else' })).status, 422);
  assert.equal(accounts.count(), 0);
  assert.equal((await visit.post('/setup', { ...fields, token: TOKEN })).location, '/findings');
  assert.equal(accounts.get('anna')?.role, 'administrator');
  assert.equal((await visit.ask('/findings')).status, 200);
  assert.equal((await visitor(app).post('/setup', { ...fields, name: 'bert', token: TOKEN })).location, '/login');
  assert.equal((await other.ask('/setup')).location, '/login');
});

test('a one-time password is asked to be changed, and changing it ends other sessions', async () => {
  const { app, accounts, visit } = await opened();
  await accounts.create('dora', PASSWORD, 'analyst', { temporary: true });
  const elsewhere = visitor(app);
  await Promise.all([visit.logIn('dora'), elsewhere.logIn('dora')]);
  assert.match((await visit.ask('/findings')).text, /one-time password/);
  const { csrf } = visit.form((await visit.ask('/account')).text, '/account/password') as { csrf: string };
  const fresh = 'a louder river at noon';
  assert.equal((await visit.post('/account/password', { csrf, current: 'wrong wrong wrong', password: fresh, again: fresh })).status, 422);
  assert.equal((await visit.post('/account/password', { csrf, current: PASSWORD, password: fresh, again: fresh })).location, '/account?done=password');
  assert.doesNotMatch((await visit.ask('/findings')).text, /one-time password/);
  assert.equal((await elsewhere.ask('/findings')).status, 303);
});

test('every answer carries the policy, and no page has script or style of its own', async () => {
  const { visit, first } = await opened();
  const policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
  const paths = ['/login', '/public/theme.css', '/public/../app.ts', '/nowhere', ...PAGES, `/findings/${first}`, '/assets/10.20.1.12'];
  await visit.logIn('analyst');
  for (const path of paths) {
    const { headers, text } = await visit.ask(path);
    assert.equal(headers.get('content-security-policy'), policy, path);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.doesNotMatch(text, /<script(?![^>]*src="\/public\/)|<style| style="| on[a-z]+="|javascript:/, path);
    if (!path.startsWith('/public')) assert.equal(headers.get('cache-control'), 'no-store', path);
  }
});

test('an error is a page with a number, and the log has the cause', async () => {
  const lines: string[] = [];
  const { visit, store } = await opened({ log: (line: string) => lines.push(line) });
  await visit.logIn('viewer');
  assert.equal((await visit.ask('/nowhere')).status, 404);
  assert.match((await visit.ask('/findings/nope')).text, /There is no such finding/);
  assert.match((await visit.ask('/nowhere')).text, /class="rail"/, 'in the same frame');
  store.findings = async () => {
    throw new Error('disk /secret/path is gone');
  };
  const broken = await visit.ask('/findings');
  assert.equal(broken.status, 500);
  assert.doesNotMatch(broken.text, /secret|app\.ts/);
  const reference = /beside (\w{8})/.exec(broken.text)?.[1] as string;
  assert.ok(lines.some((line) => line.includes(reference) && line.includes('disk /secret/path is gone')));
});

test('an error page asks nothing of the store, and what needs none comes without it', async () => {
  const { visit, store } = await opened();
  await visit.logIn('administrator');
  let asked = 0;
  store.findings = store.findingFacets = async () => {
    asked++;
    throw new StoreError('storage', 'The store is away.');
  };
  assert.equal((await visit.ask('/nowhere')).status, 404);
  assert.equal(asked, 0);
  for (const path of ['/account', '/status.json']) assert.equal((await visit.ask(path)).status, 200, path);
  const { status, text } = await visit.ask('/findings');
  assert.equal(status, 503);
  assert.match(text, /The store is away/);
  assert.match(text, /class="rail"/);
});

test('a body that is too large is refused, a file is not read, and files outside public are not served', async () => {
  const { visit, first } = await opened();
  await visit.logIn('analyst');
  assert.equal((await visit.post(`/findings/${first}/decisions`, { comment: 'x'.repeat(70_000) })).status, 413);
  for (const path of ['/public/%2e%2e%2fapp.ts', '/public/..%2fapp.ts', '/public/nothing.css']) assert.equal((await visit.ask(path)).status, 404, path);
  const { headers } = await visit.ask('/public/console.js');
  assert.equal((await visit.ask('/public/console.js', { headers: { 'if-none-match': headers.get('etag') as string } })).status, 304);
});

test('after the login one lands on a page of the console only', () => {
  assert.equal(safeNext('/assets?role=plc'), '/assets?role=plc');
  for (const next of ['', 'https://evil.test/', '//evil.test/', '/\\evil.test', 'javascript:alert(1)', '\t//evil.test', '/\t/evil.test'])
    assert.equal(safeNext(next), '/findings', next);
});
