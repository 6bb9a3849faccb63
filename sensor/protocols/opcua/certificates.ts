/** What an OPC UA observation says of a certificate: an application's (Part 6, 6.2.2) or a user's. */
import type { Certificate } from '../certificate/certificate.ts';
import type { Fields } from './call.ts';
import type { Ledger } from './ledger.ts';
import type { Reader } from './reader.ts';

/** Certificates in one chain beyond which it is flagged; the deepest in use have four. */
const MAX_CHAIN = 8;
/** Bytes of one chain likewise: a certificate of RSA 4096 has about 2,000. */
const MAX_CHAIN_BYTES = 32_768;
/** Part 7, 6.6: what policies in force ask of RSA keys; NIST SP 800-131A withdrew less. */
const MIN_RSA_BITS = 2048;
const DAY = 86_400_000;

/** In print order. */
const SHOWN = [
  'thumbprint',
  'sha256',
  'size',
  'chain',
  'subject',
  'issuer',
  'issuer_name',
  'serial',
  'valid_from',
  'valid_to',
  'self_signed',
  'key_type',
  'key_bits',
  'signature',
  'uri',
] as const;

/** The certificate in the ByteString that follows; null when it is empty. Flags what is no certificate, and chains that go round or on and on. */
export function certificateIn(r: Reader, ledger: Ledger): Certificate | null {
  const { start, size } = r.span();
  const certificate = ledger.certificate(r.view, start, size);
  if (certificate === null) return null;
  const unread = certificate.subject === null || certificate.issuers.some((one) => one.subject === null);
  if (unread) r.flaw('certificate_unreadable');
  if (certificate.loops) r.flaw('certificate_chain_loop');
  if (certificate.chain > MAX_CHAIN || size > MAX_CHAIN_BYTES) r.flaw('certificate_chain_long');
  return certificate;
}

/** As fields of an observation, in front of them `prefix` (`opcua.client_certificate`). `at` is when it was shown, ms. */
export function certificateFields(prefix: string, certificate: Certificate | null, at: number): Fields {
  if (certificate === null) return {};
  const fields: Fields = Object.fromEntries(SHOWN.map((name) => [`${prefix}.${name}`, certificate[name]]));
  const { valid_from: from, valid_to: to, issuers } = certificate;
  fields[`${prefix}.not_yet_valid`] = from === null ? null : Date.parse(from) > at;
  fields[`${prefix}.expired`] = to === null ? null : Date.parse(to) < at;
  fields[`${prefix}.days_left`] = to === null ? null : Math.floor((Date.parse(to) - at) / DAY);
  const weak = weaknesses(certificate);
  if (weak.length > 0) fields[`${prefix}.weak`] = weak;
  if (issuers.length > 0) fields[`${prefix}.issuers`] = issuers.slice(0, MAX_CHAIN).map((one) => ({ ...one }));
  return fields;
}

/** `rsa_1024`: a key too short; `sha1`, `md5`: a signature that can be forged. */
function weaknesses({ key_type: key, key_bits: bits, signature }: Certificate): string[] {
  const short = key === 'rsa' && bits !== null && bits < MIN_RSA_BITS ? [`rsa_${bits}`] : [];
  const hash = /md5|sha1(?!\d)/i.exec(signature ?? '')?.[0].toLowerCase();
  return hash === undefined ? short : [...short, hash];
}

/** Whether a certificate names the application that shows it (Part 6, 6.2.2: they shall be the same); null where either is not known. */
export function uriMatches(certificate: Certificate | null, application: string | null): boolean | null {
  if (certificate === null || certificate.subject === null || application === null || application === '') return null;
  return certificate.uri === application;
}
