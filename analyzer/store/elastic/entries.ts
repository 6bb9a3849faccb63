/** Everything of one site, a portion at a time. */
import type { Tag } from '../../tags/tag.ts';
import { ENTRY_KINDS, type Entry, type EntryKind, StoreError } from '../store.ts';
import { wireOf } from './assets.ts';
import type { Kind } from './kinds.ts';
import { parsed, type Scope, type Source } from './scope.ts';
import { everything } from './search.ts';

/** Documents asked for at a time, each of up to 4 MiB; fewer of what is large as a rule. */
const PORTION = 100;
const FEW = 10;

type Place = {
  kinds: Kind[];
  /** What changes in place is read by its key, so that nothing is missed or comes twice; the rest in the order in which it came. */
  order: 'sequence' | 'key';
  portion: number;
};

const PLACES: { [kind in EntryKind]: Place } = {
  audit: { kinds: ['audit'], order: 'sequence', portion: PORTION },
  decision: { kinds: ['decisions'], order: 'sequence', portion: PORTION },
  tagList: { kinds: ['taglists'], order: 'sequence', portion: 1 },
  asset: { kinds: ['assets'], order: 'key', portion: PORTION },
  fact: { kinds: ['facts'], order: 'key', portion: PORTION },
  finding: { kinds: ['findings'], order: 'key', portion: PORTION },
  conversation: { kinds: ['conversations'], order: 'key', portion: PORTION },
  registers: { kinds: ['registers'], order: 'key', portion: FEW },
  observation: { kinds: ['observations', 'flows'], order: 'sequence', portion: PORTION },
  health: { kinds: ['health'], order: 'sequence', portion: PORTION },
};

const FIELDS = ['stillwatch.document', 'stillwatch.wire', 'stillwatch.id', 'stillwatch.owner', 'file.name'];

function read(kind: EntryKind, source: Source): Entry['value'] {
  if (kind === 'asset') return wireOf(source);
  if (kind !== 'tagList') return parsed<Entry['value']>(source);
  const [id, owner, file] = ['stillwatch.id', 'stillwatch.owner', 'file.name'].map((name) => String(source[name] ?? '')) as [string, string, string];
  return { id, owner, file, tags: parsed<Tag[]>(source) };
}

/** Throws a StoreError for the scope of all sites: their ids are alike. */
export async function* entries(scope: Scope): AsyncGenerator<Entry> {
  if (scope.site === null) throw new StoreError('query', 'Sites are exported one by one: name the site (STILLWATCH_SITE).');
  for (const kind of ENTRY_KINDS) {
    const { kinds, order, portion } = PLACES[kind];
    const sort = [...new Set([order, 'key'])].map((name) => ({ [`stillwatch.${name}`]: 'asc' }));
    for await (const hits of everything(scope, kinds, [], sort, FIELDS, portion)) {
      for (const { _source } of hits) yield { kind, value: read(kind, _source) } as Entry;
    }
  }
}
