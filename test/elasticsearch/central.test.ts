/** Sites and the console over them, as processes: what is decided there comes to the site, once; who may see what; silence. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { placeOf } from '../../analyzer/store/elastic/kinds.ts';
import { scopeOf } from '../../analyzer/store/elastic/scope.ts';
import { record } from '../../analyzer/store/elastic.ts';
import { openDatabase } from '../../analyzer/store/sqlite/database.ts';
import { sampleDecision } from '../samples.ts';
import { Served, until } from '../served.ts';
import { missing } from '../shared.ts';
import { PLANT } from './appliance.ts';
import { cluster, remove, SERVERS } from './servers.ts';

describe('many sites', { skip: missing('elasticsearch') }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'stillwatch-central-'));
  let one: Awaited<ReturnType<typeof cluster>>;
  let north: Served;
  let south: Served;
  let central: Served;
  const site = (name: string, title: string): Served => {
    const env = { STILLWATCH_ELASTICSEARCH_NODES: SERVERS[0] as string, STILLWATCH_ELASTICSEARCH_PREFIX: one.prefix, STILLWATCH_SITE: title };
    return new Served(join(folder, name), env, ['run', '--replay', PLANT, '--learn', '60s']);
  };

  before(async () => {
    one = await cluster(SERVERS[0] as string, false);
    north = site('north', 'North');
    south = site('south', 'South');
    central = new Served(join(folder, 'central'), { STILLWATCH_ELASTICSEARCH_NODES: SERVERS[0] as string, STILLWATCH_ELASTICSEARCH_PREFIX: one.prefix }, [
      'console',
    ]);
    await Promise.all([north.start(), south.start(), central.start()]);
    await until('both sites', async () => {
      const page = await central.get('/sites');
      return page.includes('North') && page.includes('South') && (await central.get('/findings?site=South')).includes('/findings/');
    });
  });
  after(async () => {
    await Promise.all([north, south, central].map((served) => served?.stop()));
    if (one !== undefined) await remove(one);
    rmSync(folder, { recursive: true, force: true });
  });

  const someFinding = async (name: string): Promise<string> => {
    const html = await until('a finding', async () => /href="\/findings\/([0-9a-f]{20})/.exec(await central.get(`/findings?site=${name}`)));
    return html[1] as string;
  };
  const decisionsAt = (served: Served, id: string): { [name: string]: unknown }[] => {
    const db = openDatabase(join(served.state, 'stillwatch.db'));
    try {
      return db.all("SELECT id, json FROM decisions WHERE kind = 'finding' AND subject = ?", id);
    } finally {
      db.close();
    }
  };

  it('the same addresses and findings at two sites are two', async () => {
    const [all, own] = await until('all findings', async () => {
      const counts = await Promise.all(
        ['*', 'North'].map(async (name) => Number(/(\d+) findings/.exec(await central.get(`/findings?status=all&site=${encodeURIComponent(name)}`))?.[1])),
      );
      return counts[0] === 2 * (counts[1] as number) && counts;
    });
    assert.ok((all as number) > 40 && (own as number) > 20);
    const page = await central.get('/assets?site=*');
    assert.match(page, /<th[^>]*>Site/);
    const facts = await central.get('/baseline?site=*');
    assert.ok(
      ['North', 'South'].every((site) => facts.includes(`title="${site}">`)),
      'sites of facts',
    );
    assert.match(await central.get('/sites'), /2 sites/);
  });

  it('a decision at the centre reaches its site within seconds, once, and no other', async () => {
    const id = await someFinding('North');
    assert.equal(await central.decide(`/findings/${id}?site=North`, 'acknowledge'), 303);
    assert.match(await central.get(`/findings/${id}?site=North`), /Acknowledged/);
    await until('the decision at the site', () => decisionsAt(north, id).length === 1, 15_000);
    await until('the site says so', async () => !(await central.get(`/findings/${id}?site=North`)).includes('waiting for site'), 15_000);
    assert.deepEqual([decisionsAt(north, id).length, decisionsAt(south, id).length], [1, 0]);
    assert.match(await north.get(`/findings/${id}`), /acknowledged it/);
  });

  it('so do whose it is and until when it is suppressed', async () => {
    await central.get('/findings?site=North');
    const id = await someFinding('North');
    const open = async (served: Served): Promise<number> => Number(/(\d+) findings open/.exec(await served.get('/findings'))?.[1]);
    const before = await open(north);
    const path = `/findings/${id}?site=North`;
    const end = /<option value="([^"]+)">30 days/.exec(await central.get(path))?.[1] as string;
    assert.equal(await central.decide(path, 'assign', { assignee: 'admin' }), 303);
    assert.equal(await central.decide(path, 'suppress', { until: end, comment: 'Outage in week 48.' }), 303);
    for (const said of ['assigned it to admin', 'Outage in week 48.'])
      await until(said, async () => (await north.get(`/findings/${id}`)).includes(said), 15_000);
    await until('the list of the site', async () => (await open(north)) === before - 1, 15_000);
    assert.match(await central.get('/findings?site=North&status=suppressed'), /1 finding suppressed/);
  });

  it('while its site is away it waits, and says so; then it counts once, with what was decided there meanwhile', async () => {
    await central.get('/findings?site=South');
    const id = await someFinding('South');
    await south.stop('SIGKILL');
    assert.equal(await central.decide(`/findings/${id}?site=South`, 'start'), 303);
    await sleep(3000);
    assert.match(await central.get(`/findings/${id}?site=South`), /waiting for site/);
    assert.equal(decisionsAt(south, id).length, 0);
    await south.start();
    await until('the decision at the site', () => decisionsAt(south, id).length === 1, 30_000);
    assert.equal(await south.decide(`/findings/${id}`, 'close', { resolution: 'true_positive', comment: 'Found it.' }), 303);
    await until('the centre knows', async () => (await central.get(`/findings/${id}?site=South`)).includes('closed it'), 15_000);
    assert.doesNotMatch(await central.get(`/findings/${id}?site=South`), /waiting for site/);
    assert.equal(decisionsAt(south, id).length, 2);
  });

  it('one that claims to know of more than there are comes before what is decided later', async () => {
    const [, last] = [...(await central.get('/findings?site=South&status=new')).matchAll(/href="\/findings\/([0-9a-f]{20})/g)].map(([, id]) => id as string);
    const on = { kind: 'finding', id: last as string } as const;
    const decision = sampleDecision(on, 'start', { '@timestamp': new Date().toISOString(), after: 1_000_000 });
    await record(scopeOf(one, 'South'), decision, false);
    await until('the decision at the site', () => decisionsAt(south, on.id).length === 1, 15_000);
    assert.equal(await south.decide(`/findings/${on.id}`, 'close', { resolution: 'true_positive', comment: 'Found it.' }), 303);
    await until('the site', async () => (await south.get('/findings?status=closed')).includes(on.id), 15_000);
    await until('the centre', async () => (await central.get('/findings?status=closed&site=South')).includes(on.id), 15_000);
  });

  it('the second of two who decide on one page is told who was first', async () => {
    const [first] = [...(await central.get('/findings?site=North&status=new')).matchAll(/href="\/findings\/([0-9a-f]{20})/g)].slice(3);
    const path = `/findings/${first?.[1]}?site=North`;
    const forms = (await central.get(path)).split('<form').find((part) => part.includes('name="kind" value="start"')) as string;
    const carried = Object.fromEntries([...forms.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, name, value]) => [name as string, value as string]));
    assert.equal(await central.decide(path, 'acknowledge'), 303);
    assert.equal(await central.post(`/findings/${first?.[1]}/decisions?site=North`, carried), 409);
  });

  const csrfOf = async (served: Served): Promise<string> => /name="csrf" value="([^"]+)"/.exec(await served.get('/account'))?.[1] as string;
  const SECRET = 'a long enough secret';
  const add = async (by: Served, name: string, role: string, sites: string): Promise<number> =>
    by.post('/account/add', { csrf: await csrfOf(by), name, role, password: SECRET, ...(sites === '' ? {} : { site: sites }) });
  const as = async (name: string): Promise<Served> => {
    const served = Object.assign(new Served(central.state, {}, []), { url: central.url });
    await served.login(name, SECRET);
    return served;
  };

  it('who is limited to a site sees nothing of another', async () => {
    assert.equal(await add(central, 'sam', 'analyst', 'South'), 303);
    const sam = await as('sam');
    const sites = await sam.get('/sites');
    assert.ok(sites.includes('South') && !sites.includes('North'), 'sites');
    const count = async (site: string): Promise<number> => Number(/(\d+) findings/.exec(await sam.get(`/findings?status=all&site=${site}`))?.[1]);
    const all = await count('*');
    assert.ok(all > 20, String(all));
    assert.deepEqual([await count('South'), await count('North')], [all, all], 'asking for another site gives the own');
    const page = await sam.get('/findings?status=all&site=North');
    assert.ok(!page.includes('<td class="cut" title="North">'));
    const id = await someFinding('North');
    assert.doesNotMatch(await sam.get(`/findings/${id}?site=North`), /North/);
  });

  it('who manages the accounts of a site manages no others', async () => {
    assert.equal(await add(central, 'sue', 'administrator', 'South'), 303);
    const sue = await as('sue');
    const page = await sue.get('/account');
    assert.ok(page.includes('>sam') && !page.includes('>admin<'), 'sees accounts of the site');
    assert.deepEqual([await add(sue, 'eve', 'administrator', ''), await add(sue, 'eve', 'administrator', 'North')], [422, 422]);
    assert.equal(await sue.post('/account/remove', { csrf: await csrfOf(sue), name: 'Admin' }), 422);
    assert.equal(await add(sue, 'tom', 'viewer', 'South'), 303);
    assert.equal(await sue.post('/account/remove', { csrf: await csrfOf(sue), name: 'tom' }), 303);
    const db = openDatabase(join(central.state, 'stillwatch.db'));
    const trail = db.all('SELECT line FROM audit ORDER BY seq').map(({ line }) => JSON.parse(String(line)));
    db.close();
    assert.deepEqual(
      trail.map(({ by, action, on }) => [by, action, on]),
      [
        ['admin', 'account add', 'sam'],
        ['admin', 'account add', 'sue'],
        ['sue', 'account add', 'tom'],
        ['sue', 'account remove', 'tom'],
      ],
    );
  });

  it("a word that is none of a site's is nobody's", async () => {
    const index = placeOf(one.prefix, 'sites');
    const { hits } = (await one.client.search({ index, size: 1 })).hits;
    const source = hits[0]?._source as { [name: string]: unknown };
    const document = JSON.parse(String(source['stillwatch.document']));
    const said: [string, unknown][] = [
      ['not json', '{'],
      ['null', 'null'],
      ['another site', JSON.stringify(document)],
      [
        'no counts',
        JSON.stringify({ ...document, site: 'no counts', status: { ...document.status, coverage: { ...document.status.coverage, protocols: [{}] } } }),
      ],
    ];
    for (const [site, text] of said) {
      const rules = '[{"name":1}, null, "x"]';
      await one.client.index({ index, id: site, document: { ...source, 'stillwatch.site': site, 'stillwatch.document': text, 'stillwatch.rules': rules } });
    }
    await one.client.indices.refresh({ index });
    await sleep(5000);
    const page = await central.get('/sites?site=*');
    assert.match(page, /2 sites/);
    assert.match(await central.get('/rules'), /sweep/);
  });

  it('a site that falls silent is shown and is a finding there, and its return is noted', async () => {
    await north.stop('SIGKILL');
    await until('silence', async () => /1 silent/.test(await central.get('/sites')), 90_000);
    await until('the finding', async () => (await central.get('/findings?site=North')).includes('A site is silent'), 30_000);
    await north.start();
    await until('it is heard', async () => !/silent/.test((await central.get('/sites')).split('<main')[1] ?? ''), 60_000);
    await central.get('/findings?site=North');
    const page = /href="(\/findings\/[0-9a-f]{20})"[^>]*>A site is silent/.exec(await central.get('/findings?site=North&q=heard'))?.[1] as string;
    await until('the note', async () => (await central.get(page)).includes('is heard again'), 30_000);
  });
});
