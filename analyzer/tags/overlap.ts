/** Two tags that claim the same registers: one of them must be wrong. */
import { byPoint, type Tag, widthOf } from './tag.ts';

/** Numbers of two tags, as they lie in the list. */
export type Overlap = { tag: number; with: number };

const SINGLE = new Set<Tag['type']>(['int16', 'uint16', 'bcd16']);

const sameTable = (a: Tag, b: Tag): boolean => a.server === b.server && a.unit === b.unit && a.table === b.table;

/** A status word may be named as a whole and bit by bit; anything else that shares an address does not go together. */
function clash(earlier: Tag, later: Tag): boolean {
  if (!sameTable(earlier, later) || later.address >= earlier.address + widthOf(earlier)) return false;
  if (later.bit === null) return earlier.bit === null;
  return earlier.bit === null ? !SINGLE.has(earlier.type) : earlier.bit === later.bit;
}

/** Every tag that clashes with one before it by address, in that order. */
export function overlaps(tags: readonly Tag[]): Overlap[] {
  const order = Array.from(tags, (_, n) => n).sort((a, b) => byPoint(tags[a] as Tag, tags[b] as Tag) || a - b);
  const found: Overlap[] = [];
  // The whole-register tag that reaches furthest, and the last bit.
  let wide = -1;
  let bit = -1;
  for (const n of order) {
    const tag = tags[n] as Tag;
    const other = [wide, bit].find((one) => one >= 0 && clash(tags[one] as Tag, tag));
    if (other !== undefined) found.push({ tag: n, with: other });
    if (tag.bit !== null) bit = n;
    else if (wide < 0 || !sameTable(tags[wide] as Tag, tag) || tag.address + widthOf(tag) > (tags[wide] as Tag).address + widthOf(tags[wide] as Tag)) wide = n;
  }
  return found;
}
