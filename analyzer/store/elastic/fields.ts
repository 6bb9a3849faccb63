/**
 * What documents in Elasticsearch hold: one table, from which mappings, `deploy/elasticsearch/` and docs/fields.md are made. Names and types are
 * those of ECS 8.17 where it has them and a bare server knows the type: `match_only_text`, `scaled_float`, `constant_keyword` and `wildcard` are
 * `keyword` or `double` here, since they are modules of their own that a server may lack.
 */
import type { Field, FieldType } from '../../rules/fields.ts';
import { FIELDS, SUMMARY_FIELDS } from '../../rules/fields.ts';
import type { Kind } from './kinds.ts';

export const ECS_VERSION = '8.17.0';

/** Types of Elasticsearch; `stored` is kept and never searched, `exact` is a keyword cut by us alone (see `exact`). */
export type MappingType = 'keyword' | 'exact' | 'stored' | 'ip' | 'date' | 'long' | 'double' | 'boolean' | 'flattened';

export type DocumentField = { name: string; type: MappingType; meaning: string };
type Row = [name: string, type: MappingType, meaning: string];

// biome-ignore format: one field a line
const SHARED: Row[] = [
  ['@timestamp', 'date', 'When it was seen; of a finding when it was opened, of an asset, a fact and a conversation when it was first seen'],
  ['ecs.version', 'keyword', 'Version of ECS that names follow'],
  ['event.kind', 'keyword', '`alert`, `asset`, `state`, `event` or `metric`'],
  ['event.category', 'keyword', 'ECS category'],
  ['event.dataset', 'keyword', '`stillwatch.findings` and so on'],
  ['event.module', 'keyword', '`stillwatch`'],
  ['observer.vendor', 'keyword', '`Stillwatch`'],
  ['observer.type', 'keyword', '`ids`'],
  ['observer.name', 'keyword', 'The appliance'],
  ['observer.geo.name', 'keyword', 'The site'],
  ['organization.name', 'keyword', 'Whose site it is, when the configuration says'],
  ['related.ip', 'ip', 'Every address in it'],
  ['stillwatch.site', 'exact', 'The site: nothing of one site is ever taken for the same thing at another'],
  ['stillwatch.id', 'exact', 'Id within the site'],
  ['stillwatch.key', 'exact', 'Site and id: the id of the document'],
  ['stillwatch.sequence', 'long', 'In what order the site stored it'],
  ['stillwatch.shortened', 'boolean', 'Set when the whole of it is larger than a document may be: the end of long lists and texts in it is with the appliance alone'],
  ['stillwatch.document', 'stored', 'The whole of it, as the appliance has it (JSON): what the console reads'],
];

// biome-ignore format: one field a line
const PARTIES: Row[] = [
  ['source.address', 'keyword', 'The client or actor'],
  ['source.ip', 'ip', 'The same where it is an IP address'],
  ['destination.address', 'keyword', 'The server or target'],
  ['destination.ip', 'ip', 'The same where it is an IP address'],
];

