/** Rules compiled once: to closures over observations, and to what remains of them for one operation. */
import { type Batch, EXCEPTION, type Kind, type Observation, OUTCOMES, timestamp, type Value } from '../../sensor/observation.ts';
import { compileDetection } from './detection.ts';
import { close, decide, fieldsOf, fold, lookup, type Node, type RowReader, UNKNOWN } from './fold.ts';
import { along, dig, pathsOf } from './path.ts';
import type { Rule } from './rule.ts';
import { Shelf } from './shelf.ts';

export { UNKNOWN } from './fold.ts';

/** What can still match an operation. `always` do for every row of it, `remaining` when their test of the row says so. */
export type Plan = {
  readonly always: readonly Rule[];
  readonly remaining: readonly { readonly rule: Rule; test(batch: Batch, i: number): boolean }[];
};
/** The plan of an operation that concerns no rule: compare with `===`. */
export const NOTHING: Plan = Object.freeze({ always: [], remaining: [] });

/** Row fields by observation kind, as `modbusRowFields` and `opcuaRowFields` are. */
export type RowFields = { readonly [kind: string]: { readonly [field: string]: RowReader } };

type Compiled = { readonly rule: Rule; readonly node: Node; readonly matches: (fields: { readonly [field: string]: Value }) => boolean };

/** Null unless the server refused. */
const STATUS_FIELDS = new Set(['modbus.exception_code', 'modbus.exception']);
const numbered = (n: number): Value => (n > 0 ? n : null);

/** What every row has, whatever its protocol. */
const ROW: { readonly [field: string]: RowReader } = {
  '@timestamp': (batch, i) => timestamp(batch.at[i] as number),
  latency: (batch, i) => (Number.isNaN(batch.latency[i]) ? null : (batch.latency[i] as number)),
  request_frame: (batch, i) => numbered(batch.requestFrame[i] as number),
  response_frame: (batch, i) => numbered(batch.responseFrame[i] as number),
  'source.port': (batch, i) => numbered(batch.port[i] as number),
};

export class RuleSet {
  /** Those that are enabled, in the order given. */
  readonly rules: Rule[];
  private readonly shelves = new Map<string, Shelf<Compiled>>();
  private readonly correlations = new Map<string, Rule[]>();
  private readonly rowFields: RowFields;
  private readonly paths = new Map<string, FieldPlan>();

  /** Throws a Fault for a rule that `loadRules` would have refused. */
  constructor(rules: readonly Rule[], rowFields: RowFields) {
    this.rules = rules.filter((rule) => rule.enabled);
    this.rowFields = rowFields;
    const byCategory = Map.groupBy(
      this.rules.filter((rule) => rule.detection !== null),
      (rule) => rule.category,
    );
    for (const [category, members] of byCategory) {
      this.shelves.set(category, new Shelf(members.map(compiled), (field) => !this.isRow(category, field)));
    }
    for (const rule of this.rules)
      for (const base of rule.correlation?.rules ?? []) this.correlations.set(base, [...(this.correlations.get(base) ?? []), rule]);
  }

  /** The same rules where rows have further fields. */
  extended(kind: Kind, more: RowFields[string]): RuleSet {
    return new RuleSet(this.rules, { ...this.rowFields, [kind]: { ...this.rowFields[kind], ...more } });
  }

  /** Whether a rule looks at a field, or inside it. */
  looksAt(field: string): boolean {
    return this.rules.some((rule) => fieldsOfRule(rule).some((one) => one === field || one.startsWith(`${field}.`)));
  }

