/** A list as a whole: its id, and what it would change. */
import { createHash } from 'node:crypto';
import type { TagList } from '../store/store.ts';
import { tagText } from './export.ts';
import { type Tag, tagPoint } from './tag.ts';

export function tagListOf(owner: string, file: string, tags: Tag[]): TagList {
  const hash = createHash('sha256').update(`tags\0${owner}\0`);
  for (const tag of tags) hash.update(tagText(tag));
  return { id: hash.digest('hex').slice(0, 20), owner, file, tags };
}

export type Changes = { added: Tag[]; removed: Tag[]; changed: { before: Tag; after: Tag }[]; unchanged: number };

/** What a list does to the one before it, point by point. */
export function changesOf(before: readonly Tag[], after: readonly Tag[]): Changes {
  const key = (tag: Tag): string => `${tag.server} ${tagPoint(tag)}`;
  const known = new Map(before.map((tag): [string, Tag] => [key(tag), tag]));
  const changes: Changes = { added: [], removed: [], changed: [], unchanged: 0 };
  for (const tag of after) {
    const old = known.get(key(tag));
    known.delete(key(tag));
    if (old === undefined) changes.added.push(tag);
    else if (same(old, tag)) changes.unchanged++;
    else changes.changed.push({ before: old, after: tag });
  }
  changes.removed.push(...known.values());
  return changes;
}

const PARTS = ['name', 'type', 'length', 'order', 'scale', 'offset', 'eu', 'low', 'high'] as const satisfies readonly (keyof Tag)[];

const same = (a: Tag, b: Tag): boolean => PARTS.every((part) => a[part] === b[part]);
