/**
 * Where findings, assets, facts, observations and audit lines live. The interface speaks of those, never of a table or an
 * index; every backend passes `store.test.ts` whole.
 *
 * What the wire decides (`save`) and what people decide (`decide`) are kept apart: saving a finding again updates what was
 * seen and never touches its status. Every write is all or nothing, and harmless when repeated.
 */
import type { Asset } from '../asset.ts';
import type { Fact, FactKind, FactState } from '../fact.ts';
import type { Decision, Finding, FindingView, Level, Standing } from '../finding.ts';
import type { Table } from '../point.ts';
import type { RegisterTable } from '../registers/map.ts';
import type { Tag } from '../tags/tag.ts';

/**
 * What a store says when it cannot do as asked, in one line for people. `query`: the question is wrong (a bad cursor, an unknown
 * sort), ask again differently. `conflict`: somebody else decided meanwhile. `storage`: the place is (full disk, locked or damaged file); the line names it and the fix.
 */
export class StoreError extends Error {
  readonly kind: 'query' | 'storage' | 'conflict';

  constructor(kind: StoreError['kind'], message: string) {
    super(message);
    this.name = 'StoreError';
    this.kind = kind;
  }
}

export type Page<T> = {
  items: T[];
  /** Hand it back for the next page; null on the last. */
  next: string | null;
  /** How many there are in all under this filter. */
  total: number;
};

/** A count beside every choice: how many there would be under the other filters with this value. */
export type Facet = { value: string; count: number }[];

export type FindingQuery = {
  status?: Standing[];
  /** RFC 3339: what is suppressed then has that for its status. Without it nothing has. */
  at?: string;
  level?: Level[];
  /** Rule names. */
  rule?: string[];
  /** Names; '' of those that are nobody's. */
  assignee?: string[];
  /** Address of actor or target; of a device behind a gateway (`10.0.0.9/3`) those whose target is that unit. */
  address?: string;
  /** Words that title, explanation or addresses contain; case does not matter. */
  text?: string;
  /** RFC 3339; last seen at or after, opened before. */
  since?: string;
  until?: string;
  sort?: 'last_seen' | 'opened' | 'risk' | 'count';
  order?: 'desc' | 'asc';
  limit?: number;
  cursor?: string;
};

export type FindingFacets = { status: Facet; level: Facet; rule: Facet; assignee: Facet };

export type AssetQuery = {
  text?: string;
  role?: string;
  protocol?: string;
  vendor?: string;
  sort?: 'address' | 'first_seen' | 'last_seen';
  order?: 'desc' | 'asc';
  limit?: number;
  cursor?: string;
};

export type FactQuery = {
  kind?: FactKind;
  protocol?: string;
  state?: FactState;
  server?: string;
  /** Modbus unit. */
  unit?: number;
  client?: string;
  limit?: number;
  cursor?: string;
};

/** An observation kept one by one (writes, control operations, everything unusual), nested as `dissect` prints it. */
export type Kept = { id: string; '@timestamp': string; kind: string; frames: number[]; source: string; destination: string; json: { [key: string]: unknown } };

/** Traffic between two addresses over one protocol. */
export type Conversation = {
  id: string;
  client: string;
  server: string;
  protocol: string;
  transport: string;
  port: number;
  first_seen: string;
  last_seen: string;
  frames: number;
  bytes: number;
  transactions: number;
  exceptions: number;
  timeouts: number;
};

export type RegisterQuery = { server?: string; unit?: number; table?: Table };

/** Owner of the tag lists that the configuration names. */
export const CONFIGURATION = 'configuration';

/** A tag list as it was imported. It counts once a decision of kind `tags` on its owner names it, and until the next one does. */
export type TagList = {
  /** Hash of owner and tags. */
  id: string;
  /** Id of the asset it is for, or CONFIGURATION. */
  owner: string;
  /** Name of the file it came in. */
  file: string;
  tags: Tag[];
};

/** What is known of a list without reading it. */
export type TagListHead = { id: string; owner: string; file: string /** How many. */; tags: number; counts: boolean };

