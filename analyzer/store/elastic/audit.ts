/** The audit trail, as far as sites shipped it. The proof that it is unbroken is made where it was written. */
import { hash } from 'node:crypto';
import type { AuditLine, Page } from '../store.ts';
import { contentOf } from './checked.ts';
import { type Document, documentOf, type Scope } from './scope.ts';
import { page } from './search.ts';
import { exact } from './values.ts';

/** `chain`: the hash of this line and all before it, where there is one. */
export function auditDocument(scope: Scope, line: AuditLine, sequence: number, chain?: string): Document {
  const { by, action, on, detail } = line;
  const text = JSON.stringify({ '@timestamp': line['@timestamp'], by, action, on, detail });
  const fields = {
    'event.action': exact(action),
    'user.name': exact(by),
    'stillwatch.on': exact(on),
    ...(chain === undefined ? {} : { 'stillwatch.hash': chain }),
  };
  return documentOf(scope, 'audit', hash('sha256', text), line['@timestamp'], fields, text, sequence);
}

/** The newest first. */
export async function listAudit(scope: Scope, { limit, cursor }: { limit?: number; cursor?: string }): Promise<Page<AuditLine>> {
  const sort = { field: 'stillwatch.sequence', type: 'number', name: 'seq' } as const;
  return page(scope, { kind: 'audit', filter: [], sort, order: 'desc', limit, cursor, read: (source) => contentOf('audit', source) });
}
