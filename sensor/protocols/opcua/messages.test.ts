import assert from 'node:assert/strict';
import { it } from 'node:test';
import { hex, join, viewOf } from '../../../test/lab/bytes.ts';
import {
  ack,
  type Bytes,
  chunk,
  clo,
  conversation,
  dissect,
  double,
  err,
  f64,
  flawsOf,
  hel,
  id,
  list,
  message,
  msg,
  NONE,
  named,
  only,
  opened,
  openRequest,
  openResponse,
  readRequest,
  readResponse,
  requestHeader,
  responseHeader,
  sealedOpen,
  TOKEN,
  text,
  u16,
  u32,
  writeRequest,
} from '../../../test/opcua-wire.ts';
import { MORE, NO, YES } from '../dissector.ts';
import { opcua } from './opcua.ts';

const one = (traffic: Parameters<typeof dissect>[0]) => {
  const { observations } = dissect(traffic);
  const last = observations.at(-1);
  assert.ok(last !== undefined);
  return last;
};

it('reads a Hello and an Acknowledge from literal bytes', () => {
  const hello = hex('48454c46 38000000 00000000 ffff0000 ffff0000 00000000 00000000 18000000 6f70632e7463703a2f2f6c6f63616c686f73743a34383430');
  const acknowledge = hex('41434b46 1c000000 00000000 ffff0000 ffff0000 00000000 00000000');
  assert.deepEqual(one(conversation([0, hello], [1, acknowledge])), {
    kind: 'opcua-channel',
    '@timestamp': '2023-11-14T22:13:20.000000Z',
    'source.ip': '10.0.0.5',
    'source.port': 40001,
    'destination.ip': '10.0.0.9',
    'destination.port': 4840,
    'network.transport': 'tcp',
    'network.protocol': 'opcua',
    outcome: 'answered',
    latency: 10,
    request_frame: 1,
    response_frame: 2,
    'opcua.message_type': 'HEL',
    'opcua.response_message_type': 'ACK',
    'opcua.protocol_version': 0,
    'opcua.receive_buffer': 65535,
    'opcua.send_buffer': 65535,
    'opcua.max_message': 0,
    'opcua.max_chunks': 0,
    'opcua.endpoint_url': 'opc.tcp://localhost:4840',
    'opcua.server_protocol_version': 0,
    'opcua.server_receive_buffer': 65535,
    'opcua.server_send_buffer': 65535,
    'opcua.server_max_message': 0,
    'opcua.server_max_chunks': 0,
  });
});

it('joins an Error with the Hello or the opening that it refuses, and keeps one that stands alone', () => {
  const refused = one(conversation([0, hel()], [1, err(0x807f0000, 'no')]));
  assert.equal(refused['opcua.response_message_type'], 'ERR');
  assert.equal(refused['opcua.status'], 'BadTcpSecureChannelUnknown');
  assert.equal(refused['outcome'], 'exception');
  const opening = one(conversation([0, hel()], [1, ack()], [0, openRequest(1)], [1, err(0x80130000, 'checks')]));
  assert.equal(opening['opcua.message_type'], 'OPN');
  assert.equal(opening['opcua.response_message_type'], 'ERR');
  assert.equal(opening['opcua.status'], 'BadSecurityChecksFailed');
  const alone = one(opened([1, err(0x80800000, 'too large')]));
  assert.deepEqual(
    [alone['opcua.message_type'], alone['opcua.status'], alone['request_frame'], alone['response_frame']],
    ['ERR', 'BadTcpMessageTooLarge', null, 5],
  );
});

it('knows a reverse hello: the server speaks first', () => {
  const { observations, dissectors } = dissect(
    conversation([0, message('RHEF', join(text('urn:server'), text('opc.tcp://plc:4840')))], [1, hel()], [0, ack()]),
  );
  assert.equal(observations[0]?.['opcua.message_type'], 'RHE');
  assert.equal(observations[0]?.['source.ip'], '10.0.0.9');
  assert.equal(observations[1]?.['source.ip'], '10.0.0.9');
  assert.equal(dissectors[0]?.client, 1);
});