/** Tags with an address in `from..to` (the end not in it). */
export type TagQuery = RegisterQuery & { owner?: string; from?: number; to?: number };

/** A measurement of the sensor and analyzer, newest last; see `analyzer/coverage.ts`. */
export type Health = { '@timestamp': string; [key: string]: unknown };

export type AuditLine = { '@timestamp': string; by: string; action: string; on: string; detail: string };

export type Batch = {
  findings?: Finding[];
  assets?: Asset[];
  facts?: Fact[];
  conversations?: Conversation[];
  observations?: Kept[];
  health?: Health[];
  registers?: RegisterTable[];
  tagLists?: TagList[];
  /** Appended in this order, each once. */
  audit?: AuditLine[];
};

/** What is moved between stores, in an order in which one can take it from another. */
export const ENTRY_KINDS = ['audit', 'decision', 'tagList', 'asset', 'fact', 'finding', 'conversation', 'registers', 'observation', 'health'] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

type Entries = {
  audit: AuditLine;
  decision: Decision;
  tagList: TagList;
  asset: Asset;
  fact: Fact;
  finding: Finding;
  conversation: Conversation;
  registers: RegisterTable;
  observation: Kept;
  health: Health;
};

/** One thing that a store holds: of assets, facts and findings what the wire says, without what people decided. */
export type Entry = { [kind in EntryKind]: { kind: kind; value: Entries[kind] } }[EntryKind];

export interface Store {
  /** Inserts or updates by id, all in one transaction. Edits by people and statuses stay. */
  save(batch: Batch): Promise<void>;

  findings(query: FindingQuery): Promise<Page<FindingView>>;
  /** Counts by status, level, rule and assignee ('' for nobody) under `query`, each ignoring its own filter. */
  findingFacets(query: FindingQuery): Promise<FindingFacets>;
  finding(id: string): Promise<FindingView | null>;

  assets(query: AssetQuery): Promise<Page<Asset>>;
  assetFacets(query: AssetQuery): Promise<{ role: Facet; protocol: Facet; vendor: Facet }>;
  /** By id or by address. Attributes a person edited come last, with confidence 5 and source `edited by NAME`. */
  asset(idOrAddress: string): Promise<Asset | null>;

  facts(query: FactQuery): Promise<Page<Fact>>;
  conversations(query: { address?: string; limit?: number; cursor?: string }): Promise<Page<Conversation>>;
  /** Observations around a finding or of an address, oldest first. */
  observations(query: { frames?: number[]; address?: string; limit?: number }): Promise<Kept[]>;

  /** The register map, by server, unit and table. */
  registers(query: RegisterQuery): Promise<RegisterTable[]>;
  /** The tags that count, by point; a device's own before those of the configuration, which they outrank where they overlap. */
  tags(query: TagQuery): Promise<Tag[]>;
  /** Lists that were imported, those that count and the last that don't, the oldest first. */
  tagLists(owner?: string): Promise<TagListHead[]>;

  /**
   * Appends a decision and folds it into what it is about. Deciding with the same id again does nothing. Also writes an audit line. `known`: only if
   * nobody took a decision beside those whose marks these are (`knownOf`); a StoreError (`conflict`) says who did. Comments overwrite nothing.
   */
  decide(decision: Decision, known?: readonly string[]): Promise<void>;
  decisions(on: { kind: Decision['on']['kind']; id: string }): Promise<Decision[]>;

  health(query: { limit?: number }): Promise<Health[]>;
  audit(line: AuditLine): Promise<void>;
  auditLines(query: { limit?: number; cursor?: string }): Promise<Page<AuditLine>>;

  /** Drops observations and health older than `before` (RFC 3339); findings, decisions and audit stay. Returns how many went. */
  expire(before: string): Promise<number>;
  /**
   * Everything that is there, portion by portion: kind by kind as ENTRY_KINDS has them, audit lines, decisions, tag lists, observations and measurements in the
   * order in which they came. What arrives meanwhile may be missing.
   */
  entries(): AsyncIterable<Entry>;
  close(): Promise<void>;
}
