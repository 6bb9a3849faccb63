/** Certificates, nonces, renewals, sessions that move, endpoint lists that change, and what an encrypted channel still shows. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { join } from '../../../test/lab/bytes.ts';
import { authority, claiming, type Issued, issue, selfSigned, type Wish } from '../../../test/lab/certificate.ts';
import {
  type Bytes,
  certifiedOpen,
  clo,
  conversation,
  dissect,
  f64,
  flawsOf,
  id,
  list,
  message,
  msg,
  only,
  opened,
  openRequest,
  openResponse,
  POLICY,
  readRequest,
  requestHeader,
  responseHeader,
  sealedOpen,
  TOKEN,
  type Traffic,
  text,
  u32,
} from '../../../test/opcua-wire.ts';
import type { Observation } from '../../observation.ts';
import { Call } from './call.ts';
import { EndpointLists, MAX_LISTS } from './endpoints.ts';
import { Ledger } from './ledger.ts';

const blob = (bytes: Bytes | null): Uint8Array => (bytes === null ? join(u32(-1)) : join(u32(bytes.length), bytes));
const nonce = (fill: number, size = 32): Uint8Array => new Uint8Array(size).fill(fill);
const open = (...chain: Uint8Array[]): Uint8Array => certifiedOpen(0, join(...chain));
const answer = (channel = 5): Uint8Array => sealedOpen(channel);
const answeredBy = (chain: Uint8Array): Uint8Array => certifiedOpen(5, chain);

/** The opening of a channel by a client with these certificates, at the time that conversations begin: 2023-11-14. */
const shown = (...chain: Issued[]): Observation =>
  dissect(conversation([0, open(...chain.map((one) => one.der))], [1, answer()])).observations[0] as Observation;
const CLIENT = 'opcua.client_certificate';
const WAS: Wish = { from: new Date('2020-01-01T00:00:00Z'), to: new Date('2023-11-24T12:00:00Z') };

it('summarises a certificate: serial, fingerprint, key, issuer, days left by capture time', () => {
  const own = selfSigned('Pump HMI', { ...WAS, serial: [0x12, 0x34], rsa: 2048, uri: 'urn:plant:hmi' });
  const o = shown(own);
  const of = (...names: string[]) => names.map((name) => o[`${CLIENT}.${name}`]);
  assert.deepEqual(of('serial', 'issuer_name', 'key_type', 'key_bits', 'uri', 'self_signed'), ['1234', 'Pump HMI', 'rsa', 2048, 'urn:plant:hmi', true]);
  assert.deepEqual(of('expired', 'not_yet_valid', 'days_left', 'weak', 'issuers'), [false, false, 9, undefined, undefined]);
  assert.match(String(o[`${CLIENT}.sha256`]), /^[0-9a-f]{64}$/);
  assert.equal(o['opcua.flaws'], undefined);
});

it('tells one that is past its time, one before it, and what is weak', () => {
  const past = shown(selfSigned('old', { ...WAS, to: new Date('2023-11-01T00:00:00Z'), rsa: 1024, sha1: true }));
  const [expired, left, weak] = ['expired', 'days_left', 'weak'].map((name) => past[`${CLIENT}.${name}`]);
  assert.deepEqual([expired, left, weak], [true, -14, ['rsa_1024', 'sha1']]);
  assert.equal(shown(selfSigned('new', { from: new Date('2023-12-01T00:00:00Z') }))[`${CLIENT}.not_yet_valid`], true);
});

it('tells a chain certificate by certificate, and flags those that go round or on and on', () => {
  const root = authority('Plant root');
  const leaf = issue(root, 'Server');
  const whole = shown(leaf, root);
  const [issuer] = whole[`${CLIENT}.issuers`] as { subject: string; thumbprint: string }[];
  assert.deepEqual([whole[`${CLIENT}.chain`], whole['opcua.flaws'], issuer?.subject.includes('Plant root')], [2, undefined, true]);
  assert.deepEqual(shown(leaf, root, leaf)['opcua.flaws'], ['certificate_chain_loop']);
  assert.deepEqual(shown(claiming('A', 'B'), claiming('B', 'A'))['opcua.flaws'], ['certificate_chain_loop']);
  const nine = Array.from({ length: 9 }, (_, i) => claiming(`C${i}`, `C${i + 1}`));
  assert.deepEqual(shown(...nine)['opcua.flaws'], ['certificate_chain_long']);
  assert.equal((shown(...nine)[`${CLIENT}.issuers`] as unknown[]).length, 8);
});

