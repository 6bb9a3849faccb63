/** Filters of monitored items, history and queries: Part 4, 7.7 ContentFilter, 7.22 MonitoringFilter. Bodies of ExtensionObjects, read into bounded values. */
import type { Value } from '../../../observation.ts';
import { dateTimeText, type Extension, extension, float, inside, statusText, unknownBody } from '../builtin.ts';
import type { Call, Item } from '../call.ts';
import { diagnosticInfo } from '../diagnostic.ts';
import { nodeId } from '../nodeid.ts';
import type { Reader } from '../reader.ts';
import { variant } from '../variant.ts';
import { browsePath, relativePath } from './path.ts';

/** Fields that one event filter selects and conditions of one content filter, as far as they are kept. */
export const MAX_CLAUSES = 200;
/** Operands kept of one condition. */
const MAX_OPERANDS = 20;
/** Characters kept of an event field's name. */
const MAX_NAME = 200;

/** Binary encodings. */
const ELEMENT_OPERAND = 594;
const LITERAL_OPERAND = 597;
const ATTRIBUTE_OPERAND = 600;
const SIMPLE_OPERAND = 603;
const DATA_CHANGE = 724;
const EVENT = 727;
const AGGREGATE = 730;
const EVENT_RESULT = 736;
const AGGREGATE_RESULT = 739;

/** Part 4, 7.7.3, table of FilterOperator. */
const OPERATORS = [
  'Equals',
  'IsNull',
  'GreaterThan',
  'LessThan',
  'GreaterThanOrEqual',
  'LessThanOrEqual',
  'Like',
  'Not',
  'Between',
  'InList',
  'And',
  'Or',
  'Cast',
  'InView',
  'OfType',
  'RelatedTo',
  'BitwiseAnd',
  'BitwiseOr',
];
const TRIGGERS = ['status', 'status_value', 'status_value_timestamp'];
const DEADBANDS = ['none', 'absolute', 'percent'];

const VALUE = 13;
const NODE_ID = 1;

/** Calls `read` for each element of an array and keeps the first `most`; `opcua.left_off` counts the rest. */
export function some<T>(r: Reader, bytesEach: number, most: number, read: (r: Reader) => T): T[] {
  const out: T[] = [];
  for (let n = r.items(bytesEach); n > 0 && !r.short; n--) {
    const item = read(r);
    if (out.length < most && r.keep()) out.push(item);
    else r.leftOff++;
  }
  return out;
}

/** How an event field is called: its browse path; `ConditionId` for the node id of the event itself (Part 9, 5.5.2.13). */
function fieldName(path: string, attribute: number): string {
  const name = path === '' ? (attribute === NODE_ID ? 'ConditionId' : `attribute_${attribute}`) : attribute === VALUE ? path : `${path}@${attribute}`;
  return name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name;
}

/** SimpleAttributeOperand, Part 4, 7.7.4.5, as a field's name. */
function simpleOperand(r: Reader): { type: string; name: string } {
  const type = nodeId(r);
  const path = browsePath(r);
  const attribute = r.u32le();
  const range = r.string();
  const name = fieldName(path, attribute);
  return { type, name: range === null || range === '' ? name : `${name}[${range}]` };
}

/** AttributeOperand, Part 4, 7.7.4.4. */
function attributeOperand(r: Reader): Item {
  const node = nodeId(r);
  const alias = r.string();
  const { path } = relativePath(r);
  const attribute = r.u32le();
  const range = r.string();
  return { node_id: node, ...(alias ? { alias } : {}), path, attribute_id: attribute, ...(range ? { index_range: range } : {}) };
}

function operandBody(r: Reader, e: Extension): Value {
  if (e.type === ELEMENT_OPERAND) return { element: r.u32le() };
  if (e.type === LITERAL_OPERAND) return { literal: variant(r).value };
  if (e.type === ATTRIBUTE_OPERAND) return attributeOperand(r);
  if (e.type === SIMPLE_OPERAND) return { field: simpleOperand(r).name };
  return null;
}

function operand(r: Reader): Value {
  const e = extension(r);
  return inside(r, e, (body) => operandBody(body, e)) ?? unknownBody(r, e);
}

/** ContentFilter, Part 4, 7.7.1: its conditions; an `element` operand is the place of another one. */
export function contentFilter(r: Reader): Item[] {
  return some(r, 8, MAX_CLAUSES, () => {
    const operator = r.u32le();
    return { operator: OPERATORS[operator] ?? operator, operands: some(r, 3, MAX_OPERANDS, operand) };
  });
}

