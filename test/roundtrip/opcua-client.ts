/**
 * A node-opcua client: `opcua-client.ts FOLDER URL MODE USER` uses every service that it has and prints a JSON line for every transaction, of
 * what it sent and received. MODE is None, Sign or SignAndEncrypt, USER anonymous, name or certificate.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AttributeIds,
  BrowseDescription,
  BrowseDirection,
  CancelRequest,
  type ClientSession,
  coerceNodeId,
  DataType,
  MessageSecurityMode,
  MonitoringMode,
  makeBrowsePath,
  OPCUACertificateManager,
  OPCUAClient,
  QueryFirstRequest,
  RepublishRequest,
  SecurityPolicy,
  TimestampsToReturn,
  type UserIdentityInfo,
  UserTokenType,
  VariantArrayType,
} from 'node-opcua';
import { SERVICES, SUBSCRIPTIONS, status, type Told } from './opcua-told.ts';
import { ARRAYS, MATRIX, SCALARS } from './opcua-variables.ts';

const [folder, url, mode, user] = process.argv.slice(2) as [string, string, keyof typeof MessageSecurityMode, string];

// biome-ignore lint/suspicious/noExplicitAny: messages of every service
type Any = any;

/** Prints requests with their responses, joined by handle. */
function record(client: OPCUAClient): void {
  const waiting = new Map<number, Any>();
  client.on('send_request', (request: Any) => waiting.set(request.requestHeader.requestHandle, request));
  client.on('receive_response', (response: Any) => {
    const handle = response.responseHeader.requestHandle as number;
    const request = waiting.get(handle);
    waiting.delete(handle);
    if (request !== undefined) console.log(JSON.stringify(told(request, response)));
  });
}

function told(request: Any, response: Any): Told {
  const service = request.constructor.name.replace(/Request$/, '') as string;
  const say = SERVICES[service] ?? SUBSCRIPTIONS[service];
  return {
    service,
    request_handle: request.requestHeader.requestHandle,
    status: status(response.responseHeader.serviceResult),
    ...(response.constructor.name === 'ServiceFault' ? {} : say?.(request, response)),
  };
}

