/** NodeManagement service set, Part 4, 5.8. */
import { extension, qualifiedName, statusText } from '../builtin.ts';
import type { Call } from '../call.ts';
import { expandedNodeId, nodeId } from '../nodeid.ts';
import type { Reader } from '../reader.ts';
import { nodeAttributes } from './node-attributes.ts';
import type { Service } from './service.ts';

/** Bits of NodeClass, Part 3, 8.29. */
const NODE_CLASSES: { readonly [bit: number]: string } = {
  1: 'Object',
  2: 'Variable',
  4: 'Method',
  8: 'ObjectType',
  16: 'VariableType',
  32: 'ReferenceType',
  64: 'DataType',
  128: 'View',
};

export const nodeClass = (bits: number): string | number => NODE_CLASSES[bits] ?? bits;

/** AddNodesItem, Part 4, 7.x table of 5.8.2. A null requested id leaves the choice to the server; the result tells it. */
function addNodes(r: Reader, call: Call): void {
  call.nodes = call.list(r, 19, () => {
    const parent = expandedNodeId(r);
    const reference = nodeId(r);
    const id = expandedNodeId(r);
    const name = qualifiedName(r);
    const kind = nodeClass(r.u32le());
    const attributes = nodeAttributes(r, extension(r));
    return {
      node_id: id,
      parent_id: parent,
      reference_type: reference,
      browse_name: name,
      node_class: kind,
      type_definition: expandedNodeId(r),
      status: null,
      ...(attributes === null ? {} : { attributes }),
    };
  });
}

function added(r: Reader, call: Call): void {
  call.results(r, 6, call.nodes, (_, node) => {
    node['status'] = statusText(r);
    const id = nodeId(r);
    if (id !== 'i=0') node['node_id'] = id;
  });
  call.operationDiagnostics(r);
}

function deleteNodes(r: Reader, call: Call): void {
  call.nodes = call.list(r, 3, () => ({ node_id: nodeId(r), delete_target_references: r.u8() !== 0, status: null }));
}

function addReferences(r: Reader, call: Call): void {
  call.nodes = call.list(r, 15, () => {
    const source = nodeId(r);
    const type = nodeId(r);
    const forward = r.u8() !== 0;
    r.skipString();
    const target = expandedNodeId(r);
    r.skip(4);
    return { node_id: source, reference_type: type, forward, target_id: target, status: null };
  });
}

function deleteReferences(r: Reader, call: Call): void {
  call.nodes = call.list(r, 8, () => {
    const source = nodeId(r);
    const type = nodeId(r);
    const forward = r.u8() !== 0;
    const target = expandedNodeId(r);
    r.skip(1);
    return { node_id: source, reference_type: type, forward, target_id: target, status: null };
  });
}

/** A status each, then diagnostics: the answer of most services that change things. */
export function statusResults(r: Reader, call: Call): void {
  call.results(r, 4, call.nodes, (_, node) => {
    node['status'] = statusText(r);
  });
  call.operationDiagnostics(r);
}

export const managementServices: readonly Service[] = [
  { name: 'AddNodes', request: 488, response: 491, access: 'manage', decodeRequest: addNodes, decodeResponse: added },
  { name: 'AddReferences', request: 494, response: 497, access: 'manage', decodeRequest: addReferences, decodeResponse: statusResults },
  { name: 'DeleteNodes', request: 500, response: 503, access: 'manage', decodeRequest: deleteNodes, decodeResponse: statusResults },
  { name: 'DeleteReferences', request: 506, response: 509, access: 'manage', decodeRequest: deleteReferences, decodeResponse: statusResults },
];
