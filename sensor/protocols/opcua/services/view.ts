/** View service set, Part 4, 5.9. */
import { localizedText, qualifiedName, statusText } from '../builtin.ts';
import { type Call, type Item, MAX_ITEMS } from '../call.ts';
import { expandedNodeId, nodeId } from '../nodeid.ts';
import type { Reader } from '../reader.ts';
import { nodeClass } from './management.ts';
import { relativePath } from './path.ts';
import { view } from './query.ts';
import type { Service } from './service.ts';

const DIRECTIONS = ['forward', 'inverse', 'both'];

function browseRequest(r: Reader, call: Call): void {
  view(r, call);
  call.fields['opcua.max_references'] = r.u32le();
  call.nodes = call.list(r, 17, () => {
    const id = nodeId(r);
    const direction = r.u32le();
    const reference = nodeId(r);
    const subtypes = r.u8() !== 0;
    r.skip(8);
    return { node_id: id, direction: DIRECTIONS[direction] ?? direction, reference_type: reference, include_subtypes: subtypes, status: null };
  });
}

function reference(r: Reader): Item {
  const type = nodeId(r);
  const forward = r.u8() !== 0;
  const id = expandedNodeId(r);
  const name = qualifiedName(r);
  const display = localizedText(r);
  const kind = r.u32le();
  return {
    node_id: id,
    forward,
    reference_type: type,
    browse_name: name,
    display_name: display,
    node_class: nodeClass(kind),
    type_definition: expandedNodeId(r),
  };
}

function browseResponse(r: Reader, call: Call): void {
  call.nodes ??= [];
  const nodes = call.nodes;
  let i = 0;
  call.results(r, 12, nodes.length === 0 ? null : nodes, (_, node) => {
    if (i++ >= nodes.length && nodes.length < MAX_ITEMS) nodes.push((node = {}));
    node['status'] = statusText(r);
    node['more'] = r.span().size > 0;
    node['references'] = call.list(r, 16, reference);
  });
  call.operationDiagnostics(r);
}

/** A continuation point stands for a node of an earlier Browse; which one is not said again. */
function browseNextRequest(r: Reader, call: Call): void {
  call.fields['opcua.release_continuation_points'] = r.u8() !== 0;
  call.nodes = call.list(r, 4, () => ({ continuation_point: r.base64(), status: null }));
}

function translateRequest(r: Reader, call: Call): void {
  let deepest = 0;
  call.nodes = call.list(r, 6, () => {
    const start = nodeId(r);
    const { path, elements } = relativePath(r);
    deepest = Math.max(deepest, elements);
    return { node_id: start, path, status: null };
  });
  call.fields['opcua.path_count'] = call.nodes.length + call.leftOff;
  call.fields['opcua.path_depth'] = deepest;
}

function translateResponse(r: Reader, call: Call): void {
  call.results(r, 8, call.nodes, (_, node) => {
    node['status'] = statusText(r);
    const targets = call.list(r, 6, () => {
      const id = expandedNodeId(r);
      r.skip(4);
      return { node_id: id };
    });
    node['targets'] = targets.map((target) => target['node_id'] as string);
  });
  call.operationDiagnostics(r);
}

const nodeIds = (r: Reader, call: Call): Item[] => call.list(r, 2, () => ({ node_id: nodeId(r) }));

function registerRequest(r: Reader, call: Call): void {
  call.nodes = nodeIds(r, call);
}

/** The ids a server gives for faster access; later requests use them. */
function registerResponse(r: Reader, call: Call): void {
  call.results(r, 2, call.nodes, (_, node) => {
    node['registered_id'] = nodeId(r);
  });
}

export const viewServices: readonly Service[] = [
  { name: 'Browse', request: 527, response: 530, access: 'read', decodeRequest: browseRequest, decodeResponse: browseResponse },
  { name: 'BrowseNext', request: 533, response: 536, access: 'read', decodeRequest: browseNextRequest, decodeResponse: browseResponse },
  { name: 'TranslateBrowsePathsToNodeIds', request: 554, response: 557, access: 'read', decodeRequest: translateRequest, decodeResponse: translateResponse },
  { name: 'RegisterNodes', request: 560, response: 563, access: 'read', decodeRequest: registerRequest, decodeResponse: registerResponse },
  { name: 'UnregisterNodes', request: 566, response: 569, access: 'read', decodeRequest: registerRequest, decodeResponse: () => {} },
];