it('opens, renews and closes a channel', () => {
  const { observations } = dissect(opened([0, openRequest(2, 1, 5)], [1, openResponse(2, 5, 2)], [0, clo(3)]));
  const [, issue, renew, close] = observations;
  assert.deepEqual(
    [issue?.['opcua.request_type'], issue?.['opcua.token_id'], issue?.['opcua.security_mode'], issue?.['opcua.lifetime']],
    ['issue', 1, 'None', 3_600_000],
  );
  assert.deepEqual([issue?.['opcua.type_id'], issue?.['opcua.response_type_id'], issue?.['opcua.security_policy']], [446, 449, 'None']);
  assert.deepEqual([renew?.['opcua.request_type'], renew?.['opcua.token_id']], ['renew', 2]);
  assert.deepEqual([close?.['opcua.message_type'], close?.['opcua.type_id'], close?.['response_frame']], ['CLO', 452, null]);
  assert.deepEqual(flawsOf(observations), []);
});

it('joins nodes, values and results of Read and Write', () => {
  const node = named(2, 'Pump.Speed');
  const value = join([1 | 2, 12], text('on'), u32(0x40000000));
  const read = one(opened([0, msg(2, 7, readRequest(70, [node, id(2258)]))], [1, msg(2, 7, readResponse(70, [double(3.5), value]))]));
  assert.deepEqual(read['opcua.nodes'], [
    { node_id: 'ns=2;s=Pump.Speed', attribute_id: 13, value: 3.5, type: 'Double', status: 'Good' },
    { node_id: 'i=2258', attribute_id: 13, value: 'on', type: 'String', status: 'Uncertain', name: 'Server_ServerStatus_CurrentTime' },
  ]);
  assert.deepEqual([read['opcua.request_handle'], read['opcua.request_id'], read['opcua.channel_id'], read['opcua.access']], [70, 7, 5, 'read']);
  const refusal = msg(2, 8, join(id(676), responseHeader(71), list(u32(0x803b0000)), u32(-1)));
  const write = one(opened([0, msg(2, 8, writeRequest(71, node, double(99)))], [1, refusal]));
  assert.deepEqual(write['opcua.nodes'], [{ node_id: 'ns=2;s=Pump.Speed', attribute_id: 13, value: 99, type: 'Double', status: 'BadNotWritable' }]);
  assert.deepEqual([write['outcome'], write['opcua.access'], write['opcua.status']], ['answered', 'write', 'Good']);
});

it('reads calls: object, method, arguments and results', () => {
  const request = join(id(712), requestHeader(TOKEN, 1), list(join(id(100), id(200), list(join([6], u32(42))))));
  const response = join(id(715), responseHeader(1), list(join(u32(0x80ab0000), u32(-1), u32(-1), list(join([1], [1])))), u32(-1));
  const call = one(opened([0, msg(2, 1, request)], [1, msg(2, 1, response)]));
  assert.deepEqual(call['opcua.methods'], [
    { object_id: 'i=100', method_id: 'i=200', status: 'BadInvalidArgument', arguments: 1, input: [42], output: [true] },
  ]);
  assert.deepEqual(call['opcua.nodes'], [{ node_id: 'i=200', object_id: 'i=100', status: 'BadInvalidArgument' }]);
});

const identity = (type: number, body: Bytes) => join(id(type), [1], u32(body.length), body);
const activation = (token: Bytes) => msg(2, 1, join(id(467), requestHeader(TOKEN, 1), text(null), u32(-1), u32(-1), u32(-1), token, text(null), u32(-1)));
const activated = (status: number) => msg(2, 1, join(id(470), responseHeader(1, status), u32(-1), u32(-1), u32(-1)));

