/** Tags as a list that can be read in again. */
import { COLUMNS } from './columns.ts';
import { rowText } from './csv.ts';
import { addressText, type Tag, typeText } from './tag.ts';

/** CSV with a header; addresses from 0, and it says so. */
export function exportTags(tags: readonly Tag[]): string {
  return rowText(COLUMNS) + tags.map(tagText).join('');
}

/** Its row. */
export const tagText = (tag: Tag): string =>
  rowText([
    tag.server,
    tag.unit,
    tag.table,
    addressText(tag),
    tag.name,
    typeText(tag),
    tag.order ?? '',
    tag.scale,
    tag.offset,
    tag.eu,
    tag.low ?? '',
    tag.high ?? '',
    'wire',
  ]);
