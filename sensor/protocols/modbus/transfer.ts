/** Programs that UMAS carries block by block: put together, counted and hashed as they pass, never kept. */
import { createHash, type Hash } from 'node:crypto';
import type { Value } from '../../observation.ts';
import type { Transaction } from './transaction.ts';
import {
  BEGIN_FROM_CONTROLLER,
  BEGIN_TO_CONTROLLER,
  BLOCK_FROM_CONTROLLER,
  BLOCK_TO_CONTROLLER,
  END_FROM_CONTROLLER,
  END_TO_CONTROLLER,
  MAX_UMAS_PDU,
} from './umas.ts';

/** Transfers of one connection that may be under way: one a unit. */
export const MAX_TRANSFERS = 8;

type Direction = 'to_controller' | 'from_controller';
type Transfer = { direction: Direction; announced: number | null; blocks: number; bytes: number; holes: boolean; hash: Hash };

export type TransferSummary = { direction: Direction; blocks: number; bytes: number; sha256: string; complete: boolean };

/** Follows the transfers of one connection. */
export class Transfers {
  /** Those that were not put together because too many were under way. */
  refused = 0;
  private readonly open = new Map<number, Transfer>();

  /** Takes an answered UMAS transaction whose response PDU is `start..end`; says what was carried when it was the last. */
  take(t: Transaction, view: DataView, start: number, end: number): TransferSummary | null {
    const data = start + 3;
    if (t.sub === BEGIN_TO_CONTROLLER) this.begin(t.unit, 'to_controller', null);
    else if (t.sub === BEGIN_FROM_CONTROLLER) this.begin(t.unit, 'from_controller', end - data >= 6 ? view.getUint32(data + 2, true) : null);
    else if (t.sub === BLOCK_TO_CONTROLLER) this.block(t, 'to_controller', t.block);
    else if (t.sub === BLOCK_FROM_CONTROLLER) this.block(t, 'from_controller', carried(view, data, end));
    else if (t.sub === END_TO_CONTROLLER || t.sub === END_FROM_CONTROLLER) return this.end(t.unit, numberOf(t));
    return null;
  }

  /** What never came to its end. */
  unfinished(): TransferSummary[] {
    return [...this.open.keys()].map((unit) => this.end(unit, -1) as TransferSummary);
  }

  private begin(unit: number, direction: Direction, announced: number | null): void {
    if (this.open.size >= MAX_TRANSFERS && !this.open.has(unit)) {
      this.refused++;
      return;
    }
    this.open.set(unit, { direction, announced, blocks: 0, bytes: 0, holes: false, hash: createHash('sha256') });
  }

  /** Blocks are numbered from 1; a number seen before is a repeat, one left out a hole. */
  private block(t: Transaction, direction: Direction, bytes: Uint8Array | null): void {
    if (!this.open.has(t.unit)) this.begin(t.unit, direction, null);
    const transfer = this.open.get(t.unit);
    const number = numberOf(t);
    if (transfer === undefined || transfer.direction !== direction || number <= transfer.blocks) return;
    if (number !== transfer.blocks + 1 || bytes === null) transfer.holes = true;
    transfer.blocks = number;
    if (bytes === null) return;
    transfer.bytes += bytes.length;
    transfer.hash.update(bytes);
  }

  /** `last`: the number of the last block as the end says it, -1 when there was none. */
  private end(unit: number, last: number): TransferSummary | null {
    const transfer = this.open.get(unit);
    this.open.delete(unit);
    if (transfer === undefined) return null;
    const { direction, announced, blocks, bytes, holes, hash } = transfer;
    const complete = !holes && last === blocks && blocks > 0 && (announced === null || announced === bytes);
    return { direction, blocks, bytes, sha256: hash.digest('hex'), complete };
  }
}

const numberOf = (t: Transaction): number => Number(t.more?.['modbus.umas_block'] ?? 0);

/** Two bytes of state, the length, the bytes. */
function carried(view: DataView, start: number, end: number): Uint8Array | null {
  if (end - start < 4) return null;
  const size = view.getUint16(start + 2, true);
  if (size !== end - start - 4 || size > MAX_UMAS_PDU) return null;
  return new Uint8Array(view.buffer, view.byteOffset + start + 4, size);
}

/** As a field of an observation. */
export const transferField = (of: TransferSummary): { [field: string]: Value } => ({ 'modbus.transfer': { ...of } });
