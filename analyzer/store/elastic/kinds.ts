/** The kinds of document, each in an index or a data stream of its own. */

export const KINDS = [
  'findings',
  'assets',
  'facts',
  'decisions',
  'conversations',
  'registers',
  'taglists',
  'observations',
  'flows',
  'health',
  'audit',
  'sites',
] as const;
export type Kind = (typeof KINDS)[number];

/** Written once and never changed: data streams. The rest are plain indices, since their documents are updated in place. */
const STREAMS: ReadonlySet<Kind> = new Set(['observations', 'flows', 'health', 'audit']);

export const isStream = (kind: Kind): boolean => STREAMS.has(kind);

/** Streams that retention drops from; the audit trail stays. */
export const EXPIRING: readonly Kind[] = ['observations', 'flows', 'health'];

/** What an appliance ships of what it stored; `sites` says how it is. */
export const SHIPPED: readonly Kind[] = KINDS.filter((kind) => kind !== 'sites');

/** Alias of a plain index, or name of the data stream. */
export const placeOf = (prefix: string, kind: Kind): string => `${prefix}-${kind}`;
