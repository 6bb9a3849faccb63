/** Whether a cluster is fit, question by question: what `stillwatch doctor` asks. Nothing is changed there. */
import type { Client } from '@elastic/elasticsearch';
import { versionOf } from './connection.ts';
import { explain, statusOf } from './errors.ts';
import { KINDS } from './kinds.ts';
import type { Cluster } from './scope.ts';
import { SCHEMA, templateName } from './templates.ts';

/** `unknown`: this server cannot say. */
export type Answer = { question: string; state: 'ok' | 'warn' | 'fail' | 'unknown'; says: string; fix?: string };

/** Versions of servers that it was tried with. */
const MAJORS = [8, 9];
/** ms between this clock and the server's that nobody minds. */
const SKEW = 5000;
/** Share of a node's disk that should be free: at 15 % Elasticsearch stops giving it new indices. */
const FREE = 0.15;

/** What an appliance must be allowed: the role of deploy/elasticsearch/role.json has it. */
export const NEEDED = { cluster: ['monitor', 'manage_index_templates'], index: ['read', 'index', 'delete', 'manage'] } as const;

async function version(client: Client): Promise<Answer> {
  const found = await versionOf(client);
  const known = MAJORS.includes(Number.parseInt(found, 10));
  const fix = 'use 8.x or 9.x';
  return { question: 'version', state: known ? 'ok' : 'warn', says: `Elasticsearch ${found}${known ? '' : ', not tried with it'}`, ...(known ? {} : { fix }) };
}

async function rights({ client, prefix }: Cluster): Promise<Answer> {
  const question = 'rights';
  const names = [`${prefix}-*`];
  try {
    const asked = { cluster: [...NEEDED.cluster], index: [{ names, privileges: [...NEEDED.index] }] };
    const answer = await client.security.hasPrivileges(asked as object);
    if (answer.has_all_requested) return { question, state: 'ok', says: 'may do everything it needs' };
    const granted = [...Object.entries(answer.cluster), ...Object.values(answer.index).flatMap((one) => Object.entries(one))];
    const missing = granted.filter(([, has]) => has !== true).map(([name]) => name);
    return { question, state: 'fail', says: `lacks ${missing.join(', ')} on ${names[0]}`, fix: 'give it the role of deploy/elasticsearch/role.json' };
  } catch (error) {
    if (![400, 404, 405, 500].includes(statusOf(error))) throw error;
    return { question, state: 'unknown', says: 'this server has no security, or does not tell' };
  }
}

async function clock(client: Client): Promise<Answer> {
  const question = 'clock';
  const begun = Date.now();
  const { nodes } = await client.nodes.stats({ metric: ['os'], filter_path: 'nodes.*.timestamp' });
  const theirs = Math.max(...Object.values(nodes ?? {}).map((node) => Number(node.timestamp ?? Number.NaN)));
  const ours = (begun + Date.now()) / 2;
  if (Number.isNaN(theirs)) return { question, state: 'unknown', says: 'the server does not tell the time' };
  const apart = Math.abs(theirs - ours);
  if (apart <= SKEW) return { question, state: 'ok', says: 'agrees with this one' };
  return {
    question,
    state: 'warn',
    says: `differs from this one by ${Math.round(apart / 1000)} s`,
    fix: 'keep both right by a time service: evidence needs right times',
  };
}

async function templates({ client, prefix }: Cluster): Promise<Answer> {
  const question = 'templates';
  const answer = await client.indices.getIndexTemplate({ name: `${prefix}-*` }, { ignore: [404] });
  const known = new Map((answer.index_templates ?? []).map(({ name, index_template }) => [name, Number(index_template._meta?.['schema'] ?? 0)]));
  const schemas = KINDS.map((kind) => known.get(templateName(prefix, kind)));
  if (schemas.some((schema) => (schema ?? 0) > SCHEMA))
    return { question, state: 'fail', says: `${prefix}-* were written by a newer Stillwatch`, fix: 'update this one, or set another elasticsearch.prefix' };
  if (schemas.every((schema) => schema === SCHEMA)) return { question, state: 'ok', says: `are there (schema ${SCHEMA})` };
  const missing = schemas.filter((schema) => schema === undefined).length;
  return { question, state: 'ok', says: `${missing === KINDS.length ? 'none yet' : 'not all there or older'}: they are brought up to date at the next start` };
}

async function room(client: Client): Promise<Answer> {
  const question = 'free space';
  const { nodes } = await client.nodes.stats({ metric: ['fs'], filter_path: 'nodes.*.name,nodes.*.fs.total' });
  const shares = Object.values(nodes ?? {}).flatMap(({ name, fs }) => {
    const { available_in_bytes: free, total_in_bytes: all } = fs?.total ?? {};
    return free === undefined || all === undefined ? [] : [{ name: name ?? '', free, share: free / all }];
  });
  const least = shares.sort((a, b) => a.share - b.share)[0];
  if (least === undefined) return { question, state: 'unknown', says: 'the server does not tell' };
  const says = `${(least.free / 1e9).toFixed(1)} GB (${Math.round(least.share * 100)} %) on ${least.name}, the fullest node`;
  return least.share > FREE ? { question, state: 'ok', says } : { question, state: 'warn', says, fix: 'make room there, or shorten retention.observations' };
}

async function health({ client, prefix }: Cluster): Promise<Answer> {
  const question = 'indices';
  // By a pattern, since for an index that is not there the server waits.
  const asked = { index: `${prefix}-*`, expand_wildcards: 'all', timeout: '1s' } as const;
  const { status, active_shards, unassigned_shards } = await client.cluster.health(asked, { ignore: [408] });
  if (status !== 'red') return { question, state: 'ok', says: active_shards + unassigned_shards === 0 ? 'none yet' : `are ${status}` };
  return { question, state: 'fail', says: 'some have no copy that works (red)', fix: 'bring the missing nodes back, or restore a snapshot' };
}

/** Every answer; when it cannot be reached that is the only one. Throws nothing. */
export async function examine(cluster: Cluster): Promise<Answer[]> {
  const answers: Answer[] = [];
  const { client } = cluster;
  for (const ask of [() => version(client), () => rights(cluster), () => clock(client), () => templates(cluster), () => health(cluster), () => room(client)]) {
    try {
      answers.push(await ask());
    } catch (error) {
      const { message } = explain(error);
      const [says, fix] = message.split(/: (?=[^:]*$)/) as [string, string | undefined];
      answers.push({ question: 'reachability', state: 'fail', says, ...(fix === undefined ? {} : { fix }) });
      return answers;
    }
  }
  return answers;
}
