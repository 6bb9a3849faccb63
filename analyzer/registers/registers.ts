/** The register map: which addresses exist as far as somebody was answered, who reads and writes them, and what they hold. */
import { AMBIGUOUS, ANSWERED, type Observation, OUTCOMES, timestamp } from '../../sensor/observation.ts';
import type { Repeats } from '../baseline/repeats.ts';
import type { Ceiling } from '../coverage.ts';
import type { Fact } from '../fact.ts';
import { idOf } from '../hash.ts';
import { ADDRESSES, parsePoint, TABLES, type Table } from '../point.ts';
import { MAX_PARTIES, type RegisterRange, type RegisterTable } from './map.ts';
import { partsOf } from './part.ts';
import { type Access, type Stretch, sweep } from './sweep.ts';

/** Tables (of a unit of a server) mapped: a plant of 1,000 devices with four tables each has 4,000. */
export const MAX_TABLES = 16_384;
/** Ranges of one table; those at the highest addresses are left out. */
export const MAX_RANGES = 8192;
/** Accesses remembered that are no repeating operation: functions 22, 23 and 24, flawed ones, and operations that lost their number. */
export const MAX_ACCESSES = 32_768;
/** Values remembered of these, over all. */
export const MAX_ACCESS_VALUES = 262_144;

type Kept = Access & { server: string; unit: number; table: Table };
type Group = { server: string; unit: number; table: Table; accesses: Access[] };

const ADDRESSED = new Set<string>([OUTCOMES[ANSWERED], OUTCOMES[AMBIGUOUS]]);

export class Registers {
  /** Accesses that found no place. */
  private refused = 0;
  private readonly kept = new Map<string, Kept>();
  private keptValues = 0;
  private mapped = 0;
  private tablesLeftOut = 0;
  private rangesLeftOut = 0;
  /** Ranges of the table that has most. */
  private widest = 0;
  /** By address, of the table that is being mapped; NaN where nothing is known. */
  private readonly value = new Float64Array(ADDRESSES);
  private readonly seen = new Float64Array(ADDRESSES);
  private readonly low = new Float64Array(ADDRESSES);
  private readonly high = new Float64Array(ADDRESSES);

  /** A transaction that came as an observation of its own. */
  take(o: Observation, at: number): void {
    if (!ADDRESSED.has(String(o['outcome']))) return;
    // Of an ambiguous answer nobody knows which request it belongs to: the addresses were touched, the values may be others'.
    const sure = o['outcome'] === OUTCOMES[ANSWERED];
    for (const part of partsOf(o)) this.keep({ ...part, count: 1, last: at, values: sure ? part.values : null });
  }

  /** An operation's number is given to another: what was done under it stays on the map. */
  retire(repeats: Repeats, n: number): void {
    const access = accessOf(repeats, n);
    if (access !== null) this.keep({ ...access, values: access.values === null ? null : Array.from(access.values) });
  }

  private keep(access: Kept): void {
    const key = `${access.client} ${keyOf(access)} ${access.from} ${access.to} ${access.writes}`;
    const known = this.kept.get(key);
    if (known === undefined && this.kept.size >= MAX_ACCESSES) {
      this.refused++;
      return;
    }
    const values = this.room(access.values, known?.values ?? null);
    if (known === undefined) this.kept.set(key, { ...access, values });
    else if (access.last >= known.last) Object.assign(known, { count: known.count + access.count, last: access.last, values });
    else known.count += access.count;
  }

  /** The newer values, as far as there is room for them. */
  private room(values: Access['values'], before: Access['values']): Access['values'] {
    if (values === null) return before;
    const more = values.length - (before?.length ?? 0);
    if (this.keptValues + more > MAX_ACCESS_VALUES) {
      this.refused++;
      return before;
    }
    this.keptValues += more;
    return values;
  }

  /** Every table by server, unit and table. */
  tables(repeats: Repeats, facts: readonly Fact[]): RegisterTable[] {
    const groups = this.groups(repeats);
    const learned = learnedRanges(facts);
    this.mapped = groups.length;
    this.rangesLeftOut = 0;
    this.widest = 0;
    return groups.map((group) => this.table(group, learned.get(keyOf(group)) ?? []));
  }

  ceilings(): Ceiling[] {
    return [
      { name: 'register tables', limit: MAX_TABLES, used: this.mapped, hit: this.tablesLeftOut },
      { name: 'register ranges of one table', limit: MAX_RANGES, used: this.widest, hit: this.rangesLeftOut },
      { name: 'single register accesses', limit: MAX_ACCESSES, used: this.kept.size, hit: this.refused },
    ];
  }

