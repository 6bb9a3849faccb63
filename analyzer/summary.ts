/** Cyclic traffic in few words: of each operation that only reads, and of the encrypted messages of a channel, one summary per interval of capture time. */
import { ANSWERED, type Batch, type Definition, type Observation, timestamp, type Value } from '../sensor/observation.ts';

/** Operations summarised at a time: as many as the sensor numbers. */
export const MAX_SUMMARISED = 131_072;
/** Values (registers, coils, nodes) of an operation whose first, last, smallest and largest are told. */
export const MAX_SUMMARY_VALUES = 16;

/**
 * How much earlier (ms) a row may be than the interval that is open and still count in it: a request that nobody answered is told
 * when its time-out has passed, which is at most a minute. What is earlier than that is a step of the capture's clock.
 */
const LATE = 60_000;

/** What is kept of an operation: its place in a row of STRIDE numbers. */
const UNTIL = 0;
const COUNT = 1;
const FOUND = 2;
const FIRST = 3;
const LAST = 4;
const STEPS = 5;
const STEP_SUM = 6;
const STEP_SQUARES = 7;
const LATENCY_SUM = 8;
const LATENCY_MAX = 9;
const FIRST_FRAME = 10;
const LAST_FRAME = 11;
const VALUES = 12;
/** Of encrypted messages: bytes of all, of the smallest and of the largest. */
const SIZES = 13;
const SIZE_MIN = 14;
const SIZE_MAX = 15;
const STRIDE = 16;

/** What an operation is to a summary: none of its business, a read, or encrypted messages of one direction. */
const OTHER = 0;
const READ = 1;
const OPAQUE = 2;

/** Of each operation: first, last, smallest and largest values, one behind the other. */
const LAST_VALUE = MAX_SUMMARY_VALUES;
const SMALLEST = MAX_SUMMARY_VALUES * 2;
const LARGEST = MAX_SUMMARY_VALUES * 3;
const BREADTH = MAX_SUMMARY_VALUES * 4;

/**
 * Takes the rows of batches, whatever blocks they come in: which interval a row belongs to is decided by its own time. A summary is
 * told when its operation is next seen behind the interval, when it was not seen for another whole one, or at the end.
 */
export class Summaries {
  /** Capture time at which summaries of operations that fell silent are due. */
  private due = Number.NEGATIVE_INFINITY;
  private readonly interval: number;
  private readonly onSummary: (summary: Observation) => void;
  private readonly definition: (Definition | undefined)[] = [];
  private readonly what = new Uint8Array(MAX_SUMMARISED + 1);
  private readonly stats = new Float64Array((MAX_SUMMARISED + 1) * STRIDE);
  private readonly values = new Float64Array((MAX_SUMMARISED + 1) * BREADTH);
  private readonly open = new Set<number>();

  /** `interval` in ms; intervals begin at its multiples since the epoch. */
  constructor(interval: number, onSummary: (summary: Observation) => void) {
    this.interval = interval;
    this.onSummary = onSummary;
  }

  /** Operations with a summary that is not told yet. */
  get size(): number {
    return this.open.size;
  }

  /** A number got a meaning, maybe another one than before. */
  define(definition: Definition): void {
    const n = definition.operation;
    this.tell(n);
    this.definition[n] = definition;
    this.what[n] = isOpaque(definition) ? OPAQUE : definition.fields[`${definition.kind}.access`] === 'read' ? READ : OTHER;
    this.stats[n * STRIDE + UNTIL] = Number.NEGATIVE_INFINITY;
  }

  /** Whether a summary stands for row `i`: a read like many others, answered, or an encrypted message. Everything else is told one by one. */
  covers(batch: Batch, i: number): boolean {
    if ((batch.detail[i] as number) >= 0) return false;
    const what = this.what[batch.operation[i] as number];
    return what === OPAQUE || (what === READ && batch.outcome[i] === ANSWERED);
  }

  add(batch: Batch, i: number): void {
    const at = batch.at[i] as number;
    if (at >= this.due) this.sweep(at);
    const n = batch.operation[i] as number;
    const what = this.what[n];
    if (what === OTHER) return;
    const { stats } = this;
    const s = n * STRIDE;
    const until = stats[s + UNTIL] as number;
    const frame = (batch.requestFrame[i] as number) || (what === OPAQUE ? (batch.responseFrame[i] as number) : 0);
    if (at >= until || at < until - this.interval - LATE) this.begin(n, at, frame);
    stats[s + COUNT]!++;
    const step = at - (stats[s + LAST] as number);
    if (step >= 0) {
      stats[s + STEPS]!++;
      stats[s + STEP_SUM]! += step;
      stats[s + STEP_SQUARES]! += step * step;
      stats[s + LAST] = at;
    } else if (Number.isNaN(step)) stats[s + LAST] = at;
    if (frame > 0) stats[s + LAST_FRAME] = frame;
    if (what === OPAQUE) this.sized(batch, i, s);
    else if (batch.outcome[i] === ANSWERED) this.answered(batch, i, n, s);
  }

  /** Tells at most `limit` of the summaries that are open; true when there are more. */
  close(limit = Number.POSITIVE_INFINITY): boolean {
    let told = 0;
    for (const n of this.open) {
      if (told++ >= limit) return true;
      this.tell(n);
    }
    return false;
  }

