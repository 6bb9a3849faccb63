/** Lists page by page, words and choices. */
import { decodeCursor, encodeCursor, orderName, type Position, type SortValue } from '../cursor.ts';
import { words } from '../order.ts';
import { byCount, limited, MAX_CHOICES } from '../page.ts';
import type { Facet, Page } from '../store.ts';
import { explain, statusOf } from './errors.ts';
import { type Kind, placeOf } from './kinds.ts';
import { type Answer, type Hit, keyOf, type Query, type Scope, type Source, search, WHOLE, within } from './scope.ts';

/** Characters of a word that one pattern holds; a longer one is several that must all be there. */
const PATTERN = 128;
/** Begins what is no id. */
const HASHED = '\0';

/** `name`: of the column of the local store, where that is another. */
export type Sort = { field: string; type: 'number' | 'string'; name?: string };

export type Listing<T> = {
  kind: Kind;
  filter: Query[];
  sort: Sort;
  order: 'desc' | 'asc';
  limit: number | undefined;
  cursor: string | undefined;
  /** null: it is no such thing, and left out. */
  read(source: Source): T | null;
};

const escaped = (text: string): string => text.replaceAll(/[\\*?]/g, '\\$&');

function pieces(word: string): string[] {
  const found: string[] = [];
  for (let from = 0; from < word.length; from += PATTERN) found.push(word.slice(from, from + PATTERN));
  return found;
}

/** Every word of `text` is somewhere among the words of a document, see `wordsOf` in values.ts. */
export const containing = (text: string | undefined): Query[] =>
  words(text ?? '')
    .flatMap(pieces)
    .map((piece) => ({ wildcard: { 'stillwatch.search': { value: `*${escaped(piece)}*` } } }));

/** A clause for a wish, none when there is no wish. */
export const when = <T>(wish: T | undefined, clause: (wish: T) => Query): Query[] => (wish === undefined || wish === '' ? [] : [clause(wish)]);

export async function page<T>(scope: Scope, listing: Listing<T>): Promise<Page<T>> {
  const { kind, filter, sort, order, cursor, read } = listing;
  const signature = orderName(kind, sort.name ?? sort.field.replace('stillwatch.', ''), order);
  const position = cursor === undefined || cursor === '' ? null : decodeCursor(signature, sort.type, cursor);
  const size = limited(listing.limit);
  const body = {
    size: size + 1,
    query: within(scope, [...filter, exists(sort.field), exists('stillwatch.key')]),
    sort: [{ [sort.field]: order }, { 'stillwatch.key': order }],
    track_total_hits: true,
    ...(position === null ? {} : { search_after: [position.value, keyIn(scope, position.id)] }),
  };
  const { hits, snapshot } = await portion(scope, kind, body, position?.snapshot);
  const total = hits.total.value;
  const shown = hits.hits.slice(0, size);
  const items = shown.flatMap(({ _source }) => read(_source) ?? []);
  if (hits.hits.length <= size || snapshot === undefined) return { items, next: null, total };
  return { items, next: encodeCursor(signature, positionOf(scope, shown.at(-1) as Hit, snapshot)), total };
}

/** Without what a page link is made of a document would be the end of the list. */
const exists = (field: string): Query => ({ exists: { field } });

type Portion = Pick<Answer, 'hits'> & { /** Where the next page is. */ snapshot: string | undefined };

/** In the snapshot while there is one. */
async function portion(scope: Scope, kind: Kind, body: { size: number }, snapshot: string | undefined): Promise<Portion> {
  const before = snapshot === undefined ? null : await inSnapshot(scope, body, snapshot);
  return before === null ? first(scope, kind, body) : { hits: before.hits, snapshot };
}

