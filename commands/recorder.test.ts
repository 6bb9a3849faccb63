/** What a pass keeps lands in the store once, however often it is handed over. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { it } from 'node:test';
import { openSqlite } from '../analyzer/store/sqlite.ts';
import type { Kept, Store } from '../analyzer/store/store.ts';
import type { Source } from '../sensor/capture/source.ts';
import { join } from '../test/lab/bytes.ts';
import { adu, rtu, type Step, talk } from '../test/modbus-wire.ts';
import { blockOf } from '../test/sense.ts';
import { compileRules, Pass } from './pass.ts';
import { Progress } from './progress.ts';
import { Recorder } from './recorder.ts';

/** Reads of two tables in one segment, cyclically; then two writes in one segment. */
const STEPS: Step[] = [
  ...Array.from({ length: 90 }, (_, n): Step[] => [
    ['>', join(adu(2 * n, '03 0000 0001'), adu(2 * n + 1, '04 0000 0001'))],
    ['<', join(adu(2 * n, '03 02 0007'), adu(2 * n + 1, '04 02 0009'))],
    998,
  ]).flat(),
  ['>', join(adu(1000, '06 0001 0005'), adu(1001, '06 0002 0006'))],
  ['<', join(adu(1000, '06 0001 0005'), adu(1001, '06 0002 0006'))],
];

async function record(store: Store, steps: readonly Step[]): Promise<void> {
  const recorder = new Recorder(store, 'test', new Progress(0));
  const pass = new Pass({
    rules: compileRules([]),
    learn: 0,
    baseline: null,
    summary: 60_000,
    onKept: (o, frames) => recorder.keep(o, frames),
    onBlock: (p) => recorder.block(p),
  });
  const source: Source = {
    frames: async (onBlock) => {
      await onBlock(blockOf(talk(steps)));
      return { frames: 0, interfaces: [], warnings: [] };
    },
    stop: () => {},
    report: { frames: 0, interfaces: [], warnings: [] },
  };
  await pass.read(source);
  await recorder.finish(pass);
  assert.equal(recorder.dropped, 0);
}

it('two writes of one segment are two, polls are summaries, and a second time changes nothing', async () => {
  const folder = mkdtempSync(path(tmpdir(), 'stillwatch-recorder-'));
  const store = openSqlite(path(folder, 'stillwatch.db'));
  try {
    await record(store, STEPS);
    const first = await store.observations({ limit: 1000 });
    const modbus = (one: Kept) => one.json['modbus'] as { access: string; table: string; transaction_id?: number };
    const writes = first.filter((one) => one.kind === 'modbus' && modbus(one).access === 'write');
    assert.deepEqual(writes.map((one) => modbus(one).transaction_id).sort(), [1000, 1001]);
    const summaries = first.filter((one) => one.json['summary'] !== undefined);
    const counts = (table: string) => summaries.filter((one) => modbus(one).table === table).map((one) => (one.json['summary'] as { count: number }).count);
    for (const table of ['holding_registers', 'input_registers']) assert.deepEqual(counts(table).sort(), [30, 60]);
    // A finding shows the decoded frames around it: summaries are no frame's.
    const frames = Array.from({ length: 40 }, (_, n) => n + 1);
    assert.ok((await store.observations({ frames, limit: 1000 })).every((one) => one.json['summary'] === undefined));
    await record(store, STEPS);
    const second = await store.observations({ limit: 1000 });
    assert.deepEqual(second.map((one) => one.id).sort(), first.map((one) => one.id).sort());
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
});

it('two writes of one segment are two without a transaction id as well', async () => {
  const store = openSqlite(':memory:');
  const both = join(rtu('06 0001 0005'), rtu('06 0002 0006'));
  try {
    await record(store, [
      ['>', both],
      ['<', both],
    ]);
    const writes = (await store.observations({ limit: 1000 })).filter((one) => one.kind === 'modbus');
    assert.deepEqual(writes.map((one) => (one.json['modbus'] as { address: number }).address).sort(), [1, 2]);
  } finally {
    await store.close();
  }
});
