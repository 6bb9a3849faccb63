/** Hostile bytes and small pieces: nothing is thrown, nothing grows, and what was understood before stays understood. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { join, u16, viewOf } from '../../../test/lab/bytes.ts';
import { authority, issue } from '../../../test/lab/certificate.ts';
import { SERVER, type Step, talk } from '../../../test/modbus-wire.ts';
import { mutated, random, START, sense } from '../../../test/sense.ts';
import type { Observation } from '../../observation.ts';
import { Operations } from '../../operations.ts';
import { Writer } from '../../writer.ts';
import { roleOf } from '../certificate/role.ts';
import { type FlowInfo, MORE, NO, type Side, YES } from '../dissector.ts';
import { MAX_MESSAGE } from './assembly.ts';
import { ledgerOf, MAX_HELD } from './ledger.ts';
import { modbusSecurity } from './tls.ts';

const FLOW: FlowInfo = { transport: 'tcp', vlan: 0, address: ['10.0.0.5', '10.0.0.9'], port: [40_001, 802], opener: 0 };
const ca = authority('CA');
const server = issue(ca, 'plc', {});
const client = issue(ca, 'hmi', { role: 'Engineer' });

const vector = (size: 1 | 2 | 3, ...parts: (Uint8Array | readonly number[])[]): Uint8Array => {
  const body = join(...parts);
  return join(size === 1 ? [body.length] : size === 2 ? u16(body.length) : [body.length >> 16, ...u16(body.length & 0xffff)], body);
};
const record = (type: number, ...parts: (Uint8Array | readonly number[])[]) => join([type, 3, 3], vector(2, ...parts));
const message = (type: number, ...parts: (Uint8Array | readonly number[])[]) => join([type], vector(3, ...parts));
const zeros = (n: number) => new Uint8Array(n);
const name = new TextEncoder().encode('plc.example');

const CLIENT_HELLO = message(
  1,
  [3, 3],
  zeros(32),
  vector(1, zeros(32)),
  vector(2, u16(0x0a0a), u16(0xc02b), u16(0xc02f), u16(0x003c)),
  vector(1, [0]),
  vector(2, u16(0), vector(2, vector(2, [0], vector(2, name))), u16(16), vector(2, vector(2, vector(1, [0x6d, 0x62])))),
);
const SERVER_HELLO = message(2, [3, 3], zeros(32), vector(1, []), u16(0xc02b), [0]);
const chain = (...certs: Uint8Array[]) => message(11, vector(3, ...certs.map((one) => vector(3, one))));
const CHANGE: Uint8Array = record(20, [1]);
const SEALED = record(22, zeros(40).fill(0xee));
const DATA = record(23, zeros(30).fill(0x77));

const HANDSHAKE: [Side, Uint8Array][] = [
  [0, record(22, CLIENT_HELLO)],
  [1, record(22, SERVER_HELLO, chain(server.der, ca.der), message(13, zeros(6)), message(14))],
  [0, join(record(22, chain(client.der), message(16, zeros(66)), message(15, zeros(70))), CHANGE, SEALED)],
  [1, join(CHANGE, SEALED)],
  [0, DATA],
  [1, DATA],
];

type Out = { observations: Observation[]; messages: number; opaque: number; flaws: number; held: number };

/** Pieces are fed as they are; what is left over waits as the sensor would let it. */
function dissect(pieces: readonly (readonly [Side, Uint8Array])[]): Out {
  const observations: Observation[] = [];
  const writer = new Writer((batch) => observations.push(...batch.details));
  const operations = new Operations(writer, 10);
  const dissector = modbusSecurity.open(FLOW, { writer, operations });
  const waiting: [Uint8Array, Uint8Array] = [zeros(0), zeros(0)];
  for (const [n, [side, bytes]] of pieces.entries()) {
    const all = join(waiting[side], bytes);
    const used = dissector.feed(side, viewOf(all), 0, all.length, START + n, n + 1);
    assert.ok(used >= 0 && used <= all.length);
    waiting[side] = all.slice(used);
  }
  dissector.close(START + pieces.length, true);
  writer.flush();
  return { observations, messages: dissector.messages, opaque: dissector.opaque, flaws: dissector.flaws, held: ledgerOf(operations).held };
}

const identities = (out: Out) => out.observations.filter((o) => o.kind === 'identity');

