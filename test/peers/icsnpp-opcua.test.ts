/**
 * The sensor says what Zeek with ICSNPP OPC UA says of its own captures, with the greeting and without; where we differ on purpose it is written
 * here. Its authors cut the header off these logs: columns go by their place.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Observation, Value } from '../../sensor/observation.ts';
import { senseFile } from '../sense.ts';
import { missing, shared } from '../shared.ts';
import { type Row, zeekLog } from './zeek.ts';

const COLUMNS = Array.from({ length: 60 }, (_, i) => String(i));
type Item = { [key: string]: Value };
type Case = { capture: string; logs: string; rows: number };

const CASES: readonly Case[] = [
  { capture: 'open62541_client-server_mainloop.pcap', logs: 'baseline.basic', rows: 37 },
  // Its first message is the answer to a GetEndpoints that was not seen.
  { capture: 'open62541_client-server_mainloop-no-handshake.pcap', logs: 'baseline.no-handshake', rows: 29 },
];

const at = (r: Row, column: number): string => r[String(column)] as string;
const number = (r: Row, column: number): number => Number(at(r, column));

/**
 * A NodeId from its six columns. ICSNPP prints all of a Guid in the order of its bytes; Part 6, 5.2.2.6 has the first three parts little-endian,
 * so they are turned here.
 */
function nodeId(r: Row, from: number): string {
  const [namespace, numeric, text, guid] = [1, 2, 3, 4].map((k) => at(r, from + k)) as [string, string, string, string];
  const prefix = namespace === '-' || namespace === '0' ? '' : `ns=${namespace};`;
  if (numeric !== '-') return `${prefix}i=${numeric}`;
  if (text !== '-') return `${prefix}s=${text}`;
  const turned = (part: string) => part.match(/../g)?.reverse().join('') as string;
  const [a, b, c, ...rest] = guid.split('-') as [string, string, string, string, string];
  return `${prefix}g=${[turned(a), turned(b), turned(c), ...rest].join('-')}`;
}

/** What ICSNPP has no value for, and null. */
const text = (value: Value | undefined): string => (value == null || value === '' ? '-' : String(value));

