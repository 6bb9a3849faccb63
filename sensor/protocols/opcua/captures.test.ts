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

/** By hand from `tshark -d tcp.port==51210,opcua -V`: SubscriptionId 1, one item, ClientHandle 7, ItemToMonitor ns=4;i=1244. */
const PUBLISHED = [0.896, 0.739, 0.818, 0.606, 0.357, 0.535, 0.855, 0.678, 0.255, 0.46, 0.588, 0.39, 0.568, 0.65, 0.686, 0.254, 0.443, 0.366];

it('joins every published value of a capture with its node, as another analyser reads it', { skip: capture(OPCUA_CAPTURES[8] as string).skip }, async () => {
  const { observations } = dissect(await traffic(capture(OPCUA_CAPTURES[8] as string).path));
  const published = only(observations, 'Publish').filter((o) => o['outcome'] === 'answered');
  const nodes = published.map((o) => (o['opcua.nodes'] as { [key: string]: unknown }[])[0] as { [key: string]: unknown });
  assert.deepEqual(
    nodes.map((node) => Number((node['value'] as number).toFixed(3))),
    PUBLISHED,
  );
  assert.ok(
    nodes.every((node) => node['node_id'] === 'ns=4;i=1244' && node['client_handle'] === 7 && node['monitored_item_id'] === 1 && node['type'] === 'Double'),
  );
  assert.deepEqual(
    published.map((o) => o['opcua.sequence_number']),
    PUBLISHED.map((_, i) => i + 1),
  );
  assert.deepEqual(
    published.slice(1).map((o) => o['opcua.acknowledgements']),
    PUBLISHED.slice(1).map((_, i) => [{ subscription_id: 1, sequence_number: i + 1, status: 'Good' }]),
  );
  assert.deepEqual([nodes[0]?.['source_timestamp'], published[0]?.['opcua.publish_time']], ['2014-02-03T19:38:21.688775Z', '2014-02-03T19:39:01.452674Z']);
});

it('reads filters and what a server says of them, as another analyser does', { skip: capture(OPCUA_CAPTURES[4] as string).skip }, async () => {
  const { observations } = dissect(await traffic(capture(OPCUA_CAPTURES[4] as string).path));
  const [created] = only(observations, 'CreateMonitoredItems');
  const [level, event, average] = (created?.['opcua.nodes'] ?? []) as { [key: string]: { [key: string]: unknown } }[];
  assert.deepEqual([created?.['request_frame'], created?.['response_frame'], created?.['opcua.subscription_id']], [133, 135, 1]);
  assert.deepEqual(
    [level, event, average].map((node) => [
      node?.['node_id'],
      node?.['attribute_id'],
      node?.['monitoring_mode'],
      node?.['sampling_interval'],
      node?.['revised_sampling_interval'],
    ]),
    [
      ['i=17280', 13, 'sampling', 5, 50],
      ['ns=1;s=IHopeIwork', 12, 'sampling', 5, 50],
      ['i=17280', 13, 'reporting', 234, 234],
    ],
  );
  assert.deepEqual(level?.['filter'], { kind: 'data_change', trigger: 'status_value', deadband: 'absolute', deadband_value: 3 });
  const where = [
    {
      operator: 'Equals',
      operands: [{ literal: 'What is happening?' }, { node_id: 'i=0', alias: 'I hope this works', path: '!Message', attribute_id: 13, index_range: '7-10' }],
    },
  ];
  assert.deepEqual(event?.['filter'], { kind: 'event', of: ['i=2041'], select: ['Message@12'], where });
  assert.deepEqual(event?.['filter_result']?.['select'], ['BadTypeDefinitionInvalid']);
  const { aggregate, processing_interval, start_time } = average?.['filter'] ?? {};
  assert.deepEqual([aggregate, processing_interval, start_time], ['ns=1;s=IHopeIwork', 3.5, '2023-01-11T17:15:17.585621Z']);
});
