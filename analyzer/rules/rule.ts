/** A rule file as the loader hands it out, checked. */
import type { Value } from '../../sensor/observation.ts';
import type { Level } from '../finding.ts';

/** A Sigma detection section as written: named selections and the condition over them. */
export type Detection = { [selection: string]: unknown; condition: string };

/** Sigma correlation (specification 2.1): over `rules`, by `group-by`, within `timespan`. */
export type Correlation = {
  type: 'event_count' | 'value_count';
  /** Names of the base rules. */
  rules: string[];
  'group-by': string[];
  /** ms */
  timespan: number;
  /** `{gte: 5}`; value_count also names the field whose distinct values count. */
  condition: { field?: string; gte?: number; gt?: number; lte?: number; lt?: number; eq?: number };
};

/** An observation of a test: flat fields, and how often it comes. */
export type Example = {
  fields: { [field: string]: Value };
  /** Times it is repeated; with `vary` as often as there are values. */
  times: number;
  /** ms from one to the next. */
  every: number;
  /** Fields that take one of these values after the other. */
  vary: { [field: string]: Value[] };
};

/** One example in a rule file. `learned` is the baseline, `given` what then happens, `finds` what must come of it. */
export type RuleTest = {
  it: string;
  learned: Example[];
  given: Example[];
  /** Flat fields of what each finding has `seen`; none: the rule stays silent. */
  finds: { [field: string]: Value }[];
};

export type Rule = {
  title: string;
  id: string;
  /** Stable type id: class id of every output. */
  name: string;
  status: 'experimental' | 'test' | 'stable' | 'deprecated';
  level: Level;
  version: number;
  enabled: boolean;
  description: string;
  tags: string[];
  /** Observation kind: `modbus`, `opcua`, `opcua-channel`, `flow`, ... A correlation has ''. */
  category: string;
  /** A rule of `level: informational` that exists to be correlated over is silent on its own. */
  silent: boolean;
  detection: Detection | null;
  correlation: Correlation | null;
  falsepositives: string[];
  references: string[];
  /** Entries of the detection catalogue that it covers: `MB-03`. */
  catalogue: string[];
  /** Fields whose values make a repeat the same finding. */
  subject: string[];
  explain: string;
  why: string;
  respond: { soc: string; plant: string };
  blind: string;
  compliance: string[];
  tests: RuleTest[];
  /** Where it came from, for messages. */
  file: string;
  /** SHA-256 of the file. */
  hash: string;
};