  private answered(batch: Batch, i: number, n: number, s: number): void {
    const { stats } = this;
    const latency = batch.latency[i] as number;
    stats[s + FOUND]!++;
    stats[s + LATENCY_SUM]! += latency;
    if (latency > (stats[s + LATENCY_MAX] as number)) stats[s + LATENCY_MAX] = latency;
    const count = batch.valueCount[i] as number;
    if (count === 0) return;
    const base = n * BREADTH;
    const from = batch.values;
    const start = batch.valueStart[i] as number;
    if (stats[s + VALUES] === 0) this.firstValues(from, start, base, (stats[s + VALUES] = Math.min(count, MAX_SUMMARY_VALUES)));
    const end = Math.min(count, stats[s + VALUES] as number);
    const { values } = this;
    for (let j = 0; j < end; j++) {
      const v = from[start + j] as number;
      values[base + LAST_VALUE + j] = v;
      if (v < (values[base + SMALLEST + j] as number)) values[base + SMALLEST + j] = v;
      if (v > (values[base + LARGEST + j] as number)) values[base + LARGEST + j] = v;
    }
  }

  /** FOUND counts those that the client sent. */
  private sized(batch: Batch, i: number, s: number): void {
    const { stats } = this;
    const size = batch.handle[i] as number;
    stats[s + SIZES]! += size;
    if (stats[s + COUNT] === 1 || size < (stats[s + SIZE_MIN] as number)) stats[s + SIZE_MIN] = size;
    if (size > (stats[s + SIZE_MAX] as number)) stats[s + SIZE_MAX] = size;
    if ((batch.requestFrame[i] as number) > 0) stats[s + FOUND]!++;
  }

  private firstValues(from: Float64Array, start: number, base: number, count: number): void {
    for (let j = 0; j < count; j++) {
      this.values[base + j] = from[start + j] as number;
      this.values[base + SMALLEST + j] = Number.POSITIVE_INFINITY;
      this.values[base + LARGEST + j] = Number.NEGATIVE_INFINITY;
    }
  }

  private begin(n: number, at: number, frame: number): void {
    this.tell(n);
    const { stats } = this;
    const s = n * STRIDE;
    stats.fill(0, s, s + STRIDE);
    stats[s + UNTIL] = (Math.floor(at / this.interval) + 1) * this.interval;
    stats[s + FIRST] = at;
    stats[s + LAST] = Number.NaN;
    stats[s + FIRST_FRAME] = frame;
    this.open.add(n);
  }

  /** Operations that were not seen for a whole interval. */
  private sweep(at: number): void {
    const start = Math.floor(at / this.interval) * this.interval;
    this.due = start + this.interval;
    for (const n of this.open) if ((this.stats[n * STRIDE + UNTIL] as number) <= start - this.interval) this.tell(n);
  }

  private tell(n: number): void {
    if (!this.open.delete(n)) return;
    const { kind, fields } = this.definition[n] as Definition;
    const stats = this.stats.subarray(n * STRIDE, (n + 1) * STRIDE);
    const special = this.what[n] === OPAQUE ? sizes(stats) : this.answers(stats, n * BREADTH);
    this.onSummary({ kind, '@timestamp': timestamp(stats[FIRST] as number), ...fields, ...this.figures(stats, special) } as Observation);
    this.stats[n * STRIDE + UNTIL] = Number.NEGATIVE_INFINITY;
  }

  private figures(stats: Float64Array, special: { [field: string]: Value }): { [field: string]: Value } {
    const at = (k: number): number => stats[k] as number;
    const steps = at(STEPS);
    const period = at(STEP_SUM) / steps;
    return {
      'summary.start': timestamp(at(UNTIL) - this.interval),
      'summary.interval': this.interval,
      'summary.count': at(COUNT),
      'summary.period': rounded(period),
      'summary.jitter': rounded(Math.sqrt(Math.max(0, at(STEP_SQUARES) / steps - period * period))),
      ...special,
      'summary.first_frame': at(FIRST_FRAME) || null,
      'summary.last_frame': at(LAST_FRAME) || null,
    };
  }

  /** Of a read: how it was answered, and with what. */
  private answers(stats: Float64Array, base: number): { [field: string]: Value } {
    const found = stats[FOUND] as number;
    const count = stats[VALUES] as number;
    const shown = (offset: number): Value => (count === 0 ? null : Array.from(this.values.subarray(base + offset, base + offset + count), finite));
    return {
      'summary.answered': found,
      'summary.latency_mean': rounded((stats[LATENCY_SUM] as number) / found),
      'summary.latency_max': found === 0 ? null : rounded(stats[LATENCY_MAX] as number),
      'summary.first_values': shown(0),
      'summary.last_values': shown(LAST_VALUE),
      'summary.values_min': shown(SMALLEST),
      'summary.values_max': shown(LARGEST),
    };
  }
}

/** Of encrypted messages: who sent them, and their bytes. */
const sizes = (stats: Float64Array): { [field: string]: Value } => ({
  'summary.sender': stats[FOUND] === 0 ? 'server' : 'client',
  'summary.bytes': stats[SIZES] as number,
  'summary.size_min': stats[SIZE_MIN] as number,
  'summary.size_max': stats[SIZE_MAX] as number,
});

/** Whether the operation is encrypted messages: nothing of them can be told but their size and when they came. */
export const isOpaque = ({ kind, fields }: Definition): boolean => kind === 'opcua' && fields['opcua.visibility'] === 'opaque';

/** ms with three decimals; null for what is no number. */
const rounded = (ms: number): number | null => (Number.isFinite(ms) ? Math.round(ms * 1000) / 1000 : null);
const finite = (value: number): Value => (Number.isFinite(value) ? value : null);