it('says who a session is for, and how a password travelled, never the password', () => {
  const user = (password: string | null, algorithm: string | null) => identity(324, join(text('p'), text('operator'), text(password), text(algorithm)));
  const of = (token: Bytes, status = 0) => one(opened([0, activation(token)], [1, activated(status)]));
  const clear = of(user('secret', null));
  assert.deepEqual([clear['opcua.user_token'], clear['opcua.user'], clear['opcua.password']], ['username', 'operator', 'clear']);
  assert.ok(!JSON.stringify(clear).includes('secret'));
  assert.equal(of(user('xxxx', 'http://www.w3.org/2001/04/xmlenc#rsa-oaep'))['opcua.password'], 'encrypted');
  assert.equal(of(user(null, null))['opcua.password'], 'absent');
  assert.equal(of(identity(321, text('anon')))['opcua.user_token'], 'anonymous');
  assert.equal(of(NONE)['opcua.user_token'], 'anonymous');
  const denied = of(user('secret', null), 0x801f0000);
  assert.deepEqual([denied['opcua.status'], denied['outcome'], denied['opcua.user']], ['BadUserAccessDenied', 'exception', 'operator']);
});

it('pairs a fault with its request', () => {
  const fault = one(opened([0, msg(2, 3, readRequest(9, [id(1)]))], [1, msg(2, 3, join(id(397), responseHeader(9, 0x80250000)))]));
  assert.deepEqual(
    [fault['outcome'], fault['opcua.service'], fault['opcua.response_type_id'], fault['opcua.status']],
    ['exception', 'Read', 397, 'BadSessionIdInvalid'],
  );
});

it('puts chunks together, and flags them one by one', () => {
  const body = readRequest(5, [named(1, 'a'.repeat(90))]);
  const parts = [body.slice(0, 50), body.slice(50, 100), body.slice(100)] as const;
  const answer: [0 | 1, Uint8Array] = [1, msg(2, 4, readResponse(5, [double(1)]))];
  const whole = one(opened([0, chunk('C', 2, 4, parts[0])], [0, chunk('C', 3, 4, parts[1])], [0, chunk('F', 4, 4, parts[2])], answer));
  assert.deepEqual([whole['opcua.request_chunks'], whole['request_frame'], flawsOf([whole])], [3, 7, []]);
  assert.equal((whole['opcua.nodes'] as { node_id: string }[])[0]?.node_id, `ns=1;s=${'a'.repeat(90)}`);
  const torn = one(opened([0, chunk('C', 2, 4, parts[0])], [0, chunk('C', 3, 4, parts[1])], [0, chunk('F', 9, 4, parts[2])], answer));
  assert.deepEqual(torn['opcua.flaws'], ['sequence_gap']);
});

it('tells an abort with its reason', () => {
  const aborted = one(
    opened([0, msg(2, 4, readRequest(5, [id(1)]))], [1, chunk('C', 2, 4, [1, 2, 3])], [1, chunk('A', 3, 4, join(u32(0x80b90000), text('too big')))]),
  );
  assert.deepEqual(
    [aborted['opcua.aborted'], aborted['opcua.status'], aborted['opcua.reason'], aborted['outcome']],
    ['response', 'BadResponseTooLarge', 'too big', 'exception'],
  );
});

it('gives every way that a transaction can end its outcome', () => {
  const request: [0, Uint8Array] = [0, msg(2, 4, readRequest(5, [id(1)]))];
  const { observations } = dissect(opened(request));
  assert.equal(observations.at(-1)?.['outcome'], 'lost');
  assert.equal(one(opened([1, msg(2, 4, readResponse(5, [double(1)]))]))['outcome'], 'orphan');
  const twice = dissect(opened(request, [0, msg(3, 4, readRequest(6, [id(2)]))], [1, msg(2, 4, readResponse(6, [double(1)]))])).observations;
  assert.deepEqual(
    only(twice, 'Read').map((o) => o['outcome']),
    ['ambiguous', 'ambiguous'],
  );
});

it('waits a minute for an answer, longer for a Publish', () => {
  const publish = msg(3, 5, join(id(826), requestHeader(TOKEN, 6), u32(-1)));
  const whole = opened([0, msg(2, 4, readRequest(5, [id(1)]))], [0, publish]);
  const after = (ms: number) => ({ flow: 0, side: 0 as const, bytes: new Uint8Array(0), at: 1_700_000_000_040 + ms, frame: 6, tick: true });
  const waiting = dissect({ ...whole, pieces: [...whole.pieces, after(60_000)] }, { end: false });
  assert.equal(waiting.observations.length, 2);
  const { observations } = dissect({ ...whole, pieces: [...whole.pieces, after(60_001)] });
  assert.deepEqual(
    observations.slice(2).map((o) => [o['opcua.service'], o['outcome'], o['latency']]),
    [
      ['Read', 'timeout', null],
      ['Publish', 'lost', null],
    ],
  );
});

