import assert from 'node:assert/strict';
import { it } from 'node:test';
import cron from 'node-cron';
import { sampleFinding, sampleKept, sampleTime } from '../test/samples.ts';
import { retain, scheduleJobs } from './jobs.ts';
import { openSqlite } from './store/sqlite.ts';

const DAY = 86_400_000;
const START = Date.parse(sampleTime(0));
const unused = { expire: () => assert.fail('nothing is to be dropped') };

it('drops observations and measurements older than the retention, and says how many', async () => {
  const store = openSqlite(':memory:');
  const lines: string[] = [];
  const days = [0, 1, 2, 3];
  await store.save({
    findings: [sampleFinding('a')],
    observations: days.map((day) => sampleKept(`day ${day}`, { '@timestamp': sampleTime(day * 86_400) })),
    health: days.map((day) => ({ '@timestamp': sampleTime(day * 86_400) })),
  });
  const jobs = { store, retentionDays: 2, now: () => START + 4 * DAY, log: (line: string) => lines.push(line) };
  assert.equal(await retain(jobs), 4);
  assert.equal(await retain(jobs), 0);
  assert.deepEqual(
    (await store.observations({})).map((kept) => kept['@timestamp']),
    [sampleTime(2 * 86_400), sampleTime(3 * 86_400)],
  );
  assert.equal((await store.findings({})).total, 1);
  assert.deepEqual(lines, ['Retention: dropped 4 observations and measurements older than 2 days.']);
  await store.close();
});

it('keeps everything without a retention or before the first frame', async () => {
  const log = () => assert.fail('nothing to say');
  assert.equal(await retain({ store: unused, retentionDays: 0, now: () => START, log }), 0);
  assert.equal(await retain({ store: unused, retentionDays: 30, now: () => 0, log }), 0);
  assert.equal(await retain({ store: unused, retentionDays: 30, now: () => Number.NaN, log }), 0);
});

it('says so when the store cannot, and does not throw', async () => {
  const lines: string[] = [];
  const store = { expire: async () => Promise.reject(new Error('state.db is locked.')) };
  assert.equal(await retain({ store, retentionDays: 1, now: () => START, log: (line) => lines.push(line) }), 0);
  assert.deepEqual(lines, ['Retention: nothing dropped. state.db is locked.']);
});

it('schedules one job, which stopping takes away', () => {
  const names = () => [...cron.getTasks().values()].map((task) => task.name);
  const stop = scheduleJobs({ store: unused, retentionDays: 1, now: () => START, log: () => {} });
  assert.deepEqual(names(), ['retention']);
  stop();
  assert.deepEqual(names(), []);
});
