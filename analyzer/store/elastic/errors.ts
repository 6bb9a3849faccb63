/** What Elasticsearch and the way to it say, as one line that names the fix. */
import { errors } from '@elastic/elasticsearch';
import { StoreError } from '../store.ts';

type Cause = { type?: string; reason?: string; root_cause?: Cause[]; caused_by?: Cause };

/** Status of an answer that refused, 0 when there was no answer. */
export const statusOf = (error: unknown): number => (error instanceof errors.ResponseError ? (error.statusCode ?? 0) : 0);

const causeOf = (error: unknown): Cause => {
  const body = error instanceof errors.ResponseError ? (error.body as { error?: Cause | string } | undefined) : undefined;
  return typeof body?.error === 'object' ? (body.error.root_cause?.[0] ?? body.error) : { reason: String(body?.error ?? '') };
};

export const typeOf = (error: unknown): string => causeOf(error).type ?? '';

const line = (text: string): string => text.split('\n')[0]?.slice(0, 300) ?? '';

const TLS: [pattern: RegExp, says: string][] = [
  [
    /self.signed|unable to verify|unable to get (local )?issuer|UNABLE_TO/i,
    'shows a certificate that is not trusted: set elasticsearch.ca to the certificate of its authority, or elasticsearch.fingerprint',
  ],
  [/malformed certificate/i, 'shows a certificate without that of its authority, which elasticsearch.fingerprint needs: set elasticsearch.ca instead'],
  [/fingerprint/i, 'shows a certificate with another fingerprint than elasticsearch.fingerprint says: check who answers there'],
  [/certificate has expired/i, 'shows a certificate that has expired: renew it there'],
  [/altnames|Hostname\/IP/i, 'shows a certificate for another name: use that name in elasticsearch.nodes'],
  [/wrong version number|packet length|EPROTO/i, 'does not speak TLS there: use http:// in elasticsearch.nodes, or the right port'],
];

function connection(message: string): string {
  const tls = TLS.find(([pattern]) => pattern.test(message));
  return tls === undefined ? `cannot be reached (${line(message)}): check that it runs, and elasticsearch.nodes` : tls[1];
}

/** A search that may not leave anything out. */
const isShort = ({ statusCode, body }: errors.ResponseError): boolean =>
  statusCode === 503 && (body as { error?: Cause } | undefined)?.error?.type === 'search_phase_execution_exception';

function response(error: errors.ResponseError): string {
  const { type, reason } = causeOf(error);
  if (error.statusCode === 401) return 'refuses the API key or password: check elasticsearch.api_key, or elasticsearch.user and its password';
  // As long as the disk is full, or documents move to a newer mapping.
  if (type === 'cluster_block_exception') return `takes nothing there now (${line(reason ?? '')}): it is tried again`;
  if (error.statusCode === 403) return `does not allow this (${line(reason ?? '')}): give the user the role of deploy/elasticsearch/role.json`;
  if (isShort(error)) return 'cannot read all that it holds now, some shards are missing: check the health of the cluster';
  if (error.statusCode === 413) return 'takes no request as large as this: raise http.max_content_length there';
  if (error.statusCode === 429) return `is overloaded or out of disk (${line(reason ?? '')}): it is tried again`;
  return `answers ${error.statusCode} (${line(reason ?? error.message)})`;
}

function says(error: unknown): string {
  if (error instanceof errors.TimeoutError) return 'does not answer in time: check that it runs, and elasticsearch.nodes';
  if (error instanceof errors.ProductNotSupportedError) return 'is something else that answers there: check elasticsearch.nodes';
  if (error instanceof errors.ResponseError) return response(error);
  if (error instanceof errors.ConnectionError || error instanceof errors.NoLivingConnectionsError) return connection(error.message);
  return line(error instanceof Error ? error.message : String(error));
}

/** A StoreError of one line. One that is a StoreError already stays as it is. */
export const explain = (error: unknown): StoreError => (error instanceof StoreError ? error : new StoreError('storage', `Elasticsearch ${says(error)}`));