it('tells mode Sign from SignAndEncrypt by what follows, and reads signed bodies', () => {
  const signature = new Uint8Array(32).fill(7);
  const signed = (body: Uint8Array) => join(body, signature);
  const sign: [0 | 1, Uint8Array][] = [
    [0, sealedOpen(0)],
    [1, sealedOpen(5)],
  ];
  const read = one(conversation(...sign, [0, msg(2, 4, signed(readRequest(5, [id(1)])))], [1, msg(2, 4, signed(readResponse(5, [double(8)])))]));
  assert.deepEqual(
    [read['opcua.visibility'], read['opcua.security_mode'], read['opcua.security_policy'], read['opcua.flaws']],
    ['signed', 'Sign', 'Basic256Sha256', undefined],
  );
  assert.equal((read['opcua.nodes'] as { value: number }[])[0]?.value, 8);
  const sealed = dissect(
    conversation(...sign, [0, msg(0xa5a5, 0xa5a5, new Uint8Array(64).fill(0xa5))], [1, msg(1, 2, new Uint8Array(64).fill(0x5a))]),
  ).observations.slice(1);
  assert.deepEqual(
    sealed.map((o) => [o['opcua.visibility'], o['opcua.security_mode'], o['request_frame'], o['response_frame'], o['outcome']]),
    [
      ['opaque', 'SignAndEncrypt', 3, null, 'ambiguous'],
      ['opaque', 'SignAndEncrypt', null, 4, 'ambiguous'],
      ['opaque', 'SignAndEncrypt', null, null, 'answered'],
    ],
  );
});

it('takes the token of a renewal whose answer is encrypted as it comes, and no third one', () => {
  const signature = new Uint8Array(32);
  const poll = (n: number, token: number): [0, Uint8Array] => [0, chunk('F', n, n, join(readRequest(n, [id(1)]), signature), 5, token)];
  const { observations } = dissect(
    conversation([0, sealedOpen(0)], [1, sealedOpen(5)], poll(1, 1), [0, sealedOpen(5)], [1, sealedOpen(5)], poll(2, 1), poll(3, 2), poll(4, 2), poll(5, 9)),
  );
  assert.deepEqual(
    only(observations, 'Read').map((o) => o['opcua.flaws']),
    [undefined, undefined, undefined, undefined, ['unknown_token']],
  );
});

it('joins midway: type ids tell who asks', () => {
  const traffic = conversation(
    [1, msg(9, 4, readResponse(5, [double(1)]))],
    [0, msg(9, 5, readRequest(6, [id(1)]))],
    [1, msg(10, 5, readResponse(6, [double(2)]))],
  );
  (traffic.flows[0] as { opener: number }).opener = -1;
  const { observations, dissectors } = dissect(traffic);
  assert.equal(dissectors[0]?.client, 0);
  assert.deepEqual(
    observations.map((o) => [o['outcome'], o['opcua.service'], o['source.ip']]),
    [
      ['lost', 'Read', '10.0.0.5'],
      ['answered', 'Read', '10.0.0.5'],
    ],
  );
});

it('recognises its messages on any port, midway too', () => {
  const judge = (bytes: Uint8Array, hinted = false) => opcua.recognise(viewOf(bytes), 0, bytes.length, hinted);
  assert.equal(judge(hel()), YES);
  assert.equal(judge(msg(1, 1, readRequest(1, [id(1)]))), YES);
  assert.equal(judge(hel().slice(0, 3)), MORE);
  assert.equal(judge(hel().slice(0, 20)), YES);
  assert.equal(judge(new TextEncoder().encode('ACK sip:plc@10.0.0.9 SIP/2.0\r\n')), NO);
  assert.equal(judge(new TextEncoder().encode('MSG of the day: nothing')), NO);
  assert.equal(judge(new Uint8Array(64)), NO);
  const midway = join(new Uint8Array(33).fill(1), msg(1, 1, readRequest(1, [id(1)])));
  assert.equal(judge(midway), NO);
  assert.equal(judge(midway, true), YES);
});

