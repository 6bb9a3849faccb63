/** RSA as the openings of channels use it: decryption block by block, and signatures of certificates' keys. */
import { constants, type KeyObject, privateDecrypt, verify } from 'node:crypto';
import type { RsaPolicy } from './policy.ts';

/** Blocks of one opening that are decrypted: its body is some hundred bytes, and every block costs a private-key operation. */
const MAX_BLOCKS = 16;
/** Largest RSA key that is used, bytes: 8,192 bits. Part 7 ends at 4,096. */
const MAX_KEY = 1024;

/** Bytes of an RSA key's modulus, 0 when it is no RSA key or one too large. */
export function rsaSize(key: KeyObject): number {
  if (key.asymmetricKeyType !== 'rsa') return 0;
  const size = Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
  return size > MAX_KEY ? 0 : size;
}

/** The plain text of `bytes`, whole blocks of the key's size; null when they do not fit the key. */
export function decryptBlocks(policy: RsaPolicy, key: KeyObject, bytes: Uint8Array): Buffer | null {
  const size = rsaSize(key);
  if (size === 0 || bytes.length === 0 || bytes.length % size !== 0 || bytes.length > size * MAX_BLOCKS) return null;
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const part = decryptBlock(policy, key, bytes.subarray(at, at + size));
    if (part === null) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function decryptBlock({ encryption }: RsaPolicy, key: KeyObject, block: Uint8Array): Uint8Array | null {
  try {
    if (encryption === 'pkcs1') return unpad(privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, block));
    return privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: encryption }, block);
  } catch {
    return null;
  }
}

/**
 * RFC 8017, 7.2.2: 00 02, at least eight bytes that are not 0, 00, message. Done here because OpenSSL answers a false padding with a
 * made-up message. Looks at every byte whatever they are; nobody on the network learns how it went.
 */
function unpad(block: Uint8Array): Uint8Array | null {
  let wrong = (block[0] as number) | ((block[1] as number) ^ 2);
  let zero = 0;
  for (let i = 2; i < block.length; i++) {
    const here = Number(block[i] === 0) & Number(zero === 0);
    zero += here * i;
  }
  wrong |= Number(zero < 10);
  return wrong === 0 ? block.subarray(zero + 1) : null;
}

/** Whether `signature` over `data` is of that public key. */
export function verifySignature({ scheme, hash }: RsaPolicy, key: KeyObject, data: Uint8Array, signature: Uint8Array): boolean {
  const padding = scheme === 'pss' ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO } : {};
  try {
    return verify(hash, data, { key, ...padding }, signature);
  } catch {
    return false;
  }
}
