/** ClientHello and ServerHello: RFC 5246, 7.4.1; RFC 8446, 4.1.2 and 4.1.3. */
import { Bytes } from './bytes.ts';

/** Characters of a server name or an application protocol that are kept, and how many protocols. */
const MAX_NAME = 255;
const MAX_PROTOCOLS = 16;
/** Extensions and versions of one hello that are looked at. */
const MAX_EXTENSIONS = 128;
const MAX_VERSIONS = 16;

/** Extension types (IANA, TLS ExtensionType Values). */
const SERVER_NAME = 0;
const ALPN = 16;
const PRE_SHARED_KEY = 41;
const SUPPORTED_VERSIONS = 43;

/** RFC 8446, 4.1.3: the random of a ServerHello that asks for another ClientHello: SHA-256 of "HelloRetryRequest". */
const RETRY = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c';

export const TLS13 = 0x0304;

export type ClientHello = {
  /** What the hello itself says: TLS 1.3 says 1.2 here and the truth in `versions`. */
  version: number;
  versions: number[];
  suites: number;
  serverName: string | null;
  protocols: string[];
  flaws: string[];
};

export type ServerHello = {
  /** The version that was agreed on. */
  version: number;
  suite: number;
  protocol: string | null;
  /** A pre-shared key was accepted: with TLS 1.3 that is how sessions are resumed. */
  preShared: boolean;
  retry: boolean;
  flaws: string[];
};

/** RFC 8701: values that mean nothing and keep servers used to the unknown. */
const isGrease = (n: number): boolean => (n & 0x0f0f) === 0x0a0a && n >>> 8 === (n & 0xff);

/** Calls `each` with every extension. Returns whether the list is sound. */
function extensions(body: Bytes, each: (type: number, data: Bytes) => void): boolean {
  if (body.left === 0) return !body.short;
  const list = body.vector(2);
  for (let n = 0; list.left > 0; n++) {
    if (n === MAX_EXTENSIONS) return false;
    const type = list.uint(2);
    const data = list.vector(2);
    if (list.short) return false;
    each(type, data);
  }
  return !body.short && body.left === 0;
}

function names(list: Bytes): string[] {
  const found: string[] = [];
  while (list.left > 0 && found.length < MAX_PROTOCOLS) found.push(list.vector(1).text(MAX_NAME));
  return found;
}

/** RFC 6066, 3: a list of names with their types, of which only host names (0) exist. */
function hostName(data: Bytes): string | null {
  const list = data.vector(2);
  if (list.uint(1) !== 0) return null;
  const name = list.vector(2).text(MAX_NAME);
  return name === '' ? null : name;
}

export function clientHello(view: DataView, start: number, end: number): ClientHello {
  const body = new Bytes(view, start, end);
  const version = body.uint(2);
  body.skip(32);
  body.vector(1);
  const offered = body.vector(2);
  const hello: ClientHello = { version, versions: [], suites: 0, serverName: null, protocols: [], flaws: [] };
  while (offered.left >= 2) if (!isGrease(offered.uint(2))) hello.suites++;
  body.vector(1);
  const sound = extensions(body, (type, data) => {
    if (type === SERVER_NAME) hello.serverName = hostName(data);
    else if (type === ALPN) hello.protocols = names(data.vector(2));
    else if (type === SUPPORTED_VERSIONS) hello.versions = versions(data.vector(1));
  });
  if (!sound) hello.flaws.push('bad_client_hello');
  return hello;
}

function versions(list: Bytes): number[] {
  const found: number[] = [];
  while (list.left >= 2 && found.length < MAX_VERSIONS) {
    const version = list.uint(2);
    if (!isGrease(version)) found.push(version);
  }
  return found;
}

export function serverHello(view: DataView, start: number, end: number): ServerHello {
  const body = new Bytes(view, start, end);
  const hello: ServerHello = { version: body.uint(2), suite: 0, protocol: null, preShared: false, retry: false, flaws: [] };
  const random = body.hex(32);
  body.skip(32);
  body.vector(1);
  hello.suite = body.uint(2);
  body.skip(1);
  const sound = extensions(body, (type, data) => {
    if (type === SUPPORTED_VERSIONS) hello.version = data.uint(2);
    else if (type === ALPN) hello.protocol = names(data.vector(2))[0] ?? null;
    else if (type === PRE_SHARED_KEY) hello.preShared = true;
  });
  hello.retry = random === RETRY;
  if (!sound) hello.flaws.push('bad_server_hello');
  return hello;
}

/** `1.2`, `1.3`, `ssl 3.0`; anything else by its number. */
export function versionName(version: number): string {
  if (version === 0x0300) return 'ssl 3.0';
  return version >= 0x0301 && version <= 0x0304 ? `1.${version - 0x0301}` : `0x${version.toString(16).padStart(4, '0')}`;
}
