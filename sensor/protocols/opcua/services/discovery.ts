/** Discovery service set, Part 4, 5.5, and the descriptions that it shares with sessions (7.2 ApplicationDescription, 7.14 EndpointDescription). */
import { dateTimeText, extension, inside, localizedText, statusText, unknownBody } from '../builtin.ts';
import type { Call, Item } from '../call.ts';
import { certificateIn } from '../certificates.ts';
import type { Reader } from '../reader.ts';
import { MODES, policyName } from '../security.ts';
import type { Service } from './service.ts';

/** Locales, profiles, discovery URLs kept of one list. */
export const MAX_STRINGS = 100;
const APPLICATION_TYPES = ['server', 'client', 'client_and_server', 'discovery_server'];
/** UserTokenPolicy, Part 4, 7.42. */
const USER_TOKENS = ['anonymous', 'username', 'certificate', 'issued'];

const named = (names: readonly string[], n: number): string | number => names[n] ?? n;

export type Application = { application_uri: string | null; product_uri: string | null; name: string | null; type: string | number; discovery_urls: string[] };

export function application(r: Reader): Application {
  const uri = r.string();
  const product = r.string();
  const name = localizedText(r);
  const type = named(APPLICATION_TYPES, r.u32le());
  r.skipString();
  r.skipString();
  return { application_uri: uri, product_uri: product, name, type, discovery_urls: r.strings(MAX_STRINGS) };
}

function userToken(r: Reader): { kind: string; policy: string } {
  r.skipString();
  const kind = String(named(USER_TOKENS, r.u32le()));
  r.skipString();
  r.skipString();
  return { kind, policy: policyName(r.string()) ?? '' };
}

/** One endpoint that a server offers. */
function endpoint(r: Reader, call: Call): Item {
  const url = r.string();
  const server = application(r);
  const certificate = certificateIn(r, call.ledger);
  const mode = named(MODES, r.u32le());
  const policy = policyName(r.string());
  const tokens = call.list(r, 20, userToken);
  const profile = r.string();
  return {
    url,
    security_policy: policy,
    security_mode: mode,
    user_tokens: tokens.map((token) => token['kind'] as string),
    user_token_policies: tokens.map((token) => token['policy'] as string),
    application_uri: server.application_uri,
    product_uri: server.product_uri,
    application_name: server.name,
    transport_profile: profile,
    security_level: r.u8(),
    server_certificate: certificate?.thumbprint ?? null,
  };
}

export const endpoints = (r: Reader, call: Call): Item[] => call.list(r, 49, () => endpoint(r, call));

function getEndpointsRequest(r: Reader, call: Call): void {
  call.fields['opcua.endpoint_url'] = r.string();
  call.fields['opcua.locales'] = r.strings(MAX_STRINGS);
  call.fields['opcua.profiles'] = r.strings(MAX_STRINGS);
}

function getEndpointsResponse(r: Reader, call: Call): void {
  call.fields['opcua.endpoints'] = endpoints(r, call);
}

function findServersRequest(r: Reader, call: Call): void {
  call.fields['opcua.endpoint_url'] = r.string();
  call.fields['opcua.locales'] = r.strings(MAX_STRINGS);
  call.fields['opcua.server_uris'] = r.strings(MAX_STRINGS);
}

function findServersResponse(r: Reader, call: Call): void {
  call.fields['opcua.servers'] = call.list(r, 25, application);
}

function findOnNetworkRequest(r: Reader, call: Call): void {
  call.fields['opcua.starting_record'] = r.u32le();
  call.fields['opcua.max_records'] = r.u32le();
  call.fields['opcua.capabilities'] = r.strings(MAX_STRINGS);
}

/** ServerOnNetwork, Part 4, 7.38; `opcua.counter_reset` is since when its record numbers count. */
function findOnNetworkResponse(r: Reader, call: Call): void {
  call.fields['opcua.counter_reset'] = dateTimeText(r);
  call.fields['opcua.servers'] = call.list(r, 16, () => {
    const record = r.u32le();
    return { name: r.string(), discovery_urls: [r.string() ?? ''], capabilities: r.strings(MAX_STRINGS), record };
  });
}

/** RegisteredServer, Part 4, 7.34. */
function registerRequest(r: Reader, call: Call): void {
  const { fields } = call;
  fields['opcua.server_uri'] = r.string();
  fields['opcua.product_uri'] = r.string();
  fields['opcua.server_names'] = call.list(r, 1, () => ({ name: localizedText(r) })).map((one) => one['name'] as string);
  fields['opcua.server_type'] = named(APPLICATION_TYPES, r.u32le());
  const gateway = r.string();
  fields['opcua.discovery_urls'] = r.strings(MAX_STRINGS);
  const semaphore = r.string();
  fields['opcua.online'] = r.u8() !== 0;
  if (gateway) fields['opcua.gateway_uri'] = gateway;
  if (semaphore) fields['opcua.semaphore_file'] = semaphore;
}

/** Binary encoding of MdnsDiscoveryConfiguration, Part 4, 7.11. */
const MDNS = 12901;

function register2Request(r: Reader, call: Call): void {
  registerRequest(r, call);
  call.fields['opcua.discovery_configuration'] = call.list(r, 3, () => {
    const e = extension(r);
    const mdns = e.type === MDNS ? inside(r, e, (body) => ({ mdns_name: body.string(), capabilities: body.strings(MAX_STRINGS) })) : null;
    return mdns ?? { other: unknownBody(r, e) };
  });
}

function register2Response(r: Reader, call: Call): void {
  const results = call.list(r, 4, () => ({ status: statusText(r) }));
  if (results.length > 0) call.fields['opcua.configuration_results'] = results.map((one) => one['status'] as string);
  call.operationDiagnostics(r);
}

export const discoveryServices: readonly Service[] = [
  { name: 'FindServers', request: 422, response: 425, access: 'discovery', decodeRequest: findServersRequest, decodeResponse: findServersResponse },
  { name: 'GetEndpoints', request: 428, response: 431, access: 'discovery', decodeRequest: getEndpointsRequest, decodeResponse: getEndpointsResponse },
  { name: 'RegisterServer', request: 437, response: 440, access: 'discovery', decodeRequest: registerRequest, decodeResponse: () => {} },
  {
    name: 'FindServersOnNetwork',
    request: 12208,
    response: 12209,
    access: 'discovery',
    decodeRequest: findOnNetworkRequest,
    decodeResponse: findOnNetworkResponse,
  },
  { name: 'RegisterServer2', request: 12211, response: 12212, access: 'discovery', decodeRequest: register2Request, decodeResponse: register2Response },
];
