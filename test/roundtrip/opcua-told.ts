/** What node-opcua says of a transaction, from the objects that it sent and received, under the names of our observations. */
import {
  DataType,
  type DataValue,
  type ExtensionObject,
  type LocalizedText,
  type NodeId,
  type QualifiedName,
  type StatusCode,
  type Variant,
  VariantArrayType,
} from 'node-opcua';
import type { Value } from '../../sensor/observation.ts';

export type Told = { [field: string]: Value };
/** Any request or response: its fields are read by name. */
// biome-ignore lint/suspicious/noExplicitAny: one reader for the objects of every service
type Any = any;

/** Status codes carry their description too. */
export const status = (code: StatusCode): string => code.name.replace(/ .*/, '');
export const nodeId = (id: NodeId): string =>
  id
    .toString()
    .replace(/^ns=0;/, '')
    .replace(/(?<=g=).*/, (guid) => guid.toLowerCase());
const name = ({ namespaceIndex, name: text }: QualifiedName): string => (namespaceIndex === 0 ? (text ?? '') : `${namespaceIndex}:${text}`);
const time = (date: Date): string => date.toISOString().replace('Z', '000Z');

function whole([high, low]: readonly [number, number], signed: boolean): Value {
  const value = (BigInt(high) << 32n) + BigInt(low);
  const of = signed ? BigInt.asIntN(64, value) : value;
  return Number.isSafeInteger(Number(of)) ? Number(of) : String(of);
}

function scalar(type: DataType, value: Any): Value {
  if (value === null || value === undefined) return null;
  if (type === DataType.Int64 || type === DataType.UInt64) return whole(value, type === DataType.Int64);
  if (type === DataType.DateTime) return time(value);
  if (type === DataType.Guid) return String(value).toLowerCase();
  if (type === DataType.ByteString) return (value as Buffer).toString('base64');
  if (type === DataType.NodeId || type === DataType.ExpandedNodeId) return nodeId(value);
  if (type === DataType.StatusCode) return status(value);
  if (type === DataType.QualifiedName) return name(value);
  if (type === DataType.LocalizedText) return (value as LocalizedText).text ?? null;
  if (type === DataType.ExtensionObject) return { type_id: nodeId((value as ExtensionObject).schema.encodingDefaultBinary as NodeId) };
  return value as Value;
}

export function variant({ dataType, arrayType, value, dimensions }: Variant): Told {
  if (dataType === DataType.Null) return { value: null, type: null };
  const type = DataType[dataType] as string;
  if (arrayType === VariantArrayType.Scalar) return { value: scalar(dataType, value), type };
  const list = Array.from((value ?? []) as ArrayLike<unknown>, (one) => scalar(dataType, one));
  return { value: list, type: `${type}[]`, ...(dimensions === null || dimensions === undefined ? {} : { dimensions }) };
}

export const dataValue = (of: DataValue): Told => ({ ...variant(of.value), status: status(of.statusCode) });

const target = (of: Any): Told => ({ node_id: nodeId(of.nodeId), attribute_id: of.attributeId });
const TIMESTAMPS = ['source', 'server', 'both', 'neither'];
const DIRECTIONS = ['forward', 'inverse', 'both'];

const reference = (of: Any): Told => ({
  node_id: nodeId(of.nodeId),
  forward: of.isForward,
  reference_type: nodeId(of.referenceTypeId),
  browse_name: name(of.browseName),
  display_name: of.displayName.text,
  type_definition: nodeId(of.typeDefinition),
});

/** Items of a request, each with its result. */
const joined = (items: Any[] | null, results: Any[] | null, ask: (item: Any) => Told, answer: (result: Any) => Told): Value =>
  (items ?? []).map((item, i) => ({ ...ask(item), ...(results?.[i] === undefined ? {} : answer(results[i])) }));
const codes = (result: StatusCode): Told => ({ status: status(result) });

const browsed = (result: Any): Told => ({
  status: status(result.statusCode),
  more: (result.continuationPoint?.length ?? 0) > 0,
  references: (result.references ?? []).map(reference),
});
const path = (of: Any): string => (of.relativePath.elements ?? []).map((one: Any) => `${one.isInverse ? '!' : ''}${name(one.targetName)}`).join('/');

