/** An encrypted OpenSecureChannel message, Part 6, 6.7.2 and 6.7.4, opened by the receiver's private key. */
import type { KeyObject } from 'node:crypto';
import type { Keyring } from './keyring.ts';
import { type RsaPolicy, rsaPolicy } from './policy.ts';
import { decryptBlocks, rsaSize, verifySignature } from './rsa.ts';

/** Whether a signature held; null where it could not be checked. */
export type Signature = 'verified' | 'bad' | null;

/** Of a whole made of two parts: bad when one is, verified when both are. */
export const worse = (a: Signature, b: Signature): Signature => (a === 'bad' || b === 'bad' ? 'bad' : a === null || b === null ? null : 'verified');

/** The field, absent when nothing was checked. */
export const signatureField = (signature: Signature): { 'opcua.signature'?: 'verified' | 'bad' } =>
  signature === null ? {} : { 'opcua.signature': signature };

/** A message in clear: `start` is its sequence header, `end` behind its body. */
export type Clear = { view: DataView; start: number; end: number; signature: Signature };

/** Where things lie in `view`: the message from its header on, the sender's leaf certificate, the receiver's thumbprint, what is encrypted. */
export type Sealed = {
  view: DataView;
  message: number;
  certificate: { start: number; size: number };
  thumbprint: { start: number; size: number };
  start: number;
  end: number;
};

const bytesOf = (view: DataView, start: number, end: number): Uint8Array => new Uint8Array(view.buffer, view.byteOffset + start, end - start);

/** null when no key opens it; a reason when the receiver's own key does not. */
export function unsealOpening(keyring: Keyring, policyName: string | null, sealed: Sealed): Clear | string | null {
  const policy = rsaPolicy(policyName);
  const { view, certificate, thumbprint, start, end } = sealed;
  if (policy === null || thumbprint.size !== 20 || certificate.size <= 0) return null;
  const sender = keyring.publicKey(bytesOf(view, certificate.start, certificate.start + certificate.size));
  if (sender === null) return null;
  const receiver = Buffer.from(bytesOf(view, thumbprint.start, thumbprint.start + 20)).toString('hex');
  const body = bytesOf(view, start, end);
  const { own, result } = keyring.decrypt(receiver, (key) => opened(policy, key, body));
  if (result === null) return own ? 'bad_encryption' : null;
  return judged(policy, sender, result, sealed) ?? 'bad_padding';
}

type Opened = { plain: Buffer; wide: boolean };

function opened(policy: RsaPolicy, key: KeyObject, body: Uint8Array): Opened | null {
  const plain = decryptBlocks(policy, key, body);
  return plain === null ? null : { plain, wide: rsaSize(key) > 256 };
}

/** The signature covers the message from its first byte to the end of the padding, as it was before encryption. */
function judged(policy: RsaPolicy, sender: KeyObject, { plain, wide }: Opened, { view, message, start }: Sealed): Clear | null {
  const signed = plain.length - rsaSize(sender);
  const body = signed - paddingSize(plain, signed, wide);
  if (body < 8 || body >= signed) return null;
  const whole = Buffer.concat([bytesOf(view, message, start), plain]);
  const clear = start - message;
  const holds = verifySignature(policy, sender, whole.subarray(0, clear + signed), whole.subarray(clear + signed));
  const signature = holds ? 'verified' : 'bad';
  return { view: new DataView(whole.buffer, whole.byteOffset, whole.length), start: clear, end: clear + body, signature };
}

/**
 * Bytes of padding in front of `end`, its size fields included; 0 when it is none. Part 6, 6.7.2.5: PaddingSize, so many bytes of that value,
 * and for keys over 2,048 bits ExtraPaddingSize, the high byte of the size.
 */
export function paddingSize(bytes: Uint8Array, end: number, wide: boolean): number {
  const fields = wide ? 2 : 1;
  if (end < fields) return 0;
  const low = bytes[end - fields] as number;
  const size = (wide ? (bytes[end - 1] as number) * 256 : 0) + low + fields;
  if (size > end) return 0;
  for (let i = end - size; i <= end - fields; i++) if (bytes[i] !== low) return 0;
  return size;
}
