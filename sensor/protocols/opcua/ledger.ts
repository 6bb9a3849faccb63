import type { Ceiling } from '../../coverage.ts';
import type { Operations } from '../../operations.ts';
import { type Certificate, readCertificate } from '../certificate/certificate.ts';
import { EndpointLists } from './endpoints.ts';
import { Identities } from './identities.ts';
import { Latest } from './latest.ts';
import { Shelf } from './shelf.ts';
import { Subscriptions } from './subscriptions.ts';

/** Sessions remembered over all connections; the one used least recently makes room. */
export const MAX_SESSIONS = 8192;
/** Certificates remembered by thumbprint. */
export const MAX_CERTIFICATES = 2048;
/** Bytes of requests and of unfinished messages held over all connections. */
export const MAX_HELD = 67_108_864;

/** A session as its services told: Part 4, 5.6. Its authentication token is only a key here. */
export type Session = {
  name: string | null;
  applicationUri: string | null;
  user: string | null;
  /** How it said who its user is: `anonymous`, `username`, ... */
  userToken: string | null;
  /** Client port and channel id that it is bound to (Part 4, 5.6.3.1); '' when not seen. */
  channel: string;
  /** Address of the client that created it. */
  client: string;
  /** Counts its changes. */
  version: number;
};

/** What identifies an operation of OPC UA, byte for byte: numbers can collide, bytes cannot. */
export type Key = { readonly request: Uint8Array; readonly types: Uint8Array; readonly context: string };

/** What all OPC UA connections of one sensor share. */
export class Ledger {
  /** By operation number. A number may come back with another key once the sensor retired it. */
  readonly keys: (Key | undefined)[] = [];
  /** Bytes held now. */
  held = 0;
  /** Sessions created so far. */
  created = 0;
  /** Counts sessions that came and went. */
  changes = 0;
  readonly shelf = new Shelf();
  /** What each server offered last. */
  readonly endpoints = new EndpointLists();
  /** What certificate each application showed last. */
  readonly identities = new Identities();
  /** Times a ceiling was met. */
  readonly refused = { held: 0, pending: 0, assemblies: 0, chunks: 0, channels: 0, flaws: 0, collisions: 0 };
  readonly subscriptions = new Subscriptions();
  private readonly sessions = new Latest<Session>('opcua sessions', MAX_SESSIONS);
  private readonly certificates = new Map<string, Certificate>();

  /** Claims `n` bytes; give them back by `release`. */
  hold(n: number): boolean {
    if (this.held + n > MAX_HELD) {
      this.refused.held++;
      return false;
    }
    this.held += n;
    return true;
  }

  release(n: number): void {
    this.held -= n;
  }

  ceilings(): Ceiling[] {
    const { held, ...connections } = this.refused;
    return [
      { name: 'bytes held for opcua', limit: MAX_HELD, used: this.held, hit: held },
      this.sessions.ceiling(),
      ...this.subscriptions.ceilings(),
      this.endpoints.ceiling(),
      this.identities.ceiling(),
      { name: 'opcua limits of single connections', limit: 0, used: 0, hit: Object.values(connections).reduce((sum, hit) => sum + hit, 0) },
    ];
  }

  /** `server` is the server's address and port, `token` the authentication token's node id. */
  session(server: string, token: string): Session | null {
    return this.sessions.get(`${server} ${token}`) ?? null;
  }

  open(server: string, token: string, session: Session): void {
    this.created++;
    this.changes++;
    this.sessions.set(`${server} ${token}`, session);
  }

  end(server: string, token: string): void {
    this.changes++;
    this.sessions.delete(`${server} ${token}`);
  }

  /** The certificate in these bytes; null when there are none. */
  certificate(view: DataView, start: number, size: number): Certificate | null {
    if (size <= 0) return null;
    return readCertificate(view, start, size, this.certificates, MAX_CERTIFICATES);
  }
}

const ledgers = new WeakMap<Operations, Ledger>();

/** The ledger of the sensor that numbers these operations. */
export function ledgerOf(operations: Operations): Ledger {
  let ledger = ledgers.get(operations);
  if (ledger === undefined) ledgers.set(operations, (ledger = new Ledger()));
  return ledger;
}
