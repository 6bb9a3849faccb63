import { BATCH_ROWS, BATCH_VALUES, Batch, type Definition, type Observation } from './observation.ts';
import type { Order } from './order.ts';

/** The most values one row may carry: a full read of 2,000 coils, rounded up. */
export const ROW_VALUES = 2048;

/** Fills batches row by row and hands each full one on. The consumer must be done with a batch when its call returns. */
export class Writer {
  readonly batch = new Batch();
  /** Where the next value goes; a row's values are written before or after `row`, but before the next row. */
  valueEnd = 0;
  private readonly onBatch: (batch: Batch) => void;
  private readonly order: Order | null;

  /** `order`: keeps in what order rows and definitions come. */
  constructor(onBatch: (batch: Batch) => void, order: Order | null = null) {
    this.onBatch = onBatch;
    this.order = order;
  }

  /** Claims a row with room for ROW_VALUES values and returns its index; columns other than those given are reset. */
  row(operation: number, at: number, outcome: number, requestFrame: number, responseFrame: number): number {
    if (this.batch.rows === BATCH_ROWS || this.valueEnd > BATCH_VALUES - ROW_VALUES) this.flush();
    const b = this.batch;
    const i = b.rows++;
    b.operation[i] = operation;
    b.at[i] = at;
    b.latency[i] = Number.NaN;
    b.outcome[i] = outcome;
    b.status[i] = 0;
    b.requestFrame[i] = requestFrame;
    b.responseFrame[i] = responseFrame;
    b.port[i] = 0;
    b.transaction[i] = 0;
    b.handle[i] = 0;
    b.channel[i] = 0;
    b.valueStart[i] = this.valueEnd;
    b.valueCount[i] = 0;
    b.detail[i] = -1;
    if (this.order !== null) this.order.row(i);
    return i;
  }

  /** Appends one value to row `i`, which must be the newest. Beyond ROW_VALUES a value is dropped. */
  value(i: number, value: number): void {
    const count = this.batch.valueCount[i] as number;
    if (count === ROW_VALUES) return;
    this.batch.values[this.valueEnd++] = value;
    this.batch.valueCount[i] = count + 1;
  }

  /** A row that is a whole observation; with an operation number where it also counts as that operation. */
  detail(observation: Observation, at: number, frame: number, operation = 0): number {
    const i = this.row(operation, at, 0, frame, 0);
    this.batch.detail[i] = this.batch.details.push(observation) - 1;
    return i;
  }

  define(definition: Definition): void {
    this.batch.definitions.push(definition);
    this.order?.definition();
  }

  /** Hands on what there is. Called for a full batch, at the end of every capture block, and at the end. */
  flush(): void {
    if (this.batch.rows === 0 && this.batch.definitions.length === 0) return;
    this.onBatch(this.batch);
    this.batch.clear();
    if (this.order !== null) this.order.defined.length = 0;
    this.valueEnd = 0;
  }
}
