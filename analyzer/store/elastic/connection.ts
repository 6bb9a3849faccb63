/** The way to a cluster. */
import { readFileSync } from 'node:fs';
import { Client, type ClientOptions } from '@elastic/elasticsearch';
import { StoreError } from '../store.ts';
import { explain, statusOf } from './errors.ts';

export type Connection = {
  /** Addresses of one or more nodes: `https://es1:9200`. */
  nodes: string[];
  /** Encoded API key; '' for none. Wins over user and password. */
  apiKey: string;
  user: string;
  password: string;
  /** Path of the certificate (PEM) of the authority that signed those of the nodes; '' for the system's. */
  ca: string;
  /** SHA-256 of that certificate, hex; '' for none. */
  fingerprint: string;
  /** ms that an answer may take. */
  timeout: number;
};

function tls({ ca, fingerprint }: Connection): Pick<ClientOptions, 'tls' | 'caFingerprint'> {
  // The fingerprint is the proof then: the authority need not be known to the system.
  if (fingerprint !== '') return { caFingerprint: fingerprint.replaceAll(':', '').toUpperCase(), tls: { rejectUnauthorized: false } };
  if (ca === '') return {};
  try {
    return { tls: { ca: readFileSync(ca) } };
  } catch (error) {
    throw new StoreError(
      'storage',
      `${ca} cannot be read (${(error as NodeJS.ErrnoException).code}): set elasticsearch.ca to the certificate of the cluster's authority.`,
    );
  }
}

function auth({ apiKey, user, password }: Connection): Pick<ClientOptions, 'auth'> {
  if (apiKey !== '') return { auth: { apiKey } };
  return user === '' ? {} : { auth: { username: user, password } };
}

/** A client that speaks to servers 8.x and 9.x alike. Nothing is sent yet. */
export const connect = (connection: Connection): Client =>
  new Client({
    nodes: connection.nodes,
    ...auth(connection),
    ...tls(connection),
    compression: true,
    maxRetries: 1,
    requestTimeout: connection.timeout,
  });

/** The version of the server, `8.19.0`. Throws a StoreError of one line when it does not answer or is another program. */
export async function versionOf(client: Client): Promise<string> {
  try {
    return (await client.info()).version.number;
  } catch (error) {
    // A server without the module for `GET /`.
    if (statusOf(error) !== 404 && statusOf(error) !== 405) throw explain(error);
  }
  try {
    const { nodes } = await client.nodes.info({ node_id: '_local', filter_path: 'nodes.*.version' });
    return Object.values(nodes)[0]?.version ?? 'unknown';
  } catch (error) {
    throw explain(error);
  }
}
