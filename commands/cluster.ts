/** The cluster that a configuration names. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { type Connection, connect } from '../analyzer/store/elastic/connection.ts';
import { install } from '../analyzer/store/elastic/install.ts';
import { type Scope, scopeOf } from '../analyzer/store/elastic/scope.ts';
import { elasticStore } from '../analyzer/store/elastic.ts';
import type { Store } from '../analyzer/store/store.ts';
import { type Config, hasCluster, milliseconds } from '../config.ts';
import { InputError } from '../sensor/capture/source.ts';

/** ms that an answer may take. */
const TIMEOUT = 30_000;

function secret(value: string, file: string, key: string): string {
  if (value !== '' || file === '') return value;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new InputError(`elasticsearch.${key}_file: ${file} cannot be read (${(error as NodeJS.ErrnoException).code}); name a file that this user may read`);
  }
}

/** The way there. It holds secrets: it is never printed. */
export function connectionOf({ elasticsearch: given }: Config, timeout = TIMEOUT): Connection {
  return {
    nodes: given.nodes,
    apiKey: secret(given.api_key, given.api_key_file, 'api_key'),
    user: given.user,
    password: secret(given.password, given.password_file, 'password'),
    ca: given.ca,
    fingerprint: given.fingerprint,
    timeout,
  };
}

/** `site` null: all sites, to read. `timeout`: ms that an answer may take. */
export function clusterScope(config: Config, site: string | null = config.site, timeout = TIMEOUT): Scope {
  if (!hasCluster(config)) throw new InputError('elasticsearch.nodes names no node: set it, such as STILLWATCH_ELASTICSEARCH_NODES=https://es1:9200');
  return scopeOf({ client: connect(connectionOf(config, timeout)), prefix: config.elasticsearch.prefix }, site, hostname(), config.organization);
}

/** The retention as a data stream lifecycle says it, which has no fractions; null for good. */
export function lifecycleOf({ retention }: Config): string | null {
  const ms = Math.round(milliseconds(retention.observations));
  if (ms === 0) return null;
  return /^\d+\D+$/.test(retention.observations) ? retention.observations : `${ms}ms`;
}

/** The site's documents there, in a cluster made ready. */
export async function openCentral(config: Config): Promise<{ store: Store; close(): Promise<void> }> {
  const scope = clusterScope(config);
  await install(scope, undefined);
  const store = elasticStore(scope);
  return {
    store,
    async close() {
      await store.close();
      await scope.client.close();
    },
  };
}
