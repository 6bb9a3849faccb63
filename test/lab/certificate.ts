/** X.509 certificates for tests (RFC 5280): an authority, and what it issues. Keys are EC P-256 unless RSA is wished for. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { join } from './bytes.ts';

export type Issued = { cert: string; key: string; der: Uint8Array };
export type Authority = Issued & { name: string; signer: KeyObject };

export type Wish = {
  serial?: readonly number[];
  from?: Date;
  to?: Date;
  /** Modbus/TCP Security: role of the client. */
  role?: string;
  host?: string;
  /** The application of an OPC UA certificate (OPC 10000-6, 6.2.2). */
  uri?: string;
  /** An RSA key of so many bits. */
  rsa?: number;
  /** Signed with SHA-1, where an RSA key signs. */
  sha1?: boolean;
};

const FROM = new Date('2026-01-01T00:00:00Z');
const TO = new Date('2036-01-01T00:00:00Z');

function der(tag: number, ...content: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const body = join(...content);
  const n = body.length;
  const size = n < 0x80 ? [n] : n < 0x100 ? [0x81, n] : [0x82, n >> 8, n & 0xff];
  return join([tag], size, body);
}

const sequence = (...content: readonly (Uint8Array | readonly number[])[]) => der(0x30, ...content);
const utf8 = (text: string) => der(0x0c, new TextEncoder().encode(text));
const ascii = (text: string) => new TextEncoder().encode(text);

/** Dotted text to an OBJECT IDENTIFIER (X.690, 8.19). */
function oid(text: string): Uint8Array {
  const [first, second, ...rest] = text.split('.').map(Number) as [number, number, ...number[]];
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const digits = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80);
    bytes.push(...digits);
  }
  return der(0x06, bytes);
}

const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
/** RFC 8017, A.2.4: PKCS #1 v1.5 with SHA-1 and SHA-256. */
const RSA_SHA1 = sequence(oid('1.2.840.113549.1.1.5'), [5, 0]);
const RSA_SHA256 = sequence(oid('1.2.840.113549.1.1.11'), [5, 0]);
const named = (name: string) => sequence(der(0x31, sequence(oid('2.5.4.3'), utf8(name))), der(0x31, sequence(oid('2.5.4.10'), utf8('Test plant'))));
/** Years from 2050 on need GeneralizedTime; tests stay below. */
const time = (date: Date) => der(0x17, ascii(`${date.toISOString().slice(2, 19).replaceAll(/[-:T]/g, '')}Z`));

function extensions(wish: Wish, isAuthority: boolean): Uint8Array {
  const all: Uint8Array[] = [];
  if (isAuthority) all.push(sequence(oid('2.5.29.19'), der(0x01, [0xff]), der(0x04, sequence(der(0x01, [0xff])))));
  const names = [...(wish.uri === undefined ? [] : [der(0x86, ascii(wish.uri))]), ...(wish.host === undefined ? [] : [der(0x82, ascii(wish.host))])];
  if (names.length > 0) all.push(sequence(oid('2.5.29.17'), der(0x04, sequence(...names))));
  if (wish.role !== undefined) all.push(sequence(oid('1.3.6.1.4.1.50316.802.1'), der(0x04, utf8(wish.role))));
  return all.length === 0 ? new Uint8Array(0) : der(0xa3, sequence(...all));
}

function make(name: string, issuer: string, signer: KeyObject | null, wish: Wish, isAuthority: boolean): Issued & { signer: KeyObject } {
  const { publicKey, privateKey } =
    wish.rsa === undefined ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('rsa', { modulusLength: wish.rsa });
  const by = signer ?? privateKey;
  const algorithm = by.asymmetricKeyType !== 'rsa' ? ECDSA_SHA256 : wish.sha1 ? RSA_SHA1 : RSA_SHA256;
  const body = sequence(
    der(0xa0, der(0x02, [2])),
    der(0x02, wish.serial ?? [0x51]),
    algorithm,
    named(issuer),
    sequence(time(wish.from ?? FROM), time(wish.to ?? TO)),
    named(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    extensions(wish, isAuthority),
  );
  const bytes = sequence(body, algorithm, der(0x03, [0], sign(wish.sha1 ? 'sha1' : 'sha256', body, by)));
  const text = Buffer.from(bytes)
    .toString('base64')
    .replaceAll(/.{64}(?=.)/g, '$&\n');
  const cert = `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;
  return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, der: bytes, signer: privateKey };
}

/** A certificate that signs others, signed by itself. */
export const authority = (name: string): Authority => ({ name, ...make(name, name, null, {}, true) });

export const issue = (by: Authority, name: string, wish: Wish = {}): Issued => make(name, by.name, by.signer, wish, false);

/** A certificate signed with its own key, as OPC UA applications make for themselves. */
export const selfSigned = (name: string, wish: Wish = {}): Issued => make(name, name, null, wish, false);

/** A certificate that names an issuer without that issuer's key: for chains that go round. */
export const claiming = (name: string, issuer: string, wish: Wish = {}): Issued => make(name, issuer, null, wish, false);
