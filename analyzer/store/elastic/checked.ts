/** What documents say, where it is what it should be: whoever may write to the cluster may have written anything. */
import type { Tag } from '../../tags/tag.ts';
import { isEntry } from '../entry.ts';
import type { Entry, EntryKind } from '../store.ts';
import type { Source } from './scope.ts';

/** Of a document that was written by the one who reads it. */
export const parsed = <T>(source: Source, field = 'stillwatch.document'): T => JSON.parse(String(source[field])) as T;

/** The same of what anybody may have written; null when it is no JSON. */
export function readable(source: Source, field?: string): unknown {
  try {
    return parsed(source, field);
  } catch {
    return null;
  }
}

/** An object may be spread; of anything else nothing is left. */
export const objectIn = (source: Source): object => Object(readable(source)) as object;

type Value<K extends EntryKind> = Extract<Entry, { kind: K }>['value'];

/** The value when it is one of this kind, else null. */
export const checked = <K extends EntryKind>(kind: K, value: unknown): Value<K> | null => (isEntry(kind, value) ? value : null) as Value<K> | null;

/** The same of the document in a field. */
export const contentOf = <K extends EntryKind>(kind: K, source: Source, field?: string): Value<K> | null => checked(kind, readable(source, field));

/** Tags of one part of a list. */
export const tagsIn = (source: Source): Tag[] => checked('tagList', { id: 'part', owner: 'part', file: '', tags: readable(source) })?.tags ?? [];

/** Where the asset without edits is. */
export const wireField = (source: Source): string | undefined => (source['stillwatch.wire'] === undefined ? undefined : 'stillwatch.wire');

const FOLDED: { [kind: string]: (source: Source) => unknown } = {
  findings: () => true,
  facts: (source) => contentOf('fact', source),
  assets: (source) => contentOf('asset', source, wireField(source)),
};

/** Whether decisions can be folded into it. */
export const isFoldable = (kind: string, source: Source): boolean => (FOLDED[kind]?.(source) ?? null) !== null;
