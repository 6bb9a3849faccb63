/** The console in a real browser: logging in, the keyboard, deciding, both themes, without script, and not one violation of its policy. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { type ServerType, serve } from '@hono/node-server';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { Finding } from '../../analyzer/finding.ts';
import { openSqlite } from '../../analyzer/store/sqlite.ts';
import type { Store } from '../../analyzer/store/store.ts';
import { consoleOver, fill, PASSWORD } from '../console/fixture.ts';
import { findings } from '../console/happenings.ts';
import { status } from '../console/plant.ts';

const CHROMIUM = process.env['STILLWATCH_CHROMIUM'] ?? '/usr/bin/chromium';
const ARGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

const skip = existsSync(CHROMIUM) ? '' : `no Chromium at ${CHROMIUM}; STILLWATCH_CHROMIUM names another`;
if (skip !== '' && process.env['STILLWATCH_REQUIRE_ALL'] === '1') throw new Error(skip);

let browser: Browser;
let server: ServerType;
let store: Store;
let base = '';
let frames = 8_412_907;
/** What the console's clock is ahead, ms: counts of open findings are kept for a while. */
let ahead = 0;
/** Gives what an accessibility checker would find first. */
const faults = readFileSync(new URL('./faults.js', import.meta.url), 'utf8');

before(async () => {
  if (skip !== '') return;
  store = openSqlite(':memory:');
  await fill(store);
  const { app } = await consoleOver(store, { status: () => status({ frames, frames_per_second: frames }), now: () => new Date(Date.now() + ahead) });
  server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
  await new Promise((listening) => server.once('listening', listening));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
});

after(async () => {
  await browser?.close();
  server?.close();
  await store?.close();
});

/** A page logged in as `name`, and what its browser complained about. */
async function entered(name: string, options: BrowserContextOptions = {}): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, ...options });
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`${base}/login`);
  await page.fill('[name=name]', name);
  await page.fill('[name=password]', PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForURL(`${base}/findings`);
  return { page, complaints };
}

/** A table of points with one pair of registers shown as numbers. */
const POINTS = '/assets/10.20.1.12/points?unit=2&table=holding_registers&number=40';

const marked = (page: Page) => page.locator('tr.at a.title').textContent();