for (const { capture, logs, rows } of CASES) {
  describe(`ICSNPP on ${capture}`, { skip: missing('captures') }, () => {
    const folder = 'icsnpp-opcua-binary';
    const log = (name: string): Row[] => zeekLog(shared(`${folder}/${logs}/opcua_binary${name}.log`), COLUMNS);
    const sensed = async (): Promise<Observation[]> =>
      (await senseFile(shared(`${folder}/${capture}`))).filter(({ kind }) => kind.startsWith('opcua')).sort((a, b) => began(a) - began(b));
    const began = (o: Observation): number => (o['request_frame'] ?? o['response_frame']) as number;
    const of = (all: readonly Observation[], service: string): Observation[] =>
      all.filter((o) => o['opcua.service'] === service && o['request_frame'] !== null);
    const items = (found: readonly Observation[], field: string): Item[] => found.flatMap((o) => (o[`opcua.${field}`] ?? []) as Item[]);

    it('opcua_binary.log: types, channels, request ids, handles, service ids of both halves', async () => {
      const all = await sensed();
      const found = new Set<Observation>();
      const log1 = log('');
      assert.equal(log1.length, rows);
      for (const r of log1.filter((row) => !['HEL', 'ACK'].includes(at(row, 6)))) {
        const same = (o: Observation) =>
          o['source.port'] === number(r, 3) && o['opcua.message_type'] === at(r, 6) && o['opcua.request_id'] === number(r, at(r, 26) === '-' ? 45 : 26);
        const mine = all.filter(same);
        assert.equal(mine.length, 1, JSON.stringify(r));
        const o = mine[0] as Observation;
        found.add(o);
        const channel = at(r, 17).split(',').at(-1);
        const handles = [at(r, 38), at(r, 51)].filter((handle) => handle !== '-');
        assert.equal(text(o['opcua.channel_id']), channel);
        assert.equal(text(o['opcua.type_id']), at(r, 29));
        assert.equal(text(o['opcua.response_type_id']), at(r, 48));
        for (const handle of handles) assert.equal(text(o['opcua.request_handle']), handle);
      }
      const rest = all.filter((o) => !found.has(o) && o['opcua.message_type'] !== 'HEL').map((o) => `${o['opcua.service']} ${o['outcome']}`);
      assert.deepEqual(rest, []);
    });

    it('opcua_binary.log: Hello and Acknowledge', async () => {
      const all = await sensed();
      const hellos = all.filter((o) => o['opcua.message_type'] === 'HEL');
      const says = (r: Row) => [11, 12, 13, 14, 15].map((column) => number(r, column));
      const ours = (o: Observation, prefix: string) =>
        ['protocol_version', 'receive_buffer', 'send_buffer', 'max_message', 'max_chunks'].map((field) => o[`opcua.${prefix}${field}`]);
      const [hel, ack] = ['HEL', 'ACK'].map((type) => log('').filter((r) => at(r, 6) === type)) as [Row[], Row[]];
      assert.deepEqual(
        hellos.map((o) => ours(o, '')),
        hel.map(says),
      );
      assert.deepEqual(
        hellos.map((o) => ours(o, 'server_')),
        ack.map(says),
      );
      assert.deepEqual(
        hellos.map((o) => o['opcua.endpoint_url']),
        hel.map((r) => at(r, 16)),
      );
    });

    it('browse logs: what is browsed, and every reference', async () => {
      const found = of(await sensed(), 'Browse');
      const nodes = items(found, 'nodes');
      const directions: { [name: string]: string } = { FWD: 'forward', BOTH: 'both', INV: 'inverse' };
      assert.deepEqual(
        nodes.map((node) => [node['node_id'], node['direction'], node['reference_type'], node['include_subtypes']]),
        log('_browse_description').map((r) => [nodeId(r, 11), directions[at(r, 17)], nodeId(r, 18), at(r, 24) === 'T']),
      );
      assert.deepEqual(
        nodes
          .flatMap((node) => node['references'] as Item[])
          .map((one) => {
            const [namespace, name] = String(one['browse_name']).includes(':') ? String(one['browse_name']).split(':') : ['-', one['browse_name']];
            return [
              one['reference_type'],
              one['forward'],
              one['node_id'],
              namespace,
              name,
              one['display_name'],
              `${one['node_class']}NodeClass`,
              one['type_definition'],
            ];
          }),
        log('_browse_response_references').map((r) => [
          nodeId(r, 11),
          at(r, 17) === 'T',
          nodeId(r, 18),
          at(r, 26),
          at(r, 27),
          at(r, 30),
          at(r, 31),
          nodeId(r, 32),
        ]),
      );
    });

    it('session logs: application, session, timeouts, user; the password is logged there and kept nowhere here', async () => {
      const all = await sensed();
      const [created] = of(all, 'CreateSession') as [Observation];
      const [asked, told] = log('_create_session') as [Row, Row];
      assert.equal(text(created['opcua.application_uri']), at(asked, 11));
      assert.equal(text(created['opcua.endpoint_url']), at(asked, 20));
      assert.equal(text(created['opcua.requested_session_timeout']), at(asked, 25));
      assert.equal(text(created['opcua.session_timeout']), at(told, 39));
      assert.equal(created['opcua.session_id'], nodeId(told, 27));
      const [activated] = of(all, 'ActivateSession') as [Observation];
      const [user] = log('_activate_session') as [Row];
      assert.equal(`${activated['opcua.policy_id']}`, at(user, 21));
      assert.equal(activated['opcua.user'], at(user, 22));
      assert.equal(activated['opcua.password'], 'clear');
      assert.ok(!all.some((o) => JSON.stringify(o).includes(`"${at(user, 23)}"`)));
      const [closed] = of(all, 'CloseSession') as [Observation];
      assert.equal(closed['opcua.delete_subscriptions'], at(log('_close_session')[0] as Row, 11) === 'T');
    });

    it('endpoint and channel logs', async () => {
      const all = await sensed();
      const offered = items(
        all.filter((o) => o['opcua.service'] === 'GetEndpoints'),
        'endpoints',
      );
      const policy = (uri: string) => uri.split('#')[1];
      assert.deepEqual(
        offered.map((one) => [
          one['url'],
          one['application_uri'],
          one['product_uri'],
          one['application_name'],
          one['security_policy'],
          one['transport_profile'],
        ]),
        log('_get_endpoints_description').map((r) => [at(r, 11), at(r, 12), at(r, 13), at(r, 16), policy(at(r, 24)), at(r, 25)]),
      );
      const kinds = ['anonymous', 'username', 'certificate', 'issued'];
      assert.deepEqual(
        offered.flatMap((one) => one['user_tokens'] as string[]),
        log('_get_endpoints_user_token').map((r) => kinds[number(r, 12)]),
      );
      if (rows !== 37) return;
      const opened = all.filter((o) => o['opcua.message_type'] === 'OPN');
      const opening = log('_opensecure_channel');
      assert.deepEqual(
        opened.map((o) => [o['opcua.requested_lifetime'], o['opcua.channel_id'], o['opcua.token_id'], o['opcua.lifetime']]),
        opened.map((_, i) => [number(opening[2 * i] as Row, 15), ...[17, 18, 20].map((column) => number(opening[2 * i + 1] as Row, column))]),
      );
    });

    it('read and write logs: nodes and attributes; statuses', async () => {
      const all = await sensed();
      const asked = (service: string) => items(of(all, service), 'nodes').map((node) => [node['node_id'], node['attribute_id']]);
      assert.deepEqual(
        asked('Read'),
        log('_read_nodes_to_read').map((r) => [nodeId(r, 11), number(r, 17)]),
      );
      const writes = log('_write').filter((r) => at(r, 6) === 'T');
      assert.deepEqual(
        asked('Write'),
        writes.map((r) => [nodeId(r, 11), number(r, 17)]),
      );
      const [read] = of(all, 'Read') as [Observation];
      assert.equal(read['opcua.timestamps_to_return'], at(log('_read')[0] as Row, 13).toLowerCase());
      // One row for each status of a response header, in the order of the responses.
      const theirs = log('_status_code_detail')
        .filter((r) => at(r, 12) === 'ResponseHeader')
        .map((r) => at(r, 18));
      const ours = all
        .filter((o) => o['response_frame'] !== null && o['opcua.response_type_id'] != null)
        .sort((a, b) => (a['response_frame'] as number) - (b['response_frame'] as number))
        .map((o) => o['opcua.status']);
      assert.deepEqual(ours.toSorted(), theirs.toSorted());
    });
  });
}
