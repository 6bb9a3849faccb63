/** Tags by where they lie: found for a transaction, a page of points, or one address. */
import type { Observation, Value } from '../../sensor/observation.ts';
import type { Table } from '../point.ts';
import { type Part, partsOf } from '../registers/part.ts';
import { decode } from './decode.ts';
import { overlaps } from './overlap.ts';
import { MAX_STRING } from './spelling.ts';
import { byPoint, type Tag, tagPoint, widthOf } from './tag.ts';

/** Addresses that the longest tag takes. */
const WIDEST = MAX_STRING / 2;

export class TagIndex {
  static readonly NONE = new TagIndex([]);
  readonly size: number;
  private readonly byTable = new Map<string, Tag[]>();

  /** Of tags that overlap, as those of two lists may, the one given first stays. */
  constructor(tags: readonly Tag[]) {
    const kept = withoutLater(tags);
    this.size = kept.length;
    for (const tag of kept) {
      const key = tableKey(tag.server, tag.unit, tag.table);
      const siblings = this.byTable.get(key);
      if (siblings === undefined) this.byTable.set(key, [tag]);
      else siblings.push(tag);
    }
    for (const siblings of this.byTable.values()) siblings.sort(byPoint);
  }

  /** Tags with an address in `from..to` (the end not in it), by address. */
  within(server: string, unit: number, table: Table, from: number, to: number): Tag[] {
    const found: Tag[] = [];
    const tags = this.byTable.get(tableKey(server, unit, table)) ?? [];
    for (let n = firstFrom(tags, from - WIDEST); n < tags.length; n++) {
      const tag = tags[n] as Tag;
      if (tag.address >= to) break;
      if (tag.address + widthOf(tag) > from) found.push(tag);
    }
    return found;
  }

  /** The values of a Modbus transaction that have a name, as `modbus.tags`; null when none has. */
  of(o: Observation): Value[] | null {
    if (this.size === 0 || o.kind !== 'modbus') return null;
    const named = partsOf(o).flatMap((part) => (part.values === null ? [] : this.read(part)));
    return named.length === 0 ? null : named;
  }

  /** The observation with `modbus.tags` where any value has a name; else as it is. */
  tagged(o: Observation): Observation {
    const tags = this.of(o);
    return tags === null ? o : { ...o, 'modbus.tags': tags };
  }

  private read({ server, unit, table, from, to, values }: Part): Value[] {
    return this.within(server, unit, table, from, to).map((tag) => {
      const registers = Array.from({ length: widthOf(tag) }, (_, n) => values?.[tag.address - from + n] ?? null);
      return { point: tagPoint(tag), name: tag.name, ...unitOf(decode(tag, registers), tag) };
    });
  }
}

const unitOf = ({ value, state }: ReturnType<typeof decode>, { eu }: Tag): { value: Value; unit: string; state: Value } => ({ value, unit: eu, state });

const tableKey = (server: string, unit: number, table: Table): string => `${server} ${unit} ${table}`;

/** Number of the first tag at or after an address. */
function firstFrom(tags: readonly Tag[], address: number): number {
  let [low, high] = [0, tags.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tags[middle] as Tag).address < address) low = middle + 1;
    else high = middle;
  }
  return low;
}

function withoutLater(tags: readonly Tag[]): readonly Tag[] {
  const found = overlaps(tags);
  if (found.length === 0) return tags;
  const out = new Set<number>();
  for (const { tag, with: other } of found) if (!out.has(tag) && !out.has(other)) out.add(Math.max(tag, other));
  return withoutLater(tags.filter((_, n) => !out.has(n)));
}
