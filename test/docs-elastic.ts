/** What docs/fields.md says of documents in Elasticsearch, and the files of deploy/elasticsearch. */
import { NEEDED } from '../analyzer/store/elastic/examine.ts';
import { type DocumentField, fieldsOf, OBSERVATION_FIELDS, OBSERVED_FIELDS, SHARED_FIELDS } from '../analyzer/store/elastic/fields.ts';
import { ABOUT, isStream, KINDS, type Kind, placeOf } from '../analyzer/store/elastic/kinds.ts';
import { templates } from '../analyzer/store/elastic/templates.ts';
import { table } from './table.ts';

/** What the configuration has without being told otherwise. */
const PREFIX = 'stillwatch';
const RETENTION = '30d';

const typeOf = ({ type }: DocumentField): string => (type === 'exact' ? 'keyword' : type === 'stored' ? 'keyword, not searched' : type);

/** Where a field of an observation is in its document. */
export function placeOfField(name: string): string {
  const field = OBSERVATION_FIELDS.get(name);
  if (field === undefined) return 'its fields';
  return field.name === name ? typeOf(field) : `\`${field.name}\` ${typeOf(field)}`;
}

const HEAD = ['Field', 'Type in Elasticsearch', 'Meaning'];
const fieldTable = (fields: readonly DocumentField[]): string =>
  table(
    HEAD,
    fields.map((field) => [`\`${field.name}\``, typeOf(field), field.meaning]),
  );

const shared = new Set(SHARED_FIELDS.map(({ name }) => name));

function ownFields(kind: Kind): string {
  if (kind === 'flows') return 'Fields as those of observations.';
  if (kind !== 'observations') return fieldTable(fieldsOf(kind).filter(({ name }) => !shared.has(name)));
  return `Beside the fields in the tables above:\n\n${fieldTable(OBSERVED_FIELDS)}`;
}

const section = (kind: Kind): string =>
  `### ${kind[0]?.toUpperCase()}${kind.slice(1)}\n\n\`${placeOf(PREFIX, kind)}\`, ${isStream(kind) ? 'a data stream' : 'an index'}. ${ABOUT[kind]}\n\n${ownFields(kind)}\n`;

export const HEADING = '## Documents in Elasticsearch';

export function elasticSection(): string {
  const names = 'Where Elasticsearch is configured, everything stored is shipped there, one document each, under names that begin with `elasticsearch.prefix`.';
  const ours =
    'Names are those of ECS where ECS has one. What it has none for is under `modbus`, `opcua`, `baseline` and `ot`; `stillwatch.*` is what the console asks by.';
  const refused = 'An index takes no other fields than these. The index behind the name has the number of its mapping behind it: `stillwatch-findings-v1`.';
  return `${HEADING}\n\n${[names, ours, refused].join(' ')}\n\n### In every document\n\n${fieldTable(SHARED_FIELDS)}\n\n${KINDS.map(section).join('\n')}`;
}

/** Lists of words on one line. */
const json = (value: unknown): string =>
  `${JSON.stringify(value, null, 2).replaceAll(/\[\s+([^[\]{}]*?)\s+\]/g, (_, words: string) => `[${words.replaceAll(/\s+/g, ' ')}]`)}\n`;

/** What an appliance calls: README.md there says what for. */
const APPLIANCE = {
  cluster: NEEDED.cluster,
  indices: [{ names: [`${PREFIX}-*`], privileges: NEEDED.index }],
};

const READER = {
  cluster: [],
  indices: [{ names: [`${PREFIX}-*`], privileges: ['read', 'view_index_metadata'] }],
  applications: [{ application: 'kibana-.kibana', privileges: ['space_read'], resources: ['space:default'] }],
};

const VIEWS: readonly Kind[] = ['findings', 'assets', 'observations', 'flows', 'health', 'audit', 'decisions'];

/** A saved object of Kibana 8.8 and newer. */
const dataView = (kind: Kind): string =>
  JSON.stringify({
    id: placeOf(PREFIX, kind),
    type: 'index-pattern',
    managed: false,
    coreMigrationVersion: '8.8.0',
    typeMigrationVersion: '8.0.0',
    attributes: { title: placeOf(PREFIX, kind), name: `Stillwatch ${kind}`, timeFieldName: '@timestamp' },
    references: [],
  });

export const DEPLOYED: [path: string, make: () => string][] = [
  ...templates(PREFIX, RETENTION).map(([name, template]): [string, () => string] => [`deploy/elasticsearch/templates/${name}.json`, () => json(template)]),
  ['deploy/elasticsearch/role.json', () => json(APPLIANCE)],
  ['deploy/elasticsearch/role-reader.json', () => json(READER)],
  ['deploy/elasticsearch/dataviews.ndjson', () => `${VIEWS.map(dataView).join('\n')}\n`],
];
