/** Names of what the OPC Foundation defined itself: nodes of namespace 0, and attributes. */
import { readFileSync } from 'node:fs';
import type { Item } from './call.ts';

/** Part 6, annex A.1: attributes by number. */
const ATTRIBUTES = [
  '',
  'NodeId',
  'NodeClass',
  'BrowseName',
  'DisplayName',
  'Description',
  'WriteMask',
  'UserWriteMask',
  'IsAbstract',
  'Symmetric',
  'InverseName',
  'ContainsNoLoops',
  'EventNotifier',
  'Value',
  'DataType',
  'ValueRank',
  'ArrayDimensions',
  'AccessLevel',
  'UserAccessLevel',
  'MinimumSamplingInterval',
  'Historizing',
  'Executable',
  'UserExecutable',
  'DataTypeDefinition',
  'RolePermissions',
  'UserRolePermissions',
  'AccessRestrictions',
  'AccessLevelEx',
] as const;
const VALUE = 13;
/** Names in front of a name; the nodeset nests seven deep. */
const MAX_PARENTS = 16;

type Entry = { parent: number; name: string };
let nodes: Map<number, Entry> | undefined;
/** Names by node id, as they were asked for; begun anew when full. */
const asked = new Map<string, string | null>();
const MAX_ASKED = 8192;

/** Read when the first node of namespace 0 is met: a line a node, its number, its parent's and its own name. */
function load(): Map<number, Entry> {
  const found = new Map<number, Entry>();
  for (const line of readFileSync(new URL('./nodeids.generated.txt', import.meta.url), 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [id, parent, name = ''] = line.split('\t');
    found.set(Number(id), { parent: Number(parent), name });
  }
  return found;
}

/** The standard name of a node as `i=2258`: `Server_ServerStatus_CurrentTime`; of a binary encoding `ReadRequest_Encoding_DefaultBinary`. Null for any other node. */
export function nodeName(nodeId: string): string | null {
  if (!nodeId.startsWith('i=')) return null;
  let name = asked.get(nodeId);
  if (name !== undefined) return name;
  name = found(Number(nodeId.slice(2)));
  if (asked.size >= MAX_ASKED) asked.clear();
  asked.set(nodeId, name);
  return name;
}

function found(number: number): string | null {
  nodes ??= load();
  let entry = nodes.get(number);
  if (entry === undefined) return null;
  let { name } = entry;
  for (let n = 0; n < MAX_PARENTS && entry.parent !== 0; n++) {
    entry = nodes.get(entry.parent);
    if (entry === undefined) break;
    name = `${entry.name}_${name}`;
  }
  return name;
}

/** `Value` of 13; null for a number that is no attribute. */
export const attributeName = (id: number): string | null => ATTRIBUTES[id] || null;

/** Puts names on entries of `opcua.nodes`, `opcua.methods` and the references in them, behind their other keys. */
export function nameItems(items: readonly Item[]): void {
  for (const item of items) {
    const { attribute_id: attribute, references } = item;
    if (typeof attribute === 'number' && attribute !== VALUE) put(item, 'attribute', attributeName(attribute));
    put(item, 'name', nameOf(item['node_id'] ?? item['method_id']));
    put(item, 'reference_name', nameOf(item['reference_type']));
    if (Array.isArray(references)) nameItems(references as Item[]);
  }
}

const nameOf = (id: unknown): string | null => (typeof id === 'string' ? nodeName(id) : null);

function put(item: Item, key: string, name: string | null): void {
  if (name !== null) item[key] = name;
}
