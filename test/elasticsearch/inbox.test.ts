/** What waits in a cluster for a site: decisions, and what others may have put there. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { write } from '../../analyzer/store/elastic/bulk.ts';
import { decisionDocument, decisionsWaiting } from '../../analyzer/store/elastic/decisions.ts';
import { placeOf } from '../../analyzer/store/elastic/kinds.ts';
import type { Document } from '../../analyzer/store/elastic/scope.ts';
import { Inbox } from '../../analyzer/store/shipping/inbox.ts';
import { openDatabase } from '../../analyzer/store/sqlite/database.ts';
import { beginShipping, nextParcels, settle } from '../../analyzer/store/sqlite/outbox.ts';
import { openSqlite } from '../../analyzer/store/sqlite.ts';
import { sampleDecision, sampleFinding, sampleId } from '../samples.ts';
import { missing } from '../shared.ts';
import { cluster, remove, SERVERS, siteOf } from './servers.ts';

describe('what waits for a site', { skip: missing('elasticsearch') }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'stillwatch-inbox-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const node of SERVERS) {
    it(`good decisions come, in order and once; the rest is left with one line each (${node})`, async () => {
      const one = await cluster(node);
      const scope = siteOf(one);
      const path = join(folder, `${SERVERS.indexOf(node)}.db`);
      const store = openSqlite(path);
      const db = openDatabase(path);
      await store.save({ findings: [sampleFinding('a')] });
      const on = { kind: 'finding', id: sampleId('a') } as const;
      const waits = (id: string, document?: (json: string) => string): Document => {
        const made = decisionDocument(scope, sampleDecision(on, 'comment', { id, comment: id }), 1, false);
        const text = made.source['stillwatch.document'] as string;
        return { ...made, source: { ...made.source, 'stillwatch.document': document?.(text) ?? text } };
      };
      await write(scope, [
        waits('no json', () => '{"kind":'),
        waits('nothing', () => 'null'),
        waits('another kind', (json) => json.replace('"comment"', '"explode"')),
        waits('no subject', (json) => json.replace('"finding"', '"everything"')),
        waits('another id', (json) => json.replace('another id', 'the id of another')),
        waits('of tags', (json) => json.replace('"kind":"comment"', '"kind":"tags"')),
        waits('good'),
        waits('good too'),
        waits('deep', (json) => json.replace('"edit":null', `"edit":${'['.repeat(10_000)}${']'.repeat(10_000)}`)),
      ]);
      const lines: string[] = [];
      const inbox = new Inbox(db, scope, (line) => lines.push(line));
      const arrived = await inbox.arrived();
      assert.deepEqual(arrived.map(({ id }) => id).sort(), ['good', 'good too']);
      assert.equal(lines.length, 7, lines.join('\n'));
      for (const line of lines) assert.ok(line.length < 500 && !line.includes('\n'), line);
      await store.decide(arrived[0] as (typeof arrived)[0]);
      assert.deepEqual((await inbox.arrived()).length, 1);
      assert.equal(lines.length, 7, 'told once');
      const waiting = async (): Promise<number> => {
        await one.client.indices.refresh({ index: placeOf(one.prefix, 'decisions') });
        return (await decisionsWaiting(scope, { kind: on.kind, ids: [on.id] })).filter((source) => source['stillwatch.id'] === arrived[0]?.id).length;
      };
      assert.equal(await waiting(), 1, 'shipping will tell that it is here');
      beginShipping(db, ['decisions']);
      settle(db, 'decisions', nextParcels(db, 'decisions', 10), []);
      await inbox.arrived();
      assert.equal(await waiting(), 0, 'that has been told, and is told again');
      db.close();
      await store.close();
      await remove(one);
    });
  }
});
