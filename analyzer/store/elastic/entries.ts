/** Everything of one site, a portion at a time. */
import { ENTRY_KINDS, type Entry, type EntryKind, StoreError, type TagList } from '../store.ts';
import { contentOf, tagsIn, wireField } from './checked.ts';
import type { Kind } from './kinds.ts';
import type { Hit, Scope, Source } from './scope.ts';
import { everything } from './search.ts';
import { PARTS } from './tags.ts';

/** Documents asked for at a time, each of up to 4 MiB; fewer of what is large as a rule. */
const PORTION = 100;
const FEW = 10;

type Place = {
  kinds: Kind[];
  /** What changes in place is read by its key, so that nothing is missed or comes twice; the rest in the order in which it came. */
  order: object[];
  portion: number;
};

const BY_KEY = [{ 'stillwatch.key': 'asc' }];
const AS_IT_CAME = [{ 'stillwatch.sequence': 'asc' }, ...BY_KEY];

const PLACES: { [kind in EntryKind]: Place } = {
  audit: { kinds: ['audit'], order: AS_IT_CAME, portion: PORTION },
  decision: { kinds: ['decisions'], order: AS_IT_CAME, portion: PORTION },
  tagList: { kinds: ['taglists'], order: PARTS, portion: 1 },
  asset: { kinds: ['assets'], order: BY_KEY, portion: PORTION },
  fact: { kinds: ['facts'], order: BY_KEY, portion: PORTION },
  finding: { kinds: ['findings'], order: BY_KEY, portion: PORTION },
  conversation: { kinds: ['conversations'], order: BY_KEY, portion: PORTION },
  registers: { kinds: ['registers'], order: BY_KEY, portion: FEW },
  observation: { kinds: ['observations', 'flows'], order: AS_IT_CAME, portion: PORTION },
  health: { kinds: ['health'], order: AS_IT_CAME, portion: PORTION },
};

const FIELDS = ['stillwatch.document', 'stillwatch.wire', 'stillwatch.id', 'stillwatch.owner', 'file.name'];

/** null where it is no entry of this kind. */
function entryIn(kind: EntryKind, source: Source): Entry | null {
  const value = contentOf(kind, source, kind === 'asset' ? wireField(source) : undefined);
  return value === null ? null : ({ kind, value } as Entry);
}

/** Lists of their parts. */
async function* tagLists(parts: AsyncIterable<Hit[]>): AsyncGenerator<TagList> {
  let list = null as TagList | null;
  for await (const [hit] of parts) {
    const { _source } = hit as Hit;
    const [id, owner, file] = ['stillwatch.id', 'stillwatch.owner', 'file.name'].map((name) => String(_source[name] ?? '')) as [string, string, string];
    if (list !== null && list.id !== id) yield list;
    if (list?.id !== id) list = { id, owner, file, tags: [] };
    list.tags.push(...tagsIn(_source));
  }
  if (list !== null) yield list;
}

/** Throws a StoreError for the scope of all sites: their ids are alike. */
export async function* entries(scope: Scope): AsyncGenerator<Entry> {
  if (scope.site === null) throw new StoreError('query', 'Sites are exported one by one: name the site (STILLWATCH_SITE).');
  for (const kind of ENTRY_KINDS) {
    const { kinds, order, portion } = PLACES[kind];
    const all = everything(scope, kinds, [], order, FIELDS, portion);
    if (kind === 'tagList') for await (const value of tagLists(all)) yield { kind, value };
    else for await (const hits of all) yield* hits.flatMap(({ _source }) => entryIn(kind, _source) ?? []);
  }
}