it('a handshake by hand is told once', () => {
  const out = dissect(HANDSHAKE);
  const [o, ...more] = identities(out);
  assert.deepEqual(more, []);
  assert.deepEqual(
    [o?.['tls.handshake'], o?.['tls.version'], o?.['tls.cipher'], o?.['tls.client.ciphers'], o?.['tls.client.server_name'], o?.['tls.client.protocols']],
    ['full', '1.2', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 3, 'plc.example', ['mb']],
  );
  assert.deepEqual([o?.['tls.server.chain'], o?.['tls.client.chain'], o?.['modbus.role']], [2, 1, 'Engineer']);
  assert.deepEqual([out.flaws, out.opaque, out.held], [0, 4, 0]);
});

it('handshake messages cut into records of any size are the same', () => {
  const whole = identities(dissect(HANDSHAKE));
  const flight = join(SERVER_HELLO, chain(server.der, ca.der), message(13, zeros(6)), message(14));
  for (const size of [1, 2, 3, 4, 5, 7, 100, 511]) {
    const records: Uint8Array[] = [];
    for (let at = 0; at < flight.length; at += size) records.push(record(22, flight.slice(at, at + size)));
    const cut = HANDSHAKE.map(([side, bytes], i): [Side, Uint8Array] => [side, i === 1 ? join(...records) : bytes]);
    assert.deepEqual(identities(dissect(cut)), whole);
  }
});

it('every prefix of every piece is survived, and of the whole conversation', () => {
  for (const [i, [side, bytes]] of HANDSHAKE.entries()) {
    for (let size = 0; size < bytes.length; size++) {
      const before = HANDSHAKE.slice(0, i);
      const out = dissect([...before, [side, bytes.slice(0, size)]]);
      assert.ok(identities(out).length <= 1);
      assert.deepEqual([out.flaws, out.held], [0, 0]);
      const handled = modbusSecurity.recognise(viewOf(bytes), 0, size, true);
      assert.equal(handled, size < 5 ? MORE : YES);
      assert.equal(modbusSecurity.recognise(viewOf(bytes), 0, size, false), NO);
    }
  }
});

it('one byte at a time says the same as whole', () => {
  const single = HANDSHAKE.flatMap(([side, bytes]) => [...bytes].map((byte): [Side, Uint8Array] => [side, Uint8Array.of(byte)]));
  const facts = (out: Out) => identities(out).map((o) => ({ ...o, '@timestamp': '', latency: 0, request_frame: 0, response_frame: 0 }));
  const [whole, pieces] = [dissect(HANDSHAKE), dissect(single)];
  assert.deepEqual(facts(pieces), facts(whole));
  assert.deepEqual([pieces.messages, pieces.opaque], [whole.messages, whole.opaque]);
});

it('mutated messages are survived, and the next connection is understood', () => {
  const next = random(20_261_124);
  for (let round = 0; round < 3000; round++) {
    const changed = HANDSHAKE.map(([side, bytes]): [Side, Uint8Array] => [
      next(40) === 0 ? ((1 - side) as Side) : side,
      next(2) === 0 ? mutated(bytes, next) : bytes,
    ]);
    const out = dissect(changed);
    assert.equal(out.held, 0);
    for (const o of out.observations) assert.doesNotThrow(() => JSON.stringify(o));
  }
});

it('bytes by chance are survived whole, in pieces and after a hole', () => {
  const next = random(11);
  for (let round = 0; round < 1500; round++) {
    const writer = new Writer(() => {});
    const operations = new Operations(writer, 10);
    const dissector = modbusSecurity.open(FLOW, { writer, operations });
    for (let n = 0; n < 12; n++) {
      const bytes = Uint8Array.from({ length: next(200) }, (_, i) => (next(3) === 0 ? next(256) : i % 5 === 0 ? 20 + next(4) : i % 5 === 1 ? 3 : next(4)));
      const side = next(2) as Side;
      if (next(4) === 0) dissector.gap(side, START);
      const used = dissector.feed(side, viewOf(bytes), 0, bytes.length, START + n, n);
      assert.ok(used >= 0 && used <= bytes.length);
    }
    dissector.close(START + 60_000, true);
    assert.equal(ledgerOf(operations).held, 0);
  }
});

it('bytes that are no record are one flaw, and the next record is understood', () => {
  const junk = zeros(41).fill(0x41);
  const out = dissect([...HANDSHAKE, [0, join(junk, DATA, DATA)]]);
  const flaws = out.observations.filter((o) => o.kind === 'flaw');
  assert.deepEqual(
    flaws.map((o) => [o['flaw.reason'], o['flaw.bytes'], o['network.protocol'], o['source.ip']]),
    [['no_tls_record', 41, 'modbus-security', '10.0.0.5']],
  );
  assert.equal(out.opaque, dissect(HANDSHAKE).opaque + 2);
});

