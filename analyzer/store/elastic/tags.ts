/** Tag lists: a document each, since a list never changes; which one of an owner counts is decided. */
import { TABLES } from '../../point.ts';
import { byPoint, type Tag, widthOf } from '../../tags/tag.ts';
import { CONFIGURATION, type TagList, type TagListHead, type TagQuery } from '../store.ts';
import { decisionsAbout } from './decisions.ts';
import { type Document, documentOf, type Hit, parsed, type Scope, type Source, search, term, within } from './scope.ts';
import { everything, when } from './search.ts';
import { exact } from './values.ts';

/** Lists shown of one owner beside the one that counts, as every backend does. */
const MAX_LISTS = 8;
/** Lists whose tags are kept at hand. */
const MAX_CACHED = 64;

/** A list without a time of its own is dated by who stored it. */
export function tagListDocument(scope: Scope, list: TagList, sequence: number): Document {
  const fields: Source = { 'file.name': exact(list.file), 'stillwatch.owner': exact(list.owner), 'stillwatch.count': list.tags.length };
  return documentOf(scope, 'taglists', list.id, new Date(sequence / 1000).toISOString(), fields, JSON.stringify(list.tags), sequence);
}

type Listed = TagListHead & { key: string };

const headOf = ({ _id, _source }: Hit): Listed => ({
  id: String(_source['stillwatch.id']),
  owner: String(_source['stillwatch.owner']),
  file: String(_source['file.name'] ?? ''),
  tags: Number(_source['stillwatch.count']),
  counts: false,
  key: _id,
});

const HEAD = ['stillwatch.id', 'stillwatch.owner', 'stillwatch.count', 'file.name'];
const ORDER = [{ 'stillwatch.sequence': 'asc' }, { 'stillwatch.key': 'asc' }];

async function heads(scope: Scope, owner: string | undefined): Promise<Listed[]> {
  const found: Listed[] = [];
  const filter = when(owner, (value) => term('stillwatch.owner', exact(value)));
  for await (const hits of everything(scope, 'taglists', filter, ORDER, HEAD)) found.push(...hits.map(headOf));
  const decisions = await decisionsAbout(scope, 'asset', [...new Set(found.map((head) => head.owner))]);
  for (const head of found) head.counts = decisions.get(head.owner)?.findLast(({ kind }) => kind === 'tags')?.edit?.['list'] === head.id;
  return found;
}

/** Those that count, and the last that don't. */
function recent(lists: readonly Listed[]): Listed[] {
  const left = new Map<string, number>();
  const kept = lists.toReversed().filter(({ owner, counts }) => {
    const n = (left.get(owner) ?? 0) + (counts ? 0 : 1);
    left.set(owner, n);
    return counts || n <= MAX_LISTS;
  });
  return kept.reverse();
}

/** The oldest first. */
export async function listTagLists(scope: Scope, owner: string | undefined): Promise<TagListHead[]> {
  return recent(await heads(scope, owner)).map(({ key: _key, ...head }) => head);
}

const cache = new WeakMap<Scope, Map<string, Tag[]>>();

async function tagsOf(scope: Scope, { key, id }: Listed): Promise<Tag[]> {
  const lists = cache.get(scope) ?? new Map<string, Tag[]>();
  cache.set(scope, lists);
  const known = lists.get(key);
  if (known !== undefined) return known;
  const { hits } = await search(scope, ['taglists'], { size: 1, query: within(scope, [term('stillwatch.id', id)]) });
  const tags = parsed<Tag[]>((hits.hits[0] as Hit)._source).sort(byPoint);
  if (lists.size >= MAX_CACHED) lists.clear();
  lists.set(key, tags);
  return tags;
}

const rank = new Map(TABLES.toSorted().map((table, n) => [table, n]));

function place(a: Tag, b: Tag): number {
  const [x, y] = [a.server.toLowerCase(), b.server.toLowerCase()];
  return x < y ? -1 : x > y ? 1 : a.unit - b.unit || (rank.get(a.table) as number) - (rank.get(b.table) as number);
}

/** Those that count, by point; a device's own before those of the configuration, which they outrank. */
export async function listTags(scope: Scope, { owner, server, unit, table, from, to }: TagQuery): Promise<Tag[]> {
  const lists = (await heads(scope, owner)).filter(({ counts }) => counts);
  const wanted = server?.toLowerCase();
  const matches = (tag: Tag): boolean =>
    (wanted === undefined || wanted === '' || tag.server.toLowerCase() === wanted) &&
    (unit === undefined || tag.unit === unit) &&
    (table === undefined || tag.table === table) &&
    (to === undefined || tag.address < to) &&
    (from === undefined || tag.address + widthOf(tag) > from);
  const of = async (some: Listed[]): Promise<Tag[]> => (await Promise.all(some.map((list) => tagsOf(scope, list)))).flat().filter(matches).sort(place);
  return [...(await of(lists.filter((list) => list.owner !== CONFIGURATION))), ...(await of(lists.filter((list) => list.owner === CONFIGURATION)))];
}
