/** Nonces of applications: random numbers that may serve once. */
import { hash } from 'node:crypto';
import type { Reader } from './reader.ts';

/** Nonces remembered of one connection; it takes two for a session and one for each time it is activated. */
const MAX_NONCES = 256;
/** Part 4, 5.6.2.2 and 5.6.3.2: nonces of sessions have at least 32 bytes. */
const SESSION_NONCE = 32;
/** Part 7, 6.6: SecureChannelNonceLength where it is not 32; of curves, a public key. */
const CHANNEL_NONCES = new Map([
  ['Basic128Rsa15', 16],
  ['ECC_nistP256', 64],
  ['ECC_nistP384', 96],
  ['ECC_brainpoolP256r1', 64],
  ['ECC_brainpoolP384r1', 96],
  ['ECC_curve448', 56],
]);

/** `digest` stands for the bytes, '' for none. */
export type Nonce = { size: number; digest: string };

/** Reads a ByteString as a nonce. */
export function nonceIn(r: Reader): Nonce {
  const { start, size } = r.span();
  if (size <= 0) return { size: 0, digest: '' };
  const bytes = new Uint8Array(r.view.buffer, r.view.byteOffset + start, size);
  return { size, digest: hash('sha1', bytes, 'base64') };
}

/** The nonces of one connection. */
export class Nonces {
  private readonly met = new Set<string>();

  /** What is wrong with nonces of a session service: with policy None nobody needs them (Part 4, 5.6.2.2), so they may be short then, but not come twice. */
  session(policy: string | null, nonces: readonly Nonce[]): string[] {
    const least = policy === null || policy === 'None' ? 0 : SESSION_NONCE;
    return this.judge(least, nonces);
  }

  /** Likewise for those of an opening. */
  channel(policy: string | null, nonces: readonly Nonce[]): string[] {
    return policy === null || policy === 'None' ? [] : this.judge(CHANNEL_NONCES.get(policy) ?? SESSION_NONCE, nonces);
  }

  private judge(least: number, nonces: readonly Nonce[]): string[] {
    const flaws = new Set<string>();
    for (const { size, digest } of nonces) {
      if (size < least) flaws.add('nonce_short');
      if (size === 0) continue;
      if (this.met.has(digest)) flaws.add('nonce_reused');
      else if (this.met.size < MAX_NONCES) this.met.add(digest);
    }
    return [...flaws];
  }
}
