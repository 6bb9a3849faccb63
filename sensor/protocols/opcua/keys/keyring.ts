/** The keys that a plant gives to the sensor. They are in memory only: nothing here prints, stores or names them. */
import { createHash, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { Ceiling } from '../../../coverage.ts';
import type { TokenKeys } from './derive.ts';
import type { KeyLog } from './keylog.ts';
import { rsaSize } from './rsa.ts';

/** Private keys held. */
export const MAX_KEYS = 64;
/** Tokens of key logs held. */
export const MAX_LOGGED = 65_536;
/** Sets of one channel and token that are held: servers that start over use their numbers again. */
const MAX_SAME = 8;
/** Certificates whose public key is remembered; beyond them each opening parses its own again. */
const MAX_CERTIFICATES = 1024;
/** Openings for certificates that were never seen, on which every key is tried; so many in all, and of one certificate. Each try costs a private-key operation. */
const MAX_TRIALS = 512;
const MAX_TRIALS_EACH = 3;
/** Certificates without a key that a warning names. */
const MAX_MISSING = 16;

type Owned = { readonly path: string; readonly key: KeyObject; readonly identity: string; used: boolean };
type Log = { readonly path: string; readonly size: number; used: boolean };
type LoggedKeys = { readonly keys: TokenKeys; readonly log: Log };

/** What identifies a key pair: its public half. */
const identityOf = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');

export class Keyring {
  /** Lines about files that are no keys. */
  readonly complaints: string[] = [];
  readonly #keys: Owned[] = [];
  readonly #logs: Log[] = [];
  readonly #logged = new Map<string, LoggedKeys[]>();
  /** By SHA-1 thumbprint: the certificate's own key; null when it has none that could be used. */
  readonly #certificates = new Map<string, KeyObject | null>();
  readonly #owners = new Map<string, Owned | null>();
  readonly #missing = new Map<string, number>();
  readonly #failed = new Map<string, number>();
  #refused = 0;
  #trials = 0;
  #untried = 0;
  #loggedCount = 0;

  /** Takes an RSA private key of a file; false when there are too many. */
  add(path: string, key: KeyObject): boolean {
    const identity = identityOf(createPublicKey(key));
    if (this.#keys.some((one) => one.identity === identity)) return true;
    if (this.#keys.length >= MAX_KEYS) {
      this.#refused++;
      return false;
    }
    this.#keys.push({ path, key, identity, used: false });
    return true;
  }

  addLog(path: string, { logged }: KeyLog): void {
    const log: Log = { path, size: logged.length, used: false };
    this.#logs.push(log);
    for (const { channel, keys } of logged) {
      const name = `${channel} ${keys.token}`;
      const same = this.#logged.get(name) ?? [];
      if (same.length >= MAX_SAME || this.#loggedCount >= MAX_LOGGED) {
        this.#refused++;
        continue;
      }
      this.#loggedCount++;
      this.#logged.set(name, [...same, { keys, log }]);
    }
  }

  /** How many more tokens of key logs there is room for. */
  get room(): number {
    return MAX_LOGGED - this.#loggedCount;
  }

  get hasLogs(): boolean {
    return this.#loggedCount > 0;
  }

  /** Sets of that channel and token, in the order of the logs. */
  logged(channel: number, token: number): readonly TokenKeys[] {
    return this.#logged.get(`${channel} ${token}`)?.map(({ keys }) => keys) ?? [];
  }

  /** Those keys read a message. */
  fitsLog(channel: number, keys: TokenKeys): void {
    for (const one of this.#logged.get(`${channel} ${keys.token}`) ?? []) if (one.keys === keys) one.log.used = true;
  }

  /** The public key of a certificate (DER) as sent or as found beside the keys; null when it has no RSA key. Says which private key is its own. */
  publicKey(leaf: Uint8Array): KeyObject | null {
    const thumbprint = createHash('sha1').update(leaf).digest('hex');
    const known = this.#certificates.get(thumbprint);
    if (known !== undefined) return known;
    const key = publicKeyOf(leaf);
    if (this.#certificates.size < MAX_CERTIFICATES) {
      this.#certificates.set(thumbprint, key);
      this.#owners.set(thumbprint, this.#owner(key));
    }
    return key;
  }

  #owner(key: KeyObject | null): Owned | null {
    if (key === null) return null;
    const identity = identityOf(key);
    return this.#keys.find((one) => one.identity === identity) ?? null;
  }

  /**
   * Decrypts by the private key of the certificate with that thumbprint. While the certificate itself was not seen, every key is tried.
   * `attempt` gives null when the key is a wrong one. `own`: whether the key is the certificate's for certain.
   */
  decrypt<T>(thumbprint: string, attempt: (key: KeyObject) => T | null): { own: boolean; result: T | null } {
    const owner = this.#owners.get(thumbprint);
    if (owner === null) return this.#lacks(thumbprint);
    if (owner !== undefined) {
      const own = this.#certificates.has(thumbprint);
      const result = attempt(owner.key);
      owner.used = true;
      return { own, result };
    }
    const failed = this.#failed.get(thumbprint) ?? 0;
    if (failed >= MAX_TRIALS_EACH) return this.#lacks(thumbprint);
    if (this.#trials >= MAX_TRIALS) {
      this.#untried++;
      return { own: false, result: null };
    }
    this.#trials++;
    for (const one of this.#keys) {
      const result = attempt(one.key);
      if (result === null) continue;
      one.used = true;
      this.#owners.set(thumbprint, one);
      return { own: false, result };
    }
    this.#failed.set(thumbprint, failed + 1);
    return this.#lacks(thumbprint);
  }

  #lacks(thumbprint: string): { own: boolean; result: null } {
    const count = this.#missing.get(thumbprint) ?? 0;
    if (count > 0 || this.#missing.size < MAX_MISSING) this.#missing.set(thumbprint, count + 1);
    return { own: false, result: null };
  }

  /** One line for each thing that is wrong with the keys, after a capture was read. */
  warnings(): string[] {
    const idle = this.#keys
      .filter(({ used }) => !used)
      .map(({ path }) => `${path}: the private key fits no certificate that an OPC UA channel was opened with`);
    const logs = this.#logs.filter(({ used }) => !used).map(({ path, size }) => `${path}: none of its ${size} OPC UA channel keys read a message`);
    const half = this.#keys.some(({ used }) => used) ? [...this.#missing].map(([thumbprint, count]) => lacking(thumbprint, count)) : [];
    return [...this.complaints, ...idle, ...logs, ...half];
  }

  ceilings(): Ceiling[] {
    return [
      { name: 'opcua keys', limit: MAX_KEYS, used: this.#keys.length, hit: this.#refused },
      { name: 'opcua openings for unseen certificates', limit: MAX_TRIALS, used: this.#trials, hit: this.#untried },
    ];
  }
}

const lacking = (thumbprint: string, count: number): string =>
  `OPC UA certificate ${thumbprint}: its private key is not among the keys, so ${count} half${count === 1 ? '' : 's'} of channel openings stayed opaque`;

function publicKeyOf(leaf: Uint8Array): KeyObject | null {
  try {
    const { publicKey } = new X509Certificate(leaf);
    return rsaSize(publicKey) > 0 ? publicKey : null;
  } catch {
    return null;
  }
}
