/** What servers make of the templates. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { cluster, remove, SERVERS, siteOf } from '../../../test/elasticsearch/servers.ts';
import { sampleKept } from '../../../test/samples.ts';
import { missing } from '../../../test/shared.ts';
import { linesOf, pack, send } from './bulk.ts';
import { fieldsOf } from './fields.ts';
import { isStream, KINDS } from './kinds.ts';
import { observationDocument } from './observations.ts';
import { type Cluster, type Document, documentOf } from './scope.ts';
import { indexOf, SCHEMA, templateName, templateOf } from './templates.ts';

it('say how long streams are kept, the audit trail for good', () => {
  const kept = KINDS.map((kind) => [kind, templateOf('stillwatch', kind, '30d').template.lifecycle]);
  const streams = kept.filter(([, lifecycle]) => lifecycle !== undefined);
  assert.deepEqual(Object.fromEntries(streams), {
    observations: { data_retention: '30d' },
    flows: { data_retention: '30d' },
    health: { data_retention: '30d' },
    audit: {},
  });
  assert.deepEqual(templateOf('stillwatch', 'flows', null).template.lifecycle, {});
});

type Simulated = { template: { settings: { index: object }; mappings: { dynamic: string; properties: object; _meta: object } } };

describe('templates', { skip: missing('elasticsearch') }, () => {
  for (const node of SERVERS) {
    describe(node, () => {
      let one: Cluster;
      before(async () => {
        one = await cluster(node);
      });
      after(() => remove(one));

      for (const kind of KINDS) {
        it(`${kind}: is accepted and resolves to what it says`, async () => {
          const ours = templateOf(one.prefix, kind, null);
          const { client, prefix } = one;
          assert.equal((await client.indices.getIndexTemplate({ name: templateName(prefix, kind) })).index_templates.length, 1);
          const name = isStream(kind) ? `${prefix}-${kind}` : indexOf(prefix, kind, SCHEMA);
          const { template } = (await client.indices.simulateIndexTemplate({ name })) as unknown as Simulated;
          assert.deepEqual(template.mappings, { ...ours.template.mappings, ...(isStream(kind) ? { _data_stream_timestamp: { enabled: true } } : {}) });
          assert.match(JSON.stringify(template.settings), /"max_result_window":"10001"/);
        });

        it(`${kind}: a field that is not in the table is refused`, async () => {
          const made = documentOf(siteOf(one), kind, 'an id', '2026-11-23T10:00:00Z', {}, '{}', 1);
          const odd = (more: object): Document => ({ ...made, id: JSON.stringify(more), source: { ...made.source, ...more } });
          const documents = [made, odd({ unheard: 1 }), odd({ 'stillwatch.unheard': 1 }), odd({ stillwatch: { unheard: {} } })];
          const outcomes = await send(one, await pack(documents.flatMap((document) => linesOf(one, document))), true);
          assert.deepEqual(
            outcomes.map(({ state }) => state),
            ['done', 'refused', 'refused', 'refused'],
          );
          for (const { reason } of outcomes.slice(1)) assert.match(reason, /^strict_dynamic_mapping_exception: /);
        });
      }

      it('every field of the table is there with its type', async () => {
        await send(one, await pack(linesOf(one, observationDocument(siteOf(one), sampleKept('fields'), 1))), true);
        for (const kind of KINDS) {
          const { fields } = await one.client.fieldCaps({ index: `${one.prefix}-${kind}`, fields: '*' });
          const types = new Map(Object.entries(fields).map(([name, caps]) => [name, Object.keys(caps)]));
          for (const { name, type } of fieldsOf(kind)) {
            if (kind === 'flows') continue;
            assert.deepEqual(types.get(name), [type === 'exact' || type === 'stored' ? 'keyword' : type], `${kind} ${name}`);
          }
        }
      });
    });
  }
});
