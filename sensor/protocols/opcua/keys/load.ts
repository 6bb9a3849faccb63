/** Reads key files: private keys (PEM or DER) and key logs. What a file is shows in its content. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../../capture/source.ts';
import { isKeyLog, readKeyLog } from './keylog.ts';
import { Keyring, MAX_KEYS, MAX_LOGGED } from './keyring.ts';
import { rsaSize } from './rsa.ts';

/** Files of one folder that are looked at. */
const MAX_FILES = 1000;
/** Bytes of a file: room for a key log of MAX_LOGGED tokens. */
const MAX_FILE = 33_554_432;
/** Private keys of one PEM file. */
const MAX_BLOCKS = 32;

/** Named by itself, a file has to be a key; in a folder, certificates and other things may lie beside the keys. */
type Named = { path: string; alone: boolean };

/**
 * The keys in files and folders (not in folders below them). Throws an InputError of one line for a path that is not there; a file that is no
 * key becomes a line of `complaints`.
 */
export function loadKeys(paths: readonly string[]): Keyring {
  const ring = new Keyring();
  const files = paths.flatMap(filesAt);
  for (const file of files) {
    const complaint = take(ring, file);
    if (complaint !== null) ring.complaints.push(`${file.path}: ${complaint}`);
  }
  return ring;
}

function filesAt(path: string): Named[] {
  try {
    if (!statSync(path).isDirectory()) return [{ path, alone: true }];
    const names = readdirSync(path, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map(({ name }) => name)
      .sort();
    if (names.length > MAX_FILES) throw new InputError(`--keys ${path}: more than ${MAX_FILES} files; name the key files themselves`);
    return names.map((name) => ({ path: join(path, name), alone: false }));
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`--keys ${path}: ${codeOf(error)}; name a private key, a key log or a folder with them`);
  }
}

const codeOf = (error: unknown): string => {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code ?? 'error'})`;
};

/** What is wrong with the file, null when nothing is. */
function take(ring: Keyring, { path, alone }: Named): string | null {
  let bytes: Buffer;
  try {
    const stat = statSync(path);
    if (!stat.isFile()) return 'is no file';
    if (stat.size > MAX_FILE) return `is larger than ${MAX_FILE >> 20} MiB, too large for a key`;
    bytes = readFileSync(path);
  } catch (error) {
    return codeOf(error);
  }
  const complaint = isKeyLog(bytes) ? takeLog(ring, path, bytes) : takeKeys(ring, path, bytes, alone);
  bytes.fill(0);
  return complaint;
}

function takeLog(ring: Keyring, path: string, bytes: Buffer): string | null {
  const log = readKeyLog(bytes, ring.room);
  if (log.logged.length > 0) ring.addLog(path, log);
  if (log.logged.length === 0) return 'this key log has no whole set of channel keys (client and server: iv, key, siglen)';
  if (log.strange > 0) return `${log.strange} lines or sets of this key log are not understood and left out`;
  return ring.room > 0 ? null : `more than ${MAX_LOGGED} channel tokens; the rest is left out`;
}

function takeKeys(ring: Keyring, path: string, bytes: Buffer, alone: boolean): string | null {
  const blocks = pemBlocks(bytes, 'PRIVATE KEY-----');
  if (blocks.length === 0 && takeCertificates(ring, bytes)) return alone ? 'is a certificate; the private key that belongs to it is needed' : null;
  const keys = blocks.length > 0 ? blocks.map((block) => privateKey(block, 'pem')) : [privateKey(bytes, 'der')];
  const complaint = keys.find((key) => typeof key === 'string') as string | undefined;
  if (complaint !== undefined && blocks.length === 0 && !alone && complaint === NO_KEY) return null;
  for (const key of keys) if (typeof key !== 'string' && !ring.add(path, key)) return `more than ${MAX_KEYS} private keys; this one is left out`;
  return complaint ?? null;
}

/** Certificates beside the keys: they tell which key is meant before a channel shows them. */
function takeCertificates(ring: Keyring, bytes: Buffer): boolean {
  const pem = pemBlocks(bytes, 'CERTIFICATE-----');
  const all = pem.length > 0 ? pem : bytes[0] === 0x30 ? [bytes] : [];
  let found = false;
  for (const one of all) {
    try {
      ring.publicKey(new X509Certificate(one).raw);
      found = true;
    } catch {
      // No certificate: it is judged as a key.
    }
  }
  return found;
}

/** The parts `-----BEGIN ...` to `-----END ...` whose label ends so. */
function pemBlocks(bytes: Buffer, label: string): Buffer[] {
  const blocks: Buffer[] = [];
  for (let from = bytes.indexOf('-----BEGIN '); from >= 0 && blocks.length < MAX_BLOCKS; ) {
    const close = bytes.indexOf('-----END ', from);
    const newline = close < 0 ? -1 : bytes.indexOf('\n', close);
    const end = close < 0 || newline < 0 ? bytes.length : newline;
    const title = bytes.toString('latin1', from, Math.min(end, from + 64)).split('\n', 1)[0] as string;
    if (title.trimEnd().endsWith(label)) blocks.push(bytes.subarray(from, end));
    from = bytes.indexOf('-----BEGIN ', end);
  }
  return blocks;
}

const NO_KEY = 'is neither a private key (PEM or DER) nor a key log';
const PASSPHRASE = 'this private key is encrypted with a passphrase; give a copy without one (openssl pkey -in FILE -out COPY)';

/** The key, or what is wrong. OpenSSL's own text stays out: it may speak of the content. */
function privateKey(key: Buffer, format: 'pem' | 'der'): KeyObject | string {
  if (isEncrypted(key, format)) return PASSPHRASE;
  for (const type of format === 'pem' ? [undefined] : (['pkcs8', 'pkcs1', 'sec1'] as const)) {
    try {
      const made = createPrivateKey(type === undefined ? { key, format: 'pem' } : { key, format: 'der', type });
      return rsaSize(made) > 0
        ? made
        : `this private key is of type ${made.asymmetricKeyType}; the policies that can be read with keys need RSA up to 8,192 bits`;
    } catch {
      // Perhaps of the next type.
    }
  }
  return format === 'pem' ? 'this private key is damaged or of an unknown kind' : NO_KEY;
}

/** PEM says so; DER is an EncryptedPrivateKeyInfo (RFC 5958, section 3) when its first element is an AlgorithmIdentifier of PKCS #5 or #12. */
function isEncrypted(key: Buffer, format: 'pem' | 'der'): boolean {
  if (format === 'pem') return key.includes('BEGIN ENCRYPTED') || key.includes('Proc-Type: 4,ENCRYPTED');
  const inner = key[0] === 0x30 ? (((key[1] as number) & 0x80) === 0 ? 2 : 2 + ((key[1] as number) & 0x7f)) : -1;
  if (inner < 0 || key[inner] !== 0x30) return false;
  const algorithm = key.toString('hex', inner, inner + 16);
  return algorithm.includes('2a864886f70d0105') || algorithm.includes('2a864886f70d010c');
}
