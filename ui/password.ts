import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';

/** scrypt parameters (RFC 7914 section 2); memory is 128 * N * r bytes, at once for every hash in flight. */
export type Cost = { N: number; r: number; p: number };

/** 32 MiB and about a quarter of a second on one core. */
export const DEFAULT_COST: Cost = { N: 32_768, r: 8, p: 3 };

export const MIN_PASSWORD = 12;
/** Longer ones are refused, not cut: a bound on what one request may make us hash. */
export const MAX_PASSWORD = 256;

/** Hashes computed at once, and requests that may wait for their turn. Beyond that the caller is told to come back. */
const MAX_RUNNING = 2;
const MAX_WAITING = 32;
const KEY_BYTES = 32;

let running = 0;
const waiting: (() => void)[] = [];

/** Too many logins at once. */
export class Busy extends Error {}

async function turn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= MAX_RUNNING) {
    if (waiting.length >= MAX_WAITING) throw new Busy('too many logins at once');
    await new Promise<void>((go) => waiting.push(go));
  }
  running++;
  try {
    return await work();
  } finally {
    running--;
    waiting.shift()?.();
  }
}

function derive(password: string, salt: Buffer, cost: Cost): Promise<Buffer> {
  const options: ScryptOptions = { ...cost, maxmem: 256 * cost.N * cost.r };
  return turn(
    () =>
      new Promise((resolve, reject) => scrypt(password.normalize('NFKC'), salt, KEY_BYTES, options, (error, key) => (error ? reject(error) : resolve(key)))),
  );
}

/** `scrypt$N$r$p$salt$key`, so that a stored password keeps the parameters it was made with. */
export async function hashPassword(password: string, cost: Cost = DEFAULT_COST): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, cost);
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** Whether `password` is the one `stored` was made from, in time that does not depend on the answer. */
export async function matchesPassword(password: string, stored: string): Promise<boolean> {
  const [kind, N, r, p, salt, key] = stored.split('$');
  if (kind !== 'scrypt' || salt === undefined || key === undefined) return false;
  const derived = await derive(password, Buffer.from(salt, 'base64url'), { N: Number(N), r: Number(r), p: Number(p) });
  const expected = Buffer.from(key, 'base64url');
  return derived.length === expected.length && timingSafeEqual(derived, expected);
}

/** What is wrong with a new password, in words; null when nothing is. */
export function passwordProblem(password: string, name: string): string | null {
  if (password.length < MIN_PASSWORD) return `A password has at least ${MIN_PASSWORD} characters.`;
  if (password.length > MAX_PASSWORD) return `A password has at most ${MAX_PASSWORD} characters.`;
  if (password.toLowerCase().includes(name.toLowerCase()) && name.length > 3) return 'A password does not contain the account name.';
  if (new Set(password).size < 5) return 'A password uses at least five different characters.';
  return null;
}
