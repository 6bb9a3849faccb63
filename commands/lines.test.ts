/** Lines come out of a file as they went in, and of a broken one as far as it goes. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { InputError } from '../sensor/capture/source.ts';
import { AWKWARD } from '../test/everything.ts';
import { linesOf, writeLines } from './lines.ts';

const folder = mkdtempSync(join(tmpdir(), 'stillwatch-lines-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, bytes: Uint8Array | string): string => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};

/** The lines up to where it breaks, and how it does. */
async function read(path: string): Promise<{ lines: string[]; error: unknown }> {
  const lines: string[] = [];
  try {
    for await (const line of linesOf(path)) lines.push(line);
    return { lines, error: null };
  } catch (error) {
    return { lines, error };
  }
}

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

const LINES = [...AWKWARD.map((text) => JSON.stringify(text)), '', 'é'.repeat(300_001), ...Array.from({ length: 20_000 }, (_, n) => `line ${n}`)];

it('plain and compressed files hold the same lines, for their owner alone', async () => {
  for (const name of ['lines', 'lines.gz']) {
    const path = join(folder, name);
    await writeLines(path, each(['before']));
    await writeLines(path, each(LINES));
    assert.deepEqual(await read(path), { lines: LINES, error: null });
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.ok(!existsSync(`${path}.new`));
  }
  assert.deepEqual(gunzipSync(readFileSync(join(folder, 'lines.gz'))), readFileSync(join(folder, 'lines')));
});

it('the last line may lack its end, and a file may hold next to nothing', async () => {
  for (const [text, lines] of [
    ['a\nb', ['a', 'b']],
    ['a\nb\n', ['a', 'b']],
    ['a', ['a']],
    ['\n', ['']],
    ['\u001f', ['\u001f']],
    ['\u2028\n', ['\u2028']],
  ] as const) {
    assert.deepEqual(await read(file('text', text)), { lines, error: null });
    assert.deepEqual(await read(file('text', gzipSync(text))), { lines, error: null });
  }
  assert.deepEqual(await read(file('text', gzipSync(''))), { lines: [], error: null });
});

it('a compressed file that is cut ends where it was cut', async () => {
  const whole = gzipSync(LINES.join('\n'));
  for (const length of [2, 5, 18, 1000, whole.length - 9, whole.length - 1]) {
    const { lines, error } = await read(file('cut.gz', whole.subarray(0, length)));
    assert.equal(error, null, String(error));
    assert.deepEqual(lines.slice(0, -1), LINES.slice(0, Math.max(0, lines.length - 1)));
  }
});

it('what is damaged, no text or no file is one line that names it', async () => {
  const whole = gzipSync(LINES.join('\n'));
  const damaged = Buffer.from(whole);
  damaged.fill(0xff, 600, 700);
  mkdirSync(join(folder, 'directory'));
  const cases: [string, RegExp][] = [
    [file('damaged.gz', damaged), /damaged\.gz: the compressed data is damaged; take another copy of it$/],
    [file('latin', Buffer.from('a\nKläranlage\n', 'latin1')), /latin: is not UTF-8 text; take another copy of it$/],
    [file('empty', ''), /empty: is empty$/],
    [join(folder, 'directory'), /directory: is a directory; name a file in it$/],
    [join(folder, 'none'), /none: no such file; check the path$/],
  ];
  for (const [path, pattern] of cases) {
    const { error } = await read(path);
    assert.ok(error instanceof InputError, String(error));
    assert.match(error.message, pattern);
  }
});

it('a file is written whole or not at all, and what failed is told', async () => {
  const path = file('kept', 'as it was\n');
  async function* broken(): AsyncGenerator<string> {
    yield* LINES;
    throw new InputError('the store is away');
  }
  for (const name of [path, join(folder, 'never.gz')]) await assert.rejects(writeLines(name, broken()), /the store is away/);
  assert.equal(readFileSync(path, 'utf8'), 'as it was\n');
  for (const name of ['kept.new', 'never.gz', 'never.gz.new']) assert.ok(!existsSync(join(folder, name)), name);
  mkdirSync(join(folder, 'taken.new'));
  for (const [name, code] of [
    [join(folder, 'taken'), 'ERR_FS_EISDIR'],
    [join(folder, 'directory'), 'EISDIR'],
    [join(folder, 'nowhere', 'x'), 'ENOENT'],
    [join(path, 'x'), 'ENOTDIR'],
    ['/dev/full', 'ENOSPC'],
  ]) {
    const said = new RegExp(`: cannot be written \\(${code}\\); name a file in a folder you may write to`);
    await assert.rejects(writeLines(name as string, each(LINES)), (error) => error instanceof InputError && said.test(error.message), name);
  }
  await writeLines('/dev/null', each(LINES));
  assert.ok(statSync('/dev/null').isCharacterDevice());
});
