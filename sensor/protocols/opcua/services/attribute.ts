/** Attribute service set, Part 4, 5.11. */
import { duration, statusInfo } from '../builtin.ts';
import type { Call, Item } from '../call.ts';
import { nodeId } from '../nodeid.ts';
import type { Reader } from '../reader.ts';
import { dataValue } from '../variant.ts';
import { historyReadRequest, historyReadResponse } from './history-read.ts';
import { historyUpdateRequest, historyUpdateResponse } from './history-update.ts';
import { statusResults } from './management.ts';
import type { Service } from './service.ts';

/** Part 4, 7.39 TimestampsToReturn. */
export const TIMESTAMPS = ['source', 'server', 'both', 'neither'];

/** Node, attribute (Part 6, annex A.1: 13 is Value) and, where there is one, index range. */
export function target(r: Reader): Item {
  const item: Item = { node_id: nodeId(r), attribute_id: r.u32le() };
  const range = r.string();
  if (range !== null && range !== '') item['index_range'] = range;
  return item;
}

/** A node of a Read as printed; the value of a repeating one comes from its row. */
export const readNode = (item: Item, value: Item[string], type: string | null, status: string | null): Item => ({ ...item, value, type, status });

/** ReadRequest up to its nodes: `opcua.max_age` (ms) and `opcua.timestamps_to_return`. */
export function readRequest(r: Reader, call: Call): void {
  call.fields['opcua.max_age'] = duration(r);
  const timestamps = r.u32le();
  call.fields['opcua.timestamps_to_return'] = TIMESTAMPS[timestamps] ?? timestamps;
  call.nodes = call.list(r, 16, () => {
    const item = target(r);
    r.skip(2);
    r.skipString();
    return readNode(item, null, null, null);
  });
}

function readResponse(r: Reader, call: Call): void {
  call.results(r, 1, call.nodes, (_, node) => {
    const { value, type, status, dimensions, code } = dataValue(r, false);
    node['value'] = value;
    node['type'] = type;
    node['status'] = status;
    if (dimensions !== undefined) node['dimensions'] = dimensions;
    if (code !== 0) Object.assign(node, statusInfo(code));
  });
  call.operationDiagnostics(r);
}

function writeRequest(r: Reader, call: Call): void {
  call.nodes = call.list(r, 11, () => {
    const item = target(r);
    const { value, type, dimensions, status, code, times } = dataValue(r, true);
    const written = code === 0 ? {} : { value_status: status, ...statusInfo(code) };
    return { ...item, value, type, status: null, ...(dimensions === undefined ? {} : { dimensions }), ...written, ...times };
  });
}

export const READ_REQUEST = 631;
export const READ_RESPONSE = 634;

export const attributeServices: readonly Service[] = [
  { name: 'Read', request: READ_REQUEST, response: READ_RESPONSE, access: 'read', decodeRequest: readRequest, decodeResponse: readResponse },
  { name: 'Write', request: 673, response: 676, access: 'write', decodeRequest: writeRequest, decodeResponse: statusResults },
  { name: 'HistoryRead', request: 664, response: 667, access: 'read', decodeRequest: historyReadRequest, decodeResponse: historyReadResponse },
  { name: 'HistoryUpdate', request: 700, response: 703, access: 'write', decodeRequest: historyUpdateRequest, decodeResponse: historyUpdateResponse },
];