/** A list of one page needs no snapshot; of more pages the first is read where the others will be. It is guessed, so as not to read it twice. */
async function first(scope: Scope, kind: Kind, body: { size: number }): Promise<Portion> {
  const place = placeOf(scope.prefix, kind);
  if (!scope.snapshots.isLikely(place)) {
    const { hits } = await search(scope, [kind], body);
    if (hits.hits.length < body.size) return { hits, snapshot: undefined };
  }
  const opened = await scope.snapshots.of(place);
  const inside = opened === null ? null : await inSnapshot(scope, body, opened);
  const { hits } = inside ?? (await search(scope, [kind], body));
  const more = hits.hits.length === body.size;
  scope.snapshots.learn(place, opened, more);
  return { hits, snapshot: more && opened !== null ? opened : undefined };
}

/** null when it is gone: the order holds in what is there now too. */
async function inSnapshot(scope: Scope, body: object, snapshot: string): Promise<Answer | null> {
  try {
    return (await scope.client.search({ ...WHOLE, ...body, ...scope.snapshots.name(snapshot) })) as unknown as Answer;
  } catch (error) {
    const status = statusOf(error);
    if (status !== 404 && status !== 400) throw explain(error);
    scope.snapshots.forget(snapshot);
    return null;
  }
}

/** Of one site the id of an item is the rest of its key; of a hash, and of all sites, it is the key. */
const positionOf = (scope: Scope, { sort }: Hit, snapshot: string): Position => {
  const [value, key] = sort as [SortValue, string];
  const own = `${scope.site}/`;
  return { value, id: scope.site === null ? key : key.startsWith(own) ? key.slice(own.length) : `${HASHED}${key}`, snapshot };
};

function keyIn({ site }: Scope, id: string): string {
  if (id.startsWith(HASHED)) return id.slice(HASHED.length);
  return site === null ? id : keyOf(site, id);
}

/** Of a choice: how its values are counted, and the clauses of those that are chosen. */
export type Choice = { values: object; clauses: Query[] };

export const byTerm = (field: string): object => ({ terms: { field, size: MAX_CHOICES } });

type Bucket = { key: string; doc_count: number };
type Buckets = { buckets: Bucket[] | { [key: string]: { doc_count: number } } };

function facet(counted: Buckets | undefined): Facet {
  const { buckets = [] } = counted ?? {};
  const all = Array.isArray(buckets) ? buckets : Object.entries(buckets).map(([key, { doc_count }]) => ({ key, doc_count }));
  return byCount(all.filter(({ doc_count }) => doc_count > 0).map(({ key, doc_count }) => ({ value: key, count: doc_count })));
}

/** Counts of each choice's values, under `scopeFilter` and the clauses of the other choices. */
export async function facets<C extends string>(
  scope: Scope,
  kind: Kind,
  common: Query[],
  choices: { [choice in C]: Choice },
): Promise<{ [choice in C]: Facet }> {
  const names = Object.keys(choices) as C[];
  const aggs = names.map((name) => {
    const others = names.filter((other) => other !== name).flatMap((other) => choices[other].clauses);
    return [name, { filter: { bool: { filter: others } }, aggs: { values: choices[name].values } }] as const;
  });
  const { aggregations } = await search(scope, [kind], { size: 0, query: within(scope, common), aggs: Object.fromEntries(aggs) });
  const of = (name: C): Facet => facet((aggregations?.[name] as { values?: Buckets } | undefined)?.values);
  return Object.fromEntries(names.map((name) => [name, of(name)])) as { [choice in C]: Facet };
}

/** All that match, in order, portion by portion. */
export async function* everything(
  scope: Scope,
  kind: Kind | readonly Kind[],
  filter: Query[],
  sort: object[],
  fields: string[] | boolean = true,
  size = 1000,
): AsyncGenerator<Hit[]> {
  let after: unknown[] | undefined;
  for (;;) {
    const body = { size, query: within(scope, filter), sort, _source: fields, ...(after === undefined ? {} : { search_after: after }) };
    const { hits } = (await search(scope, [kind].flat(), body)).hits;
    if (hits.length === 0) return;
    yield hits;
    after = hits.at(-1)?.sort;
    if (hits.length < size) return;
  }
}
