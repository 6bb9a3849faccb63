/** A real TLS exchange on loopback: node:tls on both ends, and a relay between them that writes down who sent what. */
import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp, createServer as createTcp, type Server, type Socket } from 'node:net';
import { connect, createServer, type PeerCertificate, type SecureVersion, type TLSSocket } from 'node:tls';
import type { Authority, Issued } from './lab/certificate.ts';
import type { Step } from './modbus-wire.ts';

export type Ends = {
  authority: Authority;
  server: Issued;
  /** None: the client shows no certificate. */
  client: Issued | null;
  version: SecureVersion;
  ciphers?: string;
  /** The server does not ask for a certificate. */
  trusting?: boolean;
  /** Groups of server and client; where the client's first is not the server's, TLS 1.3 asks for another hello. */
  curves?: [server: string, client: string];
  /** The name that the client asks for. */
  name?: string;
  /** How often to connect; from the second time on the session is resumed. */
  times?: number;
};

/** One connection: its bytes, and what node:tls says of it; `error` when there was no session. */
export type Exchange = {
  steps: Step[];
  said: { protocol: string | null; cipher: string; server: PeerCertificate; client: PeerCertificate; resumed: boolean } | null;
  error: string;
};

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

async function listening(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

/** Copies both ways and keeps the pieces in the order they came. */
function relay(near: Socket, port: number, steps: Step[], open: Set<Socket>): void {
  const far = connectTcp(port, '127.0.0.1');
  open.add(near).add(far);
  const pass = (from: Socket, to: Socket, side: '>' | '<') => {
    from.on('data', (bytes: Buffer) => {
      steps.push([side, new Uint8Array(bytes)]);
      to.write(bytes);
    });
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  };
  pass(near, far, '>');
  pass(far, near, '<');
}

async function connection(
  port: number,
  ends: Ends,
  session: Buffer | undefined,
): Promise<{ said: Exchange['said']; error: string; session: Buffer | undefined }> {
  let ticket = session;
  const socket = connect({
    port,
    host: '127.0.0.1',
    ca: ends.authority.cert,
    ...(ends.client === null ? {} : { cert: ends.client.cert, key: ends.client.key }),
    ...(ends.name === undefined ? { checkServerIdentity: () => undefined } : { servername: ends.name }),
    ...(session === undefined ? {} : { session }),
    ...(ends.ciphers === undefined ? {} : { ciphers: ends.ciphers }),
    ...(ends.curves === undefined ? {} : { ecdhCurve: ends.curves[1] }),
    ALPNProtocols: ['mbap'],
  });
  socket.on('session', (bytes) => (ticket = bytes));
  const error = await talkOver(socket);
  const said = error === '' ? { ...saidBy(socket), client: {} as PeerCertificate } : null;
  socket.destroy();
  return { said, error, session: ticket };
}

const saidBy = (socket: TLSSocket) => ({
  protocol: socket.getProtocol(),
  cipher: (socket.getCipher() as { standardName: string }).standardName,
  server: certificates.get(socket) as PeerCertificate,
  resumed: socket.isSessionReused(),
});

/** What the peer showed, looked up while the connection is up. */
const certificates = new WeakMap<TLSSocket, PeerCertificate>();

/** Sends a question and waits for the answer. Gives '' or why there was none. */
function talkOver(socket: TLSSocket): Promise<string> {
  return new Promise((resolve) => {
    socket.on('secureConnect', () => {
      certificates.set(socket, socket.getPeerCertificate());
      socket.write('question');
    });
    let answered = false;
    socket.on('data', () => {
      answered = true;
      socket.end();
    });
    socket.on('end', () => resolve(answered ? '' : 'closed'));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('close', () => resolve('closed'));
  });
}

/** Both ends talk; one exchange per connection. */
export async function exchange(ends: Ends): Promise<Exchange[]> {
  const seen: PeerCertificate[] = [];
  const server = createServer(
    {
      cert: ends.server.cert,
      key: ends.server.key,
      ca: ends.authority.cert,
      requestCert: ends.trusting !== true,
      rejectUnauthorized: ends.trusting !== true,
      ...(ends.curves === undefined ? {} : { ecdhCurve: ends.curves[0] }),
      minVersion: ends.version,
      maxVersion: ends.version,
      ALPNProtocols: ['mbap'],
      ...(ends.ciphers === undefined ? {} : { ciphers: ends.ciphers }),
    },
    (socket) => {
      seen.push(socket.getPeerCertificate());
      socket.on('data', (bytes) => socket.end(`answer to ${bytes}`));
      socket.on('error', () => {});
    },
  );
  server.on('tlsClientError', () => {});
  const out: Exchange[] = [];
  const open = new Set<Socket>();
  const wire = createTcp((near) => relay(near, portOf(server), (out.at(-1) as Exchange).steps, open));
  await Promise.all([listening(server), listening(wire)]);
  try {
    let session: Buffer | undefined;
    for (let n = 0; n < (ends.times ?? 1); n++) {
      const one: Exchange = { steps: [], said: null, error: '' };
      out.push(one);
      const result = await connection(portOf(wire), ends, session);
      session = result.session;
      one.error = result.error;
      one.said = result.said === null ? null : { ...result.said, client: seen.at(-1) as PeerCertificate };
    }
  } finally {
    const closed = Promise.all([once(server, 'close'), once(wire, 'close')]);
    server.close();
    wire.close();
    for (const socket of open) socket.destroy();
    await closed;
  }
  return out;
}
