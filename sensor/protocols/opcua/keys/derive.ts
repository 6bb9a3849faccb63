/** Keys of a channel from the nonces of its opening, Part 6, 6.7.5. */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { BLOCK, type RsaPolicy } from './policy.ts';

/** What protects one direction of a channel under one token. */
export type Direction = {
  /** null where a key log gave the rest: then nothing can be verified. */
  readonly signing: KeyObject | null;
  readonly hash: 'sha1' | 'sha256';
  readonly encrypting: KeyObject;
  readonly cipher: 'aes-128-cbc' | 'aes-256-cbc';
  readonly iv: Uint8Array;
  /** Bytes of signature behind every chunk. */
  readonly signature: number;
};

/** The keys of one token: those of what the client sends, and of what the server sends. */
export type TokenKeys = { readonly token: number; readonly client: Direction; readonly server: Direction };

/** P_HASH of RFC 5246, section 5: `length` bytes out of a secret and a seed. */
export function pHash(hash: 'sha1' | 'sha256', secret: Uint8Array, seed: Uint8Array, length: number): Buffer {
  const parts: Buffer[] = [];
  let a: Uint8Array = seed;
  for (let made = 0; made < length; ) {
    a = createHmac(hash, secret).update(a).digest();
    const part = createHmac(hash, secret).update(a).update(seed).digest();
    parts.push(part);
    made += part.length;
  }
  return Buffer.concat(parts, length);
}

export const cipherOf = (key: Uint8Array): Direction['cipher'] | null => (key.length === 16 ? 'aes-128-cbc' : key.length === 32 ? 'aes-256-cbc' : null);

/** Part 6, 6.7.5, table 66: a side's keys come with the other side's nonce as the secret and its own as the seed. */
export function deriveKeys(policy: RsaPolicy, token: number, clientNonce: Uint8Array, serverNonce: Uint8Array): TokenKeys {
  return { token, client: direction(policy, serverNonce, clientNonce), server: direction(policy, clientNonce, serverNonce) };
}

function direction(policy: RsaPolicy, secret: Uint8Array, seed: Uint8Array): Direction {
  const { signingKey, encryptingKey, derivation } = policy;
  const all = pHash(derivation, secret, seed, signingKey + encryptingKey + BLOCK);
  const encrypting = all.subarray(signingKey, signingKey + encryptingKey);
  const made: Direction = {
    signing: createSecretKey(all.subarray(0, signingKey)),
    hash: derivation,
    encrypting: createSecretKey(encrypting),
    cipher: encryptingKey === 16 ? 'aes-128-cbc' : 'aes-256-cbc',
    iv: Uint8Array.from(all.subarray(signingKey + encryptingKey)),
    signature: derivation === 'sha1' ? 20 : 32,
  };
  all.fill(0);
  return made;
}
