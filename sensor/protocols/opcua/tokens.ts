import { copy, sameBytes } from './bytes.ts';
import type { Ledger, Session } from './ledger.ts';
import { nodeId } from './nodeid.ts';
import { Reader } from './reader.ts';

/** Longer authentication tokens are read anew each time. */
const MAX_BYTES = 256;

const reader = new Reader();

/** The authentication tokens of one connection's requests, which mostly say the same again: read once, looked up once. */
export class Tokens {
  /** Of the newest request: the token as a key ('' for none, never printed), and the session that it stands for. */
  token = '';
  session: Session | null = null;
  private readonly ledger: Ledger;
  private bytes = new DataView(new ArrayBuffer(0));
  private server = '';
  private since = -1;

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  /** The token at `start..end`, of a request to `server`. */
  read(view: DataView, start: number, end: number, server: string): void {
    const { ledger } = this;
    const same = server === this.server && sameBytes(this.bytes, view, start, end);
    if (same && this.since === ledger.changes) return;
    if (!same) {
      const text = nodeId(reader.begin(view, start, end));
      this.token = text === 'i=0' ? '' : text;
      this.server = server;
      this.bytes = new DataView(copy(view, start, Math.min(end, start + MAX_BYTES)).buffer);
    }
    this.session = this.token === '' ? null : ledger.session(server, this.token);
    this.since = ledger.changes;
  }
}
