/** Bodies of OPC UA services as tshark reads them, under the names of our observations. By type id of the message (Part 6, annex A.3). */
import type { Value } from '../sensor/observation.ts';
import type { Element } from './opcua-pdml.ts';
import {
  base64,
  child,
  dataValue,
  duration,
  flag,
  type Held,
  items,
  localized,
  nodeId,
  qualified,
  size,
  status,
  text,
  thumbprint,
  u32,
  variant,
} from './opcua-values.ts';

type Body = (body: Element) => Held;
export type Bodies = { readonly [typeId: number]: Body };

const each = (e: Element | undefined, read: (item: Element) => Held): Value => items(e).map(read);
const texts = (e: Element | undefined): Value => items(e).map((one) => text(one) ?? '');
const named = (names: readonly string[], e: Element | undefined): Value => names[u32(e) ?? -1] ?? u32(e);
const policy = (e: Element | undefined): string | null => text(e)?.split('#')[1] ?? null;

const TIMESTAMPS = ['source', 'server', 'both', 'neither'];
const DIRECTIONS = ['forward', 'inverse', 'both'];
const TYPES = ['server', 'client', 'client_and_server', 'discovery_server'];
const MODES = ['Invalid', 'None', 'Sign', 'SignAndEncrypt'];
const TOKENS = ['anonymous', 'username', 'certificate', 'issued'];

