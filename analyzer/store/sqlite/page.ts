/** Reading a list page by page: keyset, never an offset, so a page costs the same at the start and at the end. */
import { decodeCursor, encodeCursor, orderName, type SortValue } from '../cursor.ts';
import { limited } from '../page.ts';
import type { Page } from '../store.ts';
import type { Database, Input, Row } from './database.ts';

/** Conditions that all hold, and the values for their question marks. */
export type Filter = { sql: string[]; values: Input[] };

export type Sort<T> = { column: string; type: 'number' | 'string'; of(item: T): SortValue };

export type Listing<T extends { id: string }> = {
  table: string;
  /** Which index to take, where the planner cannot know better. */
  hint?: string;
  columns: string;
  filter: Filter;
  sort: Sort<T>;
  order: 'desc' | 'asc';
  limit: number | undefined;
  cursor: string | undefined;
  read(row: Row): T;
};

export const filterOf = (...conditions: (readonly [string, ...Input[]] | null)[]): Filter => {
  const filter: Filter = { sql: [], values: [] };
  for (const condition of conditions) {
    if (condition === null) continue;
    const [sql, ...values] = condition;
    filter.sql.push(sql);
    filter.values.push(...values);
  }
  return filter;
};

export const where = (filter: Filter): string => (filter.sql.length === 0 ? '' : ` WHERE ${filter.sql.join(' AND ')}`);

/** A condition for a wish, or none when there is no wish. */
export const when = <T>(wish: T | undefined, condition: (wish: T) => readonly [string, ...Input[]]): readonly [string, ...Input[]] | null =>
  wish === undefined || wish === '' ? null : condition(wish);

export const total = (db: Database, table: string, filter: Filter): number =>
  Number(db.get(`SELECT count(*) AS n FROM ${table}${where(filter)}`, ...filter.values)?.['n'] ?? 0);

export function page<T extends { id: string }>(db: Database, listing: Listing<T>, count: number): Page<T> {
  const { table, hint = '', columns, filter, sort, cursor } = listing;
  const ascending = listing.order === 'asc';
  const signature = orderName(table, sort.column, listing.order);
  const sql = [...filter.sql];
  const values = [...filter.values];
  if (cursor !== undefined && cursor !== '') {
    const { value, id } = decodeCursor(signature, sort.type, cursor);
    sql.push(`(${sort.column}, id) ${ascending ? '>' : '<'} (?, ?)`);
    values.push(value, id);
  }
  const limit = limited(listing.limit);
  const direction = ascending ? 'ASC' : 'DESC';
  const text = `SELECT ${columns} FROM ${table}${hint}${where({ sql, values })} ORDER BY ${sort.column} ${direction}, id ${direction} LIMIT ?`;
  const items = db.all(text, ...values, limit + 1).map(listing.read);
  if (items.length <= limit) return { items, next: null, total: count };
  items.pop();
  const last = items.at(-1)!;
  return { items, next: encodeCursor(signature, { value: sort.of(last), id: last.id }), total: count };
}
