/** A tag list that is larger than any document may be. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { elasticStore } from '../../analyzer/store/elastic.ts';
import { openDatabase } from '../../analyzer/store/sqlite/database.ts';
import { deadLetters } from '../../analyzer/store/sqlite/letters.ts';
import { openSqlite } from '../../analyzer/store/sqlite.ts';
import type { Entry, Store, TagList } from '../../analyzer/store/store.ts';
import { sampleDecision, sampleId, sampleTag } from '../samples.ts';
import { missing } from '../shared.ts';
import { shipAll } from './appliance.ts';
import { cluster, remove, SERVERS, siteOf } from './servers.ts';

const MANY = 120_000;

async function listsOf(store: Store): Promise<TagList[]> {
  const lists: Entry[] = [];
  for await (const entry of store.entries()) if (entry.kind === 'tagList') lists.push(entry);
  return lists.map(({ value }) => value as TagList);
}

describe('a long tag list', { skip: missing('elasticsearch') }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'stillwatch-taglists-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const long = {
    id: sampleId('long'),
    owner: 'a',
    file: 'long.csv',
    tags: Array.from({ length: MANY }, (_, n) => sampleTag(n % 60_000, { unit: 1 + Math.floor(n / 60_000), name: `Intake pump ${n}, discharge pressure` })),
  };
  const short = { id: sampleId('short'), owner: 'b', file: 'short.csv', tags: [sampleTag(2), sampleTag(1)] };

  for (const [n, node] of SERVERS.entries()) {
    it(`is shipped in parts and read as one (${node})`, async () => {
      const one = await cluster(node);
      const path = join(folder, `${n}.db`);
      const local = openSqlite(path);
      for (const list of [long, short, { ...short, id: sampleId('empty'), owner: 'c', tags: [] }]) {
        await local.save({ tagLists: [list] });
        await local.decide(
          sampleDecision({ kind: 'asset', id: list.owner }, 'tags', { edit: { list: list.id, file: list.file, tags: String(list.tags.length) } }),
        );
      }
      const scope = siteOf(one);
      await shipAll(path, scope);
      const db = openDatabase(path);
      assert.deepEqual(deadLetters(db, 'taglists', 10), []);
      db.close();
      const central = elasticStore(scope);
      assert.deepEqual(await central.tagLists(), await local.tagLists());
      for (const query of [{}, { owner: 'a', from: 59_990 }, { owner: 'b' }]) assert.deepEqual(await central.tags(query), await local.tags(query));
      assert.deepEqual(await listsOf(central), await listsOf(local));
      await central.close();
      await local.close();
      await remove(one);
    });
  }
});
