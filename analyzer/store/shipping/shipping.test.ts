/** The thread that ships, seen from the appliance. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { openSqlite } from '../sqlite.ts';
import { Shipping } from './shipping.ts';

const folder = mkdtempSync(join(tmpdir(), 'stillwatch-shipping-'));
after(() => rmSync(folder, { recursive: true, force: true }));

it('ends though the server never answers', async () => {
  const path = join(folder, 'shipping.db');
  const store = openSqlite(path);
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on('error', () => undefined))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connection = { nodes: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`], apiKey: '', user: '', password: '', ca: '', fingerprint: '' };
  const names = { prefix: 'shipping', site: 'site', observer: 'sensor', organization: '' };
  const lines: string[] = [];
  const shipping = new Shipping(
    { path, connection: { ...connection, timeout: 3_600_000 }, ...names, limits: { documents: 1, age: 1 }, retention: null },
    { onDecided: async () => undefined, log: (line) => lines.push(line) },
  );
  shipping.start();
  await once(server, 'connection');
  await shipping.stop();
  assert.deepEqual(lines, []);
  for (const socket of sockets) socket.destroy();
  server.close();
  await store.close();
});
