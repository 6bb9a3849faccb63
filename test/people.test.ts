/** Two people at the console of one appliance: the second of two who decide at once is told, and nothing of the first is lost. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PLANT } from './elasticsearch/appliance.ts';
import { Served, until } from './served.ts';

describe('two people at an appliance', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stillwatch-people-'));
  const appliance = new Served(join(folder, 'state'), {}, ['run', '--replay', PLANT, '--learn', '60s']);
  before(() => appliance.start());
  after(async () => {
    await appliance.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const linkOn = (page: string, to: RegExp) => until(`a link on ${page}`, async () => to.exec(await appliance.get(page))?.[1]);
  /** What a form of a page carries, as its reader saw it. */
  const form = async (page: string, part: string): Promise<{ action: string; fields: { [name: string]: string } }> => {
    const html = (await appliance.get(page)).split('<form').find((one) => one.includes(part)) ?? '';
    const fields = Object.fromEntries([...html.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, name, value]) => [name as string, value as string]));
    return { action: /action="([^"]+)"/.exec(html)?.[1] ?? '', fields };
  };

  it('decide on a finding', async () => {
    const path = await linkOn('/findings', /href="(\/findings\/[0-9a-f]{8,})"/);
    const pages = [await form(path, 'value="assign"'), await form(path, 'value="assign"')];
    const [first, second] = pages as [(typeof pages)[0], (typeof pages)[0]];
    assert.equal(await appliance.post(first.action, { ...first.fields, assignee: 'admin' }), 303);
    assert.equal(await appliance.post(second.action, { ...second.fields, assignee: '' }), 409);
    assert.equal(await appliance.post(first.action, { ...first.fields, assignee: 'admin' }), 303, 'a form that is sent twice is one decision');
    const now = await form(path, 'value="assign"');
    assert.equal(await appliance.post(now.action, { ...now.fields, assignee: '' }), 303, 'who looks again may');
  });

  it('edit a device', async () => {
    const path = await linkOn('/assets', /href="(\/assets\/[0-9a-f]{8,})"/);
    const pages = [await form(path, '/edit"'), await form(path, '/edit"')];
    const [first, second] = pages as [(typeof pages)[0], (typeof pages)[0]];
    assert.equal(await appliance.post(first.action, { ...first.fields, name: 'Boiler', role: '', purdue_level: '', comment: '' }), 303);
    assert.equal(await appliance.post(second.action, { ...second.fields, name: 'Pump', role: '', purdue_level: '', comment: '' }), 409);
    assert.match(await appliance.get(path), /Boiler/);
  });
});