  private groups(repeats: Repeats): Group[] {
    const groups = new Map<string, Group>();
    const add = (access: Kept): void => {
      const key = keyOf(access);
      const group = groups.get(key);
      if (group !== undefined) group.accesses.push(access);
      else if (groups.size < MAX_TABLES) groups.set(key, { server: access.server, unit: access.unit, table: access.table, accesses: [access] });
      else this.tablesLeftOut++;
    };
    this.tablesLeftOut = 0;
    for (let n = 1; n < repeats.definition.length; n++) {
      const access = accessOf(repeats, n);
      if (access !== null) add(access);
    }
    for (const access of this.kept.values()) add(access);
    return [...groups.values()].sort(inOrder);
  }

  private table({ server, unit, table, accesses }: Group, learned: Learned[]): RegisterTable {
    const stretches = sweep(accesses);
    this.rangesLeftOut += Math.max(0, stretches.length - MAX_RANGES);
    stretches.length = Math.min(stretches.length, MAX_RANGES);
    this.widest = Math.max(this.widest, stretches.length);
    const first = (stretches[0] as Stretch).from;
    const end = (stretches.at(-1) as Stretch).to;
    for (const column of [this.value, this.seen, this.low, this.high]) column.fill(Number.NaN, first, end);
    this.fill(accesses, end, learned);
    const last = accesses.reduce((newest, access) => Math.max(newest, access.last), Number.NEGATIVE_INFINITY);
    return {
      id: idOf('registers', server, unit, table),
      server,
      unit,
      table,
      points: stretches.reduce((sum, { from, to }) => sum + to - from, 0),
      transactions: accesses.reduce((sum, { count }) => sum + count, 0),
      last_seen: timestamp(last),
      ranges: stretches.map((stretch) => this.range(stretch)),
    };
  }

  /** Of several accesses to an address the one seen last says its value. */
  private fill(accesses: Access[], end: number, learned: Learned[]): void {
    for (const { from, to, values, last } of accesses.toSorted((a, b) => a.last - b.last)) {
      this.seen.fill(last, from, Math.min(to, end));
      if (values === null) continue;
      const stop = Math.min(from + values.length, to, end);
      for (let at = from; at < stop; at++) this.value[at] = values[at - from] as number;
    }
    for (const { address, min, max } of learned) {
      this.low[address] = min;
      this.high[address] = max;
    }
  }

  private range({ from, to, readers, writers, reads, writes }: Stretch): RegisterRange {
    let last = Number.NEGATIVE_INFINITY;
    for (let at = from; at < to; at++) last = Math.max(last, this.seen[at] as number);
    const known = (column: Float64Array): (number | null)[] => Array.from(column.subarray(from, to), (value) => (Number.isNaN(value) ? null : value));
    return {
      from,
      quantity: to - from,
      readers: readers.slice(0, MAX_PARTIES),
      writers: writers.slice(0, MAX_PARTIES),
      reads,
      writes,
      last_seen: timestamp(last),
      values: known(this.value),
      low: known(this.low),
      high: known(this.high),
    };
  }
}

const keyOf = ({ server, unit, table }: { server: string; unit: number; table: Table }): string => `${server} ${unit} ${table}`;

const inOrder = (a: Group, b: Group): number =>
  (a.server < b.server ? -1 : a.server > b.server ? 1 : 0) || a.unit - b.unit || TABLES.indexOf(a.table) - TABLES.indexOf(b.table);

/** What an operation did to addresses; null when nobody was ever answered, or when it is about none. */
function accessOf(repeats: Repeats, n: number): Kept | null {
  const definition = repeats.definition[n];
  const count = repeats.answeredCount(n);
  if (definition === undefined || definition.kind !== 'modbus' || count <= 0) return null;
  const [part] = partsOf(definition.fields);
  return part === undefined ? null : { ...part, count, last: repeats.answeredAt(n), values: repeats.valuesOf(n) };
}

type Learned = { address: number; min: number; max: number };

/** What was learned of points, by table. */
function learnedRanges(facts: readonly Fact[]): Map<string, Learned[]> {
  const learned = new Map<string, Learned[]>();
  for (const { kind, protocol, server, unit, what, range, state } of facts) {
    const point = kind === 'point' && protocol === 'modbus' && range !== null && state !== 'retired' ? parsePoint(`${unit}/${what}`) : null;
    if (point === null || range === null) continue;
    const key = keyOf({ server, unit, table: point.table });
    const siblings = learned.get(key);
    const entry = { address: point.address, min: range.min, max: range.max };
    if (siblings === undefined) learned.set(key, [entry]);
    else siblings.push(entry);
  }
  return learned;
}
