/** Findings as alerts of ECS, and the questions about them. */
import { z } from 'zod';
import { behindGateway } from '../../asset.ts';
import { technique } from '../../attack.ts';
import { type Decision, type Finding, type FindingView, levelRank, RESOLUTIONS, STATUSES } from '../../finding.ts';
import { foldFinding, type Life } from '../fold.ts';
import { micros, searchable } from '../order.ts';
import { sortNamed } from '../page.ts';
import type { FindingFacets, FindingQuery, Page } from '../store.ts';
import { checked, contentOf, objectIn } from './checked.ts';
import { excerpt } from './excerpt.ts';
import { type Document, documentOf, get, type Query, readable, type Scope, type Source, sited, term, terms } from './scope.ts';
import { byTerm, type Choice, containing, facets, page, type Sort, when } from './search.ts';
import { converted, exact, ipOf, lower, wordsOf } from './values.ts';

const party = (side: 'source' | 'destination', { ip, name }: { ip: string | null; name: string | null }): Source => ({
  ...(ip === null ? {} : { [`${side}.address`]: exact(ip), ...(ipOf(ip) === undefined ? {} : { [`${side}.ip`]: ip }) }),
  ...(name === null ? {} : { [`${side}.domain`]: exact(name) }),
});

function threat(tags: readonly string[]): Source {
  const found = tags.flatMap((tag) => technique(tag.replace(/^attack\./, '').toUpperCase()) ?? []);
  if (found.length === 0) return {};
  return {
    'threat.framework': 'MITRE ATT&CK',
    'threat.technique.id': found.map(({ id }) => id),
    'threat.technique.name': found.map(({ name }) => name),
    'threat.tactic.name': [...new Set(found.flatMap(({ tactics }) => tactics))],
  };
}

function protocolOf(finding: Finding): Source {
  const network = finding.seen['network'] as { protocol?: unknown } | undefined;
  return typeof network?.protocol === 'string' ? { 'network.protocol': exact(network.protocol) } : {};
}

/** What people made of it, from their decisions: the oldest first. */
export function lifeFields(decisions: Decision[]): Source {
  const { status, resolution, decided_by, assignee, suppressed } = foldFinding(decisions);
  return {
    'stillwatch.status': status,
    'stillwatch.resolution': resolution,
    'stillwatch.decided_by': decided_by === null ? null : exact(decided_by),
    'stillwatch.assignee': exact(assignee ?? ''),
    'stillwatch.suppressed_until': suppressed === null ? null : micros(suppressed.until),
    'stillwatch.suppressed': suppressed === null ? null : JSON.stringify(suppressed),
  };
}

const search = ({ title, explanation, actor, target }: Finding): string[] =>
  wordsOf(searchable(title, explanation, actor.ip, actor.name, target.ip, target.name));

/** `json`: the finding, where that is at hand. */
export function findingDocument(scope: Scope, finding: Finding, decisions: Decision[], sequence: number, json?: string): Document {
  const { id, actor, target, rule } = finding;
  const { text, shortened } = excerpt(finding, ['seen', 'expected'], json);
  const addresses = [actor.ip, target.ip].flatMap((ip) => ipOf(ip) ?? []);
  const fields: Source = {
    'event.id': id,
    'event.start': finding.opened,
    'event.end': finding.last_seen,
    'event.severity': levelRank(finding.level),
    'event.risk_score': finding.risk,
    'event.reason': exact(finding.explanation),
    message: exact(finding.explanation),
    'rule.uuid': rule.id,
    'rule.name': exact(rule.name),
    'rule.description': exact(finding.title),
    'rule.version': String(rule.version),
    'rule.ruleset': 'stillwatch',
    ...threat(finding.tags),
    ...party('source', actor),
    ...party('destination', target),
    ...protocolOf(finding),
    ...(target.unit_id === null ? {} : { 'modbus.unit_id': target.unit_id, 'stillwatch.unit': target.unit_id }),
    ...(addresses.length === 0 ? {} : { 'related.ip': addresses }),
    tags: finding.tags,
    'ot.seen': converted('flattened', finding.seen),
    ...lifeFields(decisions),
    'stillwatch.level': finding.level,
    'stillwatch.rule': exact(rule.name),
    ...(actor.ip === null ? {} : { 'stillwatch.actor': lower(actor.ip) }),
    ...(target.ip === null ? {} : { 'stillwatch.target': lower(target.ip) }),
    'stillwatch.opened': micros(finding.opened),
    'stillwatch.last_seen': micros(finding.last_seen),
    'stillwatch.risk': finding.risk,
    'stillwatch.count': finding.count,
    'stillwatch.search': search(finding),
    ...(shortened ? { 'stillwatch.shortened': true } : {}),
  };
  return documentOf(scope, 'findings', id, finding.opened, fields, text, sequence);
}

