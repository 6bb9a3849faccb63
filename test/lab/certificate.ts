/** X.509 certificates for tests (RFC 5280): an authority, and what it issues. Keys are EC P-256. */
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
const named = (name: string) => sequence(der(0x31, sequence(oid('2.5.4.3'), utf8(name))), der(0x31, sequence(oid('2.5.4.10'), utf8('Test plant'))));
/** Years from 2050 on need GeneralizedTime; tests stay below. */
const time = (date: Date) => der(0x17, ascii(`${date.toISOString().slice(2, 19).replaceAll(/[-:T]/g, '')}Z`));

function extensions(wish: Wish, isAuthority: boolean): Uint8Array {
  const all: Uint8Array[] = [];
  if (isAuthority) all.push(sequence(oid('2.5.29.19'), der(0x01, [0xff]), der(0x04, sequence(der(0x01, [0xff])))));
  if (wish.host !== undefined) all.push(sequence(oid('2.5.29.17'), der(0x04, sequence(der(0x82, ascii(wish.host))))));
  if (wish.role !== undefined) all.push(sequence(oid('1.3.6.1.4.1.50316.802.1'), der(0x04, utf8(wish.role))));
  return all.length === 0 ? new Uint8Array(0) : der(0xa3, sequence(...all));
}

function make(name: string, issuer: string, signer: KeyObject | null, wish: Wish, isAuthority: boolean): Issued & { signer: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const body = sequence(
    der(0xa0, der(0x02, [2])),
    der(0x02, wish.serial ?? [0x51]),
    ECDSA_SHA256,
    named(issuer),
    sequence(time(wish.from ?? FROM), time(wish.to ?? TO)),
    named(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    extensions(wish, isAuthority),
  );
  const bytes = sequence(body, ECDSA_SHA256, der(0x03, [0], sign('sha256', body, signer ?? privateKey)));
  const text = Buffer.from(bytes)
    .toString('base64')
    .replaceAll(/.{64}(?=.)/g, '$&\n');
  const cert = `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;
  return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, der: bytes, signer: privateKey };
}

/** A certificate that signs others, signed by itself. */
export const authority = (name: string): Authority => ({ name, ...make(name, name, null, {}, true) });

export const issue = (by: Authority, name: string, wish: Wish = {}): Issued => make(name, by.name, by.signer, wish, false);
