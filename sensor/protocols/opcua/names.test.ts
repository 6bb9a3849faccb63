import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as published from 'node-opcua-constants';
import { join } from '../../../test/lab/bytes.ts';
import { dissect, id, list, msg, named, opened, requestHeader, responseHeader, TOKEN, text, u32 } from '../../../test/opcua-wire.ts';
import type { Item } from './call.ts';
import { attributeName, nodeName } from './names.ts';

it('names every node of the published tables as they do', () => {
  const { DataTypeIds, ObjectIds, ObjectTypeIds, ReferenceTypeIds, VariableTypeIds, VariableIds, MethodIds } = published;
  let compared = 0;
  for (const table of [DataTypeIds, ObjectIds, ObjectTypeIds, ReferenceTypeIds, VariableTypeIds, VariableIds, MethodIds]) {
    for (const [name, number] of Object.entries(table)) {
      if (typeof number !== 'number') continue;
      compared++;
      assert.equal(nodeName(`i=${number}`), name);
    }
  }
  assert.ok(compared > 2500);
});

it('names nodes by where they are, encodings by their type, and nothing else', () => {
  assert.equal(nodeName('i=2258'), 'Server_ServerStatus_CurrentTime');
  assert.equal(nodeName('i=2261'), 'Server_ServerStatus_BuildInfo_ProductName');
  assert.equal(nodeName('i=631'), 'ReadRequest_Encoding_DefaultBinary');
  assert.equal(nodeName('i=35'), 'Organizes');
  for (const other of ['i=4294967295', 'i=', 'i=x', 'ns=1;i=2258', 's=Server', '']) assert.equal(nodeName(other), null, other);
});

it('names attributes, Value among them', () => {
  assert.deepEqual([1, 13, 17, 27].map(attributeName), ['NodeId', 'Value', 'AccessLevel', 'AccessLevelEx']);
  assert.deepEqual([0, 28, -1, 1.5].map(attributeName), [null, null, null, null]);
});

it('puts names behind the keys of nodes, and names an attribute that is not the value', () => {
  const nodes = list(join(id(2254), u32(13), text(null), [0, 0], text(null)), join(named(1, 'x'), u32(5), text(null), [0, 0], text(null)));
  const request = join(id(631), requestHeader(TOKEN, 7), [0, 0, 0, 0, 0, 0, 0, 0], u32(2), nodes);
  const response = join(id(634), responseHeader(7), list([1, 12, ...text('a')], [1, 12, ...text('b')]), u32(-1));
  const { observations } = dissect(opened([0, msg(2, 2, request)], [1, msg(2, 2, response)]));
  assert.deepEqual(observations.at(-1)?.['opcua.nodes'], [
    { node_id: 'i=2254', attribute_id: 13, value: 'a', type: 'String', status: 'Good', name: 'Server_ServerArray' },
    { node_id: 'ns=1;s=x', attribute_id: 5, value: 'b', type: 'String', status: 'Good', attribute: 'Description' },
  ]);
});

it('names the types and nodes of references and of browses', () => {
  const request = join(id(527), requestHeader(TOKEN, 7), [0, 0], new Uint8Array(12), u32(0), list(join(id(85), u32(0), id(35), [1], u32(0), u32(63))));
  const reference = join(id(35), [1], id(2253), [0, 0], text('Server'), [0], u32(1), id(2004));
  const response = join(id(530), responseHeader(7), list(join(u32(0), u32(-1), list(reference))), u32(-1));
  const { observations } = dissect(opened([0, msg(2, 2, request)], [1, msg(2, 2, response)]));
  const [node] = (observations.at(-1)?.['opcua.nodes'] ?? []) as Item[];
  assert.deepEqual([node?.['name'], node?.['reference_name']], ['ObjectsFolder', 'Organizes']);
  const [found] = (node?.['references'] ?? []) as Item[];
  assert.deepEqual([found?.['name'], found?.['reference_name'], found?.['node_id']], ['Server', 'Organizes', 'i=2253']);
});
