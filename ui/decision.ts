import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Decision } from '../analyzer/finding.ts';

/** Which decisions the page showed, in a form: see `knownOf`. A field that is empty is left out of a form. */
export const Known = z
  .string()
  .max(65_536)
  .default('')
  .transform((text) => text.split(' ').filter(Boolean));

/** Goes into a form when it is drawn, so that sending it twice is one decision. */
export const nonce = (): string => randomUUID();

/** The id follows from who decides what on which form: a double click or a repeated POST makes the same one. */
export function decision(given: Omit<Decision, 'id' | '@timestamp' | 'after'>, at: Date, of: string): Decision {
  const { by, on, kind, resolution, comment, edit } = given;
  const id = createHash('sha256')
    .update(JSON.stringify([of, by, on.kind, on.id, kind, resolution, comment, edit]))
    .digest('hex')
    .slice(0, 32);
  return { id, '@timestamp': at.toISOString(), by, on, kind, resolution, comment, edit };
}
