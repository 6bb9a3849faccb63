/** Chunks of MSG and CLO under the keys of their token, Part 6, 6.7.2: signature verified, body in clear. */
import { createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import { SYMMETRIC } from '../header.ts';
import type { Direction } from './derive.ts';
import { type Clear, paddingSize, type Signature } from './opening.ts';
import { BLOCK } from './policy.ts';

/** Message header, channel id, token id: not encrypted. */
const CLEAR = 16;

/** Reused: what lies in it is good until the next chunk. Grows to the largest chunk that a header may claim. */
let scratch = Buffer.alloc(65_536);

/** Whether the chunk at `pos..end`, signed and not encrypted, carries the signature of these keys. */
export function checkChunk(keys: Direction, view: DataView, pos: number, end: number): Signature {
  return check(keys, new Uint8Array(view.buffer, view.byteOffset + pos, end - pos));
}

function check({ signing, hash, signature }: Direction, bytes: Uint8Array): Signature {
  if (signing === null) return null;
  const signed = bytes.length - signature;
  if (signed < 0) return 'bad';
  const right = createHmac(hash, signing).update(bytes.subarray(0, signed)).digest();
  return timingSafeEqual(right, bytes.subarray(signed)) ? 'verified' : 'bad';
}

/** The encrypted chunk at `pos..end` in clear, from its header on (`start` 0); null when it is no whole blocks or its padding is none. */
export function decryptChunk(keys: Direction, view: DataView, pos: number, end: number): Clear | null {
  const size = end - pos - CLEAR;
  if (size < BLOCK * 2 || size % BLOCK !== 0) return null;
  const sealed = new Uint8Array(view.buffer, view.byteOffset + pos, end - pos);
  const decipher = createDecipheriv(keys.cipher, keys.encrypting, keys.iv).setAutoPadding(false);
  if (scratch.length < sealed.length) scratch = Buffer.alloc(sealed.length);
  scratch.set(sealed.subarray(0, CLEAR));
  scratch.set(decipher.update(sealed.subarray(CLEAR)), CLEAR);
  const whole = scratch.subarray(0, sealed.length);
  const signature = check(keys, whole);
  const signed = whole.length - keys.signature;
  const body = signed - paddingSize(whole, signed, false);
  if (body < SYMMETRIC || body === signed) return null;
  return { view: new DataView(whole.buffer, whole.byteOffset, whole.length), start: 0, end: body, signature };
}
