/** The one configuration file (YAML) and its environment names: `STILLWATCH_` and the key's path in capitals. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { DRIVERS, InputError } from './sensor/capture/source.ts';
import { MAX_WORKERS, RING_MIB } from './sensor/process/options.ts';

const duration = z.string().regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, 'a time such as 90s, 10m, 12h or 7d');

const schema = z.strictObject({
  /** State directory: store, accounts, evidence. */
  state: z.string().min(1).default('state'),
  /** Console address, host:port. */
  listen: z
    .string()
    .regex(/^.+:\d{1,5}$/, 'host:port, such as 127.0.0.1:8080')
    .default('127.0.0.1:8080'),
  /** What the sensor captures from. */
  capture: z
    .strictObject({
      /** Network interface; none: `run` needs --interface or --replay. */
      interface: z.string().default(''),
      /** How frames are taken from it: `stillwatch doctor` says which work here. */
      driver: z.enum(DRIVERS).default('ring'),
      /** What the kernel leaves out: a preset by name; with pcap and cap also a filter expression. */
      filter: z.string().min(1).default('all'),
      /** MiB of the ring: how much may wait while the sensor is busy. */
      ring: z.coerce.number().int().min(1).max(4095).default(RING_MIB),
      /** Sensors that share the interface, each on a processor core of its own. */
      workers: z.coerce.number().int().min(1).max(MAX_WORKERS).default(1),
    })
    .prefault({}),
  /** How long each device is learned from when it is first seen; for a replay also a share of the capture. */
  learn: z
    .string()
    .regex(/^\d+(\.\d+)?(ms|s|m|h|d|%)$/, 'a time such as 90s, 10m, 12h or 7d, or a share of a capture such as 30%')
    .default('30%'),
  /** Capture time that one summary of a cyclic read covers. */
  summary: duration.refine((text) => milliseconds(text) >= 1000, 'at least 1s').default('5m'),
  /** Folders of rule files beside those that come with the product. */
  rules: z.array(z.string()).default([]),
  modbus: z
    .strictObject({
      /** How long a Modbus server may take to answer: a time, or as learned of each connection. */
      response_timeout: z
        .string()
        .regex(/^(learned|\d+(\.\d+)?(ms|s|m))$/, 'a time such as 500ms or 2s, or learned')
        .default('learned'),
    })
    .prefault({}),
  /** Private keys and key logs of OPC UA applications: files, or folders of them. */
  opcua: z.strictObject({ keys: z.array(z.string().min(1)).default([]) }).prefault({}),
  /** Tag lists (CSV) that name values: FILE, or 10.0.0.9=FILE where a list has no column `server`. */
  tags: z.array(z.string().min(1)).default([]),
  /** What this site is called wherever several meet. */
  site: z
    .string()
    .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,62}$/u, 'up to 63 letters, digits, blanks, dots, dashes or underscores')
    .default('site'),
  /** Whose site it is, as `organization.name`. */
  organization: z.string().max(200).default(''),
  /** Where everything stored is shipped too, and where the console then reads from. */
  elasticsearch: z
    .strictObject({
      /** Nodes of one cluster, such as https://es1:9200; none: the local store is all there is. */
      nodes: z.array(z.url({ protocol: /^https?$/, error: 'addresses such as https://es1:9200' })).default([]),
      /** Files that hold the API key (as Elasticsearch gives it, encoded) or the password; the environment may hold them instead. */
      api_key_file: z.string().default(''),
      password_file: z.string().default(''),
      user: z.string().default(''),
      api_key: z.string().default(''),
      password: z.string().default(''),
      /** Certificate (PEM) of the authority that signed those of the nodes, or its SHA-256. */
      ca: z.string().default(''),
      fingerprint: z
        .string()
        .regex(/^([0-9a-fA-F]{2}:?){32}$|^$/, 'a SHA-256 in hex')
        .default(''),
      /** How the names of all indices and streams begin. */
      prefix: z
        .string()
        .regex(/^[a-z][a-z0-9-]{0,49}$/, 'lower-case letters, digits and dashes')
        .default('stillwatch'),
      /** Documents that may wait to be shipped, and how long: beyond that flows and summaries are given up first; findings, decisions and the audit trail never. */
      backlog: z.coerce.number().int().min(1000).default(5_000_000),
      backlog_age: duration.default('30d'),
    })
    .prefault({}),
  retention: z.strictObject({ /** How long single observations and measurements are kept. */ observations: duration.default('30d') }).prefault({}),
});

