/** The pages of a list are of one point in time, and those who do not turn pages pay for none. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { cluster, remove, SERVERS, siteOf } from '../../../test/elasticsearch/servers.ts';
import { sampleDecision, sampleFinding, sampleTime } from '../../../test/samples.ts';
import { missing } from '../../../test/shared.ts';
import { elasticStore } from '../elastic.ts';
import type { FindingQuery, Store } from '../store.ts';
import { placeOf } from './kinds.ts';
import type { Cluster, Scope } from './scope.ts';

const found = (count: number, time: (n: number) => number) =>
  Array.from({ length: count }, (_, n) => sampleFinding(`finding ${n}`, { title: `${n}`, last_seen: sampleTime(time(n)) }));

/** Titles and totals, page by page; `between` happens after the first. */
async function turned(store: Store, query: FindingQuery, between: () => Promise<void>): Promise<{ titles: string[]; totals: number[] }> {
  const [titles, totals]: [string[], number[]] = [[], []];
  for (let cursor: string | undefined; ; ) {
    const { items, total, next } = await store.findings({ ...query, limit: 2, cursor });
    titles.push(...items.map(({ title }) => title));
    totals.push(total);
    if (next === null) return { titles, totals };
    if (cursor === undefined) await between();
    cursor = next;
  }
}

/** Points in time that the server holds for an index. */
async function opened({ client, prefix }: Cluster): Promise<number> {
  const { indices } = await client.indices.stats({ index: placeOf(prefix, 'findings'), metric: 'search' });
  return Object.values(indices ?? {}).reduce((sum, { total }) => sum + (total?.search?.open_contexts ?? 0), 0);
}

function cases(node: string): void {
  let one: Cluster;
  let scope: Scope;
  let store: Store;
  before(async () => {
    one = await cluster(node);
    scope = siteOf(one);
    store = elasticStore(scope);
  });
  after(async () => {
    await store.close();
    await remove(one);
  });

  it('what changed before the first page is on it, what changes after it is on none', async () => {
    const all = found(6, (n) => 100 - n);
    await store.save({ findings: all });
    const look = () => turned(store, { status: ['new'] }, async () => undefined);
    assert.deepEqual((await look()).titles, ['0', '1', '2', '3', '4', '5']);
    await store.save({ findings: [{ ...all[5]!, last_seen: sampleTime(1000) }] });
    await store.decide(sampleDecision({ kind: 'finding', id: all[3]!.id }, 'close', { resolution: 'false_positive' }));
    assert.deepEqual(await look(), { titles: ['5', '0', '1', '2', '4'], totals: [5, 5, 5] });
    const moved = await turned(store, { order: 'asc' }, () => store.save({ findings: [{ ...all[4]!, last_seen: sampleTime(2000) }] }));
    assert.deepEqual(moved.titles, ['4', '3', '2', '1', '0', '5']);
  });

  it('a list of one page needs none, and those of many lists are bounded', async () => {
    const before = await opened(one);
    for (let n = 0; n < 5; n++) await store.findings({ limit: 50 });
    assert.ok((await opened(one)) <= before);
    for (let n = 0; n < 80; n++) await store.findings({ limit: 2 });
    const open = await opened(one);
    assert.ok(open > 0 && open <= 40, `${open} are open`);
    await store.close();
    assert.equal(await opened(one), 0);
  });

  it('a list of many pages is read once a page, once it is known to be one', async () => {
    await store.findings({ limit: 2 });
    const { client } = one;
    const search = client.search.bind(client) as (body: unknown) => Promise<unknown>;
    let asked = 0;
    client.search = ((body: unknown) => search(asked++ < 9 ? body : null)) as never;
    const { next } = await store.findings({ limit: 2 });
    await store.findings({ limit: 2, cursor: next as string });
    Reflect.deleteProperty(client, 'search');
    assert.equal(asked, 2);
  });

  it('goes on where the server has forgotten it', async () => {
    const { next } = await store.findings({ limit: 2 });
    await store.close();
    assert.equal((await store.findings({ limit: 2, cursor: next as string })).items.length, 2);
  });
}

describe('turning pages', { skip: missing('elasticsearch') }, () => {
  for (const node of SERVERS) describe(node, () => cases(node));
});
