import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Asset } from '../analyzer/asset.ts';
import type { Finding } from '../analyzer/finding.ts';
import { consoleOver, fill, memoryStore, visitor } from '../test/console/fixture.ts';
import { finding } from '../test/console/happenings.ts';
import { status } from '../test/console/plant.ts';
import { sampleAsset, sampleAttribute, sampleConversation } from '../test/samples.ts';
import { ago } from './time.ts';

async function entered(role: 'viewer' | 'analyst' = 'analyst', given: { store?: ReturnType<typeof memoryStore>; more?: object } = {}) {
  const store = given.store ?? memoryStore();
  if (given.store === undefined) await fill(store);
  const { app } = await consoleOver(store, given.more);
  const visit = visitor(app);
  await visit.logIn(role);
  return { store, visit };
}

/** Titles of the rows of a list, in order. */
const titles = (text: string): string[] => [...text.matchAll(/<a class="title"[^>]*>([^<]*)</g)].map((match) => match[1] as string);
const hrefs = (text: string): string[] => [...text.matchAll(/href="([^"]*)"/g)].map((match) => (match[1] as string).replaceAll('&amp;', '&'));

test('filters live in the URL, narrow the list, and every choice has a count', async () => {
  const { visit } = await entered();
  const all = await visit.ask('/findings');
  assert.equal(titles(all.text).length, 8);
  assert.match(all.text, /<span>Medium<\/span><span class="amount">3<\/span>/);
  assert.ok(hrefs(all.text).includes('/findings?level=high'));
  const high = await visit.ask('/findings?level=high&level=critical&sort=risk');
  assert.deepEqual(titles(high.text).length, 3);
  assert.equal(titles(high.text)[0], 'Program transferred to a controller');
  assert.ok(hrefs(high.text).includes('/findings?sort=risk&level=critical'), 'a chip that is on takes itself off');
  assert.equal(titles((await visit.ask('/findings?q=holding+register')).text).length, 2);
  assert.equal(titles((await visit.ask('/findings?address=10.20.1.14')).text).length, 1);
  assert.equal(titles((await visit.ask('/findings?status=closed')).text).length, 0);
  assert.equal(titles((await visit.ask('/findings?within=1h')).text).length, 7, "the last hour is that of the sensor's clock");
});

test('a URL that asks for what is not there is refused in one sentence', async () => {
  const { visit } = await entered();
  for (const query of ['level=apocalyptic', 'sort=secret', 'status=gone', `q=${'x'.repeat(201)}`, 'from=-1', 'order=sideways']) {
    const answer = await visit.ask(`/findings?${query}`);
    assert.equal(answer.status, 400, query);
    assert.match(answer.text, /class="rail"/);
  }
  assert.equal((await visit.ask('/findings?unknown=1&level=')).status, 200);
});

test('a long list is paged by cursor, and pages say where they are', async () => {
  const store = memoryStore();
  const many = Array.from({ length: 120 }, (_, i) => ({
    ...finding({ rule: 'modbus-exceptions', risk: 20, actor: '10.0.0.1', target: '10.0.0.2', minutes: i + 1, count: 1, explanation: `number ${i}` }),
    id: `f${i}`,
  }));
  await store.save({ findings: many });
  const { visit } = await entered('viewer', { store });
  const first = await visit.ask('/findings?level=low');
  assert.match(first.text, /1–50 of 120/);
  const next = hrefs(first.text).find((href) => href.includes('cursor=')) as string;
  assert.match(next, /level=low/);
  const second = await visit.ask(next);
  assert.match(second.text, /51–100 of 120/);
  assert.notDeepEqual(
    hrefs(second.text).filter((href) => href.startsWith('/findings/f')),
    hrefs(first.text).filter((href) => href.startsWith('/findings/f')),
  );
  assert.ok(!hrefs(second.text).some((href) => href.includes('sort=') && href.includes('cursor=')), 'sorting starts over');
});