it('a message that is too large, or never ends, is given up and holds nothing', () => {
  const large = join([11], [0xff, 0xff, 0xff], zeros(1000));
  const out = dissect([HANDSHAKE[0] as [Side, Uint8Array], [1, record(22, SERVER_HELLO, large)], [1, DATA], [0, DATA]]);
  assert.deepEqual([identities(out)[0]?.['tls.flaws'], out.held], [['handshake_over_limit'], 0]);
  const writer = new Writer(() => {});
  const operations = new Operations(writer, 10);
  const open = Array.from({ length: MAX_HELD / MAX_MESSAGE + 600 }, () => modbusSecurity.open(FLOW, { writer, operations }));
  const part = record(22, join([11, 0, 0xff, 0xff], zeros(16_000)));
  for (const one of open) for (let n = 0; n < 4; n++) one.feed(1, viewOf(part), 0, part.length, START, 1);
  const ledger = ledgerOf(operations);
  assert.ok(ledger.held <= MAX_HELD && ledger.refused > 0);
  for (const one of open) one.close(START, true);
  assert.equal(ledger.held, 0);
});

const steps = (pieces: readonly (readonly [Side, Uint8Array])[]): Step[] => pieces.map(([side, bytes]) => [side === 0 ? '>' : '<', bytes]);
const PORT_802 = { ...SERVER, port: 802 };
const protocolsOf = (observations: Observation[]) => observations.filter((o) => o['flow.event'] === 'identified').map((o) => o['network.protocol']);

it('a connection joined midway on port 802 is Modbus/TCP Security with its handshake unseen', () => {
  const data = steps(HANDSHAKE.slice(4));
  const { observations, coverage } = sense(talk([...data, ...data], { server: PORT_802, handshake: false }));
  assert.deepEqual(protocolsOf(observations), ['modbus-security']);
  const identity = observations.filter((o) => o.kind === 'identity');
  assert.deepEqual(
    identity.map((o) => [o['tls.handshake'], o['source.ip'], o['destination.port'], o['outcome']]),
    [['unseen', '10.0.0.5', 802, 'lost']],
  );
  assert.equal(coverage.protocols.find((p) => p.protocol === 'modbus-security')?.opaque, 4);
});

it('TLS on another port is only named, and Modbus in clear on port 802 is Modbus', () => {
  const elsewhere = sense(talk(steps(HANDSHAKE), { server: { ...SERVER, port: 8443 } }));
  assert.deepEqual(protocolsOf(elsewhere.observations), ['tls']);
  assert.ok(elsewhere.observations.every((o) => o.kind !== 'identity'));
  const clear: Step[] = [
    ['>', Uint8Array.of(0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1)],
    ['<', Uint8Array.of(0, 1, 0, 0, 0, 5, 1, 3, 2, 0, 7)],
  ];
  assert.deepEqual(protocolsOf(sense(talk(clear, { server: PORT_802 })).observations), ['modbus']);
});

it('a hole in the handshake leaves what was seen, and says that it is not all', () => {
  const [hello, flight, rest, finish] = steps(HANDSHAKE) as [Step, Step, Step, Step];
  const lost = (flight as readonly ['<', Uint8Array])[1].length;
  const { observations } = sense(
    talk([hello, ['<', null, lost], rest, finish, ...steps(HANDSHAKE.slice(4)), 60_000, ...steps(HANDSHAKE.slice(4))], { server: PORT_802 }),
  );
  const identity = observations.filter((o) => o.kind === 'identity');
  assert.equal(identity.length, 1);
  assert.deepEqual([identity[0]?.['tls.certificate_visibility'], identity[0]?.['modbus.role'], identity[0]?.['tls.version']], ['unseen', 'Engineer', null]);
});

it('the role is found where it is, and nowhere else', () => {
  assert.equal(roleOf(client.der), 'Engineer');
  assert.equal(roleOf(server.der), null);
  for (let size = 0; size < client.der.length; size++) assert.equal(roleOf(client.der.slice(0, size)), null);
  const next = random(5);
  for (let round = 0; round < 5000; round++) assert.doesNotThrow(() => roleOf(mutated(client.der, next)));
});
