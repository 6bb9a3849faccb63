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
