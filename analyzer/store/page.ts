/** What every backend's lists have in common: how long a page is, what it may be sorted by, and how choices are counted. */
import { type Facet, StoreError } from './store.ts';

const DEFAULT_LIMIT = 50;
/** Items of one page; a larger wish gets this many. */
export const MAX_PAGE = 10_000;

export const limited = (limit: number | undefined, fallback = DEFAULT_LIMIT): number =>
  limit === undefined || !Number.isFinite(limit) ? fallback : Math.min(MAX_PAGE, Math.max(1, Math.floor(limit)));

/** The sort by that name, or a StoreError. */
export function sortNamed<S>(sorts: { [name: string]: S }, name: string): S {
  const sort = Object.hasOwn(sorts, name) ? sorts[name] : undefined;
  if (sort === undefined)
    throw new StoreError('query', `Cannot sort by ${JSON.stringify(String(name).slice(0, 40))}: choose one of ${Object.keys(sorts).join(', ')}.`);
  return sort;
}

/** Different values of a choice that are counted and offered: the most frequent ones. */
export const MAX_CHOICES = 1000;

/** The most frequent first. */
export const byCount = (facet: Facet): Facet => facet.sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1)).slice(0, MAX_CHOICES);