  /**
   * What can match rows of an operation that end with `outcome` (an index of OUTCOMES). `fields` are its static fields with the
   * `baseline.*` verdicts. Fields that vary by row are left to the plan's tests.
   */
  plan(kind: Kind, fields: { readonly [field: string]: Value }, outcome: number): Plan {
    const shelf = this.shelves.get(kind);
    if (shelf === undefined) return NOTHING;
    const read = (field: string) => this.known(kind, fields, outcome, field);
    const label = read(shelf.field);
    const always: Rule[] = [];
    const remaining: { rule: Rule; test(batch: Batch, i: number): boolean }[] = [];
    for (const { rule, node } of label === UNKNOWN ? shelf.entries : shelf.candidates(label)) {
      const left = fold(node, read);
      if (left === true) always.push(rule);
      else if (left !== false) remaining.push({ rule, test: close(left, (field) => this.rowReader(kind, field)) });
    }
    return always.length === 0 && remaining.length === 0 ? NOTHING : { always, remaining };
  }

  /** Rules that match a whole observation, verdicts included, in the order of `rules`. */
  match(observation: Observation): Rule[] {
    const shelf = this.shelves.get(observation.kind);
    if (shelf === undefined) return [];
    const label = shelf.field === '' ? null : this.pathOf(observation.kind, shelf.field).whole(observation);
    const found: Rule[] = [];
    for (const { rule, matches } of shelf.candidates(label)) if (matches(observation)) found.push(rule);
    return found;
  }

  /** Correlations that listen to this base rule. */
  correlationsOf(rule: Rule): readonly Rule[] {
    return this.correlations.get(rule.name) ?? [];
  }

  private isRow(kind: string, field: string): boolean {
    const path = this.pathOf(kind, field);
    return path.reader !== null || path.inner !== null;
  }

  private known(kind: Kind, fields: { readonly [field: string]: Value }, outcome: number, field: string): Value | typeof UNKNOWN {
    if (field === 'outcome') return OUTCOMES[outcome] ?? null;
    if (field === 'kind') return kind;
    if (outcome !== EXCEPTION && STATUS_FIELDS.has(field)) return null;
    const path = this.pathOf(kind, field);
    if (path.reader !== null) return UNKNOWN;
    return path.fixed(fields) ?? (path.inner === null ? null : UNKNOWN);
  }

  private rowReader(kind: Kind, field: string): RowReader {
    const path = this.pathOf(kind, field);
    return path.reader ?? path.inner ?? (() => null);
  }

  private pathOf(kind: string, field: string): FieldPlan {
    const key = `${kind} ${field}`;
    let path = this.paths.get(key);
    if (path === undefined) this.paths.set(key, (path = fieldPlan({ ...ROW, ...this.rowFields[kind] }, field)));
    return path;
  }
}

/** How a field is read: from the row (`reader`), from the operation (`fixed`), or inside an object that the row has (`inner`). */
type FieldPlan = {
  readonly reader: RowReader | null;
  readonly inner: RowReader | null;
  readonly fixed: (fields: { readonly [field: string]: Value }) => Value | undefined;
  readonly whole: (fields: { readonly [field: string]: Value }) => Value;
};

function fieldPlan(readers: { readonly [field: string]: RowReader }, field: string): FieldPlan {
  const paths = pathsOf(field);
  const holder = paths.find(({ base }) => Object.hasOwn(readers, base));
  const outer = holder === undefined ? null : (readers[holder.base] as RowReader);
  return {
    reader: Object.hasOwn(readers, field) ? (readers[field] as RowReader) : null,
    inner: holder === undefined || outer === null ? null : (batch, i) => along(outer(batch, i), holder.keys) ?? null,
    fixed: (fields) => fields[field] ?? dig(fields, paths),
    whole: lookup(field),
  };
}

function compiled(rule: Rule): Compiled {
  const node = compileDetection(rule.detection as NonNullable<Rule['detection']>);
  return { rule, node, matches: decide(node) };
}

/** The fields that a rule looks at, each once: those of its detection, or those it groups and counts by. */
export function fieldsOfRule(rule: Rule): string[] {
  if (rule.correlation !== null)
    return [...rule.correlation['group-by'], ...(rule.correlation.condition.field === undefined ? [] : [rule.correlation.condition.field])];
  return rule.detection === null ? [] : [...fieldsOf(compileDetection(rule.detection))];
}
