/** Key files as people have them: whatever is no key gives one line that names the file, and says nothing of its content. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { inspect } from 'node:util';
import { authority } from '../../../../test/lab/certificate.ts';
import { InputError } from '../../../capture/source.ts';
import { deriveKeys, pHash } from './derive.ts';
import type { Keyring } from './keyring.ts';
import { MAX_KEYS } from './keyring.ts';
import { loadKeys } from './load.ts';
import { paddingSize } from './opening.ts';
import { rsaPolicy } from './policy.ts';

const folder = mkdtempSync(join(tmpdir(), 'stillwatch-keyfiles-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function file(content: string | Uint8Array, within = folder): string {
  const path = join(within, `file-${++files}`);
  writeFileSync(path, content);
  return path;
}

const rsa = (bits = 1024): KeyObject => generateKeyPairSync('rsa', { modulusLength: bits }).privateKey;
const KEY = rsa();
const pem = (key: KeyObject, type: 'pkcs8' | 'pkcs1' = 'pkcs8') => key.export({ type, format: 'pem' }) as string;
const encrypted = { cipher: 'aes-256-cbc', passphrase: 'open' };
const IDLE = 'the private key fits no certificate that an OPC UA channel was opened with';

/** What is said of the file alone. */
const said = (content: string | Uint8Array): string => {
  const path = file(content);
  const lines = loadKeys([path]).warnings();
  assert.equal(lines.length, 1, lines.join('\n'));
  assert.ok((lines[0] as string).startsWith(`${path}: `) && !(lines[0] as string).includes('\n'));
  return (lines[0] as string).slice(path.length + 2);
};

const held = (ring: Keyring): number => ring.ceilings()[0]?.used as number;

it('private keys are taken in every form', () => {
  for (const type of ['pkcs8', 'pkcs1'] as const) {
    assert.equal(said(pem(KEY, type)), IDLE);
    assert.equal(said(KEY.export({ type, format: 'der' })), IDLE);
  }
  assert.equal(said(`Subject: CN=plant\r\n${pem(KEY).replaceAll('\n', '\r\n')}`), IDLE);
  assert.equal(said(authority('plant').cert + pem(KEY)), IDLE);
  assert.equal(held(loadKeys([file(pem(KEY) + pem(rsa()))])), 2);
});

it('what is no key says so', () => {
  assert.match(said('hello'), /^is neither a private key \(PEM or DER\) nor a key log$/);
  assert.match(said(new Uint8Array(0)), /neither/);
  assert.match(said(Uint8Array.from({ length: 5000 }, (_, i) => i * 7)), /neither/);
  assert.match(said(KEY.export({ type: 'pkcs8', format: 'der' }).subarray(0, 200)), /neither/);
  assert.match(said(authority('plant').cert), /^is a certificate; the private key that belongs to it is needed$/);
  assert.match(said(authority('plant').der), /^is a certificate/);
  assert.match(said(authority('plant').key), /type ec; .* need RSA/);
  const [begin, ...rest] = pem(KEY).split('\n');
  assert.match(said([begin, 'AAAA', ...rest.slice(1)].join('\n')), /damaged/);
  assert.match(said(pem(KEY).slice(0, 200)), /damaged/);
});

it('a key with a passphrase says what to do', () => {
  for (const type of ['pkcs8', 'pkcs1'] as const) assert.match(said(KEY.export({ type, format: 'pem', ...encrypted })), /passphrase.*openssl pkey/);
  assert.match(said(KEY.export({ type: 'pkcs8', format: 'der', ...encrypted })), /passphrase/);
});

it('a folder may hold other things', () => {
  const within = join(folder, 'own');
  mkdirSync(join(within, 'below'), { recursive: true });
  file(pem(KEY), within);
  file(authority('plant').cert, within);
  file('notes', within);
  file(pem(rsa()), join(within, 'below'));
  const ring = loadKeys([within]);
  assert.equal(held(ring), 1);
  assert.equal(ring.complaints.length, 0);
});

it('a path that is not there ends it, in one line', () => {
  assert.throws(
    () => loadKeys([join(folder, 'nowhere')]),
    (error) => error instanceof InputError && /^--keys \S+nowhere: there is no such file; [^\n]+$/.test(error.message),
  );
});

it('one key twice is one key, and too many are counted', () => {
  assert.equal(held(loadKeys([file(pem(KEY)), file(pem(KEY, 'pkcs1'))])), 1);
  const many = Array.from({ length: MAX_KEYS + 3 }, () => file(pem(rsa(512))));
  const ring = loadKeys(many);
  assert.deepEqual(ring.ceilings()[0], { name: 'opcua keys', limit: MAX_KEYS, used: MAX_KEYS, hit: 3 });
  assert.equal(ring.complaints.length, 3);
  assert.match(ring.complaints[0] as string, /more than 64 private keys/);
});