// biome-ignore format: one field a line
const OF_KIND: { [kind in Kind]?: Row[] } = {
  findings: [
    ...PARTIES,
    ['event.id', 'keyword', 'Id of the finding'],
    ['event.start', 'date', 'When it was opened'],
    ['event.end', 'date', 'When it was seen last'],
    ['event.severity', 'long', '0 informational to 4 critical'],
    ['event.risk_score', 'double', '0 to 100'],
    ['event.reason', 'keyword', 'What happened, in a sentence'],
    ['message', 'keyword', 'The same: what most tables show'],
    ['rule.uuid', 'keyword', 'Id of the rule'],
    ['rule.name', 'keyword', 'Stable name of the kind of finding'],
    ['rule.description', 'keyword', 'Title'],
    ['rule.version', 'keyword', 'Version of the rule'],
    ['rule.ruleset', 'keyword', '`stillwatch`'],
    ['threat.framework', 'keyword', '`MITRE ATT&CK`'],
    ['threat.technique.id', 'keyword', 'Techniques of ATT&CK for ICS'],
    ['threat.technique.name', 'keyword', 'Their names'],
    ['threat.tactic.name', 'keyword', 'Their tactics'],
    ['source.domain', 'keyword', 'Name of the actor'],
    ['destination.domain', 'keyword', 'Name of the target'],
    ['network.protocol', 'keyword', 'Application protocol, when the rule looked at it'],
    ['modbus.unit_id', 'long', 'Unit of the target behind a gateway'],
    ['tags', 'keyword', 'Sigma tags'],
    ['ot.seen', 'flattened', 'What the rule looked at, by field'],
    ['stillwatch.status', 'exact', '`new`, `acknowledged`, `in_progress`, `closed`'],
    ['stillwatch.resolution', 'exact', 'Why it was closed'],
    ['stillwatch.decided_by', 'exact', 'Who decided last'],
    ['stillwatch.assignee', 'exact', 'Whose it is, empty for nobody'],
    ['stillwatch.suppressed_until', 'long', 'Until when nobody wants to see it, microseconds since the epoch; absent when nobody said so'],
    ['stillwatch.suppressed', 'stored', 'The same with who said so and why (JSON)'],
    ['stillwatch.level', 'exact', 'Level in words'],
    ['stillwatch.rule', 'exact', 'Name of the rule'],
    ['stillwatch.actor', 'exact', 'Address of the actor, lower case'],
    ['stillwatch.target', 'exact', 'Address of the target, lower case'],
    ['stillwatch.unit', 'long', 'Unit of the target'],
    ['stillwatch.opened', 'long', 'Microseconds since the epoch'],
    ['stillwatch.last_seen', 'long', 'Microseconds since the epoch'],
    ['stillwatch.risk', 'double', '0 to 100'],
    ['stillwatch.count', 'long', 'How often it was seen'],
    ['stillwatch.search', 'exact', 'Words of title, explanation and parties, lower case'],
  ],
  assets: [
    ['host.id', 'keyword', 'Id of the asset'],
    ['host.ip', 'ip', 'Every IP address'],
    ['host.mac', 'keyword', 'Every link address, as ECS writes them'],
    ['host.name', 'keyword', 'Best name'],
    ['host.type', 'keyword', 'Roles'],
    ['device.manufacturer', 'keyword', 'Best vendor'],
    ['device.model.name', 'keyword', 'Best model'],
    ['device.serial_number', 'keyword', 'Best serial number'],
    ['ot.firmware', 'keyword', 'Best firmware version'],
    ['ot.purdue_level', 'keyword', 'Level of the Purdue model'],
    ['stillwatch.address', 'exact', 'The address that identifies it, lower case'],
    ['stillwatch.addresses', 'exact', 'Every address, lower case'],
    ['stillwatch.address_key', 'exact', 'Sorts addresses by number'],
    ['stillwatch.first_seen', 'long', 'Microseconds since the epoch'],
    ['stillwatch.last_seen', 'long', 'Microseconds since the epoch'],
    ['stillwatch.search', 'exact', 'Words of addresses and attributes, lower case'],
    ['stillwatch.role', 'exact', 'Roles; what a person said alone where one did'],
    ['stillwatch.protocol', 'exact', 'Protocols'],
    ['stillwatch.vendor', 'exact', 'Best vendor'],
    ['stillwatch.wire', 'stored', 'The asset without edits of people (JSON), where there are some'],
  ],
  facts: [
    ...PARTIES,
    ['network.protocol', 'keyword', 'Application protocol'],
    ['ot.what', 'keyword', 'Operation, or point or node'],
    ['ot.access', 'keyword', '`read`, `write`, ...'],
    ['stillwatch.kind', 'exact', '`peer`, `operation` or `point`'],
    ['stillwatch.state', 'exact', '`proposed`, `approved` or `retired`'],
    ['stillwatch.decided_by', 'exact', 'Who approved or retired it'],
    ['stillwatch.protocol', 'exact', 'Application protocol'],
    ['stillwatch.client', 'exact', 'Lower case'],
    ['stillwatch.server', 'exact', 'Lower case'],
    ['stillwatch.unit', 'long', 'Modbus unit, else -1'],
    ['stillwatch.first_seen', 'long', 'Microseconds since the epoch'],
  ],
  conversations: [
    ...PARTIES,
    ['destination.port', 'long', 'Port of the server'],
    ['network.protocol', 'keyword', 'Application protocol'],
    ['network.transport', 'keyword', '`tcp`, `udp`, ...'],
    ['network.packets', 'long', 'Frames so far'],
    ['network.bytes', 'long', 'Bytes so far'],
    ['ot.transactions', 'long', 'Requests so far'],
    ['ot.exceptions', 'long', 'Those refused'],
    ['ot.timeouts', 'long', 'Those without an answer'],
    ['stillwatch.client', 'exact', 'Lower case'],
    ['stillwatch.server', 'exact', 'Lower case'],
    ['stillwatch.last_seen', 'long', 'Microseconds since the epoch'],
  ],
  registers: [
    ['stillwatch.server', 'exact', 'Lower case'],
    ['stillwatch.unit', 'long', 'Modbus unit'],
    ['stillwatch.table', 'exact', 'Modbus table'],
    ['stillwatch.rank', 'long', 'Of the table'],
  ],
  taglists: [
    ['file.name', 'keyword', 'File it came in'],
    ['stillwatch.owner', 'exact', 'Id of the asset it is for, or `configuration`'],
    ['stillwatch.count', 'long', 'Tags in it'],
    ['stillwatch.part', 'long', 'Which part of it this is, from 0: a long list is several documents'],
  ],
  decisions: [
    ['event.action', 'keyword', 'What was decided'],
    ['user.name', 'keyword', 'Who decided'],
    ['stillwatch.kind', 'exact', 'What it is about: `finding`, `fact` or `asset`'],
    ['stillwatch.subject', 'exact', 'Id of that'],
    ['stillwatch.applied', 'boolean', 'Whether the site has it: until then it waits for the site'],
    ['stillwatch.at', 'long', 'Microseconds since the epoch'],
  ],
  sites: [
    ['stillwatch.contact', 'long', 'When the appliance was heard last, milliseconds since the epoch by its clock'],
    ['stillwatch.state', 'keyword', '`capturing`, `replaying`, `ended` or `failed`'],
    ['stillwatch.version', 'keyword', 'Of Stillwatch there'],
    ['stillwatch.rules', 'stored', 'Its rules, and which of them cannot fire now (JSON)'],
  ],
  health: [
    ['stillwatch.at', 'long', 'Microseconds since the epoch'],
    ['ot.shipping.waiting', 'long', 'Documents that waited to be shipped'],
    ['ot.shipping.age', 'long', 'For how long the oldest of them had waited, ms'],
    ['ot.shipping.rate', 'long', 'Documents shipped a second'],
    ['ot.shipping.failing', 'long', 'Kinds of documents whose last try failed'],
    ['ot.shipping.refused', 'long', 'Documents that were refused for good'],
    ['ot.shipping.given_up', 'long', 'Documents that were given up for want of room or time'],
  ],
  audit: [
    ['event.action', 'keyword', 'What was done'],
    ['user.name', 'keyword', 'By whom'],
    ['stillwatch.on', 'keyword', 'To what'],
    ['stillwatch.hash', 'keyword', 'Hash of this line and all before it, at the site'],
  ],
};

