/** What a URL may ask for, checked at the door, and the links that change it. */
import { HTTPException } from 'hono/http-exception';
import { z } from 'zod';
import { FACT_KINDS, FACT_STATES } from '../analyzer/fact.ts';
import { LEVELS, OPEN, STANDINGS, type Standing } from '../analyzer/finding.ts';
import type { AssetQuery, FindingQuery } from '../analyzer/store/store.ts';

/** Parameters as they stand in the URL. */
export type Parameters = { [name: string]: string[] };

export const PAGE_SIZE = 50;

const word = (length: number) => z.string().trim().max(length);
const order = z.enum(['desc', 'asc']).optional();
const paging = { cursor: word(8192).optional(), from: z.coerce.number().int().min(1).max(1e9).default(1) };

export const WITHIN = { '1h': 3_600_000, '24h': 86_400_000, '7d': 7 * 86_400_000, '30d': 30 * 86_400_000 } as const;

const FindingFilter = z.object({
  status: z.enum(['open', ...STANDINGS, 'all']).default('open'),
  level: z.array(z.enum(LEVELS)).max(LEVELS.length).default([]),
  rule: z.array(word(200)).max(64).default([]),
  /** Names; NOBODY for those that are nobody's. */
  assignee: z.array(word(200)).max(64).default([]),
  address: word(100).optional(),
  q: word(200).optional(),
  within: z.enum(Object.keys(WITHIN) as [keyof typeof WITHIN]).optional(),
  sort: z.enum(['last_seen', 'opened', 'risk', 'count']).default('last_seen'),
  order,
  ...paging,
});
export type FindingFilter = z.infer<typeof FindingFilter>;

const AssetFilter = z.object({
  q: word(200).optional(),
  role: word(200).optional(),
  protocol: word(200).optional(),
  vendor: word(200).optional(),
  sort: z.enum(['address', 'first_seen', 'last_seen']).default('address'),
  order,
  ...paging,
});
export type AssetFilter = z.infer<typeof AssetFilter>;

const FactFilter = z.object({
  kind: z.enum(FACT_KINDS).optional(),
  state: z.enum(FACT_STATES).optional(),
  server: word(100).optional(),
  client: word(100).optional(),
  ...paging,
});
export type FactFilter = z.infer<typeof FactFilter>;

export const parseFactFilter = (given: Parameters): FactFilter => parse(FactFilter, given, []);
export const parseFindingFilter = (given: Parameters): FindingFilter => parse(FindingFilter, given, ['level', 'rule', 'assignee']);
export const parseAssetFilter = (given: Parameters): AssetFilter => parse(AssetFilter, given, []);

/** Reads a form or a query string, or refuses with 400 and one sentence. Empty fields count as absent; `lists` may repeat. */
export function parse<T extends z.ZodType>(schema: T, given: Parameters, lists: string[]): z.infer<T> {
  const flat: { [name: string]: string | string[] } = {};
  for (const [name, values] of Object.entries(given)) {
    const present = values.filter((value) => value.trim() !== '');
    if (present.length > 0) flat[name] = lists.includes(name) ? present : (present[present.length - 1] as string);
  }
  const result = schema.safeParse(flat);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new HTTPException(400, { message: `${issue?.path.join('.') || 'The request'}: ${issue?.message ?? 'not understood'}` });
}

/** What a URL calls nobody: no account has such a name. */
export const NOBODY = '-';

/**
 * Times are relative to the sensor's clock: in a replay "the last hour" is the last hour of the capture. What people suppressed is so by the wall
 * clock, `now`. Both ms since the epoch.
 */
export function findingQuery(filter: FindingFilter, clock: number, now: number): FindingQuery {
  const status: Standing[] | undefined = filter.status === 'all' ? undefined : filter.status === 'open' ? [...OPEN] : [filter.status];
  return {
    at: new Date(now).toISOString(),
    ...(status === undefined ? {} : { status }),
    ...(filter.level.length === 0 ? {} : { level: filter.level }),
    ...(filter.rule.length === 0 ? {} : { rule: filter.rule }),
    ...(filter.assignee.length === 0 ? {} : { assignee: filter.assignee.map((name) => (name === NOBODY ? '' : name)) }),
    ...(filter.address === undefined ? {} : { address: filter.address }),
    ...(filter.q === undefined ? {} : { text: filter.q }),
    ...(filter.within === undefined ? {} : { since: new Date(clock - WITHIN[filter.within]).toISOString() }),
    sort: filter.sort,
    order: filter.order ?? 'desc',
    limit: PAGE_SIZE,
    ...(filter.cursor === undefined ? {} : { cursor: filter.cursor }),
  };
}

export function assetQuery(filter: AssetFilter): AssetQuery {
  const { q, from: _, order, ...rest } = filter;
  return { ...rest, ...(q === undefined ? {} : { text: q }), order: order ?? (filter.sort === 'address' ? 'asc' : 'desc'), limit: PAGE_SIZE };
}

/** The URL with some parameters changed; null removes one. Any change but of the page leads to the first page. */
export function link(path: string, given: Parameters, change: { [name: string]: string | string[] | null }): string {
  const search = new URLSearchParams();
  for (const [name, values] of Object.entries(given)) {
    if (name in change || name === 'cursor' || name === 'from') continue;
    for (const value of values) if (value !== '') search.append(name, value);
  }
  for (const [name, value] of Object.entries(change)) {
    for (const one of value === null ? [] : [value].flat()) search.append(name, one);
  }
  const query = search.toString();
  return query === '' ? path : `${path}?${query}`;
}

/** `values` with `value` put in, or taken out when it was there. */
export const toggled = (values: readonly string[], value: string): string[] =>
  values.includes(value) ? values.filter((one) => one !== value) : [...values, value];
