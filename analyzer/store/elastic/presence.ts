/** How each appliance is, as it says itself: what a console over many sites shows of it. */
import { z } from 'zod';
import type { Status } from '../../coverage.ts';
import { explain } from './errors.ts';
import { placeOf } from './kinds.ts';
import { documentOf, readable, type Scope, type Source, search, within } from './scope.ts';

/** Sites and sensors that a console shows at most. */
export const MAX_SITES = 5000;

export type Presence = {
  site: string;
  /** Name of the appliance. */
  observer: string;
  version: string;
  /** When it was heard last, ms since the epoch by its clock. */
  contact: number;
  status: Status;
};

/** An appliance's rules, as its own console shows them. */
export type Rules = { site: string; observer: string; rules: unknown[] };

const counts = <N extends string>(...names: N[]): { [name in N]: z.ZodNumber } =>
  Object.fromEntries(names.map((name) => [name, z.number()])) as { [name in N]: z.ZodNumber };

const COVERAGE = z.looseObject({
  interfaces: z.array(
    z.looseObject({ name: z.string(), dropped: z.number().nullable(), ...counts('frames', 'bytes', 'truncated', 'undecoded', 'duplicates') }),
  ),
  protocols: z.array(
    z.looseObject({
      protocol: z.string(),
      ...counts('flows', 'frames', 'bytes', 'messages', 'one_sided', 'gaps', 'lost_bytes', 'retransmitted', 'duplicates', 'flaws', 'opaque'),
    }),
  ),
  ceilings: z.array(z.looseObject({ name: z.string(), ...counts('limit', 'used', 'hit') })),
  clock_steps: z.number(),
});

const SHIPPING = z.looseObject({
  ready: z.boolean(),
  trouble: z.string(),
  lanes: z.array(z.looseObject({ kind: z.string(), trouble: z.string(), ...counts('waiting', 'oldest', 'shipped', 'rate', 'given_up', 'dead', 'tries') })),
});

/** What pages need; a newer appliance may say more. */
const PRESENCE = z.object({
  site: z.string(),
  observer: z.string(),
  version: z.string(),
  contact: z.number(),
  status: z.looseObject({
    state: z.string(),
    clock: z.string(),
    ...counts('frames', 'frames_per_second', 'assets_learning', 'assets_protected'),
    blind: z.array(z.string()),
    coverage: COVERAGE,
    shipping: SHIPPING.optional(),
  }),
});

/** Says that the appliance is there; not waited for to be found. */
export async function announce(scope: Scope, { rules, ...said }: Omit<Presence & Rules, 'site' | 'observer'>): Promise<void> {
  const presence: Presence = { site: scope.site as string, observer: scope.observer, ...said };
  const fields = {
    'stillwatch.contact': said.contact,
    'stillwatch.state': said.status.state,
    'stillwatch.version': said.version,
    'stillwatch.rules': JSON.stringify(rules),
  };
  const { id, source } = documentOf(scope, 'sites', scope.observer, new Date(said.contact).toISOString(), fields, JSON.stringify(presence), said.contact);
  try {
    await scope.client.index({ index: placeOf(scope.prefix, 'sites'), id, document: source, require_alias: true });
  } catch (error) {
    throw explain(error);
  }
}

const all = async (scope: Scope, fields: string[]): Promise<Source[]> =>
  (await search(scope, ['sites'], { size: MAX_SITES, query: within(scope, []), sort: [{ 'stillwatch.key': 'asc' }], _source: fields })).hits.hits.map(
    ({ _source }) => _source,
  );

/** Every appliance of the scope, by site and name. What cannot be read is nobody's word. */
export async function presences(scope: Scope): Promise<Presence[]> {
  const found = await all(scope, ['stillwatch.document', 'stillwatch.site']);
  return found.flatMap((source) => {
    const { data } = PRESENCE.safeParse(readable(source));
    return data === undefined || data.site !== source['stillwatch.site'] ? [] : [data as unknown as Presence];
  });
}

/** The rules of each. They are long and change seldom: not to be asked for as often. */
export async function rulesBySensor(scope: Scope): Promise<Rules[]> {
  const found = await all(scope, ['stillwatch.rules', 'stillwatch.site', 'observer.name']);
  return found.map((source) => ({
    site: String(source['stillwatch.site']),
    observer: String(source['observer.name'] ?? ''),
    rules: z.array(z.unknown()).safeParse(readable(source, 'stillwatch.rules')).data ?? [],
  }));
}
