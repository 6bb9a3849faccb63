/** Security policies and modes of secure channels. */

/** MessageSecurityMode, Part 4, 7.20. */
export const MODES = ['Invalid', 'None', 'Sign', 'SignAndEncrypt'] as const;

const PREFIX = 'http://opcfoundation.org/UA/SecurityPolicy#';
/** Longest foreign policy URI that is printed. */
const MAX_URI = 256;

/** The policy's short name (`None`, `Basic256Sha256`), or the URI itself when it is not of the OPC Foundation's form; null for none given. */
export function policyName(uri: string | null): string | null {
  if (uri === null || uri === '') return null;
  return uri.startsWith(PREFIX) ? uri.slice(PREFIX.length, PREFIX.length + MAX_URI) : uri.slice(0, MAX_URI);
}

/** Part 7, 6.6: bytes of the symmetric signature behind every chunk: HMAC-SHA1, HMAC-SHA256, HMAC-SHA384, Poly1305. 0 when not known. */
const SIGNATURES = new Map([
  ['Basic128Rsa15', 20],
  ['Basic256', 20],
  ['Basic256Sha256', 32],
  ['Aes128_Sha256_RsaOaep', 32],
  ['Aes256_Sha256_RsaPss', 32],
  ['ECC_nistP256', 32],
  ['ECC_nistP384', 48],
  ['ECC_brainpoolP256r1', 32],
  ['ECC_brainpoolP384r1', 48],
  ['ECC_curve25519', 16],
  ['ECC_curve448', 16],
]);

export const signatureSize = (policy: string | null): number => SIGNATURES.get(policy ?? '') ?? 0;
