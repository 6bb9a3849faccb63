/** A node-opcua server and client on loopback under one security policy and mode, and what passes between them as frames. */
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import {
  AttributeIds,
  type ClientSession,
  DataType,
  MessageSecurityMode,
  type MessageSecurityMode as Mode,
  OPCUACertificateManager,
  OPCUAClient,
  OPCUAServer,
  SecurityPolicy,
  StatusCodes,
  type UAObject,
  type UserIdentityInfo,
  UserTokenType,
  Variant,
} from 'node-opcua';
import type { Frame } from '../sense.ts';
import { tcpProxy } from './proxy.ts';

export const SETPOINT = 'ns=1;s=Tank.Setpoint';
export const RECIPE = 'ns=1;s=Tank.Recipe';
export const USER = { type: UserTokenType.UserName as const, userName: 'mes', password: 'plan-the-day' };
const LOOPBACK = '127.0.0.1';

export const POLICIES = ['Basic128Rsa15', 'Basic256', 'Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'] as const;
export const MODES = ['Sign', 'SignAndEncrypt'] as const;
type Bits = 2048 | 3072 | 4096;

export type Wish = {
  policy: (typeof POLICIES)[number];
  mode: (typeof MODES)[number];
  /** Bits of the applications' keys, 2,048 when not said. */
  clientBits?: Bits;
  serverBits?: Bits;
  /** ms after which the client renews its channel. */
  renewal?: number;
  user?: UserIdentityInfo;
  work(session: ClientSession): Promise<void>;
};

export type Recorded = { frames: Frame[] /** Files with the private keys. */; client: string; server: string };

/** Certificates and keys of an application, kept below `folder` for the next recording. */
async function identity(folder: string, name: string, keySize: Bits): Promise<OPCUACertificateManager> {
  const manager = new OPCUACertificateManager({ rootFolder: join(folder, `${name}-${keySize}`), automaticallyAcceptUnknownCertificate: true, keySize });
  await manager.initialize();
  return manager;
}

function keyOf(folder: string, name: string, bits: Bits): string {
  const own = join(folder, `${name}-${bits}`, 'own', 'private');
  return join(own, readdirSync(own).find((file) => file.endsWith('.pem')) as string);
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, LOOPBACK, resolve));
  const { port } = probe.address() as { port: number };
  await new Promise<void>((resolve) => probe.close(() => resolve()));
  return port;
}

async function serve(folder: string, { policy, mode, serverBits = 2048 }: Wish): Promise<{ server: OPCUAServer; port: number }> {
  const port = await freePort();
  const server = new OPCUAServer({
    port,
    hostname: LOOPBACK,
    serverCertificateManager: await identity(folder, 'server', serverBits),
    serverInfo: { applicationUri: 'urn:test:server' },
    securityPolicies: [SecurityPolicy[policy]],
    securityModes: [MessageSecurityMode[mode]],
    allowAnonymous: true,
    userManager: { isValidUser: (name: string, password: string) => name === USER.userName && password === USER.password },
  });
  await server.initialize();
  const space = server.engine.addressSpace;
  if (space === null) throw new Error('no address space');
  const own = space.getOwnNamespace();
  const tank = own.addObject({ organizedBy: space.rootFolder.objects, browseName: 'Tank', nodeId: 's=Tank' });
  const variable = (parent: UAObject, name: string, dataType: DataType, first: unknown) => {
    let value = first;
    own.addVariable({ componentOf: parent, browseName: name, nodeId: `s=Tank.${name}`, dataType }).bindVariable({
      get: () => new Variant({ dataType, value }),
      set: (variant: Variant) => {
        value = variant.value;
        return StatusCodes.Good;
      },
    });
  };
  variable(tank, 'Setpoint', DataType.Double, 21.5);
  variable(tank, 'Recipe', DataType.ByteString, Buffer.alloc(0));
  await server.start();
  return { server, port };
}

