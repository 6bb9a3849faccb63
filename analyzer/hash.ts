import { createHash } from 'node:crypto';

/** A short id that is the same for the same parts: 80 bits of SHA-256, in hex. */
export const idOf = (...parts: (string | number)[]): string => createHash('sha256').update(parts.join('\u0000')).digest('hex').slice(0, 20);
