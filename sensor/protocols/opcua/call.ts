/** What decoding both halves of one transaction brings together. */
import type { Value } from '../../observation.ts';
import type { Ledger } from './ledger.ts';
import type { Nonce } from './nonces.ts';
import type { Reader } from './reader.ts';

/** Nodes, methods, endpoints, references kept of one message. The rest is read past and `opcua.left_off` counts it. */
export const MAX_ITEMS = 5000;

export type Fields = { [field: string]: Value };
export type Item = { [key: string]: Value };

/** Decoders of one transaction write here: the request's first, then the response's. */
export class Call {
  /** Full field names, in print order. */
  readonly fields: Fields = {};
  /** `opcua.nodes`: what the request touches, in its order; null when the service touches no nodes. */
  nodes: Item[] | null = null;
  /** `opcua.methods` of a Call. */
  methods: Item[] | null = null;
  /** Items beyond MAX_ITEMS. */
  leftOff = 0;
  /** The service failed: then there need not be any results. */
  failed = false;
  /** The authentication token that a CreateSession response gave, as a key. Never printed. */
  token: string | null = null;
  /** Nonces of client and server, in the order they came. Never printed. */
  readonly nonces: Nonce[] = [];
  /** When the request was seen (for an orphan, the response), ms. */
  at = 0;
  readonly ledger: Ledger;

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  /** Reads an array of items: `read` is called for every one, what it gives is kept up to MAX_ITEMS. */
  list(r: Reader, bytesEach: number, read: (r: Reader, i: number) => Item | null): Item[] {
    const out: Item[] = [];
    const count = r.items(bytesEach);
    for (let i = 0; i < count && !r.short; i++) {
      const item = read(r, i);
      if (item === null) continue;
      if (out.length < MAX_ITEMS && r.keep()) out.push(item);
      else this.leftOff++;
    }
    return out;
  }

  /** Reads a response's results, each for the node (or method) of the same place in the request; flags a different number. */
  results(r: Reader, bytesEach: number, into: Item[] | null, read: (r: Reader, item: Item) => void): void {
    const count = r.items(bytesEach);
    const spare: Item = {};
    if (into !== null && this.leftOff === 0 && !this.failed && count !== into.length) r.flaw('result_count_mismatch');
    for (let i = 0; i < count && !r.short; i++) read(r, into?.[i] ?? spare);
  }
}
