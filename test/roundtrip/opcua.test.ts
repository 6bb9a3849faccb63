/** node-opcua talks to node-opcua, and the sensor says what the client says: every service, policy None and mode Sign in full, mode SignAndEncrypt what shows. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sense } from '../sense.ts';
import { type Mode, type Server, serve, type User } from './opcua.ts';
import { agrees, opcuaOf } from './opcua-compare.ts';
import { SERVICES } from './opcua-told.ts';

/** What a run of the client uses. */
const USED = [
  'FindServers GetEndpoints CreateSession ActivateSession Read Write Browse BrowseNext TranslateBrowsePathsToNodeIds RegisterNodes UnregisterNodes Call',
  'HistoryRead CreateSubscription CreateMonitoredItems ModifySubscription ModifyMonitoredItems SetMonitoringMode SetTriggering SetPublishingMode Publish',
  'Republish TransferSubscriptions DeleteMonitoredItems DeleteSubscriptions QueryFirst Cancel CloseSession',
].flatMap((names) => names.split(' '));

const TALKS: readonly (readonly [Mode, User])[] = [
  ['None', 'anonymous'],
  ['None', 'name'],
  ['Sign', 'name'],
  ['Sign', 'certificate'],
];

describe('round trips of OPC UA', () => {
  let server: Server;
  before(async () => {
    server = await serve();
  });
  after(() => server.stop());

  for (const [mode, user] of TALKS) {
    it(`${mode}, ${user}: every service and value`, async () => {
      const talk = await server.talk(mode, user);
      const services = new Set(talk.told.map(({ service }) => service as string));
      assert.deepEqual(
        USED.filter((service) => !services.has(service)),
        [],
      );
      const values = agrees(talk, SERVICES);
      assert.ok(values > 700, `${values} values`);
      const all = opcuaOf(talk);
      assert.deepEqual(
        all.flatMap((o) => (o['opcua.flaws'] as string[] | undefined) ?? []),
        [],
      );
      const session = all.filter((o) => o['opcua.service'] === 'Write');
      const [readable, as] = [mode === 'None' ? 'readable' : 'signed', user === 'name' ? 'operator' : user === 'anonymous' ? 'anonymous' : undefined];
      for (const o of session) {
        assert.equal(o['opcua.visibility'], readable);
        if (as !== undefined) assert.equal(o['opcua.user'], as);
      }
      assert.ok(!JSON.stringify(all).includes('"water"'), 'a password is told');
    });
  }

  it('SignAndEncrypt, certificate: how many messages, and nothing of what they say', async () => {
    const talk = await server.talk('SignAndEncrypt', 'certificate');
    const { observations } = sense(talk.frames);
    const opened = observations.find((o) => o.kind === 'opcua-channel' && o['opcua.message_type'] === 'OPN' && o['opcua.security_policy'] === 'Basic256Sha256');
    assert.equal(opened?.['opcua.visibility'], 'opaque');
    assert.match(String(opened?.['opcua.client_certificate.subject']), /round trip/i);
    const sealed = observations.filter((o) => o.kind === 'opcua' && o['opcua.visibility'] === 'opaque');
    const told = talk.told.filter(({ service }) => service !== 'GetEndpoints' && service !== 'FindServers');
    // A request and a response each; what is asked on the clear channel before is not among them.
    assert.equal(sealed.filter((o) => o['request_frame'] !== null).length, sealed.filter((o) => o['response_frame'] !== null).length);
    assert.ok(sealed.length >= 2 * told.length, `${sealed.length} messages for ${told.length} transactions`);
    assert.ok(sealed.every((o) => o['opcua.service'] === null && o['opcua.nodes'] === undefined));
  });
});