const lines = (of: string, key = '11'.repeat(32), iv = '22'.repeat(16), siglen = '32') =>
  ['client', 'server'].flatMap((side) => [`${side}_iv_${of}: ${iv}`, `${side}_key_${of}: ${key}`, `${side}_siglen_${of}: ${siglen}`]);

it('key logs are taken as far as they are whole', () => {
  const used = (text: string) => said(text);
  assert.match(used(`# made by a server\n\n${lines('5_1').join('\r\n')}\r\n`), /none of its 1 OPC UA channel keys/);
  assert.match(used([...lines('5_1'), ...lines('5_2', 'AB'.repeat(16))].join('\n')), /none of its 2 /);
  assert.match(used(lines('5_1').slice(0, 5).join('\n')), /no whole set/);
  for (const wrong of [lines('5_1', '11'.repeat(20)), lines('5_1', '11'.repeat(32), '22'), lines('5_1', '11'.repeat(32), '22'.repeat(16), '9')]) {
    assert.match(used(wrong.join('\n')), /no whole set/);
  }
  const ring = loadKeys([file(['client_iv_5_1: zz', 'nonsense', ...lines('5_1'), `client_key_9_9: ${'1'.repeat(4000)}`].join('\n'))]);
  assert.match(ring.complaints.join(), /3 lines or sets of this key log are not understood/);
  assert.equal(ring.logged(5, 1).length, 1);
});

it('a set that comes again with other keys is held beside the first, within bounds', () => {
  const text = Array.from({ length: 20 }, (_, i) => lines('5_1', i.toString(16).padStart(2, '0').repeat(32)).join('\n')).join('\n');
  const ring = loadKeys([file(text)]);
  assert.equal(ring.logged(5, 1).length, 8);
  assert.equal(ring.ceilings()[0]?.hit, 12);
});

it('a keyring shows nothing of its keys', () => {
  const secret = KEY.export({ format: 'jwk' }).d as string;
  const ring = loadKeys([file(pem(KEY)), file(lines('5_1', 'C0FFEE42'.repeat(8)).join('\n'))]);
  const shown = inspect(ring, { depth: 10, showHidden: true }) + JSON.stringify(ring) + inspect(ring.logged(5, 1), { depth: 10 });
  for (const part of [secret.slice(0, 30), 'C0FFEE42', 'c0ffee42', 'c0 ff ee 42', '192, 255, 238']) assert.ok(!shown.includes(part), part);
});

it('P_SHA256 is that of the TLS working group', () => {
  // Published with the discussion of RFC 5246: secret, label and seed, output.
  const secret = Buffer.from('9bbe436ba940f017b17652849a71db35', 'hex');
  const seed = Buffer.concat([Buffer.from('test label'), Buffer.from('a0ba9f936cda311827a6f796ffd5198c', 'hex')]);
  const output =
    'e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66';
  assert.equal(pHash('sha256', secret, seed, 100).toString('hex'), output);
  assert.equal(pHash('sha256', secret, seed, 33).toString('hex'), output.slice(0, 66));
});

it('the keys of the two directions differ, and turn round with the nonces', () => {
  const policy = rsaPolicy('Basic256');
  assert.ok(policy !== null);
  const [a, b] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const one = deriveKeys(policy, 1, a, b);
  const other = deriveKeys(policy, 1, b, a);
  assert.notDeepEqual(one.client.iv, one.server.iv);
  assert.deepEqual(one.client.iv, other.server.iv);
  assert.equal(one.client.signing?.symmetricKeySize, 24);
  assert.equal(one.client.encrypting.symmetricKeySize, 32);
});

it('padding is measured with one size field and with two', () => {
  const narrow = Uint8Array.of(9, 9, 3, 3, 3, 3);
  assert.equal(paddingSize(narrow, 6, false), 4);
  assert.equal(paddingSize(Uint8Array.of(9, 0), 2, false), 1);
  assert.equal(paddingSize(Uint8Array.of(9, 3, 3, 4, 3), 5, false), 0);
  const wide = new Uint8Array(400).fill(7, 5);
  wide[399] = 1;
  // 7 + 256 bytes of padding and two size fields.
  assert.equal(paddingSize(wide.subarray(0, 400), 400, true), 265);
  assert.equal(paddingSize(Uint8Array.of(9, 0, 0), 3, true), 2);
  assert.equal(paddingSize(Uint8Array.of(200), 1, true), 0);
  assert.equal(paddingSize(Uint8Array.of(200), 1, false), 0);
});
