import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import { roleOf } from './role.ts';

/** Certificates of one chain that are counted (Part 6, 6.2.6: a chain is the certificates one behind the other). */
const MAX_CHAIN = 16;

/** An X.509 certificate. Times are RFC 3339; what could not be read is null. */
export type Certificate = {
  /** SHA-1 over the leaf's DER bytes, as OPC UA identifies certificates (Part 6, 6.7.2.3); lower-case hexadecimal. */
  thumbprint: string;
  /** Bytes of the leaf. */
  size: number;
  /** SHA-256 over the same bytes. */
  sha256: string;
  /** Certificates sent, the leaf included, up to MAX_CHAIN. */
  chain: number;
  /** What follows the leaf; empty for a leaf alone. */
  issuers: readonly ChainMember[];
  /** A certificate comes twice, or one is issued by one before it: whoever follows issuers without counting never ends (CVE-2022-37013). */
  loops: boolean;
  subject: string | null;
  issuer: string | null;
  valid_from: string | null;
  valid_to: string | null;
  self_signed: boolean | null;
  key_bits: number | null;
  signature: string | null;
  /** The URI of its subjectAltName, which for OPC UA has to be the application's. */
  uri: string | null;
  /** Common names of subject and issuer. */
  name: string | null;
  issuer_name: string | null;
  /** Upper-case hexadecimal without colons. */
  serial: string | null;
  /** `rsa`, `ec`, `ed25519`, ... */
  key_type: string | null;
  /** Role of a Modbus/TCP client (MODBUS/TCP Security v21, 8.3). */
  role: string | null;
};

/** A certificate behind the leaf, in short. */
export type ChainMember = { thumbprint: string; subject: string | null; issuer: string | null; valid_to: string | null };

/** As `Certificate` where nothing could be read. */
const UNREAD = {
  subject: null,
  issuer: null,
  valid_from: null,
  valid_to: null,
  self_signed: null,
  key_bits: null,
  signature: null,
  uri: null,
  name: null,
  issuer_name: null,
  serial: null,
  key_type: null,
  role: null,
};

/**
 * Reads a chain of DER certificates at `start..start + size`: its leaf, and in short what follows. Certificates that `known` has are not parsed
 * again; it takes up to `limit`.
 */
export function readCertificate(view: DataView, start: number, size: number, known: Map<string, Certificate>, limit: number): Certificate {
  const length = derLength(view, start, size);
  const leaf = single(view, start, length, known, limit);
  if (length >= size || leaf.subject === null) return leaf;
  const issuers: ChainMember[] = [];
  const met = new Set([leaf.thumbprint]);
  for (let at = length; at < size && issuers.length < MAX_CHAIN - 1; ) {
    const one = derLength(view, start + at, size - at);
    const { thumbprint, subject, issuer, valid_to } = single(view, start + at, one, known, limit);
    issuers.push({ thumbprint, subject, issuer, valid_to });
    met.add(thumbprint);
    // Where the next one begins after bytes that are none, nobody knows.
    if (subject === null) break;
    at += one;
  }
  return { ...leaf, chain: issuers.length + 1, issuers, loops: met.size <= issuers.length || issuedBackwards([leaf, ...issuers]) };
}

/** Whether one that is not self-signed names as issuer one that came before it. */
function issuedBackwards(chain: readonly ChainMember[]): boolean {
  const before = new Set<string>();
  for (const { subject, issuer } of chain) {
    if (issuer !== null && issuer !== subject && before.has(issuer)) return true;
    if (subject !== null) before.add(subject);
  }
  return false;
}

/** One certificate, parsed once. */
function single(view: DataView, start: number, size: number, known: Map<string, Certificate>, limit: number): Certificate {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + start, size);
  const thumbprint = createHash('sha1').update(bytes).digest('hex');
  const found = known.get(thumbprint);
  if (found !== undefined) return found;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const certificate = { thumbprint, size, sha256, chain: 1, issuers: [], loops: false, ...parse(bytes) };
  if (known.size < limit) known.set(thumbprint, certificate);
  return certificate;
}

/** X.690, 8.1.3: length of the SEQUENCE that begins here, header included; all there is when it is no such thing. */
function derLength(view: DataView, start: number, size: number): number {
  if (size < 4 || view.getUint8(start) !== 0x30) return size;
  const first = view.getUint8(start + 1);
  if (first < 0x80) return Math.min(size, first + 2);
  const length = first === 0x82 ? view.getUint16(start + 2) + 4 : first === 0x81 ? view.getUint8(start + 2) + 3 : size;
  return Math.min(size, length);
}

function parse(bytes: Uint8Array): Omit<Certificate, 'thumbprint' | 'size' | 'sha256' | 'chain' | 'issuers' | 'loops'> {
  try {
    const x = new X509Certificate(bytes);
    const key = keyOf(x);
    return {
      subject: oneLine(x.subject),
      issuer: oneLine(x.issuer),
      valid_from: date(x.validFrom),
      valid_to: date(x.validTo),
      self_signed: x.subject === x.issuer,
      key_bits: key?.asymmetricKeyDetails?.modulusLength ?? null,
      signature: x.signatureAlgorithm ?? null,
      uri: /URI:([^,]+)/.exec(x.subjectAltName ?? '')?.[1] ?? null,
      name: commonName(x.subject),
      issuer_name: commonName(x.issuer),
      serial: x.serialNumber,
      key_type: key?.asymmetricKeyType ?? null,
      role: roleOf(bytes),
    };
  } catch {
    return UNREAD;
  }
}

/** A key of a kind that this machine's library does not know still leaves a certificate worth reading. */
function keyOf(x: X509Certificate): KeyObject | null {
  try {
    return x.publicKey;
  } catch {
    return null;
  }
}

/** OpenSSL's text has one attribute a line. */
const commonName = (text: string | undefined): string | null => /^CN=(.*)$/m.exec(text ?? '')?.[1] ?? null;

const oneLine = (text: string | undefined): string | null => (text === undefined ? null : text.split('\n').join(', '));

function date(text: string): string | null {
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}
