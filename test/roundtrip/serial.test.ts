/** modbus-serial as client and server, alone and with pymodbus: every value is what the client sent and received. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Observation } from '../../sensor/observation.ts';
import { random, sense } from '../sense.ts';
import { missing } from '../shared.ts';
import { agrees } from './compare.ts';
import { tcpProxy, udpProxy } from './proxy.ts';
import { ask, serve } from './pymodbus.ts';
import { askSerial, serveSerial } from './serial.ts';

const ROUNDS = 40;
const functions = (found: readonly Observation[]): number[] => [...new Set(found.map((o) => o['modbus.function_code'] as number))].sort((a, b) => a - b);
const exceptions = (found: readonly Observation[]): number[] => [...new Set(found.map((o) => (o['modbus.exception_code'] ?? 0) as number))].sort();

describe('modbus-serial', () => {
  it('to itself: what its client offers, and the refusals of its server', async () => {
    const server = await serveSerial();
    const proxy = await tcpProxy(server.port);
    try {
      const told = await askSerial('tcp', proxy.port, random(11), ROUNDS);
      const found = agrees(proxy.frames(), told, 'tcp');
      assert.deepEqual(functions(found), [1, 2, 3, 4, 5, 6, 15, 16, 22, 23, 43]);
      assert.deepEqual(exceptions(found), [0, 1, 2]);
    } finally {
      await proxy.close();
      await server.stop();
    }
  });

  it('four clients at once', async () => {
    const server = await serveSerial();
    const proxy = await tcpProxy(server.port);
    try {
      const all = await Promise.all([1, 2, 3, 4].map((seed) => askSerial('tcp', proxy.port, random(seed), 10)));
      const frames = proxy.frames();
      // Which of them is which connection is known by what it did: each one's transactions are those of one port.
      const found = sense(frames).observations.filter((o) => o.kind === 'modbus');
      const ports = Map.groupBy(found, (o) => o['source.port']);
      assert.equal(ports.size, 4);
      const sums = (lists: { [field: string]: unknown }[][], field: (one: { [field: string]: unknown }) => unknown) =>
        lists.map((list) => JSON.stringify(list.map(field))).sort();
      assert.deepEqual(
        sums([...ports.values()], (o) => [o['modbus.function_code'], o['modbus.address'] ?? null, o['modbus.exception_code'] ?? null]),
        sums(all, (said) => [said['function_code'], said['address'] ?? null, said['exception_code']]),
      );
    } finally {
      await proxy.close();
      await server.stop();
    }
  });
});

describe('modbus-serial and pymodbus', { skip: missing('pymodbus') }, () => {
  for (const link of ['tcp', 'udp', 'buffered'] as const) {
    it(`a client of modbus-serial at a server of pymodbus, ${link}`, async () => {
      const transport = link === 'udp' ? 'udp' : 'tcp';
      const server = await serve(transport, 'socket');
      const proxy = await (transport === 'tcp' ? tcpProxy : udpProxy)(server.port);
      // Its buffered port knows the answers of reads and writes only.
      const known = (code: number) => link !== 'buffered' || code <= 16;
      try {
        const told = await askSerial(link, proxy.port, random(12), ROUNDS, known);
        const found = agrees(proxy.frames(), told, transport);
        assert.deepEqual(functions(found), [1, 2, 3, 4, 5, 6, 15, 16, 22, 23, 43].filter(known));
        assert.deepEqual(exceptions(found), [0, 2]);
      } finally {
        await proxy.close();
        await server.stop();
      }
    });
  }

  it('a client of pymodbus at a server of modbus-serial: reads, writes, and the diagnostics that it refuses', async () => {
    const server = await serveSerial();
    const proxy = await tcpProxy(server.port);
    try {
      const told = await ask('tcp', 'socket', proxy.port, 13, 10, 'basic');
      const found = agrees(proxy.frames(), told, 'tcp');
      assert.deepEqual(functions(found), [1, 2, 3, 4, 5, 6, 8, 15, 16]);
      assert.deepEqual(exceptions(found), [0, 1, 2]);
    } finally {
      await proxy.close();
      await server.stop();
    }
  });
});