/** By the service's name; `q` is the request, `a` the response, which has no body where the service failed. */
export const SERVICES: { readonly [service: string]: (q: Any, a: Any) => Told } = {
  Read: (q, a) => ({
    max_age: q.maxAge,
    timestamps_to_return: TIMESTAMPS[q.timestampsToReturn] ?? null,
    nodes: joined(q.nodesToRead, a.results, target, dataValue),
  }),
  Write: (q, a) => ({ nodes: joined(q.nodesToWrite, a.results, (of) => ({ ...target(of), ...variant(of.value.value) }), codes) }),
  Browse: (q, a) => ({
    max_references: q.requestedMaxReferencesPerNode,
    nodes: joined(
      q.nodesToBrowse,
      a.results,
      (of) => ({ node_id: nodeId(of.nodeId), direction: DIRECTIONS[of.browseDirection] ?? null, reference_type: nodeId(of.referenceTypeId) }),
      browsed,
    ),
  }),
  BrowseNext: (q, a) => ({
    release_continuation_points: q.releaseContinuationPoints,
    nodes: joined(q.continuationPoints, a.results, (of: Buffer) => ({ continuation_point: of.toString('base64') }), browsed),
  }),
  TranslateBrowsePathsToNodeIds: (q, a) => ({
    nodes: joined(
      q.browsePaths,
      a.results,
      (of) => ({ node_id: nodeId(of.startingNode), path: path(of) }),
      (result) => ({ status: status(result.statusCode), targets: (result.targets ?? []).map((one: Any) => nodeId(one.targetId)) }),
    ),
  }),
  RegisterNodes: (q, a) => ({
    nodes: joined(
      q.nodesToRegister,
      a.registeredNodeIds,
      (id) => ({ node_id: nodeId(id) }),
      (id) => ({ registered_id: nodeId(id) }),
    ),
  }),
  UnregisterNodes: (q) => ({ nodes: (q.nodesToUnregister as NodeId[]).map((id) => ({ node_id: nodeId(id) })) }),
  Call: (q, a) => ({
    methods: joined(
      q.methodsToCall,
      a.results,
      (of) => ({
        object_id: nodeId(of.objectId),
        method_id: nodeId(of.methodId),
        input: (of.inputArguments ?? []).map((one: Variant) => variant(one)['value'] ?? null),
      }),
      (result) => ({ status: status(result.statusCode), output: (result.outputArguments ?? []).map((one: Variant) => variant(one)['value'] ?? null) }),
    ),
  }),
  GetEndpoints: (q, a) => ({
    endpoint_url: q.endpointUrl,
    endpoints: (a.endpoints ?? []).map((of: Any) => ({ url: of.endpointUrl, security_level: of.securityLevel, application_uri: of.server.applicationUri })),
  }),
  FindServers: (q, a) => ({
    endpoint_url: q.endpointUrl,
    servers: (a.servers ?? []).map((of: Any) => ({ application_uri: of.applicationUri, name: of.applicationName.text })),
  }),
  CreateSession: (q, a) => ({ session_name: q.sessionName, application_uri: q.clientDescription.applicationUri, session_id: nodeId(a.sessionId) }),
  ActivateSession: (q) => ({ user_token: USERS[q.userIdentityToken.constructor.name] ?? null }),
  CloseSession: (q) => ({ delete_subscriptions: q.deleteSubscriptions }),
  Cancel: (q, a) => ({ cancel_handle: q.requestHandle, cancel_count: a.cancelCount ?? null }),
};

const USERS: { readonly [token: string]: string } = {
  AnonymousIdentityToken: 'anonymous',
  UserNameIdentityToken: 'username',
  X509IdentityToken: 'certificate',
};

/** By the contract of `opcua.nodes`. */
export const SUBSCRIPTIONS: { readonly [service: string]: (q: Any, a: Any) => Told } = {
  CreateMonitoredItems: (q, a) => ({
    nodes: joined(
      q.itemsToCreate,
      a.results,
      (of) => ({ ...target(of.itemToMonitor), client_handle: of.requestedParameters.clientHandle }),
      (result) => ({ status: status(result.statusCode) }),
    ),
  }),
  Publish: (_, a): Told => {
    const nodes = (a.notificationMessage?.notificationData ?? []).flatMap((data: Any) =>
      (data.monitoredItems ?? []).map((of: Any) => ({ client_handle: of.clientHandle, ...dataValue(of.value) })),
    );
    // A message without notifications keeps alive; it touches no node.
    return nodes.length === 0 ? {} : { nodes };
  },
  HistoryRead: (q, a) => ({
    nodes: joined(
      q.nodesToRead,
      a.results,
      (of) => ({ node_id: nodeId(of.nodeId) }),
      (result) => ({ status: status(result.statusCode) }),
    ),
  }),
};
