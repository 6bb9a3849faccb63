/** Session service set, Part 4, 5.6. Passwords are never kept: only whether there was one and how it travelled. */
import type { Certificate } from '../../certificate/certificate.ts';
import { duration, extension, inside, statusText } from '../builtin.ts';
import type { Call, Item } from '../call.ts';
import { certificateFields, certificateIn, uriMatches } from '../certificates.ts';
import { nodeId } from '../nodeid.ts';
import { nonceIn } from '../nonces.ts';
import type { Reader } from '../reader.ts';
import { application, endpoints, MAX_STRINGS } from './discovery.ts';
import type { Service } from './service.ts';

/** Binary encodings of the user identity tokens, Part 4, 7.41. */
const ANONYMOUS = 321;
const USER_NAME = 324;
const X509 = 327;
const ISSUED = 940;

/** The certificate of an application, and whether it names it. */
function certificateOf(r: Reader, call: Call, prefix: string): Certificate | null {
  const certificate = certificateIn(r, call.ledger);
  Object.assign(call.fields, certificateFields(prefix, certificate, call.at));
  return certificate;
}

function nonceOf(r: Reader, call: Call, field: string): void {
  const nonce = nonceIn(r);
  (call.nonces ??= []).push(nonce);
  call.fields[field] = nonce.size;
}

function matches(call: Call, prefix: string, certificate: Certificate | null, application: string | null): void {
  const same = uriMatches(certificate, application);
  if (same !== null) call.fields[`${prefix}.uri_matches`] = same;
}

function createRequest(r: Reader, call: Call): void {
  const { fields } = call;
  const client = application(r);
  fields['opcua.application_uri'] = client.application_uri;
  fields['opcua.application_name'] = client.name;
  fields['opcua.product_uri'] = client.product_uri;
  fields['opcua.application_type'] = client.type;
  fields['opcua.server_uri'] = r.string();
  fields['opcua.endpoint_url'] = r.string();
  fields['opcua.session_name'] = r.string();
  nonceOf(r, call, 'opcua.client_nonce_size');
  const certificate = certificateOf(r, call, 'opcua.client_certificate');
  matches(call, 'opcua.client_certificate', certificate, client.application_uri);
  fields['opcua.requested_session_timeout'] = duration(r);
  r.skip(4);
}

function createResponse(r: Reader, call: Call): void {
  const { fields } = call;
  fields['opcua.session_id'] = nodeId(r);
  call.token = nodeId(r);
  fields['opcua.session_timeout'] = duration(r);
  nonceOf(r, call, 'opcua.server_nonce_size');
  const certificate = certificateOf(r, call, 'opcua.server_certificate');
  const offered = endpoints(r, call);
  matches(call, 'opcua.server_certificate', certificate, serverOf(offered));
  fields['opcua.endpoints'] = offered;
  softwareCertificates(r);
  signature(r);
  r.skip(4);
}

/** All endpoints of a session's answer are those of one server (Part 4, 5.6.2.2). */
function serverOf(offered: readonly Item[]): string | null {
  const uri = offered[0]?.['application_uri'];
  return typeof uri === 'string' ? uri : null;
}

function softwareCertificates(r: Reader): void {
  for (let n = r.items(8); n > 0 && !r.short; n--) {
    r.skipString();
    r.skipString();
  }
}

/** SignatureData, Part 4, 7.37: algorithm and signature. */
function signature(r: Reader): string | null {
  const algorithm = r.string();
  r.skipString();
  return algorithm;
}

function activateRequest(r: Reader, call: Call): void {
  signature(r);
  softwareCertificates(r);
  call.fields['opcua.locales'] = r.strings(MAX_STRINGS);
  identity(r, call);
  signature(r);
}

/** The user identity token, an ExtensionObject; a null one is an anonymous user (Part 4, 5.6.3.2). */
function identity(r: Reader, call: Call): void {
  const token = extension(r);
  if (token.encoding === 'binary') inside(r, token, (body) => userToken(body, token.type, call));
  else call.fields['opcua.user_token'] = token.encoding === 'none' ? 'anonymous' : 'issued';
}

function userToken(r: Reader, type: number, call: Call): void {
  const { fields } = call;
  fields['opcua.policy_id'] = r.string();
  if (type === USER_NAME) userName(r, call);
  else if (type === X509) {
    fields['opcua.user_token'] = 'certificate';
    fields['opcua.user'] = certificateOf(r, call, 'opcua.user_certificate')?.subject ?? null;
  } else if (type === ANONYMOUS) fields['opcua.user_token'] = 'anonymous';
  else if (type === ISSUED) fields['opcua.user_token'] = 'issued';
  else {
    fields['opcua.user_token'] = null;
    r.flaw('unknown_user_token');
  }
}

/** Without an encryption algorithm the password is the bytes as they are (Part 4, 7.41.4); and if we can read the message, so can anyone. */
function userName(r: Reader, call: Call): void {
  const { fields } = call;
  fields['opcua.user_token'] = 'username';
  fields['opcua.user'] = r.string();
  const { size } = r.span();
  const algorithm = r.string();
  fields['opcua.password'] = size <= 0 ? 'absent' : algorithm === null || algorithm === '' ? 'clear' : 'encrypted';
}

function activateResponse(r: Reader, call: Call): void {
  nonceOf(r, call, 'opcua.server_nonce_size');
  for (let n = r.items(4); n > 0 && !r.short; n--) statusText(r);
  call.operationDiagnostics(r);
}

function closeRequest(r: Reader, call: Call): void {
  call.fields['opcua.delete_subscriptions'] = r.u8() !== 0;
}

function cancelRequest(r: Reader, call: Call): void {
  call.fields['opcua.cancel_handle'] = r.u32le();
}

function cancelResponse(r: Reader, call: Call): void {
  call.fields['opcua.cancel_count'] = r.u32le();
}

export const CREATE_SESSION = 461;
export const ACTIVATE_SESSION = 467;
export const CLOSE_SESSION = 473;

export const sessionServices: readonly Service[] = [
  { name: 'CreateSession', request: CREATE_SESSION, response: 464, access: 'session', decodeRequest: createRequest, decodeResponse: createResponse },
  { name: 'ActivateSession', request: ACTIVATE_SESSION, response: 470, access: 'session', decodeRequest: activateRequest, decodeResponse: activateResponse },
  { name: 'CloseSession', request: CLOSE_SESSION, response: 476, access: 'session', decodeRequest: closeRequest, decodeResponse: () => {} },
  { name: 'Cancel', request: 479, response: 482, access: 'session', decodeRequest: cancelRequest, decodeResponse: cancelResponse },
];