describe('the console in a browser', { skip: skip === '' ? false : skip }, () => {
  it('walks the list with j and k, opens with Enter, acknowledges, closes with a reason and goes back', async () => {
    const { page, complaints } = await entered('analyst');
    const titles = await page.locator('a.title').allTextContents();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    assert.equal(await marked(page), titles[0]);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/findings\/\w+$/);
    assert.equal(await page.locator('h1').textContent(), titles[0]);

    await page.keyboard.press('a');
    await page.waitForURL(/done=acknowledge/);
    assert.match((await page.locator('.lead .status').textContent()) ?? '', /Acknowledged/);

    await page.keyboard.press('c');
    await page.keyboard.press('Space');
    assert.ok(await page.locator('[value=true_positive]').isChecked(), 'the first choice has the focus');
    await page.fill('.panel:visible textarea', 'a and c typed here are text');
    await page.click('text=Close finding');
    await page.waitForURL(/done=close/);
    assert.match((await page.locator('.lead .status').textContent()) ?? '', /Closed · true positive/);
    assert.match((await page.locator('.history').textContent()) ?? '', /analyst closed it as true positive[\s\S]*a and c typed here are text/);

    await page.keyboard.press('u');
    await page.waitForURL(`${base}/findings`);
    assert.equal(await page.locator('a.title').count(), titles.length - 1);
    assert.deepEqual(complaints, []);
    await page.close();
  });

  it('searches with /, filters with chips, and the back button undoes it', async () => {
    const { page } = await entered('viewer');
    await page.keyboard.press('/');
    await page.keyboard.type('program');
    await page.keyboard.press('Enter');
    await page.waitForURL(/q=program/);
    assert.equal(await page.locator('a.title').count(), 1);
    await page.goBack();
    await page.click('.filters [data-level=medium]');
    await page.waitForURL(/level=medium/);
    assert.equal(await page.locator('a.title').count(), 3);
    await page.click('tbody tr:first-child td:last-child');
    await page.waitForURL(/\/findings\/\w+$/);
    await page.close();
  });

  it('keeps the strip current and tells of new findings', async () => {
    const { page } = await entered('viewer');
    await page.clock.install();
    await page.reload();
    frames = 123_456;
    await page.clock.runFor(6000);
    await page.locator('[data-field=rate]', { hasText: '123.5 k' }).waitFor();
    assert.ok(!(await page.locator('[data-fresh]').isVisible()));

    await store.save({ findings: [{ ...(findings()[1] as Finding), id: 'fresh' }] });
    ahead += 5000;
    await page.clock.runFor(6000);
    await page.locator('[data-fresh]').waitFor();
    await page.click('[data-fresh] a');
    assert.equal(await page.locator('a[href="/findings/fresh"]').count(), 1);
    await page.close();
  });

  it('loads every page without one complaint, in both themes', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page, complaints } = await entered('administrator', { colorScheme });
      const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      assert.equal(ground, colorScheme === 'light' ? 'rgb(246, 247, 249)' : 'rgb(14, 16, 20)');
      for (const path of ['/assets', '/assets/10.20.1.12', POINTS, '/baseline', '/rules', '/coverage', '/account', '/findings?status=all']) {
        await page.goto(`${base}${path}`);
        await page.keyboard.press('?');
        assert.ok(await page.locator('dialog').isVisible());
        await page.keyboard.press('Escape');
        const wide = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
        assert.ok(!wide, `${path} scrolls sideways`);
      }
      assert.deepEqual(complaints, []);
      await page.close();
    }
  });

  it('names every control, labels every field and keeps headings in order', async () => {
    const { page } = await entered('administrator');
    for (const path of [
      '/findings',
      `/findings/${(await store.findings({})).items[2]?.id}`,
      '/assets',
      '/assets/10.20.1.12',
      POINTS,
      '/baseline',
      '/rules',
      '/coverage',
      '/account',
    ]) {
      await page.goto(`${base}${path}`);
      assert.deepEqual(await page.evaluate(faults), [], path);
    }
    await page.goto(`${base}/findings`);
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the content');
    await page.close();
  });

  it('imports a tag list, reads a point in engineering units and takes the list back, without script', async () => {
    const { page } = await entered('analyst', { javaScriptEnabled: false });
    await page.goto(`${base}/assets/10.20.1.12`);
    await page.click('text=Import tag list');
    const list = 'unit;table;address;name;type;word order;EU;low;high\n2;hr;40;Dosing rate;REAL;CDAB;ml/min;0;50\n';
    await page.setInputFiles('[name=list]', { name: 'dosing.csv', mimeType: 'text/csv', buffer: Buffer.from(list) });
    await page.click('text=Read the list');
    assert.match((await page.locator('main').textContent()) ?? '', /1 new, 0 changed, 0 gone/);
    assert.deepEqual(await page.evaluate(faults), []);
    await page.click('text=Use these 1 tags');
    await page.click('.map a:has-text("holding registers") >> nth=1');
    const row = page.locator('tr', { hasText: 'Dosing rate' });
    assert.match((await row.textContent()) ?? '', /40–41.*Dosing rate.*12\.5.*ml\/min/s);
    await page.click('text=Modicon');
    assert.match((await row.textContent()) ?? '', /40041–40042/);
    await page.click('.crumb a');
    await page.click('.taglist >> text=Remove');
    assert.match((await page.locator('.taglist').textContent()) ?? '', /No tag list[\s\S]*Back to dosing\.csv/);
    await page.close();
  });

  it('decides without script', async () => {
    const { page } = await entered('analyst', { javaScriptEnabled: false });
    await page.click('a.title >> nth=1');
    await page.click('text=Acknowledge');
    assert.match((await page.locator('.lead .status').textContent()) ?? '', /Acknowledged/);
    await page.click('summary:has-text("Close")');
    await page.check('[value=authorised_change]');
    await page.fill('.panel:visible textarea', 'work order 12');
    await page.click('text=Close finding');
    assert.match((await page.locator('.lead .status').textContent()) ?? '', /Closed · authorised change/);
    await page.close();
  });
});
