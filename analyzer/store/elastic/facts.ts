/** Facts of the baseline, and conversations. */
import type { Fact } from '../../fact.ts';
import type { Decision } from '../../finding.ts';
import { foldFact } from '../fold.ts';
import { micros } from '../order.ts';
import type { Conversation, FactQuery, Page } from '../store.ts';
import { checked, contentOf, objectIn } from './checked.ts';
import { type Document, documentOf, type Query, type Scope, type Source, sited, term } from './scope.ts';
import { page, when } from './search.ts';
import { exact, ipOf, lower } from './values.ts';

/** Client and server as ECS names them. */
function parties(client: string, server: string): Source {
  const ips = [client, server].flatMap((address) => ipOf(address) ?? []);
  return {
    ...(client === '' ? {} : { 'source.address': exact(client) }),
    ...(ipOf(client) === undefined ? {} : { 'source.ip': client }),
    'destination.address': exact(server),
    ...(ipOf(server) === undefined ? {} : { 'destination.ip': server }),
    ...(ips.length === 0 ? {} : { 'related.ip': ips }),
    'stillwatch.client': lower(client),
    'stillwatch.server': lower(server),
  };
}

export function stateFields(fact: Fact, decisions: Decision[]): Source {
  const { state, by } = foldFact(fact, decisions);
  return { 'stillwatch.state': state, 'stillwatch.decided_by': exact(by) };
}

export function factDocument(scope: Scope, fact: Fact, decisions: Decision[], sequence: number): Document {
  const fields: Source = {
    ...parties(fact.client, fact.server),
    'network.protocol': exact(fact.protocol),
    'ot.what': exact(fact.what),
    'ot.access': exact(fact.access),
    'stillwatch.kind': fact.kind,
    ...stateFields(fact, decisions),
    'stillwatch.protocol': exact(fact.protocol),
    'stillwatch.unit': fact.unit,
    'stillwatch.first_seen': micros(fact.first_seen),
  };
  return documentOf(scope, 'facts', fact.id, fact.first_seen, fields, JSON.stringify(fact), sequence);
}

function read(scope: Scope, source: Source): Fact | null {
  const fact = checked('fact', { ...objectIn(source), state: source['stillwatch.state'], by: source['stillwatch.decided_by'] ?? '' });
  return fact === null ? null : { ...fact, ...sited(scope, source) };
}

/** What was learned last comes first. */
export async function listFacts(scope: Scope, { kind, protocol, state, server, unit, client, limit, cursor }: FactQuery): Promise<Page<Fact>> {
  const filter = [
    ...when(kind, (value) => term('stillwatch.kind', value)),
    ...when(protocol, (value) => term('stillwatch.protocol', exact(value))),
    ...when(state, (value) => term('stillwatch.state', value)),
    ...when(server, (value) => term('stillwatch.server', lower(value))),
    ...when(unit, (value) => term('stillwatch.unit', value)),
    ...when(client, (value) => term('stillwatch.client', lower(value))),
  ];
  return page(scope, {
    kind: 'facts',
    filter,
    sort: { field: 'stillwatch.first_seen', type: 'number' },
    order: 'desc',
    limit,
    cursor,
    read: (source) => read(scope, source),
  });
}

const whole = (n: number): number | undefined => (Number.isSafeInteger(n) || n === 2 ** 53 ? n : undefined);

export function conversationDocument(scope: Scope, conversation: Conversation, sequence: number): Document {
  const { id, client, server } = conversation;
  const fields: Source = {
    ...parties(client, server),
    'destination.port': conversation.port,
    'network.protocol': exact(conversation.protocol),
    'network.transport': exact(conversation.transport),
    'network.packets': whole(conversation.frames),
    'network.bytes': whole(conversation.bytes),
    'ot.transactions': whole(conversation.transactions),
    'ot.exceptions': whole(conversation.exceptions),
    'ot.timeouts': whole(conversation.timeouts),
    'stillwatch.last_seen': micros(conversation.last_seen),
  };
  return documentOf(scope, 'conversations', id, conversation.first_seen, fields, JSON.stringify(conversation), sequence);
}

const between = (address: string): Query => {
  const value = lower(address);
  return { bool: { should: [term('stillwatch.client', value), term('stillwatch.server', value)], minimum_should_match: 1 } };
};

/** The most recent first. */
export async function listConversations(scope: Scope, query: { address?: string; limit?: number; cursor?: string }): Promise<Page<Conversation>> {
  const { address, limit, cursor } = query;
  const sort = { field: 'stillwatch.last_seen', type: 'number' } as const;
  const filter = when(address, between);
  return page(scope, { kind: 'conversations', filter, sort, order: 'desc', limit, cursor, read: (source) => contentOf('conversation', source) });
}