test('what came off the wire is text, wherever it is shown', async () => {
  const store = memoryStore();
  await fill(store);
  const evil = `"><script>alert(1)</script><img src=x onerror=alert(2)>'`;
  const raw = { isEscaped: true, toString: () => evil, [evil]: { isEscaped: true, value: evil } };
  const one = finding({
    rule: 'modbus-exceptions',
    risk: 20,
    actor: evil,
    target: evil,
    minutes: 1,
    count: 1,
    explanation: evil,
    seen: { source: { ip: evil }, modbus: raw as never },
  });
  const fact = {
    ...(store.given.facts[0] as (typeof store.given.facts)[number]),
    id: evil,
    what: evil,
    server: evil,
    client: evil,
    protocol: evil,
    by: evil,
    readers: [evil],
  };
  await store.save({
    findings: [
      {
        ...one,
        id: 'evil',
        title: evil,
        actor: { ip: evil, name: evil },
        blind: evil,
        respond: { soc: evil, plant: evil },
        tags: [evil],
        expected: [fact],
        rule: { ...one.rule, name: evil },
      },
    ],
  });
  await store.save({
    facts: [fact],
    observations: [
      {
        id: 'o',
        '@timestamp': '2026-11-23T10:00:00Z',
        kind: evil,
        frames: one.occurrences[0]?.frames ?? [],
        source: evil,
        destination: evil,
        json: raw as never,
      },
    ],
  });
  const base = store.given.assets[0] as Asset;
  const attributes = base.attributes.map((attribute) => ({ ...attribute, value: evil, source: evil }));
  await store.save({
    assets: [{ ...base, id: 'evil-asset', address: evil, attributes }],
    conversations: [{ ...(store.given.conversations[0] as (typeof store.given.conversations)[number]), client: evil, server: evil, protocol: evil }],
  });
  await store.decide({
    id: 'd',
    '@timestamp': '2026-11-23T10:00:00Z',
    by: evil,
    on: { kind: 'finding', id: 'evil' },
    kind: 'comment',
    resolution: null,
    comment: evil,
    edit: { [evil]: evil },
  });
  const more = {
    status: () => status({ source: evil, blind: [evil], coverage: { ...status().coverage, ceilings: [{ name: evil, limit: 1, used: 1, hit: 0 }] } }),
  };
  const { visit } = await entered('analyst', { store, more });
  for (const path of [
    '/findings',
    '/findings/evil',
    '/assets',
    '/assets/evil-asset',
    '/baseline',
    '/coverage',
    '/rules',
    `/findings?q=${encodeURIComponent(evil)}`,
    `/login?next=${encodeURIComponent(evil)}`,
  ]) {
    const { status: code, text } = await visit.ask(path);
    assert.ok(code === 200 || code === 303, `${path}: ${code}`);
    assert.doesNotMatch(text, /<script>alert|<img src=x|"><script/, path);
  }
});

test('deciding needs no script: acknowledge, comment, close with a reason, reopen', async () => {
  const { store, visit } = await entered();
  const id = store.given.findings[0]?.id as string;
  const action = `/findings/${id}/decisions`;
  const forms = async () => {
    const { text } = await visit.ask(`/findings/${id}`);
    return [...text.matchAll(/<form method="post" action="\/findings[^"]*"[\s\S]*?<\/form>/g)].map(([form]) => visit.form(form, action));
  };
  const take = async (kind: string, more: { [name: string]: string } = {}) => {
    const form = (await forms()).find((one) => one['kind'] === kind);
    assert.ok(form, `no form to ${kind}`);
    return visit.post(action, { ...form, ...more });
  };
  assert.equal((await take('acknowledge')).location, `/findings/${id}?done=acknowledge`);
  await take('comment', { comment: 'Asked the shift lead.' });
  const noReason = await take('close', { resolution: 'false_positive', comment: '   ' });
  assert.equal(noReason.status, 422);
  assert.match(noReason.text, /Give a reason/);
  assert.match(noReason.text, /value="false_positive" required checked/, 'what was chosen stays chosen');
  assert.equal((await take('close', { comment: 'because' })).status, 422, 'a resolution is needed');
  await take('close', { resolution: 'authorised_change', comment: 'Work order 4471.' });
  const closed = await visit.ask(`/findings/${id}?done=close`);
  assert.match(closed.text, /role="status">[\s\S]*Closed\./);
  assert.match(closed.text, /Work order 4471\./);
  assert.deepEqual(
    (await forms()).map((one) => one['kind']),
    ['reopen', 'comment'],
  );
  await take('reopen');
  assert.deepEqual(
    store.decided.map((one) => [one.kind, one.by, one.resolution]),
    [
      ['acknowledge', 'analyst', null],
      ['comment', 'analyst', null],
      ['close', 'analyst', 'authorised_change'],
      ['reopen', 'analyst', null],
    ],
  );
});

test('a finding is given to somebody who may decide, and those of one person are a list', async () => {
  const { store, visit } = await entered();
  const id = store.given.findings[0]?.id as string;
  const action = `/findings/${id}/decisions`;
  const page = async () => (await visit.ask(`/findings/${id}`)).text;
  const hidden = async (): Promise<{ [name: string]: string }> => {
    const part = (await page()).split('<form').find((one) => one.includes('value="assign"')) as string;
    return visit.form(`<form${part}`, action);
  };
  const choices = [...(await page()).matchAll(/<option value="([^"]*)"[^>]*>([^<]*)<\/option>/g)]
    .map((match) => match[1])
    .filter((name) => !name?.includes('T'));
  assert.deepEqual(choices, ['analyst', 'administrator'], 'oneself first; a viewer decides nothing');
  assert.equal((await visit.post(action, { ...(await hidden()), assignee: 'viewer' })).status, 422);
  assert.equal((await visit.post(action, { ...(await hidden()), assignee: 'administrator' })).location, `/findings/${id}?done=assign`);
  assert.match(await page(), /Assigned to<\/span> <b>administrator<\/b>/);
  assert.match(await page(), /<b>analyst<\/b> assigned it to administrator/);
  const list = (await visit.ask('/findings?status=all&assignee=administrator')).text;
  assert.match(list, /1 finding match/);
  assert.match(list, /assigned to administrator/);
  const rest = (await visit.ask('/findings?status=all&assignee=-')).text;
  assert.match(rest, new RegExp(`${store.given.findings.length - 1} findings match`));
  await visit.post(action, { ...(await hidden()), assignee: '' });
  assert.match(await page(), /assigned it to nobody/);
});

test('a suppressed finding leaves the open ones with a reason and an end, and comes back', async () => {
  let now = Date.parse('2026-11-25T10:00:20Z');
  const { store, visit } = await entered('analyst', { more: { now: () => new Date(now) } });
  const id = store.given.findings[0]?.id as string;
  const action = `/findings/${id}/decisions`;
  const part = async () => `<form${(await visit.ask(`/findings/${id}`)).text.split('<form').find((one) => one.includes('value="suppress"'))}`;
  const open = async () => Number(/([\d,]+) findings? open/.exec((await visit.ask('/findings')).text)?.[1]);
  const before = await open();
  const until = /<option value="([^"]+)">a week/.exec(await part())?.[1] as string;
  assert.equal(until, '2026-12-02T10:01:00.000Z');
  const form = visit.form(await part(), action);
  assert.equal((await visit.post(action, { ...form, until, comment: ' ' })).status, 422, 'without a reason');
  for (const wrong of ['2026-11-25T10:00:00Z', '2036-01-01T00:00:00Z']) {
    assert.equal((await visit.post(action, { ...form, until: wrong, comment: 'because' })).status, 422, wrong);
  }
  assert.equal((await visit.post(action, { ...form, until: 'soon', comment: 'because' })).status, 400);
  for (const _ of [1, 2]) assert.equal((await visit.post(action, { ...form, until, comment: 'Pump test' })).status, 303, 'sent twice it is one');
  assert.equal(store.decided.length, 1);
  assert.equal(await open(), before - 1);
  assert.match((await visit.ask(`/findings/${id}`)).text, /Suppressed by <b>analyst<\/b> until 2026-12-02 10:01 UTC: Pump test/);
  assert.match((await visit.ask('/findings?status=suppressed')).text, /1 finding suppressed/);
  now += 8 * 86_400_000;
  assert.equal(await open(), before, 'a week later');
  now -= 8 * 86_400_000;
  assert.equal((await visit.post(action, { ...visit.form(await part(), action) })).location, `/findings/${id}?done=shown`);
  assert.equal(await open(), before, 'ended');
  assert.match((await visit.ask(`/findings/${id}`)).text, /ended its suppression/);
});

