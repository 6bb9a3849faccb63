import { ANSWERED, type Batch, type Definition, TIMEOUT, timestamp } from '../../sensor/observation.ts';
import type { Facts, Verdicts } from './facts.ts';
import { type Touch, touchOf } from './touch.ts';

/** Operations followed at a time: as many as the sensor numbers. */
export const MAX_REPEATS = 131_072;
/** Values (registers, coils, nodes) whose range and last value are kept, over all operations. */
export const MAX_VALUES = 2_097_152;
const OUTCOME_SLOTS = 8;

/** What is to be done for a row of an operation with an outcome. */
export const UNPLANNED = 0;
export const IDLE = 1;
export const BUSY = 2;

/** What is kept of each operation beside its number: columns, so that a repeat costs a few array reads. */
export class Repeats {
  /** Operations whose values found no place. */
  refused = 0;
  readonly definition: (Definition | undefined)[] = [];
  readonly touch: (Touch | null)[] = [];
  readonly verdicts: (Verdicts | null)[] = [];
  readonly count = new Float64Array(MAX_REPEATS + 1);
  readonly last = new Float64Array(MAX_REPEATS + 1);
  /** Mean and mean absolute deviation of the interval between requests, ms, over about the last 32. */
  readonly period = new Float64Array(MAX_REPEATS + 1);
  readonly jitter = new Float64Array(MAX_REPEATS + 1);
  readonly latency = new Float64Array(MAX_REPEATS + 1);
  /** When the verdict changes (learning ends); Infinity when it will not. */
  readonly reviewAt = new Float64Array(MAX_REPEATS + 1);
  readonly learning = new Uint8Array(MAX_REPEATS + 1);
  /** UNPLANNED, IDLE or BUSY, by operation and outcome. */
  readonly plan = new Uint8Array((MAX_REPEATS + 1) * OUTCOME_SLOTS);
  /** Rows by peer and outcome. */
  readonly outcomes = new Float64Array(65_537 * OUTCOME_SLOTS);
  private readonly peer = new Int32Array(MAX_REPEATS + 1);
  private readonly base = new Int32Array(MAX_REPEATS + 1);
  private readonly slots = new Int32Array(MAX_REPEATS + 1);
  /** Rows that were not answered, as which one the newest of them was counted, and when (ms) the one answered before it was seen. */
  private readonly vain = new Float64Array(MAX_REPEATS + 1);
  private readonly vainAs = new Float64Array(MAX_REPEATS + 1);
  private readonly answered = new Float64Array(MAX_REPEATS + 1);
  private readonly counted = new Float64Array(MAX_REPEATS + 1);
  private readonly min = new Float64Array(MAX_VALUES);
  private readonly max = new Float64Array(MAX_VALUES);
  private readonly value = new Float64Array(MAX_VALUES);
  private valueEnd = 0;
  private readonly byServer = new Map<string, Set<number>>();

  /** A number got a meaning, maybe another one than before: what was counted under it belongs to its former facts. */
  define(definition: Definition, facts: Facts): void {
    const n = definition.operation;
    this.settle(n, facts);
    this.byServer.get(this.definition[n]?.peer.server ?? '')?.delete(n);
    this.definition[n] = definition;
    this.touch[n] = touchOf(definition.kind, definition.fields);
    const siblings = this.byServer.get(definition.peer.server);
    if (siblings === undefined) this.byServer.set(definition.peer.server, new Set([n]));
    else siblings.add(n);
    this.verdicts[n] = null;
    this.peer[n] = definition.peer.number;
    this.count[n] = 0;
    this.answered[n] = 0;
    this.counted[n] = 0;
    this.vain[n] = 0;
    this.vainAs[n] = 0;
    this.period[n] = 0;
    this.jitter[n] = 0;
    this.latency[n] = 0;
    this.reviewAt[n] = Number.NEGATIVE_INFINITY;
    this.learning[n] = 0;
    this.slots[n] = 0;
    this.forget(n);
  }

  /** The plans of an operation have to be made again. */
  forget(n: number): void {
    this.plan.fill(UNPLANNED, n * OUTCOME_SLOTS, (n + 1) * OUTCOME_SLOTS);
  }

  /** What is known changed: every operation is judged again when it is next seen. */
  reviewAll(): void {
    this.reviewAt.fill(Number.NEGATIVE_INFINITY);
  }

  /** Answers by Modbus unit, one entry an operation. */
  *answersOfUnits(): Generator<{ server: string; unit: number; answers: number; lastAt: number }> {
    for (const [n, touch] of this.touch.entries()) {
      const answers = touch == null || touch.unit < 0 ? 0 : this.answeredCount(n);
      if (touch != null && answers > 0) yield { server: touch.server, unit: touch.unit, answers, lastAt: this.answeredAt(n) };
    }
  }

