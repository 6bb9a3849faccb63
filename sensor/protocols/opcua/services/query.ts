/** Query service set, Part 4, 5.10. */
import type { Value } from '../../../observation.ts';
import { statusText } from '../builtin.ts';
import type { Call, Item } from '../call.ts';
import { expandedNodeId, nodeId } from '../nodeid.ts';
import type { Reader } from '../reader.ts';
import { variant } from '../variant.ts';
import { contentFilter, contentFilterResult, MAX_CLAUSES, some } from './filter.ts';
import { relativePath } from './path.ts';
import type { Service } from './service.ts';

/** Attributes asked for of one type, and values kept of one data set. */
const MAX_DATA = 100;

/** ViewDescription, Part 4, 7.45: a null view is the whole address space. */
export function view(r: Reader, call: Call): void {
  const id = nodeId(r);
  r.skip(12);
  if (id !== 'i=0') call.fields['opcua.view_id'] = id;
}

/** QueryDataDescription, Part 4, 5.10.3.2. */
function wanted(r: Reader): Item {
  const { path } = relativePath(r);
  const attribute = r.u32le();
  const range = r.string();
  return { path, attribute_id: attribute, ...(range ? { index_range: range } : {}) };
}

function firstRequest(r: Reader, call: Call): void {
  view(r, call);
  call.fields['opcua.node_types'] = call.list(r, 7, () => {
    const type = expandedNodeId(r);
    return { type_definition: type, include_subtypes: r.u8() !== 0, data: some(r, 12, MAX_DATA, wanted) };
  });
  const filter = contentFilter(r);
  if (filter.length > 0) call.fields['opcua.filter'] = filter;
  call.fields['opcua.max_data_sets'] = r.u32le();
  call.fields['opcua.max_references'] = r.u32le();
}

/** QueryDataSet, Part 4, 7.29, then where the answer goes on. */
function dataSets(r: Reader, call: Call): void {
  call.fields['opcua.data_sets'] = call.list(r, 8, () => {
    const id = expandedNodeId(r);
    return { node_id: id, type_definition: expandedNodeId(r), values: some(r, 1, MAX_DATA, (body): Value => variant(body).value) };
  });
  call.fields['opcua.more'] = r.span().size > 0;
}

function firstResponse(r: Reader, call: Call): void {
  dataSets(r, call);
  const parsing = call.list(r, 12, () => {
    const result = { status: statusText(r), data: some(r, 4, MAX_CLAUSES, statusText) };
    call.operationDiagnostics(r);
    return result;
  });
  if (parsing.length > 0) call.fields['opcua.parsing_results'] = parsing;
  call.operationDiagnostics(r);
  const filter = contentFilterResult(r, call);
  if (filter.length > 0) call.fields['opcua.filter_results'] = filter;
}

function nextRequest(r: Reader, call: Call): void {
  call.fields['opcua.release_continuation_points'] = r.u8() !== 0;
  call.fields['opcua.continuation_point'] = r.base64();
}

export const queryServices: readonly Service[] = [
  { name: 'QueryFirst', request: 615, response: 618, access: 'read', decodeRequest: firstRequest, decodeResponse: firstResponse },
  { name: 'QueryNext', request: 621, response: 624, access: 'read', decodeRequest: nextRequest, decodeResponse: dataSets },
  { name: 'SessionlessInvoke', request: 15903, response: 21001, access: 'other' },
];
