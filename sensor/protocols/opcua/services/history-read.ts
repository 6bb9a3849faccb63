/** HistoryRead, Part 4, 5.11.3, with the details and results of Part 11, 6.5 and 6.6. */
import type { Value } from '../../../observation.ts';
import { dateTimeText, type Extension, extension, float, inside, qualifiedName, statusInfo, unknownBody } from '../builtin.ts';
import { type Call, type Item, MAX_ITEMS } from '../call.ts';
import { nodeId } from '../nodeid.ts';
import type { Reader } from '../reader.ts';
import { statusName } from '../status.ts';
import { valueItem } from '../variant.ts';
import { TIMESTAMPS } from './attribute.ts';
import { aggregateConfiguration, eventFields, eventFilter, some } from './filter.ts';

/** Values, events or times kept of one node; `count` says how many there were. */
export const MAX_HISTORY = 100;

/** Binary encodings. */
const EVENT_DETAILS = 646;
const RAW_MODIFIED = 649;
const PROCESSED = 652;
const AT_TIME = 655;
const DATA = 658;
const EVENTS = 661;
const MODIFIED_DATA = 11_227;
const ANNOTATIONS = 23_500;

/** HistoryUpdateType, Part 11, 6.6.5. */
const UPDATES = ['', 'insert', 'replace', 'update', 'delete'];

/** Times asked for: how many, and the first MAX_HISTORY of them. */
export function times(r: Reader): { count: number; times: (string | null)[] } {
  const at = r.at;
  const kept = some(r, 8, MAX_HISTORY, dateTimeText);
  return { count: Math.max(0, Math.floor((r.at - at - 4) / 8)), times: kept };
}

function rawModified(r: Reader): Item {
  const modified = r.u8() !== 0;
  return { kind: modified ? 'modified' : 'raw', start_time: dateTimeText(r), end_time: dateTimeText(r), max_values: r.u32le(), return_bounds: r.u8() !== 0 };
}

function processed(r: Reader): Item {
  const range = { kind: 'processed', start_time: dateTimeText(r), end_time: dateTimeText(r), processing_interval: float(r.f64le()) };
  return { ...range, aggregates: some(r, 2, MAX_HISTORY, nodeId), configuration: aggregateConfiguration(r) };
}

function eventDetails(r: Reader, call: Call): Item {
  const range = { kind: 'events', max_values: r.u32le(), start_time: dateTimeText(r), end_time: dateTimeText(r) };
  const { filter, names } = eventFilter(r);
  (call.events ??= new Map()).set(0, names);
  return { ...range, filter };
}

const atTime = (r: Reader): Item => ({ kind: 'at_time', ...times(r), simple_bounds: r.u8() !== 0 });

function details(r: Reader, e: Extension, call: Call): Item {
  const body = inside<Item | null>(r, e, () => {
    if (e.type === RAW_MODIFIED) return rawModified(r);
    if (e.type === PROCESSED) return processed(r);
    if (e.type === AT_TIME) return atTime(r);
    if (e.type === EVENT_DETAILS) return eventDetails(r, call);
    return e.type === ANNOTATIONS ? { kind: 'annotations', ...times(r) } : null;
  });
  return body ?? { kind: null, details: unknownBody(r, e) };
}

export function historyReadRequest(r: Reader, call: Call): void {
  const { kind, ...rest } = details(r, extension(r), call);
  call.fields['opcua.history_kind'] = kind ?? null;
  call.fields['opcua.history'] = rest;
  const timestamps = r.u32le();
  call.fields['opcua.timestamps_to_return'] = TIMESTAMPS[timestamps] ?? timestamps;
  call.fields['opcua.release_continuation_points'] = r.u8() !== 0;
  call.nodes = call.list(r, 16, () => {
    const node: Item = { node_id: nodeId(r), status: null };
    const range = r.string();
    if (range !== null && range !== '') node['index_range'] = range;
    qualifiedName(r);
    if (r.span().size > 0) node['continued'] = true;
    return node;
  });
}

/** Values of one node as `opcua.nodes` carries them: how many, from when to when (source times), and the first MAX_HISTORY. */
export function historyValues(r: Reader): Item {
  let count = 0;
  let first: Value = null;
  let last: Value = null;
  const values = some(r, 1, MAX_HISTORY, () => {
    const item = valueItem(r);
    const at = item['source_timestamp'] ?? item['server_timestamp'] ?? null;
    if (count++ === 0) first = at;
    last = at;
    return item;
  });
  return { count, first_time: first, last_time: last, values };
}

/** Events of one node, each a list of fields; `names` are those that the filter selected. */
export function historyEvents(r: Reader, names: readonly string[]): Item {
  let count = 0;
  const events = some(r, 4, MAX_HISTORY, () => {
    count++;
    return eventFields(r, names);
  });
  return { count, events };
}

/** HistoryModifiedData, Part 11, 6.6.3: each value with who changed it, when and how. */
function modifiedData(r: Reader): Item {
  const data = historyValues(r);
  const modifications = some(r, 16, MAX_HISTORY, () => {
    const time = dateTimeText(r);
    const update = r.u32le();
    return { time, update: UPDATES[update] || update, user_name: r.string() };
  });
  return { ...data, modifications };
}

function result(r: Reader, names: readonly string[]): Item {
  const e = extension(r);
  if (e.encoding === 'none') return {};
  const body = inside<Item | null>(r, e, () => {
    if (e.type === DATA) return historyValues(r);
    if (e.type === MODIFIED_DATA) return modifiedData(r);
    return e.type === EVENTS ? historyEvents(r, names) : null;
  });
  return body ?? { data: unknownBody(r, e) };
}

export function historyReadResponse(r: Reader, call: Call): void {
  const nodes = (call.nodes ??= []);
  const orphan = nodes.length === 0;
  const names = call.events?.get(0) ?? [];
  call.results(r, 11, orphan ? null : nodes, (_, spare) => {
    const node: Item = orphan ? { node_id: null } : spare;
    const code = r.u32le();
    Object.assign(node, { status: statusName(code), ...statusInfo(code) });
    node['more'] = r.span().size > 0;
    Object.assign(node, result(r, names));
    if (orphan && nodes.length < MAX_ITEMS && r.keep()) nodes.push(node);
  });
  call.operationDiagnostics(r);
}
