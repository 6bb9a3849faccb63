/** What the cluster must know before documents come: templates and aliases, made from the field table. */

import { mappingOf } from './fields.ts';
import { ABOUT, isStream, KINDS, type Kind, placeOf } from './kinds.ts';

/** Counts changes of mappings: a new one is a new index and a copy of the documents. */
export const SCHEMA = 1;

/** A page may hold as many as every backend's, and one more to see whether there is a next. */
const WINDOW = 10_001;

/** An index by one of these names is ours: `stillwatch-findings-v1`. */
export const indexOf = (prefix: string, kind: Kind, schema: number): string => `${placeOf(prefix, kind)}-v${schema}`;

export type Template = {
  index_patterns: string[];
  priority: number;
  data_stream?: object;
  template: { settings: object; mappings: object; lifecycle?: { data_retention?: string } };
  _meta: { managed_by: 'stillwatch'; schema: number; description: string };
};

/** `retention`: how long streams that expire are kept (`30d`), for servers that have data stream lifecycles; null for good. */
export function templateOf(prefix: string, kind: Kind, retention: string | null, schema = SCHEMA): Template {
  const stream = isStream(kind);
  const expires = stream && kind !== 'audit' && retention !== null;
  return {
    index_patterns: [stream ? placeOf(prefix, kind) : `${placeOf(prefix, kind)}-v*`],
    // Above what others may have for logs-* or *.
    priority: 500,
    ...(stream ? { data_stream: {} } : {}),
    template: {
      settings: { index: { number_of_shards: 1, auto_expand_replicas: '0-1', max_result_window: WINDOW } },
      mappings: { ...mappingOf(kind), _meta: { managed_by: 'stillwatch', schema } },
      ...(stream ? { lifecycle: expires ? { data_retention: retention } : {} } : {}),
    },
    _meta: { managed_by: 'stillwatch', schema, description: ABOUT[kind] },
  };
}

export const templateName = (prefix: string, kind: Kind): string => placeOf(prefix, kind);

/** Every template by its name. */
export const templates = (prefix: string, retention: string | null, schema = SCHEMA): [string, Template][] =>
  KINDS.map((kind) => [templateName(prefix, kind), templateOf(prefix, kind, retention, schema)]);
