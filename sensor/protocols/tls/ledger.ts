import type { Ceiling } from '../../coverage.ts';
import type { Operations } from '../../operations.ts';
import { type Certificate, readCertificate } from '../certificate/certificate.ts';

/** Certificates remembered by thumbprint, so that each is parsed once. */
export const MAX_CERTIFICATES = 2048;
/** Bytes of unfinished handshake messages held over all connections. */
export const MAX_HELD = 33_554_432;

/** What all TLS connections of one sensor share. */
export class Ledger {
  /** Bytes held now, and how often there was no room. */
  held = 0;
  refused = 0;
  /** Flaws that were only counted. */
  untold = 0;
  private readonly certificates = new Map<string, Certificate>();

  /** Claims `n` bytes; give them back by `release`. */
  hold(n: number): boolean {
    if (this.held + n > MAX_HELD) {
      this.refused++;
      return false;
    }
    this.held += n;
    return true;
  }

  release(n: number): void {
    this.held -= n;
  }

  certificate(view: DataView, start: number, size: number): Certificate | null {
    return size <= 0 ? null : readCertificate(view, start, size, this.certificates, MAX_CERTIFICATES);
  }

  ceilings(): Ceiling[] {
    return [
      { name: 'bytes held for tls', limit: MAX_HELD, used: this.held, hit: this.refused },
      { name: 'tls limits of single connections', limit: 0, used: 0, hit: this.untold },
    ];
  }
}

const ledgers = new WeakMap<Operations, Ledger>();

/** The ledger of the sensor that numbers these operations. */
export function ledgerOf(operations: Operations): Ledger {
  let ledger = ledgers.get(operations);
  if (ledger === undefined) ledgers.set(operations, (ledger = new Ledger()));
  return ledger;
}