/** `NodeClass: Object (0x00000001)`. */
const nodeClass = (e: Element | undefined): Value => /: (\w+) \(/.exec(e?.label ?? '')?.[1] ?? u32(e);

function target(e: Element | undefined): Held {
  const range = text(child(e, 'IndexRange'));
  return { node_id: nodeId(child(e, 'NodeId')), attribute_id: u32(child(e, 'AttributeId')), ...(range === null || range === '' ? {} : { index_range: range }) };
}

const reference: Body = (e) => ({
  node_id: nodeId(child(e, 'NodeId')),
  forward: flag(child(e, 'IsForward')),
  reference_type: nodeId(child(e, 'ReferenceTypeId')),
  browse_name: qualified(child(e, 'BrowseName')),
  display_name: localized(child(e, 'DisplayName')),
  node_class: nodeClass(child(e, 'NodeClass')),
  type_definition: nodeId(child(e, 'TypeDefinition')),
});

const browsed: Body = (b) => ({
  nodes: each(child(b, 'Results'), (e) => ({
    status: status(child(e, 'StatusCode')),
    more: size(child(e, 'ContinuationPoint')) > 0,
    references: each(child(e, 'References'), reference),
  })),
});

/** `!` stands before an element that is followed backwards. */
const pathOf = (e: Element | undefined): string =>
  items(child(e, 'Elements'))
    .map((one) => `${flag(child(one, 'IsInverse')) ? '!' : ''}${qualified(child(one, 'TargetName'))}`)
    .join('/');

const application = (e: Element | undefined): Held => ({
  application_uri: text(child(e, 'ApplicationUri')),
  product_uri: text(child(e, 'ProductUri')),
  name: localized(child(e, 'ApplicationName')),
  type: named(TYPES, child(e, 'ApplicationType')),
  discovery_urls: texts(child(e, 'DiscoveryUrls')),
});

function endpoint(e: Element): Held {
  const tokens = items(child(e, 'UserIdentityTokens'));
  const server = application(child(e, 'Server'));
  return {
    url: text(child(e, 'EndpointUrl')),
    security_policy: policy(child(e, 'SecurityPolicyUri')),
    security_mode: named(MODES, child(e, 'MessageSecurityMode')),
    user_tokens: tokens.map((one) => named(TOKENS, child(one, 'UserTokenType')) as string),
    user_token_policies: tokens.map((one) => policy(child(one, 'SecurityPolicyUri')) ?? ''),
    application_uri: server['application_uri'] as string,
    product_uri: server['product_uri'] as string,
    application_name: server['name'] as string,
    transport_profile: text(child(e, 'TransportProfileUri')),
    security_level: u32(child(e, 'SecurityLevel')),
    server_certificate: size(child(e, 'ServerCertificate')) === 0 ? null : thumbprint(child(e, 'ServerCertificate')),
  };
}

const statuses: Body = (b) => ({ nodes: items(child(b, 'Results')).map((one) => ({ status: status(one) })) });

function createSession(b: Element): Held {
  const { application_uri, product_uri, name, type } = application(child(b, 'ClientDescription'));
  return {
    application_uri: application_uri ?? null,
    product_uri: product_uri ?? null,
    application_name: name ?? null,
    application_type: type ?? null,
    server_uri: text(child(b, 'ServerUri')),
    endpoint_url: text(child(b, 'EndpointUrl')),
    session_name: text(child(b, 'SessionName')),
    client_nonce_size: size(child(b, 'ClientNonce')),
    requested_session_timeout: duration(child(b, 'RequestedSessionTimeout')),
  };
}

/** The identity token; tshark names its structure. */
function activateSession(b: Element): Held {
  const token = child(b, 'UserIdentityToken');
  const body = token?.children.at(-1);
  const kind = /^(\w+)IdentityToken:/.exec(body?.show ?? '')?.[1]?.toLowerCase() ?? 'anonymous';
  const held: Held = { locales: texts(child(b, 'LocaleIds')), user_token: kind, policy_id: text(child(body, 'PolicyId')) };
  if (kind !== 'username') return held;
  const clear = text(child(body, 'EncryptionAlgorithm')) ?? '';
  return { ...held, user: text(child(body, 'UserName')), password: size(child(body, 'Password')) === 0 ? 'absent' : clear === '' ? 'clear' : 'encrypted' };
}

/** Named as tshark names them: the structure itself is the last child of the ExtensionObject. */
function attributes(e: Element | undefined): Held {
  const body = e?.children.at(-1);
  const of = (key: string): Element | undefined => child(body, key);
  const held: Held = {
    specified: u32(of('SpecifiedAttributes')),
    display_name: localized(of('DisplayName')),
    description: localized(of('Description')),
    write_mask: u32(of('WriteMask')),
    user_write_mask: u32(of('UserWriteMask')),
  };
  if (of('Value') !== undefined) held['value'] = variant(of('Value')).value;
  if (of('DataType') !== undefined) held['data_type'] = nodeId(of('DataType'));
  if (of('InverseName') !== undefined) held['inverse_name'] = localized(of('InverseName'));
  for (const [name, key] of [
    ['is_abstract', 'IsAbstract'],
    ['symmetric', 'Symmetric'],
    ['historizing', 'Historizing'],
    ['executable', 'Executable'],
    ['user_executable', 'UserExecutable'],
    ['contains_no_loops', 'ContainsNoLoops'],
  ] as const)
    if (of(key) !== undefined) held[name] = flag(of(key));
  for (const [name, key] of [
    ['access_level', 'AccessLevel'],
    ['user_access_level', 'UserAccessLevel'],
    ['event_notifier', 'EventNotifier'],
  ] as const)
    if (of(key) !== undefined) held[name] = u32(of(key));
  return held;
}

const addedNode: Body = (e) => ({
  parent_id: nodeId(child(e, 'ParentNodeId')),
  reference_type: nodeId(child(e, 'ReferenceTypeId')),
  browse_name: qualified(child(e, 'BrowseName')),
  node_class: nodeClass(child(e, 'NodeClass')),
  type_definition: nodeId(child(e, 'TypeDefinition')),
  attributes: attributes(child(e, 'NodeAttributes')),
});

/** A node that was not added has no id; then the observation keeps the one that was asked for. */
function addedResult(e: Element): Held {
  const id = nodeId(child(e, 'AddedNodeId'));
  return { status: status(child(e, 'StatusCode')), ...(id === 'i=0' ? {} : { node_id: id }) };
}

const openResponse = (b: Element): Held => {
  const token = child(b, 'SecurityToken');
  return { token_id: u32(child(token, 'TokenId')), lifetime: u32(child(token, 'RevisedLifetime')) };
};

const registerServer = (b: Element): Held => {
  const server = child(b, 'Server');
  return {
    server_uri: text(child(server, 'ServerUri')),
    product_uri: text(child(server, 'ProductUri')),
    server_names: items(child(server, 'ServerNames')).map(localized),
    server_type: named(TYPES, child(server, 'ApplicationType')),
    discovery_urls: texts(child(server, 'DiscoveryUrls')),
    online: flag(child(server, 'IsOnline')),
  };
};

export const BODIES: Bodies = {
  446: (b) => ({
    request_type: u32(child(b, 'SecurityTokenRequestType')) === 1 ? 'renew' : 'issue',
    security_mode: named(MODES, child(b, 'MessageSecurityMode')),
    requested_lifetime: u32(child(b, 'RequestedLifetime')),
  }),
  449: openResponse,
  422: (b) => ({ endpoint_url: text(child(b, 'EndpointUrl')), locales: texts(child(b, 'LocaleIds')), server_uris: texts(child(b, 'ServerUris')) }),
  425: (b) => ({ servers: each(child(b, 'Servers'), application) }),
  428: (b) => ({ endpoint_url: text(child(b, 'EndpointUrl')), locales: texts(child(b, 'LocaleIds')), profiles: texts(child(b, 'ProfileUris')) }),
  431: (b) => ({ endpoints: each(child(b, 'Endpoints'), endpoint) }),
  437: registerServer,
  12211: registerServer,
  12208: (b) => ({ capabilities: texts(child(b, 'ServerCapabilityFilter')) }),
  12209: (b) => ({
    servers: each(child(b, 'Servers'), (e) => ({
      name: text(child(e, 'ServerName')),
      discovery_urls: [text(child(e, 'DiscoveryUrl')) ?? ''],
      capabilities: texts(child(e, 'ServerCapabilities')),
    })),
  }),
  461: createSession,
  464: (b) => ({
    session_id: nodeId(child(b, 'SessionId')),
    session_timeout: duration(child(b, 'RevisedSessionTimeout')),
    server_nonce_size: size(child(b, 'ServerNonce')),
    endpoints: each(child(b, 'ServerEndpoints'), endpoint),
  }),
  467: activateSession,
  470: (b) => ({ server_nonce_size: size(child(b, 'ServerNonce')) }),
  473: (b) => ({ delete_subscriptions: flag(child(b, 'DeleteSubscriptions')) }),
  488: (b) => ({ nodes: each(child(b, 'NodesToAdd'), addedNode) }),
  491: (b) => ({ nodes: each(child(b, 'Results'), addedResult) }),
  527: (b) => ({
    max_references: u32(child(b, 'RequestedMaxReferencesPerNode')),
    nodes: each(child(b, 'NodesToBrowse'), (e) => ({
      node_id: nodeId(child(e, 'NodeId')),
      direction: named(DIRECTIONS, child(e, 'BrowseDirection')),
      reference_type: nodeId(child(e, 'ReferenceTypeId')),
      include_subtypes: flag(child(e, 'IncludeSubtypes')),
    })),
  }),
  530: browsed,
  533: (b) => ({
    release_continuation_points: flag(child(b, 'ReleaseContinuationPoints')),
    nodes: items(child(b, 'ContinuationPoints')).map((one) => ({ continuation_point: base64(one) })),
  }),
  536: browsed,
  554: (b) => ({
    nodes: each(child(b, 'BrowsePaths'), (e) => ({ node_id: nodeId(child(e, 'StartingNode')), path: pathOf(child(e, 'RelativePath')) })),
  }),
  557: (b) => ({
    nodes: each(child(b, 'Results'), (e) => ({
      status: status(child(e, 'StatusCode')),
      targets: items(child(e, 'Targets')).map((one) => nodeId(child(one, 'TargetId'))),
    })),
  }),
  631: (b) => ({
    max_age: duration(child(b, 'MaxAge')),
    timestamps_to_return: named(TIMESTAMPS, child(b, 'TimestampsToReturn')),
    nodes: each(child(b, 'NodesToRead'), target),
  }),
  634: (b) => ({ nodes: each(child(b, 'Results'), dataValue) }),
  673: (b) => ({ nodes: each(child(b, 'NodesToWrite'), (e) => ({ ...target(e), ...variant(child(child(e, 'Value'), 'Value')) })) }),
  676: statuses,
  712: (b) => ({
    methods: each(child(b, 'MethodsToCall'), (e) => ({
      object_id: nodeId(child(e, 'ObjectId')),
      method_id: nodeId(child(e, 'MethodId')),
      arguments: items(child(e, 'InputArguments')).length,
      input: items(child(e, 'InputArguments')).map((one) => variant(one).value),
    })),
  }),
  715: (b) => ({
    methods: each(child(b, 'Results'), (e) => ({
      status: status(child(e, 'StatusCode')),
      output: items(child(e, 'OutputArguments')).map((one) => variant(one).value),
    })),
  }),
};

/** Bodies of subscriptions, by the contract of `opcua.nodes`. */
export const SUBSCRIPTIONS: Bodies = {
  751: (b) => ({
    nodes: each(child(b, 'ItemsToCreate'), (e) => ({
      ...target(child(e, 'ItemToMonitor')),
      client_handle: u32(child(child(e, 'RequestedParameters'), 'ClientHandle')),
    })),
  }),
  754: (b) => ({ nodes: each(child(b, 'Results'), (e) => ({ status: status(child(e, 'StatusCode')) })) }),
  829: notified,
};

/** Values of every data change in a Publish response, in their order. Nothing is held against ours where there are none. */
function notified(b: Element): Held {
  const data = items(child(child(b, 'NotificationMessage'), 'NotificationData'));
  const changes = data.flatMap((one) => items(child(child(one, 'DataChangeNotification'), 'MonitoredItems')));
  const nodes = changes.map((one) => ({ client_handle: u32(child(one, 'ClientHandle')), ...dataValue(child(one, 'Value')) }));
  return nodes.length === 0 ? {} : { nodes };
}