// biome-ignore format: one field a line
const OBSERVED: Row[] = [
  ['source.address', 'keyword', 'Address of the sender as text'],
  ['destination.address', 'keyword', 'Address of the receiver as text'],
  ['stillwatch.source', 'exact', 'Lower case'],
  ['stillwatch.destination', 'exact', 'Lower case'],
  ['stillwatch.frames', 'long', 'Every frame of it'],
  ['stillwatch.at', 'long', 'Microseconds since the epoch'],
];

const row = ([name, type, meaning]: Row): DocumentField => ({ name, type, meaning });

/** Those that every document has, and those that one of an observation has beside its own. */
export const SHARED_FIELDS: readonly DocumentField[] = SHARED.map(row);
export const OBSERVED_FIELDS: readonly DocumentField[] = OBSERVED.map(row);

/** Field sets of ECS, and those of protocols and of the baseline; what else an observation holds is under `ot`. */
const OWN_SETS = new Set(['@timestamp', 'source', 'destination', 'network', 'host', 'device', 'tls', 'modbus', 'opcua', 'baseline']);

/** Where ECS gives a type that does not follow from ours. */
const ECS_TYPES: { [name: string]: MappingType } = { 'network.vlan.id': 'keyword' };
/** Where ECS has an object, or a name of another meaning. */
const ECS_NAMES: { [name: string]: string } = {
  'device.model': 'device.model.name',
  'host.os': 'host.os.full',
  'device.version': 'ot.device_version',
};

