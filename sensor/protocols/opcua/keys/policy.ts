/** Security policies: algorithms and lengths, Part 7, 6.6 (one table for what is stripped, verified and decrypted). */

/** How the RSA policies protect an opening and derive the keys of a channel. */
export type RsaPolicy = {
  /** Asymmetric encryption: RSAES-PKCS1-v1_5, or OAEP with that hash. */
  readonly encryption: 'pkcs1' | 'sha1' | 'sha256';
  /** Asymmetric signature: RSASSA-PKCS1-v1_5 or PSS, and its hash. */
  readonly scheme: 'pkcs1' | 'pss';
  readonly hash: 'sha1' | 'sha256';
  /** Hash of P_HASH and of the HMAC behind every chunk. */
  readonly derivation: 'sha1' | 'sha256';
  /** Bytes of the derived keys. */
  readonly signingKey: number;
  readonly encryptingKey: number;
};

export type Policy = {
  /** Bytes of the symmetric signature behind every chunk: HMAC-SHA1, HMAC-SHA256, HMAC-SHA384, Poly1305. */
  readonly signature: number;
  /** null: of a kind that keys of certificates do not open (ECC: its keys are ephemeral). */
  readonly rsa: RsaPolicy | null;
};

/** Bytes of an AES block, and of a channel's initialisation vector. */
export const BLOCK = 16;

const rsa = (
  encryption: RsaPolicy['encryption'],
  scheme: RsaPolicy['scheme'],
  hash: RsaPolicy['hash'],
  derivation: RsaPolicy['derivation'],
  signingKey: number,
  encryptingKey: number,
): Policy => ({ signature: derivation === 'sha1' ? 20 : 32, rsa: { encryption, scheme, hash, derivation, signingKey, encryptingKey } });

const ecc = (signature: number): Policy => ({ signature, rsa: null });

const POLICIES: ReadonlyMap<string, Policy> = new Map([
  ['Basic128Rsa15', rsa('pkcs1', 'pkcs1', 'sha1', 'sha1', 16, 16)],
  ['Basic256', rsa('sha1', 'pkcs1', 'sha1', 'sha1', 24, 32)],
  ['Basic256Sha256', rsa('sha1', 'pkcs1', 'sha256', 'sha256', 32, 32)],
  ['Aes128_Sha256_RsaOaep', rsa('sha1', 'pkcs1', 'sha256', 'sha256', 32, 16)],
  ['Aes256_Sha256_RsaPss', rsa('sha256', 'pss', 'sha256', 'sha256', 32, 32)],
  ['ECC_nistP256', ecc(32)],
  ['ECC_nistP384', ecc(48)],
  ['ECC_brainpoolP256r1', ecc(32)],
  ['ECC_brainpoolP384r1', ecc(48)],
  ['ECC_curve25519', ecc(16)],
  ['ECC_curve448', ecc(16)],
]);

/** Of a policy's short name (`Basic256Sha256`); null for one that is not known. */
export const rsaPolicy = (name: string | null): RsaPolicy | null => POLICIES.get(name ?? '')?.rsa ?? null;

/** Bytes of signature behind every chunk, 0 when not known. */
export const signatureSize = (name: string | null): number => POLICIES.get(name ?? '')?.signature ?? 0;
