/** What decoding both halves of one transaction brings together. */
import type { Value } from '../../observation.ts';
import { diagnosticInfo, MAX_DIAGNOSTICS, MAX_TABLE, skipDiagnosticInfo } from './diagnostic.ts';
import type { Ledger } from './ledger.ts';
import type { Nonce } from './nonces.ts';
import type { Reader } from './reader.ts';
import type { Subscriptions } from './subscriptions.ts';

/** Nodes, methods, endpoints, references kept of one message. The rest is read past and `opcua.left_off` counts it. */
export const MAX_ITEMS = 5000;

export type Fields = { [field: string]: Value };
export type Item = { [key: string]: Value };

/** Decoders of one transaction write here: the request's first, then the response's. */
export class Call {
  /** Full field names, in print order. */
  readonly fields: Fields;
  /** `opcua.nodes`: what the request touches, in its order; null when the service touches no nodes. */
  nodes: Item[] | null = null;
  /** `opcua.methods` of a Call. */
  methods: Item[] | null = null;
  /** What else the request lists that the response answers one by one: subscriptions, acknowledgements. */
  listed: Item[] | null = null;
  /** Names of the event fields that monitored items of the request select, by the item's place. */
  events: Map<number, readonly string[]> | null = null;
  /** Items beyond MAX_ITEMS. */
  leftOff = 0;
  /** Elements of lists inside items that were read past. */
  cut = 0;
  /** The service failed: then there need not be any results. */
  failed = false;
  /** The authentication token that a CreateSession response gave, as a key. Never printed. */
  token: string | null = null;
  /** `opcua.diagnostics`, where the server tells any. */
  diagnostics: Item[] | null = null;
  readonly ledger: Ledger;
  /** The server's address and port, '' when it is not sure that both halves belong together: then nothing is learned from them. */
  readonly server: string;
  /** The session's authentication token as a key, '' for none. Never printed. */
  readonly session: string;
  /** The string table of the response's header. */
  table: readonly string[] = [];

  /** Nonces of client and server, in the order they came. Never printed. */
  nonces: Nonce[] | null = null;
  /** When the request was seen (for an orphan, the response), ms. */
  at = 0;

  constructor(ledger: Ledger, server = '', session = '', fields: Fields = {}) {
    this.ledger = ledger;
    this.server = server;
    this.session = session;
    this.fields = fields;
  }

  /** What the server's subscriptions are known to watch. */
  get subscriptions(): Subscriptions {
    return this.ledger.subscriptions;
  }

  diagnose(info: Item): void {
    (this.diagnostics ??= []).push(info);
  }

  /** The diagnostics of the service itself (`operation` null) and the string table that all of a response refer to: Part 4, 7.33. */
  header(r: Reader): void {
    const start = r.at;
    skipDiagnosticInfo(r);
    this.table = r.strings(MAX_TABLE);
    if (r.short || r.view.getUint8(start) === 0) return;
    const behind = r.at;
    r.at = start;
    const service = diagnosticInfo(r, this.table);
    r.at = behind;
    if (service !== null) this.diagnose({ operation: null, ...service });
  }

  /** One DiagnosticInfo an operation, in the order of the request; those that say nothing are left out. `of`: they are about parts of that operation. */
  operationDiagnostics(r: Reader, of = -1): void {
    const count = r.items(1);
    for (let i = 0; i < count && !r.short; i++) {
      const info = diagnosticInfo(r, this.table);
      if (info === null) continue;
      if ((this.diagnostics?.length ?? 0) < MAX_DIAGNOSTICS && r.keep())
        this.diagnose(of < 0 ? { operation: i, ...info } : { operation: of, part: i, ...info });
      else this.leftOff++;
    }
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
  results(r: Reader, bytesEach: number, into: Item[] | null, read: (r: Reader, item: Item, i: number) => void): void {
    const count = r.items(bytesEach);
    const spare: Item = {};
    if (into !== null && this.leftOff === 0 && !this.failed && count !== into.length) r.flaw('result_count_mismatch');
    for (let i = 0; i < count && !r.short; i++) read(r, into?.[i] ?? spare, i);
  }
}