  planned(n: number, outcome: number): number {
    return this.plan[n * OUTCOME_SLOTS + outcome] as number;
  }

  setPlan(n: number, outcome: number, busy: boolean): void {
    this.plan[n * OUTCOME_SLOTS + outcome] = busy ? BUSY : IDLE;
  }

  /** Counts row `i`: rhythm, latency, and the range and last value of every value. */
  add(batch: Batch, i: number, n: number): void {
    const at = batch.at[i] as number;
    const outcome = batch.outcome[i] as number;
    const seen = (this.count[n] as number) + 1;
    this.count[n] = seen;
    this.outcomes[(this.peer[n] as number) * OUTCOME_SLOTS + outcome]!++;
    if (seen > 1) this.rhythm(n, at - (this.last[n] as number), seen);
    if (outcome !== ANSWERED) this.inVain(n, seen);
    this.last[n] = at;
    if (outcome < TIMEOUT) {
      const latency = this.latency[n] as number;
      this.latency[n] = latency + ((batch.latency[i] as number) - latency) / Math.min(seen, 32);
    }
    // What a refused or unanswered write carried never became a value.
    const count = batch.valueCount[i] as number;
    if (count > 0 && outcome === ANSWERED) this.values(batch, i, n, count);
  }

  /** Only here, off the path of nearly every row, is kept what tells answered rows from others. */
  private inVain(n: number, seen: number): void {
    if (this.vainAs[n] !== seen - 1) this.answered[n] = this.last[n] as number;
    this.vainAs[n] = seen;
    this.vain[n]!++;
  }

  /** Rows that were answered. */
  answeredCount(n: number): number {
    return (this.count[n] as number) - (this.vain[n] as number);
  }

  /** When (ms) the newest of them was seen. */
  answeredAt(n: number): number {
    return (this.vainAs[n] === this.count[n] ? this.answered[n] : this.last[n]) as number;
  }

  /** The values seen last, in the order of the operation's points; null where there are none. */
  valuesOf(n: number): Float64Array | null {
    const slots = this.slots[n] as number;
    return slots === 0 ? null : this.value.subarray(this.base[n] as number, (this.base[n] as number) + slots);
  }

  private rhythm(n: number, interval: number, seen: number): void {
    const weight = seen < 32 ? 1 / seen : 1 / 32;
    const off = interval - (this.period[n] as number);
    this.period[n]! += off * weight;
    this.jitter[n]! += ((off < 0 ? -off : off) - (this.jitter[n] as number)) * weight;
  }

  private values(batch: Batch, i: number, n: number, count: number): void {
    if (this.slots[n] === 0 && !this.allot(n, count)) return;
    const base = this.base[n] as number;
    const start = batch.valueStart[i] as number;
    const end = Math.min(count, this.slots[n] as number);
    const from = batch.values;
    const { min, max, value } = this;
    if (this.learning[n] === 1) {
      for (let j = 0; j < end; j++) {
        const v = from[start + j] as number;
        if (v < (min[base + j] as number)) min[base + j] = v;
        if (v > (max[base + j] as number)) max[base + j] = v;
        value[base + j] = v;
      }
    } else {
      for (let j = 0; j < end; j++) value[base + j] = from[start + j] as number;
    }
  }

  private allot(n: number, count: number): boolean {
    if (this.valueEnd + count > MAX_VALUES) {
      this.refused++;
      return false;
    }
    const base = this.valueEnd;
    this.base[n] = base;
    this.slots[n] = count;
    this.valueEnd += count;
    this.min.fill(Number.POSITIVE_INFINITY, base, base + count);
    this.max.fill(Number.NEGATIVE_INFINITY, base, base + count);
    return true;
  }

  /** Hands what every operation counted to its facts. */
  settleAll(facts: Facts): void {
    for (let n = 1; n < this.definition.length; n++) this.settle(n, facts);
  }

  /** The same for the operations on one server. */
  settleServer(server: string, facts: Facts): void {
    for (const n of this.byServer.get(server) ?? []) this.settle(n, facts);
  }

  private settle(n: number, facts: Facts): void {
    const touch = this.touch[n] ?? null;
    const more = (this.count[n] as number) - (this.counted[n] as number);
    if (touch === null || more === 0) return;
    this.counted[n] = this.count[n] as number;
    const seen = timestamp(this.last[n] as number);
    facts.count(touch, more, seen);
    const { points } = touch;
    const slots = Math.min(this.slots[n] as number, points.length);
    const base = this.base[n] as number;
    for (let j = 0; j < slots; j++) {
      const min = this.min[base + j] as number;
      if (min === Number.POSITIVE_INFINITY) continue;
      facts.range(touch, points[j] as string, { min, max: this.max[base + j] as number, last: this.value[base + j] as number }, seen);
    }
  }
}
