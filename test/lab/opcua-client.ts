import { join } from 'node:path';
import { type ClientSession, type MessageSecurityMode, OPCUACertificateManager, OPCUAClient, type SecurityPolicy, type UserIdentityInfo } from 'node-opcua';

export const ENDPOINT = 'opc.tcp://10.20.1.30:4840/plant';

export type Connecting = {
  name: string;
  folder: string;
  mode: MessageSecurityMode;
  policy: SecurityPolicy /** ms a channel's token lives. */;
  lifetime?: number;
};

/** A client whose application is called `name`, with certificates of its own below `folder`. */
export async function client(of: Connecting): Promise<OPCUAClient> {
  const certificates = new OPCUACertificateManager({ rootFolder: join(of.folder, of.name), automaticallyAcceptUnknownCertificate: true });
  await certificates.initialize();
  return OPCUAClient.create({
    applicationName: of.name,
    applicationUri: `urn:waterworks:${of.name}`,
    clientCertificateManager: certificates,
    securityMode: of.mode,
    securityPolicy: of.policy,
    endpointMustExist: false,
    defaultSecureTokenLifetime: of.lifetime ?? 40_000,
    requestedSessionTimeout: 60_000,
    connectionStrategy: { maxRetry: 3, initialDelay: 500, maxDelay: 1000 },
    keepSessionAlive: false,
  });
}

export async function session(from: OPCUAClient, user: UserIdentityInfo): Promise<ClientSession> {
  await from.connect(ENDPOINT);
  return from.createSession(user);
}
