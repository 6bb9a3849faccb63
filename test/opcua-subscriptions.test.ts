/** Monitored items and their notifications as tshark reads them, by the contract of `opcua.nodes`: node, attribute, client handle, value, type, status. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SUBSCRIPTIONS } from './opcua-bodies.ts';
import { compareFields, ourMessages, tsharkMessages } from './opcua-fields.ts';
import { senseFile } from './sense.ts';
import { missing, shared } from './shared.ts';

/** Client handles in requests and notifications of each capture. */
const HANDLES = {
  'icsnpp-opcua-binary/open62541_client-server_mainloop.pcap': 1,
  'icsnpp-opcua-binary/open62541_create_monitored_items.pcap': 4,
  'node-opcua/OpcUaConversation1.pcapng': 2,
};

describe('subscriptions as tshark reads them', { skip: missing('captures', 'tshark') }, () => {
  for (const [capture, handles] of Object.entries(HANDLES)) {
    it(capture, async () => {
      const path = shared(capture);
      const mine = (await senseFile(path)).filter(({ kind }) => kind === 'opcua').flatMap(ourMessages);
      const { differences, same } = compareFields(tsharkMessages(path, ['tcp.port==51210,opcua'], SUBSCRIPTIONS), mine);
      assert.deepEqual(differences, []);
      assert.ok((same.get('nodes[].client_handle') ?? 0) >= handles, `${same.get('nodes[].client_handle')} handles`);
    });
  }
});