async function connect(): Promise<{ client: OPCUAClient; who: UserIdentityInfo }> {
  const certificates = new OPCUACertificateManager({ rootFolder: join(folder, 'client'), automaticallyAcceptUnknownCertificate: true });
  await certificates.initialize();
  const client = OPCUAClient.create({
    applicationName: 'round trip',
    clientCertificateManager: certificates,
    securityMode: MessageSecurityMode[mode],
    securityPolicy: mode === 'None' ? SecurityPolicy.None : SecurityPolicy.Basic256Sha256,
    endpointMustExist: false,
    keepSessionAlive: false,
    connectionStrategy: { maxRetry: 1, initialDelay: 100, maxDelay: 200 },
  });
  record(client);
  await client.connect(url);
  const read = (path: string): Buffer => readFileSync(path);
  if (user === 'name') return { client, who: { type: UserTokenType.UserName, userName: 'operator', password: 'water' } };
  if (user !== 'certificate') return { client, who: { type: UserTokenType.Anonymous } };
  const pem = read(client.certificateFile).toString();
  const der = Buffer.from(pem.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64');
  return { client, who: { type: UserTokenType.Certificate, certificateData: der, privateKey: read(certificates.privateKey).toString() } };
}

const names = [...SCALARS.map(([type]) => DataType[type]), ...ARRAYS.map(([type]) => `${DataType[type]}s`), 'Matrix'];
const node = (name: string) => coerceNodeId(`ns=1;s=${name}`);

async function readAndWrite(session: ClientSession): Promise<void> {
  for (const name of names) await session.read({ nodeId: node(name), attributeId: AttributeIds.Value });
  await session.read(names.map((name) => ({ nodeId: node(name), attributeId: AttributeIds.Value })));
  await session.read(
    [AttributeIds.NodeClass, AttributeIds.BrowseName, AttributeIds.DisplayName, AttributeIds.EventNotifier].map((attributeId) => ({
      nodeId: node('Double'),
      attributeId,
    })),
  );
  await session.read([
    { nodeId: 'i=2256', attributeId: 13 },
    { nodeId: 'i=2260', attributeId: 13 },
    { nodeId: 'ns=1;s=nowhere', attributeId: 13 },
  ]);
  const write = (name: string, value: Any) => session.write({ nodeId: node(name), attributeId: AttributeIds.Value, value: { value } });
  for (const [dataType, value] of SCALARS) await write(DataType[dataType], { dataType, arrayType: VariantArrayType.Scalar, value });
  for (const [dataType, value] of ARRAYS) await write(`${DataType[dataType]}s`, { dataType, arrayType: VariantArrayType.Array, value });
  await write('Matrix', { dataType: DataType.Double, arrayType: VariantArrayType.Matrix, dimensions: [2, 3], value: MATRIX });
  await write('nowhere', { dataType: DataType.Double, value: 1 });
}

async function look(session: ClientSession): Promise<void> {
  const all = { nodeId: node('Plant'), browseDirection: BrowseDirection.Both, includeSubtypes: true, nodeClassMask: 0, resultMask: 63 };
  await session.browse(new BrowseDescription(all));
  await session.browse([new BrowseDescription({ ...all, nodeId: coerceNodeId('i=85') }), new BrowseDescription({ ...all, nodeId: node('nowhere') })]);
  (session as Any).requestedMaxReferencesPerNode = 5;
  const first = await session.browse(new BrowseDescription(all));
  await session.browseNext(first.continuationPoint as Buffer, false);
  await session.translateBrowsePath([makeBrowsePath('i=84', '/Objects/1:Plant.1:Double'), makeBrowsePath('i=84', '/Objects/1:Missing')]);
  const registered = await session.registerNodes([node('Double'), node('Byte')]);
  await session.unregisterNodes(registered);
  const input = [2, 40].map((value) => ({ dataType: DataType.Int32, value }));
  await session.call([
    { objectId: node('Plant'), methodId: node('Add'), inputArguments: input },
    { objectId: node('Plant'), methodId: node('Missing') },
  ]);
  await session.readHistoryValue(node('Past'), new Date('2020-01-01'), new Date('2040-01-01'));
}

/** A transaction that the server refuses: the client hands the fault out as an error and tells no response. */
const refused = (session: ClientSession, request: Any): Promise<void> =>
  new Promise((resolve) =>
    (session as Any).performMessageTransaction(request, (error: Any) => {
      const response = error?.response;
      if (response !== undefined) console.log(JSON.stringify(told(request, response)));
      resolve();
    }),
  );

async function subscribe(opened: ClientSession): Promise<void> {
  // Its type shows the services of subscriptions only in part.
  const session: Any = opened;
  const subscription = await session.createSubscription2({
    requestedPublishingInterval: 50,
    requestedLifetimeCount: 1000,
    requestedMaxKeepAliveCount: 5,
    publishingEnabled: true,
  });
  const { subscriptionId } = subscription;
  const items = names.map((name, i) => ({
    itemToMonitor: { nodeId: node(name), attributeId: AttributeIds.Value },
    monitoringMode: MonitoringMode.Reporting,
    requestedParameters: { clientHandle: 100 + i, samplingInterval: 20, queueSize: 5 },
  }));
  const created = await session.createMonitoredItems({ subscriptionId, timestampsToReturn: TimestampsToReturn.Both, itemsToCreate: items });
  const ids = (created.results ?? []).map((one: Any) => one.monitoredItemId);
  await session.write({ nodeId: node('Double'), attributeId: 13, value: { value: { dataType: DataType.Double, value: 12.5 } } });
  await new Promise((resolve) => setTimeout(resolve, 400));
  await session.modifySubscription({ subscriptionId, requestedPublishingInterval: 100, requestedLifetimeCount: 900, requestedMaxKeepAliveCount: 6 });
  const itemsToModify = [{ monitoredItemId: ids[0], requestedParameters: { clientHandle: 500, samplingInterval: 50 } }];
  await session.modifyMonitoredItems({ subscriptionId, timestampsToReturn: TimestampsToReturn.Both, itemsToModify });
  await session.setMonitoringMode({ subscriptionId, monitoringMode: MonitoringMode.Sampling, monitoredItemIds: ids.slice(1, 3) });
  await session.setTriggering({ subscriptionId, triggeringItemId: ids[0], linksToAdd: [ids[1] as number] });
  await session.setPublishingMode(false, [subscriptionId]);
  await refused(session, new RepublishRequest({ subscriptionId, retransmitSequenceNumber: 1 }));
  await session.transferSubscriptions({ subscriptionIds: [subscriptionId], sendInitialValues: false }).catch(() => undefined);
  await session.deleteMonitoredItems({ subscriptionId, monitoredItemIds: ids.slice(0, 2) });
  await subscription.terminate();
}

const { client, who } = await connect();
await client.findServers();
const session = await client.createSession(who);
await readAndWrite(session);
await look(session);
await subscribe(session);
await refused(session, new QueryFirstRequest({}));
await refused(session, new CancelRequest({ requestHandle: 1 }));
await session.close();
await client.disconnect();
process.exit(0);
