/**
 * Makes sensor/protocols/opcua/nodeids.generated.txt from the OPC Foundation's nodeset of namespace 0, which the development dependency
 * node-opcua-nodesets carries, and the types of the services, which no server shows as nodes, from node-opcua-constants: `node test/nodeids.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import * as constants from 'node-opcua-constants';

const folder = new URL('../node_modules/node-opcua-nodesets/', import.meta.url);
const { version, license } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as { version: string; license: string };
const xml = readFileSync(new URL('nodesets/Opc.Ua.NodeSet2.xml', folder), 'utf8');
const model = /<Model ModelUri="http:\/\/opcfoundation\.org\/UA\/"[^>]* Version="([^"]+)" PublicationDate="(\d{4}-\d\d-\d\d)/.exec(xml);

type Node = { id: number; parent: number; name: string };

/** Names as the Foundation's NodeIds.csv makes them: the symbolic name where there is one, and only what an identifier may contain. */
function plain(attributes: string): string {
  const name = /SymbolicName="([^"]+)"/.exec(attributes)?.[1] ?? /BrowseName="([^"]+)"/.exec(attributes)?.[1] ?? '';
  return name.replace(/^\d+:/, '').replaceAll('&lt;', '').replaceAll('&gt;', '').replaceAll(/[^\w]/g, '');
}

/** Numeric nodes; an encoding hangs under its data type by HasEncoding alone. */
function nodes(): Node[] {
  const found: Node[] = [];
  for (const [, attributes = '', body = ''] of xml.matchAll(
    /<UA(?:Object|Variable|Method|ObjectType|VariableType|DataType|ReferenceType|View) ([^>]*NodeId="i=[^>]*?)(?:\/>|>([\s\S]*?)<\/UA)/g,
  )) {
    const id = Number(/(?:^| )NodeId="i=(\d+)"/.exec(attributes)?.[1]);
    const encodes = /ReferenceType="HasEncoding" IsForward="false">i=(\d+)</.exec(body)?.[1];
    const parent = /ParentNodeId="i=(\d+)"/.exec(attributes)?.[1];
    found.push({ id, parent: Number(encodes ?? parent ?? 0), name: (encodes === undefined ? '' : 'Encoding_') + plain(attributes) });
  }
  return found.toSorted((a, b) => a.id - b.id);
}

const published = nodes();
const known = new Set(published.map((node) => node.id));

/** What the nodeset lacks: types of services and their encodings, `ReadRequest` 629, `ReadRequest_Encoding_DefaultBinary` 631. */
function types(): Node[] {
  const { DataTypeIds, ObjectIds, ObjectTypeIds, ReferenceTypeIds, VariableTypeIds, VariableIds, MethodIds } = constants;
  const ids: { [name: string]: number | string } = {};
  for (const table of [DataTypeIds, ObjectIds, ObjectTypeIds, ReferenceTypeIds, VariableTypeIds, VariableIds, MethodIds]) Object.assign(ids, table);
  const found: Node[] = [];
  for (const [name, id] of Object.entries(ids)) if (typeof id === 'number' && !known.has(id)) found.push({ id, parent: 0, name });
  return found;
}

const all = [...published, ...types()].toSorted((a, b) => a.id - b.id);
const lines = all.map(({ id, parent, name }) => `${id}\t${known.has(parent) ? parent : ''}\t${name}`);
const head = [
  '# Nodes of namespace 0: number, number of the node whose name stands in front, own name; tabs between. A full name joins them by underscores.',
  `# From Opc.Ua.NodeSet2.xml ${model?.[1]} of ${model?.[2]}, Copyright (c) OPC Foundation, MIT, by way of node-opcua-nodesets and node-opcua-constants ${version} (${license}). Made by test/nodeids.ts.`,
];
writeFileSync(new URL('../sensor/protocols/opcua/nodeids.generated.txt', import.meta.url), `${[...head, ...lines].join('\n')}\n`);
