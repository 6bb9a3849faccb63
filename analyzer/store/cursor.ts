/** Where a page ended: the sort, the last item's value in it and its id. Opaque outside; checked when it comes back. */
import { StoreError } from './store.ts';

/** Characters of a cursor: more is refused unread. */
export const MAX_CURSOR = 16_384;

export type SortValue = number | string;
/** `id` is that of the item, within its site where the list is of one. `snapshot`: what the backend keeps for who turns pages. */
export type Position = { value: SortValue; id: string; snapshot?: string };

const bad = (): StoreError => new StoreError('query', 'This page link is damaged or belongs to another list: start again from the first page.');

/** Every backend names an order alike: a page link is good for whichever answers. */
export const orderName = (list: string, column: string, order: 'asc' | 'desc'): string => `${list} ${column} ${order}`;

/** `sort` names list, column and direction: a cursor is good for that order alone. */
export const encodeCursor = (sort: string, { value, id, snapshot }: Position): string =>
  Buffer.from(JSON.stringify([sort, value, id, ...(snapshot === undefined ? [] : [snapshot])])).toString('base64url');

function parse(cursor: string): unknown {
  if (typeof cursor !== 'string' || cursor.length > MAX_CURSOR || !/^[\w-]+$/.test(cursor)) throw bad();
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    throw bad();
  }
}

/** Throws a StoreError (`query`) unless it came from `encodeCursor` for the same sort with a value of the same type. */
export function decodeCursor(sort: string, type: 'number' | 'string', cursor: string): Position {
  const parts = parse(cursor);
  if (!Array.isArray(parts) || parts.length < 3 || parts.length > 4 || parts[0] !== sort) throw bad();
  const [, value, id, snapshot] = parts as unknown[];
  if (typeof value !== type || typeof id !== 'string' || !['undefined', 'string'].includes(typeof snapshot)) throw bad();
  return { value: value as SortValue, id, ...(snapshot === undefined ? {} : { snapshot: snapshot as string }) };
}