test('sending a form twice is one decision, and deciding on an outdated page is refused', async () => {
  const { store, visit } = await entered();
  const id = store.given.findings[1]?.id as string;
  const action = `/findings/${id}/decisions`;
  const old = visit.form((await visit.ask(`/findings/${id}`)).text, action);
  assert.equal((await visit.post(action, old)).status, 303);
  assert.equal((await visit.post(action, old)).status, 303);
  assert.equal(store.decided.length, 1);
  const late = await visit.post(action, { ...old, kind: 'close', resolution: 'true_positive', comment: 'done' });
  assert.equal(late.status, 409);
  assert.match(late.text, /Meanwhile analyst changed this finding/);
  assert.equal((await visit.post(action, { ...old, kind: 'approve' })).status, 400, 'that is for facts');
});

test('a finding tells its story: beside normal, why, what to do, frames, history', async () => {
  const { store, visit } = await entered();
  const { text } = await visit.ask(`/findings/${store.given.findings[0]?.id}`);
  for (const part of ['Seen, beside what is normal', 'Why it matters', 'In the SOC', 'In the plant', 'What this cannot see', 'History'])
    assert.match(text, new RegExp(part));
  assert.match(text, /Unauthorized Message: Command Message/);
  assert.match(text, /formerly <span class="mono">T0855<\/span>/);
  assert.match(text, /<mark>40 to 62<\/mark>/, 'the value is outside');
  assert.match(text, /<mark>10\.20\.2\.5<\/mark>/, 'another client');
  assert.match(text, /33 outside the range/);
  assert.match(text, /frame\.number in \{478200, 478201/);
});

test('a finding of the sensor itself has nothing to stand beside, and shows no empty table', async () => {
  const { store, visit } = await entered();
  const [one] = store.given.findings;
  const target = { ip: null, name: null, unit_id: null };
  await store.save({
    findings: [{ ...(one as Finding), id: 'twice', actor: { ip: null, name: null }, target, seen: { loss: { reason: 'duplicates' } }, expected: [] }],
  });
  const { text } = await visit.ask('/findings/twice');
  assert.doesNotMatch(text, /beside what is normal|class="beside"/);
  assert.match(text, /Why it matters/);
});

test('an edit of an asset keeps only what changed', async () => {
  const { store, visit } = await entered();
  const { id } = store.given.assets[0] as Asset;
  const action = `/assets/${id}/edit`;
  const hidden = visit.form((await visit.ask(`/assets/${id}`)).text, action);
  const fields = { ...hidden, name: 'Intake PLC', role: hidden['was_role'] as string, purdue_level: hidden['was_purdue_level'] as string };
  assert.equal((await visit.post(action, { ...fields, purdue_level: '9' })).status, 400);
  assert.equal((await visit.post(action, fields)).location, `/assets/${id}?done=edit`);
  assert.deepEqual(
    store.decided.map((one) => one.edit),
    [{ name: 'Intake PLC' }],
  );
  const late = await visit.post(action, { ...fields, name: 'Pump 1 <PLC>' });
  assert.equal(late.status, 409, 'the page was drawn before');
  assert.match(late.text, /Meanwhile analyst decided on this \(edit\)/);
  assert.match(late.text, /name="name" value="Pump 1 &lt;PLC&gt;"/, 'what was typed stays');
  assert.equal((await visit.post(action, { ...visit.form(late.text, action), name: 'Pump 1', role: '', purdue_level: '' })).status, 303, 'having seen it');
});

test('facts are approved together', async () => {
  const { store, visit } = await entered();
  const { text } = await visit.ask('/baseline?kind=operation&state=proposed');
  const form = visit.form(text, '/baseline/decisions');
  const chosen = [...text.matchAll(/name="fact" value="([^"]+)"/g)].map((match) => match[1] as string);
  const answer = await visit.post('/baseline/decisions', { ...form, back: (form['back'] as string).replaceAll('&amp;', '&'), kind: 'approve', fact: chosen });
  assert.equal(answer.location, `/baseline?kind=operation&state=proposed&done=${chosen.length}`);
  assert.deepEqual(
    store.decided.map((one) => one.on.id),
    chosen,
  );
});

test('the coverage page tells how shipping goes', async () => {
  const lane = {
    kind: 'findings',
    waiting: 1200,
    oldest: Date.now() - 90_000,
    shipped: 34_567,
    rate: 230.4,
    given_up: 0,
    dead: 3,
    reason: 'strict_dynamic_mapping_exception: odd',
    trouble: '',
    tries: 0,
  };
  const stuck = { ...lane, kind: 'flows', rate: 0, dead: 0, given_up: 7, trouble: 'Elasticsearch <b>does not answer</b>', tries: 2 };
  const shipping = { ready: true, trouble: '', lanes: [lane, stuck] };
  const { visit } = await entered('analyst', {
    more: { status: () => status({ shipping, local: 'It is away', retention: 30 }), replay: async () => ({ taken: 1, refused: 2, queued: 3 }) },
  });
  const { text } = await visit.ask('/coverage');
  const cells = (of: string): string[] =>
    [...(text.split(`<tr><td>${of}</td>`)[1]?.split('</tr>')[0] ?? '').matchAll(/<td[^>]*>(.*?)<\/td>/g)].map((match) => match[1] as string);
  assert.deepEqual(cells('Findings'), ['34,567', '231', '1,200', '1 min ago', '3', '0', '']);
  assert.deepEqual(cells('Flows and summaries').slice(1, 6), ['', '1,200', '1 min ago', '0', '7']);
  assert.match(text, /does not answer/);
  assert.doesNotMatch(text, /<b>does not answer/);
  assert.match(text, /<li>Findings \(3\): <span class="mono">strict_dynamic_mapping_exception: odd<\/span>/);
  const answer = await visit.post('/coverage/replay', visit.form(text, '/coverage/replay'));
  const told = (await visit.ask(answer.location ?? '')).text;
  assert.match(told, /1 document taken now, 3 documents on the way, 2 documents refused again: see the reason below\./);
});

test('an empty page says why and what to do', async () => {
  const quiet = {
    store: memoryStore(),
    more: { rules: () => [], status: () => status({ frames: 0, clock: '', blind: [], assets_learning: 0, assets_protected: 0 }) },
  };
  const { visit } = await entered('viewer', quiet);
  const says: [path: string, words: RegExp][] = [
    ['/findings', /No frame has arrived yet[\s\S]*mirror port/],
    ['/findings?q=x', /No finding matches these filters/],
    ['/assets', /No device seen yet/],
    ['/baseline', /Nothing learned yet/],
    ['/rules', /No rule is loaded/],
    ['/coverage', /no capture time yet/],
  ];
  for (const [path, words] of says) assert.match((await visit.ask(path)).text, words, path);
  const learning = await entered('viewer', { store: memoryStore(), more: { status: () => status({ assets_learning: 3 }) } });
  assert.match((await learning.visit.ask('/findings')).text, /No findings while learning/);
});

test('the strip says in words what is not seen, on the page and as JSON', async () => {
  const { visit } = await entered('viewer');
  assert.match((await visit.ask('/rules')).text, /data-tone="blind"[\s\S]*Not seen:<\/b>[\s\S]*Only one direction of 3 OPC UA conversations/);
  const live = JSON.parse((await visit.ask('/status.json')).text);
  assert.equal(live.tone, 'blind');
  assert.deepEqual(live.open, { informational: 1, low: 1, medium: 3, high: 2, critical: 1 });
  const sound = await entered('viewer', { more: { status: () => status({ blind: [] }) } });
  assert.match((await sound.visit.ask('/rules')).text, /data-tone="sound"/);
});

test('times are relative to the clock they are given', () => {
  const clock = Date.parse('2026-03-14T12:00:00Z');
  const cases: [at: string, words: string][] = [
    ['2026-03-14T11:59:59Z', 'now'],
    ['2026-03-14T11:59:30Z', '30 s ago'],
    ['2026-03-14T11:01:00Z', '59 min ago'],
    ['2026-03-13T13:00:00Z', '23 h ago'],
    ['2026-02-14T12:00:00Z', '28 d ago'],
    ['2023-03-14T12:00:00Z', '3 years ago'],
    ['2026-03-14T15:30:00Z', 'in 3 h'],
    ['soon', ''],
  ];
  for (const [at, words] of cases) assert.equal(ago(at, clock), words, at);
});

test('a gateway shows the devices behind it, and each of them leads back and has its own findings', async () => {
  const store = memoryStore();
  const shown = (name: 'role' | 'gateway', value: string) => sampleAttribute(name, value, { confidence: 4 });
  await store.save({
    assets: [
      sampleAsset('10.0.0.9', [shown('role', 'gateway')]),
      sampleAsset('10.0.0.9/3', [sampleAttribute('vendor', 'JUMO'), shown('gateway', '10.0.0.9')], { ip: [] }),
      sampleAsset('110.0.0.9/3', [sampleAttribute('vendor', 'Stranger')], { ip: [] }),
    ],
    conversations: [sampleConversation('10.0.0.5', '10.0.0.9')],
  });
  const { visit } = await entered('viewer', { store });
  const gateway = (await visit.ask('/assets/10.0.0.9')).text;
  assert.match(gateway, /Devices behind it <span class="amount">1<\/span>/);
  assert.match(gateway, /10\.0\.0\.9\/3<\/a>[\s\S]*JUMO/);
  assert.doesNotMatch(gateway, /Stranger/);
  const unit = (await visit.ask('/assets/10.0.0.9%2F3')).text;
  assert.match(unit, /unit 3 behind <a class="mono" href="\/assets\/10\.0\.0\.9">10\.0\.0\.9<\/a>/);
  assert.match(unit, /Who talks to its gateway <span class="amount">1<\/span>/);
  assert.doesNotMatch(unit, /Devices behind it/);
});
