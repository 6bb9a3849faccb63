/** Tag lists: written once, since a list never changes; which one of an owner counts is decided. */
import { byPoint, type Tag, widthOf } from '../../tags/tag.ts';
import { CONFIGURATION, type TagList, type TagListHead, type TagQuery } from '../store.ts';
import { tagsIn } from './checked.ts';
import { decisionsAbout } from './decisions.ts';
import { type Document, documentOf, type Hit, type Scope, type Source, term } from './scope.ts';
import { everything, when } from './search.ts';
import { exact } from './values.ts';

/** Lists shown of one owner beside the one that counts, as every backend does. */
const MAX_LISTS = 8;
/** Lists whose tags are kept at hand. */
const MAX_CACHED = 64;

/** Tags of one document: some two megabytes. */
const PART = 10_000;

const partOf = (id: string, part: number): string => (part === 0 ? id : `${id}#${part}`);

/** A long list is several documents. Without a time of its own it is dated by who stored it. */
export function tagListDocuments(scope: Scope, { id, owner, file, tags }: TagList, sequence: number): Document[] {
  const time = new Date(sequence / 1000).toISOString();
  const own: Source = { 'file.name': exact(file), 'stillwatch.owner': exact(owner), 'stillwatch.count': tags.length, 'stillwatch.id': id };
  return Array.from({ length: Math.max(1, Math.ceil(tags.length / PART)) }, (_, part) => {
    const some = tags.slice(part * PART, (part + 1) * PART);
    return documentOf(scope, 'taglists', partOf(id, part), time, { ...own, 'stillwatch.part': part }, JSON.stringify(some), sequence);
  });
}

/** Sites may have lists and owners of the same ids. */
type Listed = TagListHead & { key: string; site: string };

const headOf = ({ _id, _source }: Hit): Listed => ({
  id: String(_source['stillwatch.id']),
  owner: String(_source['stillwatch.owner']),
  file: String(_source['file.name'] ?? ''),
  tags: Number(_source['stillwatch.count']) || 0,
  counts: false,
  key: _id,
  site: String(_source['stillwatch.site']),
});

const HEAD = ['stillwatch.site', 'stillwatch.id', 'stillwatch.owner', 'stillwatch.count', 'file.name'];
const ORDER = [{ 'stillwatch.sequence': 'asc' }, { 'stillwatch.key': 'asc' }];

async function heads(scope: Scope, owner: string | undefined): Promise<Listed[]> {
  const found: Listed[] = [];
  const filter = [...when(owner, (value) => term('stillwatch.owner', exact(value))), term('stillwatch.part', 0)];
  for await (const hits of everything(scope, 'taglists', filter, ORDER, HEAD)) found.push(...hits.map(headOf));
  for (const [site, lists] of Map.groupBy(found, (head) => head.site)) {
    const decisions = await decisionsAbout({ ...scope, site }, 'asset', [...new Set(lists.map((head) => head.owner))]);
    for (const head of lists) head.counts = decisions.get(head.owner)?.findLast(({ kind }) => kind === 'tags')?.edit?.['list'] === head.id;
  }
  return found;
}

/** Those that count, and the last that don't. */
function recent(lists: readonly Listed[]): Listed[] {
  const left = new Map<string, number>();
  const kept = lists.toReversed().filter(({ site, owner, counts }) => {
    const whose = JSON.stringify([site, owner]);
    const n = (left.get(whose) ?? 0) + (counts ? 0 : 1);
    left.set(whose, n);
    return counts || n <= MAX_LISTS;
  });
  return kept.reverse();
}

/** The oldest first. */
export async function listTagLists(scope: Scope, owner: string | undefined): Promise<TagListHead[]> {
  return recent(await heads(scope, owner)).map(({ key: _key, site: _site, ...head }) => head);
}

/** Part by part. */
export const PARTS = ['sequence', 'id', 'part'].map((name) => ({ [`stillwatch.${name}`]: 'asc' }));

const cache = new WeakMap<Scope, Map<string, Tag[]>>();

async function tagsOf(scope: Scope, { key, id, site, tags: count }: Listed): Promise<Tag[]> {
  const lists = cache.get(scope) ?? new Map<string, Tag[]>();
  cache.set(scope, lists);
  const known = lists.get(key);
  if (known !== undefined) return known;
  const tags: Tag[] = [];
  const parts = everything({ ...scope, site }, 'taglists', [term('stillwatch.id', id)], PARTS, true, 1);
  for await (const [hit] of parts) tags.push(...tagsIn((hit as Hit)._source));
  tags.sort(byPoint);
  // The rest may be on its way.
  if (tags.length < count) return tags;
  if (lists.size >= MAX_CACHED) lists.clear();
  lists.set(key, tags);
  return tags;
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
  const of = async (some: Listed[]): Promise<Tag[]> => (await Promise.all(some.map((list) => tagsOf(scope, list)))).flat().filter(matches).sort(byPoint);
  return [...(await of(lists.filter((list) => list.owner !== CONFIGURATION))), ...(await of(lists.filter((list) => list.owner === CONFIGURATION)))];
}
