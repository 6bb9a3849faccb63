/** Serial framing over TCP and UDP with real peers: found by CRC or LRC on any port, and every value as the client says. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Observation } from '../../sensor/observation.ts';
import { random } from '../sense.ts';
import { missing } from '../shared.ts';
import { agrees } from './compare.ts';
import { tcpProxy, udpProxy } from './proxy.ts';
import { ask, type Framing, serve, type Told, type Transport } from './pymodbus.ts';
import { askSerial } from './serial.ts';

const ROUNDS = 20;
/** Modbus's own port, and one that says nothing. */
const PORTS = [502, 4001];
const functions = (found: readonly Observation[]): number[] => [...new Set(found.map((o) => o['modbus.function_code'] as number))].sort((a, b) => a - b);

/** Has a client ask a pymodbus server through a proxy; compares on every port. */
async function roundTrip(transport: Transport, framing: Framing, client: (port: number) => Promise<Told[]>, codes: readonly number[]): Promise<void> {
  const server = await serve(transport, framing);
  const proxy = await (transport === 'tcp' ? tcpProxy : udpProxy)(server.port);
  try {
    const told = await client(proxy.port);
    for (const port of PORTS) {
      const found = agrees(proxy.frames(port), told, framing);
      assert.ok(found.every((o) => o['modbus.transaction_id'] === null && o['network.transport'] === transport));
      assert.deepEqual(functions(found), codes);
      assert.ok(found.some((o) => o['outcome'] === 'exception'));
    }
  } finally {
    await proxy.close();
    await server.stop();
  }
}

const ALL = [1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 15, 16, 17, 20, 21, 22, 23, 24];
const BASIC = [1, 2, 3, 4, 5, 6, 15, 16];

describe('RTU and ASCII frames in packets', { skip: missing('pymodbus') }, () => {
  for (const transport of ['tcp', 'udp'] as const) {
    it(`pymodbus, RTU over ${transport}: every function`, () => roundTrip(transport, 'rtu', (port) => ask(transport, 'rtu', port, 21, ROUNDS), ALL));

    it(`pymodbus, ASCII over ${transport}: reads and writes`, () => roundTrip(transport, 'ascii', (port) => ask(transport, 'ascii', port, 22, ROUNDS), BASIC));
  }

  it('modbus-serial, RTU over tcp: reads and writes', () =>
    roundTrip('tcp', 'rtu', (port) => askSerial('telnet', port, random(23), ROUNDS, (code) => BASIC.includes(code)), BASIC));
});
