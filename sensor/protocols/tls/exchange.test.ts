/** Real exchanges: what the sensor says of them is what node:tls says. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { authority, issue } from '../../../test/lab/certificate.ts';
import { SERVER, talk } from '../../../test/modbus-wire.ts';
import { type Sensed, sense } from '../../../test/sense.ts';
import { type Exchange, exchange } from '../../../test/tls-exchange.ts';
import type { Observation } from '../../observation.ts';

const ca = authority('Plant CA');
const server = issue(ca, 'plc-7.plant.example', { host: 'plc-7.plant.example', serial: [0x0a, 0xbc, 0xde] });
const client = issue(ca, 'hmi-2.plant.example', { role: 'Operator', serial: [0x42] });
const ENDS = { authority: ca, server, client, name: 'plc-7.plant.example' };

const sensed = (one: Exchange, bytewise = false): Sensed => sense(talk(one.steps, { server: { ...SERVER, port: 802 }, close: true, bytewise }));
const identities = (all: Sensed): Observation[] => all.observations.filter((o) => o.kind === 'identity');
const only = (one: Exchange): Observation => {
  const [identity, ...more] = identities(sensed(one));
  assert.ok(identity !== undefined);
  assert.deepEqual(more, []);
  return identity;
};

it('TLS 1.2 with both certificates: version, cipher and certificates as node:tls says', async () => {
  const [one] = (await exchange({ ...ENDS, version: 'TLSv1.2' })) as [Exchange];
  assert.ok(one.said !== null, one.error);
  const o = only(one);
  const told = (name: string) => o[`tls.${name}`];
  assert.equal(o['network.protocol'], 'modbus-security');
  assert.equal(`TLSv${told('version')}`, one.said.protocol);
  assert.equal(told('cipher'), one.said.cipher);
  assert.deepEqual([told('handshake'), told('established'), told('resumed'), o['outcome']], ['full', true, false, 'answered']);
  assert.deepEqual([told('client.server_name'), told('next_protocol'), told('client.protocols')], ['plc-7.plant.example', 'mbap', ['mbap']]);
  for (const [side, peer] of [
    ['server', one.said.server],
    ['client', one.said.client],
  ] as const) {
    assert.equal(told(`${side}.x509.subject.common_name`), peer.subject.CN);
    assert.equal(told(`${side}.x509.issuer.common_name`), peer.issuer.CN);
    assert.equal(told(`${side}.x509.serial_number`), peer.serialNumber);
    assert.equal(told(`${side}.hash.sha1`), peer.fingerprint.replaceAll(':', ''));
    assert.equal(Date.parse(told(`${side}.x509.not_after`) as string), Date.parse(peer.valid_to));
    assert.equal(Date.parse(told(`${side}.x509.not_before`) as string), Date.parse(peer.valid_from));
    assert.equal(told(`${side}.expired`), false);
    assert.equal(told(`${side}.x509.public_key_algorithm`), 'ec');
  }
  assert.deepEqual([told('client.authentication'), told('certificate_visibility'), o['modbus.role']], ['certificate', 'readable', 'Operator']);
  assert.ok(typeof o['request_frame'] === 'number' && typeof o['response_frame'] === 'number' && o['response_frame'] > o['request_frame']);
});

it('TLS 1.3: version and cipher, and that certificates are hidden', async () => {
  const [one] = (await exchange({ ...ENDS, version: 'TLSv1.3' })) as [Exchange];
  assert.ok(one.said !== null, one.error);
  const o = only(one);
  assert.equal(`TLSv${o['tls.version']}`, one.said.protocol);
  assert.equal(o['tls.cipher'], one.said.cipher);
  assert.deepEqual(
    [o['tls.handshake'], o['tls.certificate_visibility'], o['tls.client.authentication'], o['tls.client.server_name'], o['modbus.role']],
    ['full', 'hidden', 'hidden', 'plc-7.plant.example', null],
  );
  assert.equal(o['tls.server.hash.sha1'], undefined);
  assert.ok((o['tls.client.versions'] as string[]).includes('1.3'));
});

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  it(`${version}: a session that is resumed says so and shows no certificate`, async () => {
    const [first, second] = (await exchange({ ...ENDS, version, times: 2 })) as [Exchange, Exchange];
    assert.deepEqual([first.said?.resumed, second.said?.resumed], [false, true]);
    assert.deepEqual([only(first)['tls.handshake'], only(first)['tls.resumed']], ['full', false]);
    const o = only(second);
    assert.deepEqual([o['tls.handshake'], o['tls.resumed'], o['tls.certificate_visibility']], ['resumed', true, 'none']);
    assert.equal(`TLSv${o['tls.version']}`, second.said?.protocol);
    assert.equal(o['tls.server.hash.sha1'], undefined);
  });

  it(`${version}: one byte at a time says the same`, async () => {
    const [one] = (await exchange({ ...ENDS, version })) as [Exchange];
    const whole = sensed(one);
    const pieces = sensed(one, true);
    const facts = (all: Sensed) => identities(all).map((o) => ({ ...o, '@timestamp': '', latency: 0, request_frame: 0, response_frame: 0 }));
    assert.deepEqual(facts(pieces), facts(whole));
    const coverage = (all: Sensed) => all.coverage.protocols.map((p) => [p.protocol, p.messages, p.opaque, p.flaws]);
    assert.deepEqual(coverage(pieces), coverage(whole));
    const [, messages, opaque, flaws] = coverage(whole).find(([name]) => name === 'modbus-security') as [string, number, number, number];
    assert.ok(opaque >= 2 && messages > opaque);
    assert.equal(flaws, 0);
  });
}

it('TLS 1.2: a server that refuses a client without certificate', async () => {
  const [one] = (await exchange({ ...ENDS, client: null, version: 'TLSv1.2' })) as [Exchange];
  assert.equal(one.said, null);
  const o = only(one);
  assert.deepEqual([o['tls.handshake'], o['outcome'], o['tls.client.authentication'], o['tls.alert_by']], ['refused', 'exception', 'none', 'server']);
  assert.match(o['tls.alert'] as string, /^(handshake_failure|certificate_required)$/);
  assert.equal(o['tls.server.x509.subject.common_name'], 'plc-7.plant.example');
});

it('TLS 1.2: a client that does not trust the server', async () => {
  const stranger = authority('Someone else');
  const [one] = (await exchange({ ...ENDS, authority: stranger, version: 'TLSv1.2' })) as [Exchange];
  assert.equal(one.said, null);
  assert.equal(only(one)['tls.server.x509.issuer.common_name'], 'Plant CA');
});

it('an expired certificate is measured by the time of the capture', async () => {
  const old = issue(ca, 'old.plant.example', { from: new Date('2020-01-01T00:00:00Z'), to: new Date('2025-01-01T00:00:00Z') });
  const [one] = (await exchange({ authority: ca, server: old, client, version: 'TLSv1.2' })) as [Exchange];
  const at = (time: string) => identities(sense(talk(one.steps, { server: { ...SERVER, port: 802 }, from: Date.parse(time) })))[0];
  assert.deepEqual([at('2026-11-23T10:00:00Z')?.['tls.server.expired'], at('2024-06-01T00:00:00Z')?.['tls.server.expired']], [true, false]);
  assert.equal(at('2019-06-01T00:00:00Z')?.['tls.server.not_yet_valid'], true);
});

it('a server that asks for no certificate lets a client in that has not proved itself', async () => {
  const [one] = (await exchange({ ...ENDS, client: null, trusting: true, version: 'TLSv1.2' })) as [Exchange];
  assert.ok(one.said !== null, one.error);
  const o = only(one);
  assert.deepEqual([o['tls.handshake'], o['tls.client.authentication'], o['modbus.role'], o['outcome']], ['full', 'none', null, 'answered']);
});

it('TLS 1.3: a hello that has to be repeated is one handshake', async () => {
  const [one] = (await exchange({ ...ENDS, version: 'TLSv1.3', curves: ['secp384r1', 'X25519:secp384r1'] })) as [Exchange];
  assert.ok(one.said !== null, one.error);
  // RFC 8446, 4.1.3: the server's first hello carries this in place of a random number.
  const retry = Buffer.from('cf21ad74e59a6111be1d8c021e65b891', 'hex');
  assert.ok(one.steps.some((step) => typeof step !== 'number' && step[1] !== null && Buffer.from(step[1]).includes(retry)));
  const o = only(one);
  assert.deepEqual([o['tls.handshake'], o['tls.version'], o['tls.cipher'], o['tls.flaws']], ['full', '1.3', one.said.cipher, undefined]);
});
