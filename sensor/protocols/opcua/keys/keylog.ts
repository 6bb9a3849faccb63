/**
 * Key logs as Wireshark 4.4 reads them and OPC UA stacks write them: for each channel and token six lines,
 * `client_iv_CHANNEL_TOKEN: HEX`, `client_key_...: HEX`, `client_siglen_...: BYTES`, and the same of the server.
 * Signing keys are not among them, so what is read with a key log is not verified.
 */
import { createSecretKey } from 'node:crypto';
import { cipherOf, type Direction, type TokenKeys } from './derive.ts';
import { BLOCK } from './policy.ts';

const LINE = /^(client|server)_(iv|key|siglen)_(\d{1,10})_(\d{1,10}):\s*([0-9A-Fa-f]{1,64})$/;
/** Longer lines are no lines of a key log. */
const MAX_LINE = 128;
const BEGINS = /^(?:#[^\n]*\n|\s)*(?:client|server)_(?:iv|key|siglen)_\d/;

export type Logged = { readonly channel: number; readonly keys: TokenKeys };
export type KeyLog = { readonly logged: Logged[] /** Lines that are none of a key log, and sets that are not whole. */; readonly strange: number };

type Part = { iv?: Buffer; key?: Buffer; siglen?: number };
type Gathered = { channel: number; token: number; client: Part; server: Part };

export const isKeyLog = (bytes: Buffer): boolean => BEGINS.test(bytes.toString('latin1', 0, 1024));

/** Reads at most `limit` sets. A set begins anew when a part of it comes again: a server that starts over counts its channels from the beginning. */
export function readKeyLog(bytes: Buffer, limit: number): KeyLog {
  const logged: Logged[] = [];
  const open = new Map<string, Gathered>();
  let strange = 0;
  for (let from = 0; from < bytes.length && logged.length < limit; ) {
    const newline = bytes.indexOf(10, from);
    const end = newline < 0 ? bytes.length : newline;
    const line = bytes.toString('latin1', from, Math.min(end, from + MAX_LINE)).trim();
    from = end + 1;
    if (line === '' || line.startsWith('#')) continue;
    const match = LINE.exec(line);
    if (match === null) strange++;
    else if (!take(match, open, logged, limit)) strange++;
  }
  return { logged, strange: strange + open.size };
}

function take(match: RegExpExecArray, open: Map<string, Gathered>, logged: Logged[], limit: number): boolean {
  const [, side, part, channel, token, value] = match as unknown as [string, 'client' | 'server', keyof Part, string, string, string];
  const name = `${channel} ${token}`;
  const set = open.get(name) ?? { channel: Number(channel), token: Number(token), client: {}, server: {} };
  if (!open.has(name) && open.size >= limit) return false;
  open.set(name, set);
  if (part === 'siglen') set[side].siglen = Number(value);
  else set[side][part] = Buffer.from(value, 'hex');
  if (!isWhole(set.client) || !isWhole(set.server)) return true;
  open.delete(name);
  const client = direction(set.client);
  const server = direction(set.server);
  if (client === null || server === null) return false;
  logged.push({ channel: set.channel, keys: { token: set.token, client, server } });
  return true;
}

const isWhole = (part: Part): part is Required<Part> => part.iv !== undefined && part.key !== undefined && part.siglen !== undefined;

/** null when the parts are no keys. */
function direction({ iv, key, siglen }: Required<Part>): Direction | null {
  const cipher = cipherOf(key);
  if (cipher === null || iv.length !== BLOCK || !(siglen >= 16 && siglen <= 64)) return null;
  const encrypting = createSecretKey(key);
  key.fill(0);
  return { signing: null, hash: siglen === 20 ? 'sha1' : 'sha256', encrypting, cipher, iv: Uint8Array.from(iv), signature: siglen };
}
