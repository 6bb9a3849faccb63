/** HistoryUpdate, Part 4, 5.11.5, with the details of Part 11, 6.8: which recorded values of which node are changed or deleted. */
import { dateTimeText, type Extension, extension, inside, statusInfo, unknownBody } from '../builtin.ts';
import type { Call, Item } from '../call.ts';
import { nodeId } from '../nodeid.ts';
import type { Reader } from '../reader.ts';
import { isBad, statusName } from '../status.ts';
import { eventFilter, some } from './filter.ts';
import { historyEvents, historyValues, MAX_HISTORY, times } from './history-read.ts';

/** Binary encodings. */
const UPDATE_DATA = 682;
const UPDATE_EVENT = 685;
const DELETE_RAW_MODIFIED = 688;
const DELETE_AT_TIME = 691;
const DELETE_EVENT = 694;
const UPDATE_STRUCTURE = 11_300;

/** PerformUpdateType, Part 11, 6.8.3. */
const PERFORM = ['', 'insert', 'replace', 'update', 'remove'];

function perform(r: Reader): string | number {
  const n = r.u32le();
  return PERFORM[n] || n;
}

const updateData = (r: Reader, operation: string): Item => ({ node_id: nodeId(r), status: null, operation, perform: perform(r), ...historyValues(r) });

function updateEvent(r: Reader): Item {
  const node = { node_id: nodeId(r), status: null, operation: 'update_event', perform: perform(r) };
  const { filter, names } = eventFilter(r);
  return { ...node, filter, ...historyEvents(r, names) };
}

function deleteRaw(r: Reader): Item {
  const id = nodeId(r);
  const operation = r.u8() !== 0 ? 'delete_modified' : 'delete_raw';
  return { node_id: id, status: null, operation, first_time: dateTimeText(r), last_time: dateTimeText(r) };
}

const deleteAtTime = (r: Reader): Item => ({ node_id: nodeId(r), status: null, operation: 'delete_at_time', ...times(r) });

function deleteEvent(r: Reader): Item {
  let count = 0;
  const id = nodeId(r);
  const events = some(r, 4, MAX_HISTORY, () => {
    count++;
    return r.base64();
  });
  return { node_id: id, status: null, operation: 'delete_event', count, event_ids: events };
}

function body(r: Reader, type: number): Item | null {
  if (type === UPDATE_DATA) return updateData(r, 'update_data');
  if (type === UPDATE_STRUCTURE) return updateData(r, 'update_structure_data');
  if (type === UPDATE_EVENT) return updateEvent(r);
  if (type === DELETE_RAW_MODIFIED) return deleteRaw(r);
  if (type === DELETE_AT_TIME) return deleteAtTime(r);
  return type === DELETE_EVENT ? deleteEvent(r) : null;
}

function operation(r: Reader): Item {
  const e: Extension = extension(r);
  return inside(r, e, () => body(r, e.type)) ?? { node_id: null, status: null, operation: null, details: unknownBody(r, e) };
}

export function historyUpdateRequest(r: Reader, call: Call): void {
  call.nodes = call.list(r, 3, () => operation(r));
}

/** `results` of single values or events where any is not Good, at most MAX_HISTORY; `refused` counts those that are Bad. */
export function historyUpdateResponse(r: Reader, call: Call): void {
  let i = 0;
  call.results(r, 12, call.nodes, (_, node) => {
    const code = r.u32le();
    Object.assign(node, { status: statusName(code), ...statusInfo(code) });
    let refused = 0;
    const results = some(r, 4, MAX_HISTORY, () => {
      const one = r.u32le();
      if (isBad(one)) refused++;
      return statusName(one);
    });
    if (results.some((status) => status !== 'Good')) node['results'] = results;
    if (refused > 0) node['refused'] = refused;
    call.operationDiagnostics(r, i++);
  });
  call.operationDiagnostics(r);
}
