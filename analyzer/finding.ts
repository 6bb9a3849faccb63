/** What a rule found: the contract of `analyze --json`, the store, the console and every output. */
import { hash } from 'node:crypto';
import type { Fact } from './fact.ts';

export const LEVELS = ['informational', 'low', 'medium', 'high', 'critical'] as const;
export type Level = (typeof LEVELS)[number];

/** 0 for informational up to 4 for critical. */
export const levelRank = (level: Level): number => LEVELS.indexOf(level);

export const STATUSES = ['new', 'acknowledged', 'in_progress', 'closed'] as const;
export type Status = (typeof STATUSES)[number];

/** All that nobody closed. */
export const OPEN: readonly Status[] = STATUSES.filter((status) => status !== 'closed');

/** Where a finding stands in lists: `suppressed` while somebody suppressed it, whatever its status. */
export const STANDINGS = [...STATUSES, 'suppressed'] as const;
export type Standing = (typeof STANDINGS)[number];

export const RESOLUTIONS = ['true_positive', 'false_positive', 'authorised_change'] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

/** Occurrences kept of one finding: the first ones and the last. The count goes on. */
export const MAX_OCCURRENCES = 1000;

export type Occurrence = { '@timestamp': string; frames: number[] };

export type Finding = {
  /** Hash of rule name, subject and opening time: a retry is harmless. */
  id: string;
  rule: { id: string; name: string; level: Level; version: number };
  title: string;
  level: Level;
  /** 0 to 100. */
  risk: number;
  /** What `risk` is made of, each 0 to 1: 100 x level x asset criticality x confidence. */
  risk_factors: { level: number; criticality: number; confidence: number };
  actor: { ip: string | null; name: string | null };
  target: { ip: string | null; name: string | null; unit_id: number | null };
  opened: string;
  last_seen: string;
  count: number;
  occurrences: Occurrence[];
  /** Sigma tags: `attack.t1692.001`, ... */
  tags: string[];
  /** The subject's fields and the observation's fields that the rule looked at, nested as in `dissect`. */
  seen: { [key: string]: unknown };
  /** The nearest facts of the baseline. */
  expected: Fact[];
  /** One sentence: what happened, in words. */
  explanation: string;
  respond: { soc: string; plant: string };
  /** What this rule cannot see. */
  blind: string;
  /** Hashes of what led here: the rule file and the baseline at opening. */
  inputs: { rule: string; baseline: string };
};

/** Kinds of decision a person takes on a finding, a fact or an asset. */
export const DECISIONS = ['acknowledge', 'start', 'assign', 'suppress', 'close', 'reopen', 'comment', 'approve', 'retire', 'edit', 'tags'] as const;
export type DecisionKind = (typeof DECISIONS)[number];

/** Append-only: what a person decided. No update from the wire can undo one. */
export type Decision = {
  /** Random, made where the decision was taken: sending it again is harmless. */
  id: string;
  '@timestamp': string;
  by: string;
  on: { kind: 'finding' | 'fact' | 'asset'; id: string };
  kind: DecisionKind;
  /** Closing only. */
  resolution: Resolution | null;
  comment: string;
  /** Edits of an asset: attribute name to value. Assigning: `assignee`, '' for nobody. Suppressing: `until` (RFC 3339), '' to end it. Of tags: `list`, the id of the list that counts from now on ('' for none), `file` and `tags`, how many. */
  edit: { [attribute: string]: string } | null;
  /** How many decisions on the same subject whoever decided knew of: it comes after those, whatever the clocks of their makers say. 0 when absent. */
  after?: number;
};

/** Until when nobody wants to see a finding that is open, who said so and why. What happens meanwhile is counted all the same. */
export type Suppression = { until: string; by: string; reason: string };

/** A finding with what people made of it. */
export type FindingView = Finding & {
  status: Status;
  resolution: Resolution | null;
  decided_by: string | null;
  /** Whose it is. */
  assignee: string | null;
  /** May have run out, see `standing`. */
  suppressed: Suppression | null;
  /** Whose it is, where those of many sites are read. */
  site?: string;
};

/** Where it stands at a time, ms since the epoch. */
export const standing = ({ status, suppressed }: Pick<FindingView, 'status' | 'suppressed'>, now: number): Standing =>
  suppressed !== null && Date.parse(suppressed.until) > now ? 'suppressed' : status;

/** Short, and fit for a form whatever ids are like: enough to tell decisions on one subject apart. */
const mark = ({ id }: Decision): string => hash('sha256', id).slice(0, 8);

/** Marks of decisions, for whoever knows of them and decides next: see `Store.decide`. */
export const knownOf = (decisions: readonly Decision[]): string[] => decisions.map(mark);

/** Those of which the maker of a decision knew. */
export const knew = (known: readonly string[], decisions: readonly Decision[]): Decision[] => {
  const marks = new Set(known);
  return decisions.filter((decision) => marks.has(mark(decision)));
};

/** The status after a decision; comments and decisions of other kinds leave it alone. */
export function decidedStatus(status: Status, kind: DecisionKind): Status {
  if (kind === 'acknowledge') return status === 'new' ? 'acknowledged' : status;
  if (kind === 'start') return 'in_progress';
  if (kind === 'close') return 'closed';
  if (kind === 'reopen') return 'new';
  return status;
}