it('prints NodeIds as Part 6 does', () => {
  const nodes: [Bytes, string][] = [
    [[0, 85], 'i=85'],
    [[1, 3, ...u16(500)], 'ns=3;i=500'],
    [[2, ...u16(300), ...u32(70_000)], 'ns=300;i=70000'],
    [named(1, 'ä'), 'ns=1;s=ä'],
    [hex('04 0100 72960191 9b34 4b40 9c0e 0123456789ab'.replace(/ /g, '')), 'ns=1;g=91019672-349b-404b-9c0e-0123456789ab'],
    [[5, ...u16(2), ...u32(3), 1, 2, 3], 'ns=2;b=AQID'],
  ];
  const read = one(
    opened([
      0,
      msg(
        2,
        4,
        readRequest(
          5,
          nodes.map(([bytes]) => bytes),
        ),
      ),
    ]),
  );
  assert.deepEqual(
    (read['opcua.nodes'] as { node_id: string }[]).map((node) => node.node_id),
    nodes.map(([, printed]) => printed),
  );
});

it('reads every kind of value', () => {
  const values: [Bytes, unknown, string | null][] = [
    [[1, 0], null, null],
    [[1, 1, 1], true, 'Boolean'],
    [[1, 2, 0x80], -128, 'SByte'],
    [[1, 4, 0xff, 0xff], -1, 'Int16'],
    [[1, 8, ...u32(0xffffffff), ...u32(0xffffffff)], -1, 'Int64'],
    [[1, 9, ...u32(0xffffffff), ...u32(0xffffffff)], '18446744073709551615', 'UInt64'],
    [[1, 11, ...f64(Number.NaN)], 'NaN', 'Double'],
    [[1, 13, ...u32(0), ...u32(0)], null, 'DateTime'],
    [[1, 19, ...u32(0x80340000)], 'BadNodeIdUnknown', 'StatusCode'],
    [[1, 20, ...u16(2), ...text('n')], '2:n', 'QualifiedName'],
    [[1, 21, 3, ...text('en'), ...text('hello')], 'hello', 'LocalizedText'],
    [[1, 0x80 | 6, ...u32(2), ...u32(7), ...u32(8)], [7, 8], 'Int32[]'],
    [[1, 15, ...u32(2), 1, 2], 'AQI=', 'ByteString'],
    [[1, 22, ...id(999), 1, ...u32(4), 1, 2, 3, 4], { type_id: 'i=999', encoding: 'binary', size: 4, body: 'AQIDBA==' }, 'ExtensionObject'],
  ];
  const nodes = values.map((_, i) => id(i + 1));
  const read = one(
    opened(
      [0, msg(2, 4, readRequest(5, nodes))],
      [
        1,
        msg(
          2,
          4,
          readResponse(
            5,
            values.map(([bytes]) => bytes),
          ),
        ),
      ],
    ),
  );
  assert.equal(read['opcua.flaws'], undefined);
  assert.deepEqual(
    (read['opcua.nodes'] as { value: unknown; type: string }[]).map((node) => [node.value, node.type]),
    values.map(([, value, type]) => [value, type]),
  );
});

it('reads a matrix with its dimensions and flags one that does not fit', () => {
  const matrix = (rows: number) => join([1, 0xc0 | 3], u32(4), [1, 2, 3, 4], u32(2), u32(rows), u32(2));
  const of = (value: Bytes) => one(opened([0, msg(2, 4, readRequest(5, [id(1)]))], [1, msg(2, 4, readResponse(5, [value]))]));
  assert.deepEqual((of(matrix(2))['opcua.nodes'] as { dimensions: number[] }[])[0]?.dimensions, [2, 2]);
  assert.deepEqual(of(matrix(3))['opcua.flaws'], ['dimensions_mismatch']);
});
