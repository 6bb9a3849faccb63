/** What crosses between the sensor's process and the analyzer's: batches as the typed arrays they are, and a word now and then. */
import type { Coverage } from '../coverage.ts';
import { BATCH_ROWS, BATCH_VALUES, type Batch, type Definition, type Observation } from '../observation.ts';

/** Columns of a batch with one entry a row. */
const COLUMNS = [
  'operation',
  'at',
  'latency',
  'outcome',
  'status',
  'requestFrame',
  'responseFrame',
  'port',
  'transaction',
  'handle',
  'channel',
  'valueStart',
  'valueCount',
  'detail',
] as const;
type Column = (typeof COLUMNS)[number];
type Columns = { [name in Column]: Batch[name] };

export type BatchMessage = { type: 'batch'; rows: number; values: Float64Array; definitions: Definition[]; details: Observation[] } & Columns;

/** How the sensor's process is confined: capabilities it still has, as a hexadecimal mask, and whether the kernel refuses what it never does. */
export type Confined = { capabilities: string; seccomp: boolean };

export type StatusMessage = { type: 'status'; frames: number; clock: number; coverage: Coverage; warnings: string[]; confined: Confined };
export type ToAnalyzer =
  | BatchMessage
  | StatusMessage
  /** Capturing has begun. */
  | { type: 'ready'; confined: Confined }
  /** It cannot capture; `message` is one line with the fix. */
  | { type: 'failed'; message: string }
  /** Everything was handed over. */
  | { type: 'ended' };

export type ToSensor = { type: 'taken' } | { type: 'stop' };

/** Batches under way at a time. Then the sensor waits, its ring fills, and what finds no room there is counted as lost. */
export const MAX_UNDER_WAY = 16;

/** A batch as a message; its arrays are views that the channel copies when it is sent. */
export function pack(batch: Batch): BatchMessage {
  const { rows } = batch;
  const end = rows === 0 ? 0 : (batch.valueStart[rows - 1] as number) + (batch.valueCount[rows - 1] as number);
  const columns = Object.fromEntries(COLUMNS.map((name) => [name, batch[name].subarray(0, rows)])) as Columns;
  return { type: 'batch', rows, values: batch.values.subarray(0, end), definitions: batch.definitions, details: batch.details, ...columns };
}

/** The other way round, into a batch of one's own. Throws for what no sensor sends. */
export function unpack(message: BatchMessage, into: Batch): void {
  const { rows, values, definitions, details } = message;
  if (!(rows >= 0 && rows <= BATCH_ROWS) || values.length > BATCH_VALUES) throw new Error('a batch of the sensor is larger than any');
  into.clear();
  for (const name of COLUMNS) {
    const column = message[name];
    if (column.length !== rows) throw new Error(`column ${name} of a batch has ${column.length} rows, not ${rows}`);
    into[name].set(column as never);
  }
  into.values.set(values);
  into.definitions.push(...definitions);
  for (const detail of details) into.details.push(detail);
  into.rows = rows;
}
