/** Method service set, Part 4, 5.12. */
import type { Value } from '../../../observation.ts';
import { statusText } from '../builtin.ts';
import { type Call, MAX_ITEMS } from '../call.ts';
import { nodeId } from '../nodeid.ts';
import type { Reader } from '../reader.ts';
import { variant } from '../variant.ts';
import type { Service } from './service.ts';

/** Argument values kept of one call. */
const MAX_ARGUMENTS = 100;

function variants(r: Reader): { count: number; values: Value[] } {
  const count = r.items(1);
  const values: Value[] = [];
  for (let n = count; n > 0 && !r.short; n--) {
    const { value } = variant(r);
    if (values.length < MAX_ARGUMENTS && r.keep()) values.push(value);
  }
  return { count, values };
}

function callRequest(r: Reader, call: Call): void {
  call.methods = call.list(r, 8, () => {
    const object = nodeId(r);
    const method = nodeId(r);
    const { count, values } = variants(r);
    return { object_id: object, method_id: method, status: null, arguments: count, input: values };
  });
  call.nodes = call.methods
    .slice(0, MAX_ITEMS)
    .map((method) => ({ node_id: method['method_id'] as string, object_id: method['object_id'] as string, status: null }));
}

/** A status for each input argument: which of them the server did not like. */
function argumentResults(r: Reader): string[] {
  const out: string[] = [];
  for (let n = r.items(4); n > 0 && !r.short; n--) {
    const status = statusText(r);
    if (out.length < MAX_ARGUMENTS && r.keep()) out.push(status);
  }
  return out;
}

function callResponse(r: Reader, call: Call): void {
  const nodes = call.nodes ?? [];
  let i = 0;
  call.results(r, 16, call.methods, (_, method) => {
    const status = statusText(r);
    method['status'] = status;
    const node = nodes[i++];
    if (node !== undefined) node['status'] = status;
    const refused = argumentResults(r);
    if (refused.some((result) => result !== 'Good')) method['input_results'] = refused;
    call.operationDiagnostics(r, i - 1);
    method['output'] = variants(r).values;
  });
  call.operationDiagnostics(r);
}

export const methodServices: readonly Service[] = [
  { name: 'Call', request: 712, response: 715, access: 'call', decodeRequest: callRequest, decodeResponse: callResponse },
];
