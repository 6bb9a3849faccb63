/**
 * Where batches cross between processes: a file without a name, in memory where the system has such a place, that both have open. The numbers of a batch are
 * copied into one of its slots and out of it; only what is rare (definitions, whole observations) and the slot's number go over the channel.
 */
import { closeSync, existsSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BATCH_ROWS, BATCH_VALUES, type Batch } from '../observation.ts';
import type { Order } from '../order.ts';
import { MAX_UNDER_WAY } from './message.ts';

/** Columns with one entry a row, the widest first, so that each begins where its width allows. */
const COLUMNS = [
  'at',
  'latency',
  'requestFrame',
  'responseFrame',
  'operation',
  'status',
  'transaction',
  'handle',
  'channel',
  'valueStart',
  'valueCount',
  'detail',
  'port',
  'outcome',
] as const;

/** Batches that may lie between the two at a time. */
export const SLOTS = 32;
const WIDEST = 8;
/** Room for a full batch: 67 bytes a row, 16 for its order, its values, and as much again as rounding takes. */
const SLOT = BATCH_ROWS * 88 + BATCH_VALUES * 8;

/** Where a batch lies. `bytes`: they go over the channel, for want of a slot. */
export type Place = { slot: number; rows: number; values: number; bytes?: Uint8Array };

/** Where the values of a batch end. */
const valuesOf = ({ rows, valueStart, valueCount }: Batch): number => (rows === 0 ? 0 : (valueStart[rows - 1] as number) + (valueCount[rows - 1] as number));

const staging = new Uint8Array(SLOT);

const padded = (bytes: number): number => Math.ceil(bytes / WIDEST) * WIDEST;

/** Calls `each` for every column and for the values, with where its bytes stand; gives the bytes of all. */
function laidOut(
  batch: Batch,
  order: Order | null,
  rows: number,
  values: number,
  each: (column: Batch[(typeof COLUMNS)[number]] | Float64Array, at: number, length: number) => void,
): number {
  let at = 0;
  for (const column of order === null ? [] : [order.time, order.rank]) {
    each(column, at, rows);
    at += rows * WIDEST;
  }
  for (const name of COLUMNS) {
    each(batch[name], at, rows);
    at += padded(rows * batch[name].BYTES_PER_ELEMENT);
  }
  each(batch.values, at, values);
  return at + values * WIDEST;
}

/** The analyzer's side: makes the file, and reads batches out of it. */
export class Inbox {
  /** For the sensor's process to inherit. */
  readonly fd: number;

  constructor() {
    const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'stillwatch-'));
    this.fd = openSync(join(folder, 'batches'), 'w+', 0o600);
    rmSync(folder, { recursive: true });
  }

  /** The batch at a place, with the order of its rows where it crosses with it. Throws for what no sensor sends. */
  read({ slot, rows, values, bytes }: Place, into: Batch, order: Order | null = null): void {
    const sound = slot >= -1 && slot < SLOTS && rows >= 0 && rows <= BATCH_ROWS && values >= 0 && values <= BATCH_VALUES;
    if (!sound) throw new Error('a batch of the sensor is larger than any');
    const size = laidOut(into, order, rows, values, () => {});
    if (bytes !== undefined && bytes.length === size) staging.set(bytes);
    else if (slot < 0 || readSync(this.fd, staging, 0, size, slot * SLOT) !== size) throw new Error('a batch of the sensor is cut short');
    laidOut(into, order, rows, values, (column, at, length) => {
      new Uint8Array(column.buffer, 0, length * column.BYTES_PER_ELEMENT).set(staging.subarray(at, at + length * column.BYTES_PER_ELEMENT));
    });
    into.rows = rows;
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** The sensor's side. */
export class Outbox {
  private readonly fd: number;
  private readonly free = Array.from({ length: SLOTS }, (_, slot) => slot);
  /** Batches that were written and not taken yet. */
  underWay = 0;
  private wake: (() => void) | null = null;

  constructor(fd: number) {
    this.fd = fd;
  }

  /** Writes a batch. */
  write(batch: Batch, order: Order | null = null): Place {
    const { rows } = batch;
    this.underWay++;
    const values = valuesOf(batch);
    const size = laidOut(batch, order, rows, values, (column, at, length) => {
      staging.set(new Uint8Array(column.buffer, 0, length * column.BYTES_PER_ELEMENT), at);
    });
    const slot = this.free.pop();
    if (slot === undefined) return { slot: -1, rows, values, bytes: staging.slice(0, size) };
    writeSync(this.fd, staging, 0, size, slot * SLOT);
    return { slot, rows, values };
  }

  /** The slot was read. */
  taken(slot: number): void {
    if (slot >= 0) this.free.push(slot);
    if (--this.underWay < MAX_UNDER_WAY) this.wake?.();
  }

  /** Resolves when there is room for more; undefined when there is. */
  room(): Promise<void> | undefined {
    if (this.underWay < MAX_UNDER_WAY) return undefined;
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }
}
