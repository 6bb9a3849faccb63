/** Two appliances never share a state directory. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { claim } from './lock.ts';

it('one process has it, and when that is killed it is free again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stillwatch-lock-'));
  try {
    const script = `const { claim } = await import(${JSON.stringify(new URL('./lock.ts', import.meta.url).href)}); claim(${JSON.stringify(folder)}); console.log('mine'); setInterval(() => {}, 1000);`;
    const other = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(other.stdout, 'data');
    assert.throws(() => claim(folder), /another Stillwatch uses the state directory .*; end it, or set STILLWATCH_STATE/);
    other.kill('SIGKILL');
    await once(other, 'exit');
    claim(folder)();
    claim(folder)();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
