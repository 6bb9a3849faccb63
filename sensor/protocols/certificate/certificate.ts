import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import type { Value } from '../../observation.ts';
import { roleOf } from './role.ts';

/** Certificates of one chain that are counted (Part 6, 6.2.6: a chain is the certificates one behind the other). */
const MAX_CHAIN = 16;

/** An X.509 certificate. Times are RFC 3339; what could not be read is null. */
export type Certificate = {
  /** SHA-1 over the leaf's DER bytes, as OPC UA identifies certificates (Part 6, 6.7.2.3); lower-case hexadecimal. */
  thumbprint: string;
  /** Bytes of the leaf. */
  size: number;
  /** Certificates sent, the leaf included. */
  chain: number;
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

/** Reads the leaf of a chain of DER certificates at `start..start + size`; what `known` has is not parsed again. */
export function readCertificate(view: DataView, start: number, size: number, known: Map<string, Certificate>, limit: number): Certificate {
  const leaf = derLength(view, start, size);
  const bytes = new Uint8Array(view.buffer, view.byteOffset + start, leaf);
  const thumbprint = createHash('sha1').update(bytes).digest('hex');
  const chain = chainLength(view, start, size);
  const found = known.get(thumbprint);
  if (found !== undefined) return found.chain === chain ? found : { ...found, chain };
  const certificate = { thumbprint, size: leaf, chain, ...parse(bytes) };
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

function chainLength(view: DataView, start: number, size: number): number {
  let count = 0;
  for (let at = 0; at < size && count < MAX_CHAIN; count++) at += derLength(view, start + at, size - at);
  return count;
}

function parse(bytes: Uint8Array): Omit<Certificate, 'thumbprint' | 'size' | 'chain'> {
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

/** What an OPC UA observation says of a certificate, in print order. */
const SHOWN = ['thumbprint', 'size', 'chain', 'subject', 'issuer', 'valid_from', 'valid_to', 'self_signed', 'key_bits', 'signature', 'uri'] as const;

/** As fields of an observation, in front of them `prefix` (`opcua.client_certificate`). */
export function certificateFields(prefix: string, certificate: Certificate | null): { [field: string]: Value } {
  if (certificate === null) return {};
  return Object.fromEntries(SHOWN.map((name) => [`${prefix}.${name}`, certificate[name]]));
}
