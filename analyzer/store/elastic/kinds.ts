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
  'claims',
] as const;
export type Kind = (typeof KINDS)[number];

/** One sentence about each. */
export const ABOUT: { [kind in Kind]: string } = {
  findings: 'What rules found, as alerts of ECS, with what people made of it.',
  assets: 'Devices as hosts of ECS, with what people said about them.',
  facts: 'What the baseline learned, and whether somebody approved it.',
  decisions: 'What people decided, each a document that never changes.',
  conversations: 'Who talks to whom over which protocol, and how much.',
  registers: 'Modbus tables: which addresses are read and written, by whom, with their last values.',
  taglists: 'Tag lists, as they were imported.',
  observations: 'What was seen and is no routine, one by one: every write and control operation, what was refused or not answered, and everything unusual.',
  flows: 'Beginnings and ends of conversations, and summaries of what is read again and again.',
  health: 'How well the sensor sees, again and again.',
  audit: 'Who did what, line by line; the proof that no line is missing is made at the site.',
  sites: 'How each appliance is, as it says itself.',
  claims: 'The last decision on each finding, fact and asset, from before it is written down: of two at the same moment the second is told.',
};

/** Written once and never changed: data streams. The rest are plain indices, since their documents are updated in place. */
const STREAMS: ReadonlySet<Kind> = new Set(['observations', 'flows', 'health', 'audit']);

export const isStream = (kind: Kind): boolean => STREAMS.has(kind);

/** Streams that retention drops from; the audit trail stays. */
export const EXPIRING: readonly Kind[] = ['observations', 'flows', 'health'];

/** What an appliance ships of what it stored; `sites` says how it is, and `claims` are of the cluster. */
export type Shipped = Exclude<Kind, 'sites' | 'claims'>;
export const SHIPPED: readonly Kind[] = KINDS.filter((kind) => kind !== 'sites' && kind !== 'claims');

/** Alias of a plain index, or name of the data stream. */
export const placeOf = (prefix: string, kind: Kind): string => `${prefix}-${kind}`;