it('flags what is no certificate, and survives one cut at every byte', () => {
  const own = selfSigned('x').der;
  for (const junk of [Uint8Array.of(1, 2, 3), new Uint8Array(500).fill(0x30), own.slice(0, 90)]) {
    const [o] = dissect(conversation([0, open(junk)], [1, answer()])).observations;
    assert.deepEqual(o?.['opcua.flaws'], ['certificate_unreadable']);
  }
  for (let i = 1; i < own.length; i += 7) assert.equal(dissect(conversation([0, open(own.slice(0, i))], [1, answer()])).observations.length, 1);
});

const endpoint = (url: string, policy: string, mode: number, uri = 'urn:plant:server'): Uint8Array =>
  join(text(url), text(uri), text(null), [0], u32(0), text(null), text(null), u32(-1), u32(-1), u32(mode), text(POLICY + policy), u32(-1), text(null), [0]);
const OFFERED = [endpoint('opc.tcp://plc:4840', 'None', 1)];

type Session = { client?: Issued; server?: Issued; uri?: string; nonces?: [Uint8Array | null, Uint8Array | null]; offers?: Uint8Array[] };
const create = (n: number, { client, uri = 'urn:plant:hmi', nonces = [nonce(n), nonce(n + 100)], ...rest }: Session = {}): [0 | 1, Uint8Array][] => {
  const who = join(text(uri), text(null), [0], u32(1), text(null), text(null), u32(-1));
  const asked = join(id(461), requestHeader([0, 0], n), who, text(null), text(null), text('s'), blob(nonces[0]), blob(client?.der ?? null), f64(1000), u32(0));
  const offers = list(...(rest.offers ?? OFFERED));
  const given = join(
    responseHeader(n),
    id(99),
    TOKEN,
    f64(1000),
    blob(nonces[1]),
    blob(rest.server?.der ?? null),
    offers,
    u32(-1),
    text(null),
    blob(null),
    u32(0),
  );
  return [
    [0, msg(n, n, asked)],
    [1, msg(n, n, join(id(464), given))],
  ];
};
const activate = (n: number, channel = 5, given = nonce(n + 200)): [0 | 1, Uint8Array][] => [
  [0, msg(n, n, join(id(467), requestHeader(TOKEN, n), text(null), blob(null), u32(-1), u32(-1), [0, 0, 0], text(null), blob(null)), channel)],
  [1, msg(n, n, join(id(470), responseHeader(n), blob(given), u32(-1), u32(-1)), channel)],
];
/** Any request of the session. */
const read = (n: number, channel = 5): [0 | 1, Uint8Array] => [0, msg(n, n, readRequest(n, [id(2258)]), channel)];

it('compares certificates with the applications that show them', () => {
  const hmi = selfSigned('hmi', { uri: 'urn:plant:hmi' });
  const [right] = only(dissect(opened(...create(2, { client: hmi, server: selfSigned('s', { uri: 'urn:plant:server' }) }))).observations, 'CreateSession');
  assert.deepEqual([right?.[`${CLIENT}.uri_matches`], right?.['opcua.server_certificate.uri_matches']], [true, true]);
  const [wrong] = only(dissect(opened(...create(2, { client: hmi, uri: 'urn:else', server: hmi }))).observations, 'CreateSession');
  assert.deepEqual([wrong?.[`${CLIENT}.uri_matches`], wrong?.['opcua.server_certificate.uri_matches']], [false, false]);
  const [none] = only(dissect(opened(...create(2))).observations, 'CreateSession');
  assert.deepEqual([none?.[`${CLIENT}.uri_matches`], none?.['opcua.flaws']], [undefined, undefined]);
});

/** A channel in mode Sign: its messages end in 32 bytes of signature. */
const signed = (messages: [0 | 1, Uint8Array][]): Traffic =>
  conversation([0, open(selfSigned('c').der)], [1, answer()], ...messages.map(([side, bytes]): [0 | 1, Uint8Array] => [side, sign(bytes)]));
const sign = (bytes: Uint8Array): Uint8Array => {
  const longer = join(bytes, new Uint8Array(32));
  new DataView(longer.buffer).setUint32(4, longer.length, true);
  return longer;
};

it('flags nonces that are missing, short, or come twice on one connection', () => {
  const flaws = (...messages: [0 | 1, Uint8Array][]) => flawsOf(dissect(signed(messages)).observations);
  assert.deepEqual(flaws(...create(2), ...activate(3)), []);
  assert.deepEqual(flaws(...create(2, { nonces: [nonce(1, 31), nonce(2)] })), ['nonce_short']);
  assert.deepEqual(flaws(...create(2, { nonces: [nonce(1), null] })), ['nonce_short']);
  assert.deepEqual(flaws(...create(2, { nonces: [nonce(1), nonce(2)] }), ...activate(3, 5, nonce(2))), ['nonce_reused']);
  const clear = dissect(opened(...create(2, { nonces: [null, nonce(2, 4)] }), ...activate(3, 5, nonce(0, 0)))).observations;
  assert.deepEqual(flawsOf(clear), [], 'nobody needs nonces with policy None');
});

