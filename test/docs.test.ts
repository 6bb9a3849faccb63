import assert from 'node:assert/strict';
import { it } from 'node:test';
import { FIELDS } from '../analyzer/rules/fields.ts';
import { fieldsOf } from '../analyzer/store/elastic/fields.ts';
import { KINDS } from '../analyzer/store/elastic/kinds.ts';
import { limits, PAGES } from './docs.ts';
import { HEADING } from './docs-elastic.ts';
import { exists, filesUnder, read } from './tree.ts';

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
  const [page = '', documents = ''] = read('docs/fields.md').split(HEADING);
  for (const { name } of FIELDS) assert.equal(page.split(`| \`${name}\` |`).length, 2, name);
  for (const kind of KINDS) assert.ok(documents.includes(`\`stillwatch-${kind}\``), kind);
});

it('lists every field of every document', () => {
  const [page = '', documents = ''] = read('docs/fields.md').split(HEADING);
  for (const kind of KINDS) {
    for (const { name } of fieldsOf(kind)) assert.ok(documents.includes(`| \`${name}\` |`) || page.includes(`\`${name}\``), `${kind} ${name}`);
  }
});

it('deploys one template a kind, and says what every privilege is for', () => {
  const names = filesUnder('deploy/elasticsearch/templates').map((path) => path.replace(/.*\/stillwatch-|\.json$/g, ''));
  assert.deepEqual(names, KINDS.toSorted());
  const readme = read('deploy/elasticsearch/README.md');
  for (const file of ['role.json', 'role-reader.json']) {
    const { cluster, indices } = JSON.parse(read(`deploy/elasticsearch/${file}`)) as { cluster: string[]; indices: { privileges: string[] }[] };
    for (const privilege of [...cluster, ...indices.flatMap(({ privileges }) => privileges)]) assert.ok(readme.includes(`\`${privilege}\``), privilege);
  }
});