const SORTS: { [name: string]: Sort } = {
  last_seen: { field: 'stillwatch.last_seen', type: 'number' },
  opened: { field: 'stillwatch.opened', type: 'number' },
  risk: { field: 'stillwatch.risk', type: 'number' },
  count: { field: 'stillwatch.count', type: 'number' },
};

const LIFE = z.object({
  status: z.enum(STATUSES),
  resolution: z.enum(RESOLUTIONS).nullable(),
  decided_by: z.string().nullable(),
  assignee: z.string().nullable(),
  suppressed: z.object({ until: z.iso.datetime(), by: z.string(), reason: z.string() }).nullable(),
});

const life = (source: Source): Life | undefined =>
  LIFE.safeParse({
    status: source['stillwatch.status'],
    resolution: source['stillwatch.resolution'] ?? null,
    decided_by: source['stillwatch.decided_by'] ?? null,
    assignee: source['stillwatch.assignee'] || null,
    suppressed: source['stillwatch.suppressed'] ? readable(source, 'stillwatch.suppressed') : null,
  }).data;

/** Of one that was shortened the last fact may be cut in the middle. */
function findingIn(source: Source): Finding | null {
  if (source['stillwatch.shortened'] !== true) return contentOf('finding', source);
  const { expected, ...rest } = objectIn(source) as Partial<Finding>;
  return checked('finding', { ...rest, expected: Array.isArray(expected) ? expected.filter((fact) => checked('fact', fact) !== null) : expected });
}

function read(scope: Scope, source: Source): FindingView | null {
  const [finding, lived] = [findingIn(source), life(source)];
  return finding === null || lived === undefined ? null : { ...finding, ...sited(scope, source), ...lived };
}

export async function readFinding(scope: Scope, id: string): Promise<FindingView | null> {
  const found = await get(scope, 'findings', id);
  return found === null ? null : read(scope, found._source);
}

/** Findings of a device; of one behind a gateway those whose target is its unit. */
function about(address: string): Query {
  const behind = behindGateway(address);
  if (behind !== null) return { bool: { filter: [term('stillwatch.target', lower(behind.server)), term('stillwatch.unit', behind.unit)] } };
  const value = lower(address);
  return { bool: { should: [term('stillwatch.actor', value), term('stillwatch.target', value)], minimum_should_match: 1 } };
}

const common = ({ address, text, since, until }: FindingQuery): Query[] => [
  ...when(address, about),
  ...when(since, (time) => ({ range: { 'stillwatch.last_seen': { gte: micros(time) } } })),
  ...when(until, (time) => ({ range: { 'stillwatch.opened': { lt: micros(time) } } })),
  ...containing(text),
];

const oneOf = (field: string, values: readonly string[] = []): Query[] => (values.length === 0 ? [] : [terms(field, values.map(exact))]);

const choice = (field: string, values: string[] | undefined): Choice => ({ values: byTerm(field), clauses: oneOf(field, values) });

/** Suppressed at a time (RFC 3339). */
const suppressed = (at: string): Query => ({ range: { 'stillwatch.suppressed_until': { gt: micros(at) } } });

/** Not suppressed at that time, of any of these statuses. */
export const standing = (at: string, statuses: readonly string[]): Query => ({
  bool: { filter: oneOf('stillwatch.status', statuses), must_not: [suppressed(at)] },
});

/** What is suppressed has no other standing. */
function standings({ status, at }: FindingQuery): Choice {
  const field = 'stillwatch.status';
  if (at === undefined) return choice(field, status);
  const byStanding = Object.fromEntries([...STATUSES.map((one) => [one, standing(at, [one])]), ['suppressed', suppressed(at)]]);
  const own = standing(at, status ?? []);
  const clauses = !status?.length ? [] : status.includes('suppressed') ? [{ bool: { should: [own, suppressed(at)], minimum_should_match: 1 } }] : [own];
  return { values: { filters: { filters: byStanding } }, clauses };
}

const choices = (query: FindingQuery) => ({
  status: standings(query),
  level: choice('stillwatch.level', query.level),
  rule: choice('stillwatch.rule', query.rule),
  assignee: choice('stillwatch.assignee', query.assignee),
});

export async function listFindings(scope: Scope, query: FindingQuery): Promise<Page<FindingView>> {
  const { order = 'desc', limit, cursor } = query;
  const filter = [...common(query), ...Object.values(choices(query)).flatMap(({ clauses }) => clauses)];
  return page(scope, {
    kind: 'findings',
    filter,
    sort: sortNamed(SORTS, query.sort ?? 'last_seen'),
    order,
    limit,
    cursor,
    read: (source) => read(scope, source),
  });
}

export const countFindings = (scope: Scope, query: FindingQuery): Promise<FindingFacets> => facets(scope, 'findings', common(query), choices(query));
