/** Monitored items, notifications and history of node-opcua, by the contract of `opcua.nodes`: node, attribute, client handle, value, type, status. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serve } from './opcua.ts';
import { agrees } from './opcua-compare.ts';
import { SUBSCRIPTIONS } from './opcua-told.ts';

describe('round trips of subscriptions', () => {
  for (const mode of ['None', 'Sign'] as const) {
    it(`${mode}: every item and every notification`, async () => {
      const server = await serve();
      try {
        const values = agrees(await server.talk(mode, 'anonymous'), SUBSCRIPTIONS);
        assert.ok(values > 200, `${values} values`);
      } finally {
        await server.stop();
      }
    });
  }
});
