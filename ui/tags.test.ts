/** Tag lists and points in the console, over a real store. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openSqlite } from '../analyzer/store/sqlite.ts';
import { consoleOver, visitor } from '../test/console/fixture.ts';
import { sampleAsset, sampleFact, sampleFinding, sampleId, sampleKept, sampleRange, sampleRegisters } from '../test/samples.ts';

const ID = sampleId('10.0.0.9');
const LIST = 'unit,table,address,name,type,word_order,scale,engineering_unit,low,high\n1,hr,100,Tank level,uint16,,0.1,m,0,20\n1,hr,101,Flow,float32,,,l/s,,\n';

async function entered(role: 'viewer' | 'analyst' = 'analyst', address = '10.0.0.9') {
  const store = openSqlite(':memory:');
  await store.save({
    assets: [sampleAsset(address)],
    registers: [
      sampleRegisters('10.0.0.9', 1, 'holding_registers', [sampleRange(100, [250, 0, 0x4148, 9], { writers: ['10.0.0.66'] })]),
      sampleRegisters('10.0.0.9', 3, 'coils', [sampleRange(0, [1, 0])]),
    ],
    facts: [
      sampleFact('ns=2;s=Pump.Speed', { kind: 'point', protocol: 'opcua', server: address, unit: -1, readers: ['10.0.0.5'], callers: ['10.0.0.7'] }),
      sampleFact('i=2261', { kind: 'point', protocol: 'opcua', server: address, unit: -1, name: 'BuildInfo_ProductName', text: 'Pump <1>', range: null }),
    ],
  });
  const { app } = await consoleOver(store);
  const visit = visitor(app);
  await visit.logIn(role);
  const id = sampleId(address);
  const upload = async (text: string | Uint8Array, more: { [name: string]: string } = {}) => {
    const { csrf } = visit.form((await visit.ask(`/assets/${id}`)).text, `/assets/${id}/tags`);
    const body = new FormData();
    for (const [name, value] of Object.entries({ csrf: csrf ?? '', ...more })) body.append(name, value);
    body.append('list', new File([typeof text === 'string' ? text : new Uint8Array(text)], 'tanks.csv', { type: 'text/csv' }));
    return visit.ask(`/assets/${id}/tags`, { method: 'POST', body, headers: { origin: 'http://console.test', host: 'console.test' } });
  };
  const decide = (text: string, more: { [name: string]: string } = {}) =>
    visit.post(`/assets/${id}/tags/apply`, { ...visit.form(text, `/assets/${id}/tags/apply`), ...more });
  return { store, visit, upload, decide, card: () => visit.ask(`/assets/${id}`) };
}

test('a list is shown before it counts, then counts, is exported as it came, removed and brought back', async () => {
  const { store, visit, upload, decide, card } = await entered();
  const preview = await upload(LIST);
  assert.equal(preview.status, 200);
  assert.match(preview.text, /2 new, 0 changed, 0 gone, 0 as before\. Nothing has been changed yet/);
  assert.match(preview.text, /1 value of several registers without a word order/);
  assert.deepEqual(await store.tags({}), []);

  assert.equal((await decide(preview.text)).location, `/assets/${ID}?done=tags#tags`);
  assert.deepEqual(
    (await store.tags({})).map(({ server, name, eu }) => [server, name, eu]),
    [
      ['10.0.0.9', 'Tank level', 'm'],
      ['10.0.0.9', 'Flow', 'l/s'],
    ],
  );
  assert.match((await card()).text, /<b>2 tags<\/b> of <span class="mono">tanks\.csv<\/span>/);
  const { items: audit } = await store.auditLines({});
  assert.match(audit[0]?.detail ?? '', /tanks\.csv/);
  assert.equal(audit[0]?.action, 'tags');

  const exported = await visit.ask(`/assets/${ID}/tags.csv`);
  assert.match(exported.headers.get('content-disposition') ?? '', /filename="tags-10\.0\.0\.9\.csv"/);
  assert.match((await upload(exported.text)).text, /This list changes nothing/);

  const changed = await upload(LIST.replace('Tank level', 'Basin level').replace(/1,hr,101.*\n/, '1,hr,103,New,int16,,,,,\n'));
  assert.match(changed.text, /1 new, 1 changed, 1 gone, 0 as before/);
  assert.match(changed.text, /<s>Tank level<\/s> Basin level/);
  await decide(changed.text);
  const removing = (await card()).text;
  assert.match(removing, /Back to tanks\.csv \(2\)/);
  await visit.post(`/assets/${ID}/tags/apply`, { ...visit.form(removing, `/assets/${ID}/tags/apply`), list: '' });
  assert.deepEqual(await store.tags({}), []);
  await decide((await card()).text);
  assert.deepEqual(
    (await store.tags({})).map(({ name }) => name),
    ['Basin level', 'New'],
  );
});

test('a list with problems is told line by line and leaves everything as it is', async () => {
  const { store, visit, upload, decide } = await entered();
  await decide((await upload(LIST)).text);
  const refused = await upload(`${LIST}1,hr,100,Again,int16,,,,,\n9999,hr,7,<b>x</b>,floaty,,,,,\n`);
  assert.equal(refused.status, 422);
  assert.match(refused.text, /tanks\.csv has 3 problems in 4 rows/);
  assert.match(refused.text, /is no type; write bool/);
  assert.match(refused.text, /Again \(1\/holding_registers\/100\) overlaps Tank level \(1\/holding_registers\/100\) of line 2/);
  assert.doesNotMatch(refused.text, /<b>x<\/b>/);
  assert.equal((await store.tags({})).length, 2);
  assert.equal((await upload(Uint8Array.of(0xff, 0xfe, 0x41))).status, 422);
  assert.equal((await upload('')).status, 400);
  assert.equal((await visit.ask(`/assets/${ID}`)).status, 200);
});

test('references are read when the form says so', async () => {
  const { upload } = await entered();
  const list = 'unit,address,name,type\n1,40101,Tank level,uint16\n';
  assert.equal((await upload(list)).status, 422);
  assert.match((await upload(list, { notation: 'modicon' })).text, /1\/holding_registers\/100/);
});

test('only who may decide may import, and only with the form of this session', async () => {
  const viewer = await entered('viewer');
  assert.doesNotMatch((await viewer.card()).text, /Import tag list/);
  assert.equal((await viewer.upload(LIST)).status, 403);
  const analyst = await entered();
  assert.equal((await analyst.upload(LIST, { csrf: 'wrong' })).status, 403);
  assert.equal((await analyst.visit.post(`/assets/${ID}/tags/apply`, { csrf: 'wrong', nonce: '12345678', list: '' })).status, 403);
  assert.deepEqual(await analyst.store.tags({}), []);
});

test('a list larger than any other form is read; one without end is refused', async () => {
  const { upload, visit } = await entered();
  const rows = Array.from({ length: 5000 }, (_, n) => `1,hr,${n},Point with a rather long name ${n},uint16,,,,,`);
  assert.match((await upload(`${LIST.split('\n')[0]}\n${rows.join('\n')}`)).text, /5,000 new/);
  assert.equal((await visit.post('/assets/x/edit', { name: 'x'.repeat(70_000) })).status, 413, 'other forms stay small');
  assert.equal((await upload('x'.repeat(41 * 1024 * 1024))).status, 413);
});

test('deciding on an outdated card is refused, and twice the same form is one decision', async () => {
  const { store, upload, decide } = await entered();
  const preview = (await upload(LIST)).text;
  const late = (await upload(LIST.replace('Tank', 'Basin'))).text;
  assert.equal((await decide(preview)).status, 303);
  assert.equal((await decide(preview)).status, 303);
  assert.equal((await decide(late)).status, 409);
  assert.equal((await store.decisions({ kind: 'asset', id: ID })).length, 1);
});

test('the card shows who reads and writes which addresses, and nodes as before', async () => {
  const { card } = await entered('viewer');
  const { text } = await card();
  assert.match(text, /Its points <span class="amount">8<\/span>/);
  assert.match(text, new RegExp(`href="/assets/${ID}/points\\?unit=1&(amp;)?table=holding_registers&(amp;)?from=100">100–103`));
  assert.match(text, /10\.0\.0\.66/);
  assert.match(text, /ns=2;s=Pump\.Speed/);
  assert.match(text, /10\.0\.0\.7 \(called\)/);
  assert.match(text, /i=2261<\/span> <span class="quiet">BuildInfo_ProductName/);
  assert.match(text, /<b title="last value">Pump &lt;1&gt;<\/b>/);
});

test('points show values in engineering units, in the notation of the URL, and offer word orders', async () => {
  const { visit, upload, decide } = await entered();
  await decide((await upload(LIST)).text);
  const page = (await visit.ask(`/assets/${ID}/points?unit=1&table=holding_registers`)).text;
  assert.match(page, /Tank level <span class="quiet">uint16<\/span>/);
  assert.match(page, /<b class="figures">25<\/b> m <span class="limit">above 20<\/span>/);
  assert.match(page, /word order\?<\/span> <a class="offer" href="[^"]*number=101#p101" aria-expanded="false">candidates/);
  const offered = (await visit.ask(`/assets/${ID}/points?unit=1&table=holding_registers&number=101`)).text;
  assert.match(offered, /CDAB is the most likely/);
  assert.match(offered, /class="likely"><th scope="row" class="mono">CDAB<\/th><td class="figure mono">12\.5 l\/s/);
  assert.match((await visit.ask(`/assets/${ID}/points?unit=1&table=holding_registers&notation=modicon`)).text, /<td class="mono figure">40101<\/td>/);
  assert.match((await visit.ask(`/assets/${ID}/points?unit=3`)).text, /Unit 3, coils/);
  for (const query of ['unit=256', 'table=pumps', 'notation=roman', 'from=70000', 'from=x'])
    assert.equal((await visit.ask(`/assets/${ID}/points?${query}`)).status, 400, query);
});

test("a finding's page says what was written in the words of the plant", async () => {
  const { store, visit } = await entered('viewer');
  const tags = [
    { point: '1/holding_registers/100', name: 'Tank level', value: 12.3, unit: 'm', state: 'ok' },
    { point: '1/coils/3', name: 'Pump', value: true, unit: '', state: null },
    { point: '1/holding_registers/101', name: 'Flow', value: null, unit: 'l/s', state: 'undecided' },
    { point: '1/holding_registers/9', name: '<i>x</i>', value: 31, unit: 'bar', state: 'high' },
  ];
  const finding = sampleFinding('named', { seen: { modbus: { function: 'write_multiple_registers', values: [123], tags } } });
  await store.save({
    findings: [finding],
    observations: [sampleKept('o', { frames: [10], json: { kind: 'modbus', modbus: { function: 'write_multiple_registers', tags } } })],
  });
  const { text } = await visit.ask(`/findings/${finding.id}`);
  const said = 'Tank level 12.3 m; Pump on; Flow l/s (word order not known); &lt;i&gt;x&lt;/i&gt; 31 bar (above its limit)';
  assert.ok(text.split(said).length > 2, 'beside what is normal, and in the decoded frame');
  assert.doesNotMatch(text, /<i>x/);
});

test('an empty page of points says why and what to do', async () => {
  const { visit } = await entered('viewer');
  const says: [query: string, words: RegExp][] = [
    ['unit=1&table=holding_registers&show=named', /No point has a name[\s\S]*Import one on the device/],
    ['unit=7&table=input_registers', /Unit 7 showed no input registers[\s\S]*addresses that the device refused are not listed/],
    ['unit=1&table=holding_registers&from=9000', /No point from here on/],
  ];
  for (const [query, words] of says) assert.match((await visit.ask(`/assets/${ID}/points?${query}`)).text, words, query);
});

test('a unit behind a gateway shows and takes its own alone', async () => {
  const { visit, card, upload, decide, store } = await entered('analyst', '10.0.0.9/3');
  const { text } = await card();
  assert.match(text, /coils/);
  assert.doesNotMatch(text, /holding registers/);
  assert.equal((await upload('unit,table,address,name,type\n1,coils,0,Pump,bool\n')).status, 422);
  await decide((await upload('unit,table,address,name,type\n3,coils,0,Pump,bool\n')).text);
  assert.equal((await store.tags({ server: '10.0.0.9', unit: 3 })).length, 1);
  assert.match((await visit.ask(`/assets/${sampleId('10.0.0.9/3')}/points`)).text, /Pump <span class="quiet">bool/);
});