it('counts renewals, and flags one that comes after the token expired', () => {
  const traffic = opened([0, openRequest(2, 1, 5)], [1, openResponse(2, 5, 2)], [0, openRequest(3, 1, 5)], [1, openResponse(3, 5, 3)], [0, clo(4)]);
  for (const piece of traffic.pieces.slice(6)) piece.at += 3_700_000;
  const { observations } = dissect(traffic);
  assert.deepEqual(
    only(observations, 'OpenSecureChannel').map((o) => [o['opcua.request_type'], o['opcua.channel_renewals'], o['opcua.flaws']]),
    [
      ['issue', undefined, undefined],
      ['renew', 1, undefined],
      ['renew', 2, ['late_renewal']],
    ],
  );
  assert.equal(observations.at(-1)?.['opcua.channel_renewals'], 2);
});

it('says how much went over an encrypted channel, at its close or at the end of its connection', () => {
  const sealed = (size: number, letter = 'F') => message(`MSG${letter}`, join(u32(5), u32(1), new Uint8Array(size - 16).fill(0xa5)));
  const talk: [0 | 1, Uint8Array][] = [
    [0, sealedOpen(0)],
    [1, sealedOpen(5)],
    [0, sealed(100)],
    [1, sealed(200, 'C')],
    [1, sealed(50)],
  ];
  const { observations } = dissect(conversation(...talk));
  assert.deepEqual(
    observations.map((o) => [o['opcua.message_type'], o['opcua.size']]),
    [
      ['OPN', undefined],
      ['MSG', 100],
      ['MSG', 250],
      [null, undefined],
    ],
  );
  const counts = (o: Observation | undefined) => ['requests', 'responses', 'bytes', 'renewals', 'duration'].map((name) => o?.[`opcua.channel_${name}`]);
  assert.deepEqual(counts(observations.at(-1)), [1, 1, 350, 0, 30]);
  const closed = dissect(conversation(...talk, [0, message('CLOF', join(u32(5), u32(1), nonce(0xa5)))])).observations;
  assert.deepEqual([closed.length, ...counts(closed.at(-1))], [4, 1, 1, 350, 0, 40]);
  const details = dissect(conversation(...talk), { operations: 0 });
  assert.equal(JSON.stringify(observations), JSON.stringify(details.observations));
});

/** Two connections to one server; pieces of the second follow those of the first. */
function twice(first: Traffic, second: Traffic, client: string): Traffic {
  const flow = { ...second.flows[0], address: [client, '10.0.0.9'], port: [40_002, 4840] } as Traffic['flows'][0];
  const later = second.pieces.map((piece) => ({ ...piece, flow: 1, at: piece.at + 60_000, frame: piece.frame + 100 }));
  return { flows: [...first.flows, flow], pieces: [...first.pieces, ...later] };
}

it('tells a session that moves to another channel or host', () => {
  const here = opened(...create(2), ...activate(3));
  const moved = (client: string) => only(dissect(twice(here, opened(...activate(4)), client)).observations, 'ActivateSession');
  assert.deepEqual(
    moved('10.0.0.5').map((o) => o['opcua.session_moved']),
    [undefined, 'channel'],
  );
  const [, other] = moved('10.0.0.66');
  assert.deepEqual([other?.['opcua.session_moved'], other?.['opcua.session_moved_from']], ['host', '10.0.0.5']);
});

it('flags a request on a channel that the session is not bound to, once', () => {
  const here = opened(...create(2), ...activate(3), read(4));
  const flaws = only(dissect(twice(here, opened(read(5), read(6)), '10.0.0.5')).observations, 'Read').map((o) => o['opcua.flaws']);
  assert.deepEqual(flaws, [undefined, ['session_of_another_channel'], undefined]);
});

it('does not blame the client of a session for what another host did with its token', () => {
  const { flows, pieces } = twice(opened(...create(2), ...activate(3), read(4)), opened(read(5)), '10.0.0.66');
  const again = conversation([0, msg(5, 5, readRequest(5, [id(2256)]))]).pieces.map((piece) => ({ ...piece, at: piece.at + 120_000, frame: 200 }));
  const flaws = only(dissect({ flows, pieces: [...pieces, ...again] }).observations, 'Read').map((o) => [o['source.ip'], o['opcua.flaws']]);
  const [mine, other] = [flaws.filter(([ip]) => ip === '10.0.0.5'), flaws.filter(([ip]) => ip !== '10.0.0.5')];
  assert.deepEqual([mine.map(([, what]) => what), other.map(([, what]) => what)], [[undefined, undefined], [['session_of_another_host']]]);
});

