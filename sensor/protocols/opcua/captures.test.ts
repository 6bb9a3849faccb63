import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join as path } from 'node:path';
import { it } from 'node:test';
import { capture, dissect, flawsOf, OPCUA_CAPTURES, only, traffic } from '../../../test/opcua-wire.ts';

const EXPECTED: { [file: string]: { observations: number; rows: number } } = {
  'open62541_browse_next.pcap': { observations: 20, rows: 1 },
  'open62541_client-server_encrypted.pcap': { observations: 15, rows: 8 },
  'open62541_client-server_mainloop-no-handshake.pcap': { observations: 29, rows: 0 },
  'open62541_client-server_mainloop.pcap': { observations: 35, rows: 0 },
  'open62541_create_monitored_items.pcap': { observations: 14, rows: 0 },
  'open62541_discover_getendpoints_discover_urls.pcap': { observations: 17, rows: 0 },
  'python_opcua-client-server_minimal.pcap': { observations: 9, rows: 0 },
  'example.pcapng': { observations: 877, rows: 448 },
  'OpcUaConversation1.pcapng': { observations: 148, rows: 22 },
};

for (const name of OPCUA_CAPTURES) {
  const file = capture(name);
  const base = name.split('/').at(-1) as string;

  it(`${base}: every message, no flaw`, { skip: file.skip }, async () => {
    const { observations, rows } = dissect(await traffic(file.path));
    assert.deepEqual({ observations: observations.length, rows }, EXPECTED[base]);
    assert.deepEqual(flawsOf(observations), []);
  });

  it(`${base}: byte by byte gives the same`, { skip: file.skip }, async () => {
    const whole = await traffic(file.path);
    assert.deepEqual(dissect(whole, { bytewise: true }).observations, dissect(whole).observations);
  });

  it(`${base}: rows say what details would`, { skip: file.skip }, async () => {
    const whole = await traffic(file.path);
    const details = dissect(whole, { operations: 0 });
    assert.equal(details.rows, 0);
    assert.equal(JSON.stringify(dissect(whole).observations), JSON.stringify(details.observations));
  });
}

/** Rows of a Zeek log: the columns as in the file, without its comment lines. */
function zeek(dir: string, log: string): string[][] {
  const lines = readFileSync(path(dir, log), 'utf8').split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split('\t'));
}

it('agrees with the logs of another analyser on services, message by message', { skip: capture(OPCUA_CAPTURES[3] as string).skip }, async () => {
  const file = capture(OPCUA_CAPTURES[3] as string).path;
  const dir = path(dirname(file), 'baseline.basic');
  assert.ok(existsSync(dir));
  const named = zeek(dir, 'opcua_binary.log').flatMap((row) => row.filter((cell) => /Re(quest|sponse)$/.test(cell)));
  const { observations } = dissect(await traffic(file));
  const ours = observations.flatMap((o) => {
    const service = o['opcua.service'] as string | undefined;
    if (service === undefined) return [];
    return [...(o['request_frame'] === null ? [] : [`${service}Request`]), ...(o['response_frame'] === null ? [] : [`${service}Response`])];
  });
  assert.ok(named.length > 0);
  const count = (names: string[], name: string) => names.filter((one) => one === name).length;
  for (const name of new Set(named)) assert.equal(count(ours, name), count(named, name), name);
});

it('keeps the user name of a session and never its password', { skip: capture(OPCUA_CAPTURES[3] as string).skip }, async () => {
  const file = capture(OPCUA_CAPTURES[3] as string).path;
  const { observations } = dissect(await traffic(file));
  const [activation] = only(observations, 'ActivateSession');
  assert.equal(activation?.['opcua.user'], 'user1');
  assert.equal(activation?.['opcua.user_token'], 'username');
  assert.equal(activation?.['opcua.password'], 'clear');
  const [row] = zeek(path(dirname(file), 'baseline.basic'), 'opcua_binary_activate_session.log');
  const password = row?.[(row?.indexOf('user1') ?? 0) + 1] as string;
  assert.ok(password.length > 3, password);
  assert.ok(!JSON.stringify(observations).includes(`"${password}"`), 'the password is printed');
});

it('says of an encrypted channel what can be said', { skip: capture(OPCUA_CAPTURES[1] as string).skip }, async () => {
  const { observations, dissectors } = dissect(await traffic(capture(OPCUA_CAPTURES[1] as string).path));
  const opening = observations.find((o) => o['opcua.security_policy'] === 'Basic128Rsa15' && o['opcua.message_type'] === 'OPN');
  assert.equal(opening?.['opcua.client_certificate.thumbprint'], '85ef235574b9ee5b514de6d99728bfc880cc7d5c');
  assert.equal(opening?.['opcua.client_certificate.self_signed'], true);
  assert.equal(opening?.['opcua.visibility'], 'opaque');
  // As openssl and sha256sum say of the same bytes.
  assert.equal(opening?.['opcua.client_certificate.sha256'], 'ae20d1f40f27cfe1708b23b75f3ef912cb59e1a574f5c86f513c6ba9d1c9c896');
  assert.equal(opening?.['opcua.client_certificate.serial'], 'D3FA02037416B875');
  assert.deepEqual([opening?.['opcua.client_certificate.days_left'], opening?.['opcua.client_certificate.expired']], [364, false]);
  const closing = observations.find((o) => o['opcua.message_type'] === 'CLO' && o['opcua.visibility'] === 'opaque');
  assert.deepEqual([closing?.['opcua.channel_requests'], closing?.['opcua.channel_responses']], [4, 4]);
  const sealed = observations.filter((o) => o.kind === 'opcua' && o['opcua.visibility'] === 'opaque');
  assert.equal(sealed.length, 8);
  assert.equal(
    sealed.reduce((sum, o) => sum + (o['opcua.size'] as number), 0),
    closing?.['opcua.channel_bytes'],
  );
  assert.ok(sealed.every((o) => o['opcua.security_mode'] === 'SignAndEncrypt' && o['opcua.service'] === null && o['opcua.nodes'] === undefined));
  assert.equal(
    dissectors.reduce((sum, one) => sum + one.opaque, 0),
    9,
  );
});
