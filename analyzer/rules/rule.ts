/** A rule file as the loader hands it out, checked. */
import type { Value } from '../../sensor/observation.ts';
import type { Level } from '../finding.ts';

/** A Sigma detection item value list or map, as written. */
export type Detection = { [selection: string]: unknown; condition: string };

/** Sigma correlation (specification 2.1): over `rules`, by `group-by`, within `timespan`. */
export type Correlation = {
  type: 'event_count' | 'value_count';
  rules: string[];
  'group-by': string[];
  /** ms */
  timespan: number;
  /** `{gte: 5}`; value_count also names the field whose distinct values count. */
  condition: { field?: string; gte?: number; gt?: number; lte?: number; lt?: number; eq?: number };
};

/** One example in a rule file. `learned` is the baseline, `given` what then happens, `finds` what must come of it. */
export type RuleTest = {
  it: string;
  learned: { [field: string]: Value }[];
  given: { [field: string]: Value }[];
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
  /** A rule of `level: informational` that exists to be correlated over may be silent on its own. */
  silent: boolean;
  detection: Detection | null;
  correlation: Correlation | null;
  falsepositives: string[];
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
