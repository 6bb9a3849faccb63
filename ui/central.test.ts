import assert from 'node:assert/strict';
import { test } from 'node:test';
import { centralOver } from '../test/console/central.ts';
import { status } from '../test/console/plant.ts';

type Visit = Awaited<ReturnType<Awaited<ReturnType<typeof centralOver>>['enter']>>;

/** The way to a page of a list. */
const first = async (visit: Visit, list: string, site: string): Promise<string> =>
  `/${list}/${new RegExp(`href="/${list}/([^"?#]+)`).exec((await visit.ask(`/${list}?site=${site}`)).text)?.[1]}`;

test('a form decides at the site whose page it was on, whatever another tab shows', async () => {
  const { decided, enter } = await centralOver();
  const visit = await enter('boss');
  const finding = await first(visit, 'findings', 'North');
  const asset = await first(visit, 'assets', 'North');
  const targets = [`${finding}/decisions?site=North`, `${asset}/edit?site=North`, '/baseline/decisions?site=North'] as const;
  const pages = await Promise.all([finding, asset, '/baseline'].map((path) => visit.ask(`${path}?site=North`)));
  await visit.ask('/findings?site=South');
  const [decide, edit, approve] = targets.map((target, n) => visit.form(pages[n]?.text as string, target)) as [object, object, object];
  const fact = /name="fact" value="([^"]+)"/.exec(pages[2]?.text as string)?.[1] as string;
  const answers = [
    await visit.post(targets[0], { ...decide }),
    await visit.post(targets[1], { ...edit, name: 'Boiler' }),
    await visit.post(targets[2], { ...approve, fact, kind: 'approve' }),
  ];
  assert.deepEqual(
    answers.map(({ status }) => status),
    [303, 303, 303],
  );
  for (const { location } of answers) assert.match(location as string, /[?&]site=North/);
  assert.deepEqual(decided(), [
    ['North', 'acknowledge'],
    ['North', 'edit'],
    ['North', 'approve'],
  ]);
});

test('a form that names no site, or one that its sender does not see, decides nothing', async () => {
  const { decided, enter } = await centralOver();
  const visit = await enter('sam');
  const finding = await first(visit, 'findings', 'South');
  const fields = visit.form((await visit.ask(`${finding}?site=South`)).text, `${finding}/decisions?site=South`);
  const answers = [];
  for (const site of ['', '?site=*', '?site=North', '?site=Nowhere']) answers.push(await visit.post(`${finding}/decisions${site}`, fields));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [400, 400, 403, 403],
  );
  assert.match(answers[0]?.text as string, /does not say which site it is for/);
  assert.match(answers[2]?.text as string, /no such site, or your account does not see it/);
  assert.deepEqual(decided(), []);
  assert.equal((await visit.post(`${finding}/decisions?site=South`, fields)).status, 303);
  assert.deepEqual(decided(), [['South', 'acknowledge']]);
});

test('what one opens among all sites is shown at its own site', async () => {
  const { enter } = await centralOver();
  const visit = await enter('boss');
  const [finding, asset] = [await first(visit, 'findings', '*'), await first(visit, 'assets', '*')];
  await visit.ask('/findings?site=*');
  for (const path of [finding, `${finding}?done=comment`, asset, `${asset}/points`, `${asset}/tags.csv`]) {
    const { status, location } = await visit.ask(path);
    assert.equal(status, 302, path);
    const { pathname, searchParams } = new URL(location as string, 'http://console.test');
    assert.deepEqual([pathname, searchParams.get('site')], [path.replace(/\?.*/, ''), 'South']);
  }
});

test('of a site that nobody heard of there are pages, and nothing to decide', async () => {
  const { enter } = await centralOver((site) => (site === null ? { sites: { here: null, all: () => [], views: async () => [] } } : {}));
  const visit = await enter('boss');
  const [finding, asset] = [await first(visit, 'findings', '*'), await first(visit, 'assets', '*')];
  for (const path of [finding, asset, '/baseline']) {
    const { status, text } = await visit.ask(`${path}?site=*`);
    assert.equal(status, 200, path);
    assert.doesNotMatch(text.split('<main')[1] as string, /method="post"/, path);
  }
  assert.match((await visit.ask(`${finding}?site=*`)).text, /Decisions are taken at the site of a finding/);
});

test('the baseline of all sites says whose each fact is', async () => {
  const { enter } = await centralOver();
  const visit = await enter('boss');
  const all = (await visit.ask('/baseline?site=*')).text;
  assert.match(all, /<th[^>]*>Site/);
  assert.match(all, /<td class="cut" title="South">South/);
  assert.doesNotMatch(all, /name="fact"/);
  assert.doesNotMatch((await visit.ask('/baseline?site=South')).text, /<th[^>]*>Site/);
});

test('pages over many sites say why they are not up to date', async () => {
  const { enter } = await centralOver(() => ({ status: () => ({ ...status(), local: 'Elasticsearch is away.' }) }));
  const { text } = await (await enter('boss')).ask('/findings?site=North');
  assert.match(text, /<b>Not up to date:<\/b> Elasticsearch is away\./);
  assert.doesNotMatch(text, /Shown from this appliance/);
});

test('what was decided on assets and facts says that it waits for the site, until that has it', async () => {
  const waits = { ids: new Set<string>(), facts: new Set<string>() };
  const { stores, enter } = await centralOver((site) => (site === null ? {} : { waiting: async () => waits.ids, waitingFacts: async () => waits.facts }));
  const visit = await enter('boss');
  const asset = await first(visit, 'assets', 'North');
  const edit = `${asset}/edit?site=North`;
  await visit.post(edit, { ...visit.form((await visit.ask(`${asset}?site=North`)).text, edit), name: 'Boiler' });
  const baseline = '/baseline/decisions?site=North';
  const { text } = await visit.ask('/baseline?site=North');
  const fact = /name="fact" value="([^"]+)"/.exec(text)?.[1] as string;
  await visit.post(baseline, { ...visit.form(text, baseline), fact, kind: 'approve' });
  const pages = async (): Promise<boolean[]> => {
    const all = await Promise.all([asset, '/baseline'].map((path) => visit.ask(`${path}?site=North`)));
    return all.map((page) => page.text.includes('waiting for site'));
  };
  waits.ids = new Set(stores['North']?.decided.map(({ id }) => id));
  waits.facts = new Set([fact]);
  assert.deepEqual(await pages(), [true, true]);
  waits.ids = waits.facts = new Set();
  assert.deepEqual(await pages(), [false, false]);
});

test('a tag list is brought in where the site is, which a card over many sites says instead of asking for one', async () => {
  const { enter } = await centralOver();
  const visit = await enter('boss');
  const { text } = await visit.ask('/assets/10.20.1.12?site=North');
  assert.match(text, /Lists are brought in at the console of the site itself/);
  assert.doesNotMatch(text, /multipart/);
});
