import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { loadConfig } from '../config.ts';
import { connectionOf, lifecycleOf } from './cluster.ts';

it('a retention is said as a data stream lifecycle takes it: without fractions, and nothing for good', () => {
  const said = ['30d', '12h', '1.5d', '0d', '0.0d'].map((observations) =>
    lifecycleOf(loadConfig(undefined, { STILLWATCH_RETENTION_OBSERVATIONS: observations })),
  );
  assert.deepEqual(said, ['30d', '12h', '129600000ms', null, null]);
});

it('secrets come from the environment or from files, and a file that cannot be read is named', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stillwatch-secrets-'));
  const [key, password] = [join(folder, 'key'), join(folder, 'password')];
  writeFileSync(key, 'a key\n');
  writeFileSync(password, ' of the file \n');
  const secretsOf = (env: { [name: string]: string }): string[] => {
    const names = Object.entries(env).map(([name, value]) => [`STILLWATCH_ELASTICSEARCH_${name}`, value]);
    const { apiKey, password } = connectionOf(loadConfig(undefined, Object.fromEntries(names)));
    return [apiKey, password];
  };
  try {
    assert.deepEqual(secretsOf({ API_KEY_FILE: key, PASSWORD_FILE: password }), ['a key', 'of the file']);
    assert.deepEqual(secretsOf({ API_KEY: 'another', API_KEY_FILE: key, PASSWORD: 'of the environment' }), ['another', 'of the environment']);
    const missing = join(folder, 'none');
    assert.throws(() => secretsOf({ API_KEY_FILE: missing }), new RegExp(`elasticsearch.api_key_file: ${missing} cannot be read \\(ENOENT\\)`));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