/** Numbers that may have a fraction: milliseconds and values. */
const FRACTIONS = /(^|[._])(latency|latency_mean|latency_max|value|duration|interval|lifetime|timeout|offset|age|period|jitter)$/;

const TYPES: { [type in FieldType]: MappingType } = {
  ip: 'ip',
  mac: 'keyword',
  number: 'long',
  text: 'keyword',
  boolean: 'boolean',
  time: 'date',
  list: 'keyword',
  object: 'flattened',
  verdict: 'keyword',
};

/** Name in a document of a field of an observation. */
function documentName(name: string): string {
  const own = OWN_SETS.has(name.split('.')[0] as string);
  return ECS_NAMES[name] ?? (own ? name : `ot.${name}`);
}

const typeOf = ({ name, type }: Field): MappingType => ECS_TYPES[name] ?? (type === 'number' && FRACTIONS.test(name) ? 'double' : TYPES[type]);

const ALL: readonly Field[] = [...FIELDS, ...SUMMARY_FIELDS];
/** What holds fields: `opcua.nodes`. */
export const OBSERVATION_SETS: ReadonlySet<string> = new Set(ALL.flatMap(({ name }) => name.split('.').map((_, n, parts) => parts.slice(0, n).join('.'))));

/** By name in an observation: name and type in its document. Lists of what has fields of its own are not among them. */
export const OBSERVATION_FIELDS: ReadonlyMap<string, DocumentField> = new Map(
  ALL.filter(({ name }) => !OBSERVATION_SETS.has(name)).map((field) => [
    field.name,
    { name: documentName(field.name), type: typeOf(field), meaning: field.meaning },
  ]),
);

const isObserved = (kind: Kind): boolean => kind === 'observations' || kind === 'flows';

/** Every field of a kind of document, once each. */
export function fieldsOf(kind: Kind): DocumentField[] {
  const rows = [...SHARED, ...(isObserved(kind) ? OBSERVED : (OF_KIND[kind] ?? []))].map(row);
  const all = isObserved(kind) ? [...rows, ...OBSERVATION_FIELDS.values()] : rows;
  return [...new Map(all.toReversed().map((field) => [field.name, field])).values()].toReversed();
}

const MAPPINGS: { [type in MappingType]: object } = {
  // Longer than this is in the document all the same, only not found by it.
  keyword: { type: 'keyword', ignore_above: 1024 },
  exact: { type: 'keyword' },
  stored: { type: 'keyword', index: false, doc_values: false },
  ip: { type: 'ip', ignore_malformed: true },
  date: { type: 'date', ignore_malformed: true },
  long: { type: 'long', ignore_malformed: true },
  double: { type: 'double', ignore_malformed: true },
  boolean: { type: 'boolean' },
  flattened: { type: 'flattened', ignore_above: 1024 },
};

type Properties = { [name: string]: { properties?: Properties; [key: string]: unknown } };

/** The mapping of a kind of document: nothing else is taken. */
export function mappingOf(kind: Kind): { dynamic: 'strict'; properties: Properties } {
  const properties: Properties = {};
  for (const { name, type } of fieldsOf(kind)) {
    const path = name.startsWith('@') ? [name] : name.split('.');
    let at = properties;
    for (const part of path.slice(0, -1)) at = (at[part] ??= { properties: {} }).properties ??= {};
    // A data stream takes no document without its time.
    at[path.at(-1) as string] = name === '@timestamp' ? { type: 'date' } : { ...MAPPINGS[type] };
  }
  return { dynamic: 'strict', properties };
}
