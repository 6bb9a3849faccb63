/** Requests that wait for their response, over all connections of a sensor: reused, counted. */
import type { Ceiling } from '../../coverage.ts';
import type { Operations } from '../../operations.ts';
import type { Sink } from '../dissector.ts';
import { MAX_UNDER_WAY } from './identification.ts';
import { Transaction } from './transaction.ts';
import { MAX_TRANSFERS } from './transfer.ts';

/** Requests of one connection that may wait; the oldest is reported unanswered to make room. */
export const MAX_OUTSTANDING = 256;
/** Transactions kept for reuse. */
export const MAX_POOL = 4096;

export class Waits {
  waiting = 0;
  /** Requests reported unanswered before their time, because their connection had too many. */
  evicted = 0;
  /** Identifications and transfers in several messages that were not put together, because their connection had too many. */
  unjoined = 0;
  private readonly pool: Transaction[] = [];

  take(): Transaction {
    this.waiting++;
    return this.pool.pop() ?? new Transaction();
  }

  giveBack(t: Transaction): void {
    this.waiting--;
    if (this.pool.length < MAX_POOL) this.pool.push(t);
  }

  ceilings(): Ceiling[] {
    return [
      { name: 'modbus requests waiting, by connection', limit: MAX_OUTSTANDING, used: this.waiting, hit: this.evicted },
      { name: 'modbus identifications and transfers under way, by connection', limit: MAX_UNDER_WAY + MAX_TRANSFERS, used: 0, hit: this.unjoined },
    ];
  }
}

const all = new WeakMap<Operations, Waits>();

/** Those of a sensor. */
export function waitsOf(sink: Sink): Waits {
  const known = all.get(sink.operations);
  if (known !== undefined) return known;
  const made = new Waits();
  all.set(sink.operations, made);
  return made;
}
