import assert from 'node:assert/strict';
import { it } from 'node:test';
import { FIELDS } from '../analyzer/rules/fields.ts';
import { limits, PAGES } from './docs.ts';
import { exists, read } from './tree.ts';

for (const [path, make] of PAGES) {
  it(`${path} is what the code says`, () => {
    assert.ok(exists(path), 'run: npm run docs');
    assert.equal(read(path), make(), 'stale, run: npm run docs');
  });
}

it('lists ceilings with value, meaning and place', () => {
  const found = limits();
  assert.ok(found.length > 30, `${found.length} ceilings`);
  const one = found.find(({ name }) => name === 'MAX_OCCURRENCES');
  assert.deepEqual([one?.value, one?.file], ['1,000', 'analyzer/finding.ts']);
  assert.match(one?.meaning ?? '', /Occurrences kept of one finding/);
});

it('lists every field once', () => {
  const page = read('docs/fields.md');
  for (const { name } of FIELDS) assert.equal(page.split(`| \`${name}\` |`).length, 2, name);
});