async function connect(folder: string, wish: Wish, port: number): Promise<OPCUAClient> {
  const client = OPCUAClient.create({
    applicationName: 'client',
    applicationUri: 'urn:test:client',
    clientCertificateManager: await identity(folder, 'client', wish.clientBits ?? 2048),
    securityMode: MessageSecurityMode[wish.mode] as Mode,
    securityPolicy: SecurityPolicy[wish.policy],
    endpointMustExist: false,
    tokenRenewalInterval: wish.renewal ?? 0,
    connectionStrategy: { maxRetry: 0, initialDelay: 100, maxDelay: 100 },
    keepSessionAlive: false,
    // Small, so that long messages come in chunks.
    transportSettings: { sendBufferSize: 16_384, receiveBufferSize: 16_384, maxMessageSize: 4_194_304 },
  });
  await client.connect(`opc.tcp://${LOOPBACK}:${port}`);
  return client;
}

/** Runs `work` in a session: everything that passed, and where the private keys lie. */
export async function record(folder: string, wish: Wish): Promise<Recorded> {
  const { server, port } = await serve(folder, wish);
  const proxy = await tcpProxy(port);
  try {
    const client = await connect(folder, wish, proxy.port);
    const session = await client.createSession(wish.user ?? { type: UserTokenType.Anonymous });
    await wish.work(session);
    await session.close();
    await client.disconnect();
    const { clientBits = 2048, serverBits = 2048 } = wish;
    return { frames: proxy.frames(4840), client: keyOf(folder, 'client', clientBits), server: keyOf(folder, 'server', serverBits) };
  } finally {
    await proxy.close();
    await server.shutdown(0);
  }
}

export async function read(session: ClientSession, nodeId: string): Promise<unknown> {
  const { value } = await session.read({ nodeId, attributeId: AttributeIds.Value });
  return value.value;
}

export async function write(session: ClientSession, nodeId: string, dataType: DataType, value: unknown): Promise<void> {
  const status = await session.write({ nodeId, attributeId: AttributeIds.Value, value: { value: { dataType, value } } });
  if (!status.isGood()) throw new Error(`the server refused: ${status.toString()}`);
}

export { DataType };

type Derived = { encryptingKey: Buffer; initializationVector: Buffer; signatureLength: number };
type Tokens = { prototype: { pushNewToken(token: { channelId: number; tokenId: number }, derived: Both | null): void } };
type Both = { derivedClientKeys: Derived; derivedServerKeys: Derived };

/** Runs `work` and writes the channel keys that node-opcua itself derives meanwhile as a key log to `path`. */
export async function withKeyLog<T>(path: string, work: () => Promise<T>): Promise<T> {
  // Not among what node-opcua exports.
  const { TokenStack } = (await import('node-opcua-secure-channel')) as unknown as { TokenStack: Tokens };
  const push = TokenStack.prototype.pushNewToken;
  const lines = new Set<string>();
  TokenStack.prototype.pushNewToken = function (token, derived) {
    if (derived !== null) for (const line of linesOf(`${token.channelId}_${token.tokenId}`, derived)) lines.add(line);
    push.call(this, token, derived);
  };
  try {
    return await work();
  } finally {
    TokenStack.prototype.pushNewToken = push;
    writeFileSync(path, `${[...lines].join('\n')}\n`);
  }
}

function linesOf(of: string, { derivedClientKeys, derivedServerKeys }: Both): string[] {
  const side = (name: string, { encryptingKey, initializationVector, signatureLength }: Derived) => [
    `${name}_iv_${of}: ${initializationVector.toString('hex').toUpperCase()}`,
    `${name}_key_${of}: ${encryptingKey.toString('hex').toUpperCase()}`,
    `${name}_siglen_${of}: ${signatureLength}`,
  ];
  return [...side('client', derivedClientKeys), ...side('server', derivedServerKeys)];
}
