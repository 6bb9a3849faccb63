/** Many documents in one request, and what became of each. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { explain, statusOf } from './errors.ts';
import { isStream, type Kind, placeOf } from './kinds.ts';
import type { Cluster, Document, Hit, Source } from './scope.ts';

/** `done`: it is there. `wait`: not now. `refused`: never, as it is. */
export type Outcome = { state: 'done' | 'wait' | 'refused'; reason: string };

type Item = { status?: number; error?: { type?: string; reason?: string; caused_by?: { reason?: string } } };

const compressed = promisify(gzip);
/** zlib's fastest. */
const LIGHTLY = 1;

const DONE: Outcome = { state: 'done', reason: '' };

function outcomeOf({ status = 0, error }: Item): Outcome {
  if (status < 300) return DONE;
  // A document of that id is there: it is this one, since ids are hashes of content.
  if (status === 409) return DONE;
  const said = `${error?.type ?? ''}: ${error?.caused_by?.reason ?? error?.reason ?? ''}`;
  // How long it waited for the shard, and for which request, helps nobody.
  const reason = said.replace(/ Timeout: \[.*/, '').slice(0, 500);
  const blocked = error?.type === 'cluster_block_exception';
  // 404: the alias is not there, or not yet again.
  return { state: status === 429 || status === 404 || status >= 500 || blocked ? 'wait' : 'refused', reason };
}

/** The lines of a bulk request for a document: streams create, plain indices take the newest, or with `create` leave what is there. */
export function linesOf(cluster: Cluster, { kind, id, source }: Document, plain: 'index' | 'create' = 'index'): [string, string] {
  const place = { _index: placeOf(cluster.prefix, kind), _id: id };
  // Without its alias an index would be made that nobody meant.
  const action = isStream(kind) ? { create: place } : { [plain]: { ...place, require_alias: true } };
  return [JSON.stringify(action), JSON.stringify(source)];
}

/**
 * A server refuses for now what it has no memory for. What alone needs more than all of that memory (a tenth of its heap) it will never take:
 * it counts a document when it arrives, and up to four times over when it writes it.
 */
function isTooLarge(reason: string, { bytes }: Packed): boolean {
  const [, writing] = /_operation_bytes=(\d+)/.exec(reason) ?? [];
  const [, most] = /\bmax_\w*bytes=(\d+)/.exec(reason) ?? [];
  return Number(writing) + bytes > Number(most);
}

const never = (reason: string): Outcome => ({
  state: 'refused',
  reason: `a server takes no document as large as this (${reason})`.slice(0, 500),
});

/** What is asked of an answer: it has as many items as the request, and most say nothing but that all went well. */
const ASKED = ['items.*.status', 'items.*.error'];

/** A request as it goes. Compressed here and lightly: what the client would take is three times the work for a tenth less on the way. */
export type Packed = {
  body: Buffer;
  documents: number;
  /** Before they were compressed. */
  bytes: number;
};

export async function pack(lines: readonly string[]): Promise<Packed> {
  const text = Buffer.from(`${lines.join('\n')}\n`);
  return { body: await compressed(text, { level: LIGHTLY }), documents: lines.length / 2, bytes: text.length };
}

/** How long a server waits for a shard that works, before it says that there is none: less than shipping and the central console wait for an answer. */
const WAIT = '8s';

async function bulk({ client }: Cluster, { body }: Packed, refresh: boolean, options: { maxRetries?: number; signal?: AbortSignal } = {}): Promise<Item[]> {
  const operations = body as unknown as string[];
  const headers = { 'content-encoding': 'gzip' };
  const answer = await client.bulk({ operations, refresh, timeout: WAIT, filter_path: ASKED }, { ...options, headers, compression: false });
  // Without a word about each nothing counts as taken.
  if (answer.items === undefined) throw new Error('answers a request without saying what became of its documents');
  return answer.items.map((item) => Object.values(item)[0] as Item);
}

/** Sends documents; throws when the request as a whole did not come through. A document that is too large is told when it goes alone. */
export async function send(cluster: Cluster, request: Packed, refresh: boolean, signal?: AbortSignal): Promise<Outcome[]> {
  const alone = request.documents === 1;
  try {
    const items = await bulk(cluster, request, refresh, { maxRetries: 0, ...(signal === undefined ? {} : { signal }) });
    const outcomes = items.map(outcomeOf);
    return outcomes.map((outcome) => (alone && outcome.state === 'wait' && isTooLarge(outcome.reason, request) ? never(outcome.reason) : outcome));
  } catch (error) {
    if (alone && (statusOf(error) === 413 || (statusOf(error) === 429 && isTooLarge(String(error), request)))) return [never(explain(error).message)];
    throw error;
  }
}

/** Puts documents in place of those of the same version, in order: false where somebody else changed one meanwhile. */
export async function replaceAll(cluster: Cluster, kind: Kind, all: readonly { head: Hit; source: Source }[], refresh: boolean): Promise<boolean[]> {
  const operations = all.flatMap(({ head: { _id, _seq_no, _primary_term }, source }) => [
    JSON.stringify({ index: { _index: placeOf(cluster.prefix, kind), _id, if_seq_no: _seq_no, if_primary_term: _primary_term, require_alias: true } }),
    JSON.stringify(source),
  ]);
  const items = await bulk(cluster, await pack(operations), refresh).catch((error: unknown) => {
    throw explain(error);
  });
  return items.map(({ status, error }) => {
    if (status === 409) return false;
    if (error !== undefined) throw explain(new Error(`did not take a decision into ${kind} (${error.type}: ${error.reason})`));
    return true;
  });
}

/** Writes documents and waits until they can be found; throws when one is not taken. `plain`: see `linesOf`. */
export async function write(cluster: Cluster, documents: readonly Document[], plain: 'index' | 'create' = 'index'): Promise<Outcome[]> {
  const all: Outcome[] = [];
  for (const portion of portions(documents.map((document) => linesOf(cluster, document, plain)))) {
    const outcomes = await send(cluster, await pack(portion), true).catch((error: unknown) => {
      throw explain(error);
    });
    const bad = outcomes.find(({ state }) => state !== 'done');
    if (bad !== undefined) throw explain(new Error(`did not take a document (${bad.reason})`));
    all.push(...outcomes);
  }
  return all;
}

/** Bytes of a request. */
export const MAX_BULK_BYTES = 8_388_608;
/** Documents of a request. */
export const MAX_BULK_DOCUMENTS = 2000;

/** Requests of bounded size; a document that is larger alone goes alone. */
export function* portions(documents: Iterable<readonly [string, string]>): Generator<string[]> {
  let lines: string[] = [];
  let bytes = 0;
  for (const [action, source] of documents) {
    const size = action.length + source.length;
    if (lines.length > 0 && (bytes + size > MAX_BULK_BYTES || lines.length / 2 >= MAX_BULK_DOCUMENTS)) {
      yield lines;
      lines = [];
      bytes = 0;
    }
    lines.push(action, source);
    bytes += size;
  }
  if (lines.length > 0) yield lines;
}
