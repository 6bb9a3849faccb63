/** Stands between a client and a server on loopback and writes down what passes, as frames of a capture. */
import { createSocket } from 'node:dgram';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type Conversation, conversation } from '../lab/conversation.ts';
import { type Host, udpFrame } from '../lab/frames.ts';
import { type Frame, START } from '../sense.ts';

const CLIENT: Host = { mac: '00:80:f4:00:00:05', ip: '10.0.0.5', port: 40_000 };
const SERVER: Host = { mac: '00:80:f4:00:00:09', ip: '10.0.0.9', port: 502 };
const LOOPBACK = '127.0.0.1';

export type Proxy = {
  /** Where clients connect. */
  port: number;
  /** What passed so far; the server stands at `port` in it, 502 unless told otherwise. */
  frames(port?: number): Frame[];
  close(): Promise<void>;
};

const portOf = (server: { address(): AddressInfo | string | null }): number => (server.address() as AddressInfo).port;

/** In front of the TCP server on `target`. Each chunk that is read is a segment. */
export async function tcpProxy(target: number): Promise<Proxy> {
  const passed: { connection: number; side: 0 | 1; data: Uint8Array }[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((client) => {
    const connection = connections++;
    const upstream = connect(target, LOOPBACK);
    const pass = (side: 0 | 1, from: Socket, to: Socket) => {
      sockets.add(from);
      from.setNoDelay(true);
      from.on('data', (data) => {
        passed.push({ connection, side, data: Uint8Array.from(data) });
        to.write(data);
      });
      from.on('close', () => to.destroy());
      from.on('error', () => to.destroy());
    };
    pass(0, client, upstream);
    pass(1, upstream, client);
  });
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
  return {
    port: portOf(server),
    frames(port = SERVER.port) {
      const talks = new Map<number, Conversation>();
      return passed.flatMap(({ connection, side, data }, i) => {
        const known = talks.get(connection);
        const talk = known ?? conversation({ ...CLIENT, port: CLIENT.port + connection }, { ...SERVER, port }).open();
        talks.set(connection, talk);
        const from = known === undefined ? 0 : talk.frames.length;
        side === 0 ? talk.client(data) : talk.server(data);
        return talk.frames.slice(from).map(({ bytes }) => ({ at: START + i, bytes }));
      });
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** In front of the UDP server on `target`, for one client at a time. */
export async function udpProxy(target: number): Promise<Proxy> {
  const passed: { side: 0 | 1; data: Uint8Array }[] = [];
  const [front, back] = [createSocket('udp4'), createSocket('udp4')];
  let client = 0;
  front.on('message', (data, from) => {
    client = from.port;
    passed.push({ side: 0, data: Uint8Array.from(data) });
    back.send(data, target, LOOPBACK);
  });
  back.on('message', (data) => {
    passed.push({ side: 1, data: Uint8Array.from(data) });
    front.send(data, client, LOOPBACK);
  });
  for (const socket of [front, back]) await new Promise<void>((resolve) => socket.bind(0, LOOPBACK, resolve));
  return {
    port: portOf(front as unknown as { address(): AddressInfo }),
    frames(port = SERVER.port) {
      const server = { ...SERVER, port };
      return passed.map(({ side, data }, i) => ({ at: START + i, bytes: side === 0 ? udpFrame(CLIENT, server, data) : udpFrame(server, CLIENT, data) }));
    },
    close: async () => {
      for (const socket of [front, back]) await new Promise<void>((resolve) => socket.close(() => resolve()));
    },
  };
}
