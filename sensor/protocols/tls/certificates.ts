/** The Certificate message of TLS 1.2 and before: RFC 5246, 7.4.2. */
import type { Certificate } from '../certificate/certificate.ts';
import { Bytes } from './bytes.ts';
import type { Ledger } from './ledger.ts';

/** Certificates of one message that are counted. */
const MAX_CHAIN = 16;

/** The leaf of the chain in `start..end`, with the chain's length; null for an empty list. `sound`: the message is well formed. */
export function certificateMessage(view: DataView, start: number, end: number, ledger: Ledger): { leaf: Certificate | null; sound: boolean } {
  const body = new Bytes(view, start, end);
  const list = body.vector(3);
  const first = list.vector(3).rest();
  if (first.size === 0) return { leaf: null, sound: !body.short && body.left === 0 };
  let chain = 1;
  while (list.left > 0 && chain < MAX_CHAIN) {
    list.vector(3);
    chain++;
  }
  const leaf = ledger.certificate(first.view, first.start, first.size);
  return { leaf: leaf === null ? null : { ...leaf, chain }, sound: !list.short && !body.short && body.left === 0 };
}
