/** Facts of the baseline, and the conversations they were learned from. */
import type { Fact } from '../../fact.ts';
import { foldFact } from '../fold.ts';
import { micros } from '../order.ts';
import type { Conversation, FactQuery, Page } from '../store.ts';
import type { Database, Row } from './database.ts';
import { decisionsOn } from './decisions.ts';
import { filterOf, page, total, when } from './page.ts';

const SAVE_FACT = `INSERT INTO facts (id, first_seen, kind, server, client, json, state, decided_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET first_seen = excluded.first_seen, kind = excluded.kind, server = excluded.server, client = excluded.client,
    json = excluded.json, state = excluded.state, decided_by = excluded.decided_by`;

export function saveFact(db: Database, fact: Fact): void {
  const { state, by } = foldFact(fact, decisionsOn(db, { kind: 'fact', id: fact.id }));
  db.run(SAVE_FACT, fact.id, micros(fact.first_seen), fact.kind, fact.server.toLowerCase(), fact.client.toLowerCase(), JSON.stringify(fact), state, by);
}

const read = (row: Row): Fact => ({ ...JSON.parse(String(row['json'])), state: row['state'], by: row['decided_by'] }) as Fact;

/** After a decision; nothing when the fact has not arrived yet. */
export function refoldFact(db: Database, id: string): void {
  const row = db.get('SELECT json FROM facts WHERE id = ?', id);
  if (row !== undefined) saveFact(db, JSON.parse(String(row['json'])) as Fact);
}

/** What was learned last comes first. */
export function listFacts(db: Database, { kind, protocol, state, server, unit, client, limit, cursor }: FactQuery): Page<Fact> {
  const filter = filterOf(
    when(kind, (value) => ['kind = ?', value]),
    when(protocol, (value) => ["json_extract(json, '$.protocol') = ?", value]),
    when(state, (value) => ['state = ?', value]),
    when(server, (value) => ['server = ?', value.toLowerCase()]),
    when(unit, (value) => ["json_extract(json, '$.unit') = ?", value]),
    when(client, (value) => ['client = ?', value.toLowerCase()]),
  );
  const sort = { column: 'first_seen', type: 'number', of: (fact: Fact) => micros(fact.first_seen) } as const;
  return page(db, { table: 'facts', columns: 'json, state, decided_by', filter, sort, order: 'desc', limit, cursor, read }, total(db, 'facts', filter));
}

const SAVE_CONVERSATION = `INSERT INTO conversations (id, last_seen, client, server, json) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET last_seen = excluded.last_seen, client = excluded.client, server = excluded.server, json = excluded.json`;

export function saveConversation(db: Database, conversation: Conversation): void {
  const { id, last_seen, client, server } = conversation;
  db.run(SAVE_CONVERSATION, id, micros(last_seen), client.toLowerCase(), server.toLowerCase(), JSON.stringify(conversation));
}

/** The most recent first. */
export function listConversations(db: Database, query: { address?: string; limit?: number; cursor?: string }): Page<Conversation> {
  const filter = filterOf(when(query.address?.toLowerCase(), (address) => ['(client = ? OR server = ?)', address, address]));
  const sort = { column: 'last_seen', type: 'number', of: (conversation: Conversation) => micros(conversation.last_seen) } as const;
  const parse = (row: Row): Conversation => JSON.parse(String(row['json'])) as Conversation;
  const { limit, cursor } = query;
  return page(db, { table: 'conversations', columns: 'json', filter, sort, order: 'desc', limit, cursor, read: parse }, total(db, 'conversations', filter));
}
