/** How each appliance is, as it says itself: what a console over many sites shows of it. */
import type { Status } from '../../coverage.ts';
import { explain } from './errors.ts';
import { placeOf } from './kinds.ts';
import { documentOf, parsed, type Scope, search, within } from './scope.ts';

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
  /** Of its rules, as its own console shows them. */
  rules: unknown[];
};

/** Says that the appliance is there; not waited for to be found. */
export async function announce(scope: Scope, said: Omit<Presence, 'site' | 'observer'>): Promise<void> {
  const presence: Presence = { site: scope.site as string, observer: scope.observer, ...said };
  const fields = { 'stillwatch.contact': said.contact, 'stillwatch.state': said.status.state, 'stillwatch.version': said.version };
  const { id, source } = documentOf(scope, 'sites', scope.observer, new Date(said.contact).toISOString(), fields, JSON.stringify(presence), said.contact);
  try {
    await scope.client.index({ index: placeOf(scope.prefix, 'sites'), id, document: source, require_alias: true });
  } catch (error) {
    throw explain(error);
  }
}

/** Every appliance of the scope, by site and name. */
export async function presences(scope: Scope): Promise<Presence[]> {
  const { hits } = await search(scope, ['sites'], { size: MAX_SITES, query: within(scope, []), sort: [{ 'stillwatch.key': 'asc' }] });
  return hits.hits.map(({ _source }) => parsed<Presence>(_source));
}
