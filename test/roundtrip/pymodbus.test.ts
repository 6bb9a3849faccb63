/** Real clients against real servers of pymodbus: every value is what the client says it sent and received. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { missing } from '../shared.ts';
import { agrees } from './compare.ts';
import { tcpProxy, udpProxy } from './proxy.ts';
import { ask, serve } from './pymodbus.ts';

const ROUNDS = 20;
/** Every function and sub-function that `peer.py` uses. */
const FUNCTIONS = [1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 15, 16, 17, 20, 21, 22, 23, 24, 43];

describe('pymodbus to pymodbus', { skip: missing('pymodbus') }, () => {
  for (const transport of ['tcp', 'udp'] as const) {
    it(`${transport}: every function, four units, exceptions, values by chance`, async () => {
      const server = await serve(transport, 'socket');
      const proxy = await (transport === 'tcp' ? tcpProxy : udpProxy)(server.port);
      try {
        const told = await ask(transport, 'socket', proxy.port, 20_261_124, ROUNDS);
        for (const port of transport === 'tcp' ? [502, 15_020] : [502]) {
          const found = agrees(proxy.frames(port), told, transport);
          assert.deepEqual(
            [...new Set(found.map((o) => o['modbus.function_code'] as number))].sort((a, b) => a - b),
            FUNCTIONS,
          );
          assert.equal(new Set(found.filter((o) => o['modbus.function_code'] === 8).map((o) => o['modbus.sub_function'])).size, 14);
          assert.equal(new Set(found.map((o) => o['modbus.unit_id'])).size, 4);
          assert.ok(found.filter((o) => o['outcome'] === 'exception').length > 20);
        }
      } finally {
        await proxy.close();
        await server.stop();
      }
    });
  }
});