/** EventFilter, Part 4, 7.22.3. `of` is the event type whose fields are selected. */
export function eventFilter(r: Reader): { filter: Item; names: string[] } {
  const clauses = some(r, 14, MAX_CLAUSES, simpleOperand);
  const names = unique(clauses.map((clause) => clause.name));
  const of = [...new Set(clauses.map((clause) => clause.type))];
  return { filter: { kind: 'event', of, select: names, where: contentFilter(r) }, names };
}

/** Two fields of one name (of different types) are told apart by a number. */
function unique(names: string[]): string[] {
  const seen = new Set<string>();
  return names.map((name, i) => {
    const free = seen.has(name) || name === '__proto__' ? `${name}_${i}` : name;
    seen.add(free);
    return free;
  });
}

/** The fields of an event by the names that its filter selected; by their place where that was not seen. */
export function eventFields(r: Reader, names: readonly string[] | null): Item {
  const out: Item = {};
  for (const [i, value] of some(r, 1, MAX_CLAUSES, (body) => variant(body).value).entries()) out[names?.[i] ?? `field_${i}`] = value;
  return out;
}

/** AggregateConfiguration, Part 13, 4.2.1.2. */
export const aggregateConfiguration = (r: Reader): Item => ({
  server_defaults: r.u8() !== 0,
  treat_uncertain_as_bad: r.u8() !== 0,
  percent_bad: r.u8(),
  percent_good: r.u8(),
  sloped_extrapolation: r.u8() !== 0,
});

function dataChangeFilter(r: Reader): Item {
  const trigger = r.u32le();
  const deadband = r.u32le();
  return { kind: 'data_change', trigger: TRIGGERS[trigger] ?? trigger, deadband: DEADBANDS[deadband] ?? deadband, deadband_value: float(r.f64le()) };
}

const aggregateFilter = (r: Reader): Item => ({
  kind: 'aggregate',
  start_time: dateTimeText(r),
  aggregate: nodeId(r),
  processing_interval: float(r.f64le()),
  configuration: aggregateConfiguration(r),
});

export type Filter = { value: Value; names: string[] | null };

/** The filter of a monitored item, and for one of events the names of the fields it selects. */
export function monitoringFilter(r: Reader): Filter {
  const e = extension(r);
  if (e.encoding === 'none') return { value: null, names: null };
  if (e.type === EVENT) {
    const read = inside(r, e, eventFilter);
    return { value: read?.filter ?? null, names: read?.names ?? null };
  }
  const read = e.type === DATA_CHANGE ? dataChangeFilter : e.type === AGGREGATE ? aggregateFilter : null;
  return { value: (read === null ? null : inside(r, e, read)) ?? unknownBody(r, e), names: null };
}

/** What a server says of a filter: the statuses of its clauses that are not Good, by their place. */
export function filterResult(r: Reader, call: Call): Value {
  const e = extension(r);
  if (e.encoding === 'none') return null;
  if (e.type === EVENT_RESULT) return inside(r, e, (body) => eventFilterResult(body, call)) ?? unknownBody(r, e);
  if (e.type !== AGGREGATE_RESULT) return unknownBody(r, e);
  const read = (body: Reader): Item => ({
    start_time: dateTimeText(body),
    processing_interval: float(body.f64le()),
    configuration: aggregateConfiguration(body),
  });
  return inside(r, e, read) ?? unknownBody(r, e);
}

const statuses = (r: Reader): string[] => some(r, 4, MAX_CLAUSES, statusText);

function eventFilterResult(r: Reader, call: Call): Item {
  const select = statuses(r);
  const diagnostics = infos(r, call);
  return { select, ...(diagnostics.length === 0 ? {} : { diagnostics }), where: contentFilterResult(r, call) };
}

/** ContentFilterResult, Part 4, 7.7.2. */
export function contentFilterResult(r: Reader, call: Call): Item[] {
  const elements = some(r, 12, MAX_CLAUSES, () => {
    const status = statusText(r);
    const operands = statuses(r);
    const diagnostics = infos(r, call);
    return { status, operands, ...(diagnostics.length === 0 ? {} : { diagnostics }) };
  });
  infos(r, call);
  return elements;
}

const infos = (r: Reader, call: Call): Item[] => some(r, 1, MAX_CLAUSES, () => diagnosticInfo(r, call.table)).filter((info) => info !== null);