it('carries the kind of user token of a session on what it does', () => {
  const [one] = only(dissect(opened(...create(2), ...activate(3), read(4))).observations, 'Read');
  assert.deepEqual([one?.['opcua.user'], one?.['opcua.user_token']], ['anonymous', 'anonymous']);
});

it('tells when an application shows another certificate than last time, to whom it showed the one before too', () => {
  const first = selfSigned('HMI', { uri: 'urn:plant:hmi' });
  const second = selfSigned('HMI', { uri: 'urn:plant:hmi' });
  const other = selfSigned('Historian', { uri: 'urn:plant:historian' });
  const server = selfSigned('Server');
  const opening = (client: Issued, by: Issued): Traffic => conversation([0, open(client.der)], [1, answeredBy(by.der)]);
  const changes = (...openings: Traffic[]) =>
    dissect(openings.reduce((all, one) => twice(all, one, '10.0.0.5')))
      .observations.filter((o) => o['opcua.message_type'] === 'OPN')
      .map((o) => [o[`${CLIENT}.changed`], o[`${CLIENT}.previous`], o['opcua.server_certificate.changed']]);
  const same = [undefined, undefined, undefined];
  assert.deepEqual(changes(opening(first, server), opening(first, server)), [same, same]);
  assert.deepEqual(changes(opening(first, server), opening(other, server)), [same, same]);
  const [, renewed] = changes(opening(first, server), opening(second, server));
  assert.equal(renewed?.[0], true);
  assert.match(String(renewed?.[1]), /^[0-9a-f]{40}$/);
  assert.deepEqual(changes(opening(first, server), opening(first, second))[1], [undefined, undefined, true]);
});

const endpoints = (n: number, offers: Uint8Array[], profiles: string[] = []): [0 | 1, Uint8Array][] => [
  [0, msg(n, n, join(id(428), requestHeader([0, 0], n), text('opc.tcp://plc:4840'), list(), list(...profiles.map(text))))],
  [1, msg(n, n, join(id(431), responseHeader(n), list(...offers)))],
];

it('tells when a server offers something else than before', () => {
  const strong = endpoint('opc.tcp://plc:4840', 'Basic256Sha256', 3);
  const same = endpoint('opc.tcp://10.0.0.9:4840', 'Basic256Sha256', 3);
  const weak = endpoint('opc.tcp://plc:4840', 'None', 1);
  const changes = (...lists: Uint8Array[][]) =>
    only(dissect(opened(...lists.flatMap((offers, i) => endpoints(i + 2, offers)))).observations, 'GetEndpoints').map((o) =>
      ['changed', 'added', 'removed', 'weaker'].map((name) => o[`opcua.endpoints_${name}`]),
    );
  const nothing = [undefined, undefined, undefined, undefined];
  assert.deepEqual(changes([strong], [strong], [same]), [nothing, nothing, nothing]);
  assert.deepEqual(changes([strong], [strong, weak])[1], [true, ['None None opc.tcp://plc:4840'], [], true]);
  assert.deepEqual(changes([strong, weak], [strong])[1], [true, [], ['None None opc.tcp://plc:4840'], false]);
  assert.deepEqual(changes([weak], [weak, strong])[1]?.[3], false);
  const filtered = dissect(opened(...endpoints(2, [strong, weak]), ...endpoints(3, [strong], ['http://x'])));
  assert.ok(
    filtered.observations.every((o) => o['opcua.endpoints_changed'] === undefined),
    'another question is no change',
  );
});

it('keeps the lists of servers within its ceiling, and forgets the one used least recently', () => {
  const lists = new EndpointLists();
  const compare = (server: string, policy: string) => {
    const call = new Call(new Ledger());
    call.fields['opcua.endpoints'] = [{ url: 'opc.tcp://x', security_policy: policy, security_mode: 'Sign' }];
    lists.compare(server, 'GetEndpoints', call);
    return call.fields['opcua.endpoints_changed'];
  };
  for (let i = 0; i < MAX_LISTS + 10; i++) compare(`10.0.0.9 ${i}`, 'Basic256Sha256');
  assert.deepEqual(lists.ceiling(), { name: 'opcua endpoint lists', limit: MAX_LISTS, used: MAX_LISTS, hit: 10 });
  assert.deepEqual([compare('10.0.0.9 0', 'None'), compare(`10.0.0.9 ${MAX_LISTS}`, 'None')], [undefined, true]);
});
