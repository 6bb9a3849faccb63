/** What a cluster is made ready with, again and again, and by several at once. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { cluster, remove, SERVERS, siteOf } from '../../../test/elasticsearch/servers.ts';
import { sampleFinding, sampleKept } from '../../../test/samples.ts';
import { missing } from '../../../test/shared.ts';
import { elasticStore } from '../elastic.ts';
import { StoreError } from '../store.ts';
import { install } from './install.ts';
import { isStream, KINDS, type Kind, placeOf } from './kinds.ts';
import type { Cluster } from './scope.ts';
import { templateName, templateOf } from './templates.ts';

/** Everything the server holds of it except documents. */
async function state({ client, prefix }: Cluster): Promise<unknown> {
  const templates = KINDS.map(async (kind) => (await client.indices.getIndexTemplate({ name: templateName(prefix, kind) }, { ignore: [404] })).index_templates);
  return [await client.indices.get({ index: `${prefix}-*` }), await Promise.all(templates)];
}

const aliases = async ({ client, prefix }: Cluster): Promise<string[]> =>
  Object.entries(await client.indices.getAlias({ index: `${prefix}-*` }))
    .map(([index, { aliases: names }]) => `${index} ${Object.keys(names).join(' ')}`)
    .sort();

async function putTemplates({ client, prefix }: Cluster, schema: number, kinds: readonly Kind[] = KINDS): Promise<void> {
  for (const kind of kinds) await client.indices.putIndexTemplate({ name: templateName(prefix, kind), ...(templateOf(prefix, kind, null, schema) as object) });
}

const plain = KINDS.filter((kind) => !isStream(kind));
const expected = ({ prefix }: Cluster, schema: number): string[] => plain.map((kind) => `${placeOf(prefix, kind)}-v${schema} ${placeOf(prefix, kind)}`).sort();

const newer = (prefix: string, kind: Kind) => (error: unknown) => {
  assert.ok(error instanceof StoreError);
  assert.equal(
    error.message,
    `Elasticsearch holds ${prefix}-${kind} as a newer Stillwatch wrote it (schema 99, this one knows up to 1): ` +
      'update this Stillwatch, or give it another elasticsearch.prefix.',
  );
  return true;
};

function cases(node: string): void {
  let one: Cluster;
  before(async () => {
    one = await cluster(node, false);
  });
  after(() => remove(one));

  /** A prefix of its own within the test. */
  let parts = 0;
  const part = (): Cluster => ({ client: one.client, prefix: `${one.prefix}-${parts++}` });

  it('once, then nothing changes', async () => {
    const here = part();
    const done = await install(here, '30d');
    assert.deepEqual(
      done,
      KINDS.map((kind) => ({ kind, before: null, now: 1 })),
    );
    assert.deepEqual(await aliases(here), expected(here, 1));
    await elasticStore(siteOf(here)).save({ findings: [sampleFinding('a')], observations: [sampleKept('a')] });
    const was = await state(here);
    assert.deepEqual(
      await install(here, '30d'),
      KINDS.map((kind) => ({ kind, before: 1, now: 1 })),
    );
    assert.deepEqual(await state(here), was);
  });

  it('another retention reaches streams that are there already, on a server that knows no lifecycles without harm', async () => {
    const here = part();
    await install(here, '30d');
    await elasticStore(siteOf(here)).save({ observations: [sampleKept('a')] });
    const asked: unknown[] = [];
    const hear = (_: unknown, event: { meta: { request: { params: { path: string; body?: unknown } } } } | null): void => {
      const { path = '', body } = event?.meta.request.params ?? {};
      if (path.endsWith('/_lifecycle')) asked.push([path, body]);
    };
    here.client.diagnostic.on('request', hear as never);
    await install(here, '90d');
    const was = await state(here);
    await install(here, undefined);
    here.client.diagnostic.off('request', hear as never);
    assert.deepEqual(await state(here), was, 'who does not ship leaves it as it is');
    assert.deepEqual(asked, [[`/_data_stream/${here.prefix}-observations/_lifecycle`, '{"data_retention":"90d"}']]);
  });

  it('nothing of what a newer version wrote is touched', async () => {
    const here = part();
    await install(here, null, 99);
    await elasticStore(siteOf(here)).save({ findings: [sampleFinding('a')], observations: [sampleKept('a')] });
    const was = await state(here);
    await assert.rejects(install(here, null), newer(here.prefix, 'findings'));
    assert.deepEqual(await state(here), was);
  });

  for (const kind of ['sites', 'flows'] as const) {
    it(`nor anything else, when only ${kind} are newer`, async () => {
      const here = part();
      await putTemplates(here, 99, [kind]);
      const was = await state(here);
      await assert.rejects(install(here, null), newer(here.prefix, kind));
      assert.deepEqual(await state(here), was);
    });
  }

  it('a newer stream or index is known without its template', async () => {
    const here = part();
    const { client, prefix } = here;
    await install(here, null, 99);
    await elasticStore(siteOf(here)).save({ observations: [sampleKept('a')] });
    await putTemplates(here, 1);
    await assert.rejects(install(here, null), newer(prefix, 'findings'));
    for (const kind of plain) await client.indices.delete({ index: `${placeOf(prefix, kind)}-v99` });
    await assert.rejects(install(here, null), newer(prefix, 'observations'));
  });

  it('an index that has lost its alias gets it back', async () => {
    const here = part();
    await install(here, null);
    await here.client.indices.deleteAlias({ index: `${here.prefix}-facts-v1`, name: `${here.prefix}-facts` });
    await install(here, null);
    assert.deepEqual(await aliases(here), expected(here, 1));
  });

  it('by several at the same moment', async () => {
    const here = part();
    await Promise.all([install(here, null), install(here, null), install(here, null)]);
    assert.deepEqual(await aliases(here), expected(here, 1));
  });

  it('a stream that was not renewed before a crash is renewed by the next start', async () => {
    const here = part();
    await install(here, null);
    await elasticStore(siteOf(here)).save({ observations: [sampleKept('a')] });
    await putTemplates(here, 2);
    const done = await install(here, null, 2);
    assert.ok(done.every(({ before: was }) => was === 2));
    const stream = placeOf(here.prefix, 'observations');
    const schemas = Object.values(await here.client.indices.getMapping({ index: stream })).map(({ mappings }) => mappings._meta?.['schema']);
    assert.deepEqual(schemas.sort(), [1, 2]);
    await install(here, null, 2);
    assert.equal(Object.keys(await here.client.indices.getMapping({ index: stream })).length, 2, 'once');
  });

  it('a name that somebody else uses is one clear line', async () => {
    const here = part();
    await here.client.indices.create({ index: `${here.prefix}-facts` });
    await assert.rejects(install(here, null), (error: unknown) => {
      assert.ok(error instanceof StoreError);
      assert.match(error.message, /^Elasticsearch answers 400 \(Invalid alias name \[.*-facts\]: .*\)$/);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  });
}

describe('a cluster is made ready', { skip: missing('elasticsearch') }, () => {
  for (const node of SERVERS) describe(node, () => cases(node));
});
