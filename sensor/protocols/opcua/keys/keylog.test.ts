/** Channels of elliptic curves under a key log: their keys are agreed on for each channel, so that no private key opens them. Sealed here by Part 6, 6.7.2. */
import assert from 'node:assert/strict';
import { createCipheriv, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { it } from 'node:test';
import { join } from '../../../../test/lab/bytes.ts';
import { SERVER, type Step, talk } from '../../../../test/modbus-wire.ts';
import { ack, double, flawsOf, hel, message, named, only, readRequest, readResponse, sealedOpen, u32 } from '../../../../test/opcua-wire.ts';
import { sense } from '../../../../test/sense.ts';
import { loadKeys } from './load.ts';

const SPEED = named(2, 'Pump.Speed');
const BLOCK = 16;
type Keys = { key: Buffer; iv: Buffer; signature: number };

/** A chunk as its sender encrypts it: padding, then a signature of some bytes, then AES-CBC over all behind the token id. */
function sealed({ key, iv, signature }: Keys, sequence: number, body: Uint8Array): Uint8Array {
  const plain = join(u32(sequence), u32(sequence), body);
  const padding = BLOCK - ((plain.length + 1 + signature) % BLOCK);
  const whole = join(plain, new Uint8Array(padding + 1).fill(padding), randomBytes(signature));
  const cipher = createCipheriv(key.length === 16 ? 'aes-128-cbc' : 'aes-256-cbc', key, iv).setAutoPadding(false);
  return message('MSGF', join(u32(5), u32(1), cipher.update(whole)));
}

const lines = (side: string, { key, iv, signature }: Keys): string[] => [
  `${side}_iv_5_1: ${iv.toString('hex')}`,
  `${side}_key_5_1: ${key.toString('hex')}`,
  `${side}_siglen_5_1: ${signature}`,
];

/** What `use` makes of a key log with these keys. */
function withLog<T>(client: Keys, server: Keys, use: (paths: string[]) => T): T {
  const folder = mkdtempSync(path(tmpdir(), 'stillwatch-'));
  const file = path(folder, 'keys.txt');
  writeFileSync(file, [...lines('client', client), ...lines('server', server)].join('\n'), { mode: 0o600 });
  try {
    return use([file]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What is told of three Reads on a channel of `policy`, with the keys of its log. */
function told(policy: string, keySize: number, signature: number, logged = true) {
  const [client, server] = [0, 1].map((): Keys => ({ key: randomBytes(keySize), iv: randomBytes(BLOCK), signature })) as [Keys, Keys];
  const steps: Step[] = [hel(), ack(), sealedOpen(0, policy), sealedOpen(5, policy)].map((bytes, i): Step => [i % 2 === 0 ? '>' : '<', bytes]);
  for (const n of [2, 3, 4]) steps.push(['>', sealed(client, n, readRequest(n, [SPEED]))], ['<', sealed(server, n, readResponse(n, [double(n / 8)]))]);
  const frames = talk(steps, { server: { ...SERVER, port: 4840 } });
  const keys = logged ? { keys: withLog(client, server, loadKeys) } : {};
  return sense(frames, keys).observations.filter(({ kind }) => kind === 'opcua');
}

for (const [policy, key, signature] of [
  ['ECC_nistP256', 16, 32],
  ['ECC_brainpoolP256r1', 16, 32],
  ['ECC_nistP384', 32, 48],
  ['ECC_brainpoolP384r1', 32, 48],
] as const) {
  it(`${policy}: read with its log, opaque without`, () => {
    const reads = only(told(policy, key, signature), 'Read');
    assert.deepEqual(
      reads.map((o) => [(o['opcua.nodes'] as { value: number }[])[0]?.value, o['opcua.visibility'], o['opcua.security_policy'], o['opcua.signature']]),
      [2, 3, 4].map((n) => [n / 8, 'decrypted', policy, undefined]),
    );
    assert.deepEqual(flawsOf(reads), []);
    const hidden = told(policy, key, signature, false);
    assert.deepEqual([hidden.length, ...new Set(hidden.map((o) => o['opcua.visibility']))], [6, 'opaque']);
  });
}

it('ECC_curve25519 (ChaCha20-Poly1305) is not read: its log is refused in one line', () => {
  const keys = { key: randomBytes(32), iv: randomBytes(12), signature: 16 };
  assert.match(
    withLog(keys, keys, (paths) => loadKeys(paths).complaints.join()),
    /keys\.txt: this key log has no whole set of channel keys/,
  );
});