export type Config = z.infer<typeof schema>;

/** Reads the file (none: defaults), the environment, which wins over it, and what the command line says of a key (`capture.interface`), which wins over both. Throws an InputError of one line that names the key. */
export function loadConfig(path: string | undefined, env: NodeJS.ProcessEnv, flags: { [key: string]: string } = {}): Config {
  const file = path === undefined ? {} : readYaml(path);
  noSecrets(path, file);
  for (const [name, value] of Object.entries(env)) {
    const keys = keyOf(name);
    if (keys !== null && value !== undefined) put(file, keys, value);
  }
  for (const [key, value] of Object.entries(flags)) put(file, key.split('.'), value);
  const result = schema.safeParse(file);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const key = issue?.path.join('.') ?? '';
  const unknown = issue?.code === 'unrecognized_keys' ? `unknown key "${[...(issue.path as string[]), issue.keys[0]].join('.')}"` : `${key}: ${issue?.message}`;
  throw new InputError(`${path ?? 'the environment'}: ${unknown}; the keys are ${Object.keys(schema.shape).join(', ')}`);
}

function readYaml(path: string): { [key: string]: unknown } {
  try {
    const parsed: unknown = parse(readFileSync(path, 'utf8'), { maxAliasCount: 10 }) ?? {};
    if (typeof parsed !== 'object' || Array.isArray(parsed)) throw new Error('a list of keys is expected');
    return parsed as { [key: string]: unknown };
  } catch (error) {
    throw new InputError(`${path}: ${(error as Error).message.split('\n')[0]}`);
  }
}

/** Secrets come from files of their own or the environment: configurations are copied about. */
function noSecrets(path: string | undefined, file: { [key: string]: unknown }): void {
  const section = (file['elasticsearch'] ?? {}) as { [key: string]: unknown };
  for (const key of ['api_key', 'password']) {
    if (typeof section !== 'object' || section[key] === undefined) continue;
    const other = `name a file in elasticsearch.${key}_file, or set STILLWATCH_ELASTICSEARCH_${key.toUpperCase()}`;
    throw new InputError(`${path}: elasticsearch.${key}: a secret does not belong here; ${other}`);
  }
}

/** `STILLWATCH_RETENTION_OBSERVATIONS` is `retention.observations`; names of other things are not keys. */
function keyOf(name: string): string[] | null {
  if (!name.startsWith('STILLWATCH_')) return null;
  const path = name.slice('STILLWATCH_'.length).toLowerCase();
  const top = Object.keys(schema.shape).find((key) => path === key || path.startsWith(`${key}_`));
  if (top === undefined) return null;
  return path === top ? [top] : [top, path.slice(top.length + 1)];
}

/** Keys that hold a list: commas in the environment. */
const LISTS = new Set(['rules', 'tags', 'opcua.keys', 'elasticsearch.nodes']);

function put(file: { [key: string]: unknown }, keys: string[], value: string): void {
  const [top, inner] = keys as [string, string | undefined];
  const path = inner === undefined ? top : `${top}.${inner}`;
  const set = LISTS.has(path) ? value.split(',') : value;
  file[top] = inner === undefined ? set : { ...(file[top] as object), [inner]: set };
}

/** The configured response time-out in ms; undefined for learned. */
export const responseTimeout = ({ modbus }: Config): number | undefined =>
  modbus.response_timeout === 'learned' ? undefined : milliseconds(modbus.response_timeout);

const UNITS: { [unit: string]: number } = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Whether findings land in Elasticsearch. */
export const hasCluster = ({ elasticsearch }: Config): boolean => elasticsearch.nodes.length > 0;

/** ms of a time such as `90s`; NaN when it is none. */
export function milliseconds(text: string): number {
  const parts = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  return parts === null ? Number.NaN : Number(parts[1]) * (UNITS[parts[2] as string] as number);
}
