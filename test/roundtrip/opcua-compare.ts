/** What a client of node-opcua tells, held against what the sensor says of its frames. */
import assert from 'node:assert/strict';
import type { Observation, Value } from '../../sensor/observation.ts';
import { sense } from '../sense.ts';
import type { Talk } from './opcua.ts';
import type { Told } from './opcua-told.ts';

/** All that is told is said too, item by item; gives how many values that were. */
function same(theirs: Value, ours: Value | undefined, where: string): number {
  if (Array.isArray(theirs) && theirs.some((one) => one !== null && typeof one === 'object')) {
    assert.equal((ours as Value[] | undefined)?.length, theirs.length, `${where}: how many`);
    return theirs.reduce((sum: number, one, i) => sum + same(one, (ours as Value[])[i], `${where}[${i}]`), 0);
  }
  if (theirs !== null && typeof theirs === 'object' && !Array.isArray(theirs))
    return Object.entries(theirs).reduce((sum, [key, value]) => sum + same(value, (ours as Told | undefined)?.[key], `${where}.${key}`), 0);
  assert.deepEqual(ours ?? null, theirs, where);
  return 1;
}

export const opcuaOf = ({ frames }: Talk): Observation[] => sense(frames).observations.filter(({ kind }) => kind === 'opcua');

/** Every transaction that the client tells is there once, by service and handle. Bodies of `services` are compared; gives how many values agreed. */
export function agrees(talk: Talk, services: { readonly [service: string]: unknown }): number {
  const left = Map.groupBy(opcuaOf(talk), (o) => `${o['opcua.service']} ${o['opcua.request_handle']}`);
  let values = 0;
  for (const { service, request_handle, status, ...body } of talk.told) {
    const where = `${service} ${request_handle}`;
    const found = left.get(where)?.shift();
    assert.ok(found !== undefined, `${where} is missing`);
    assert.equal(found['outcome'], status === 'Good' ? 'answered' : 'exception', where);
    assert.equal(found['opcua.status'], status, where);
    if (!((service as string) in services)) continue;
    for (const [field, value] of Object.entries(body)) values += same(value, found[`opcua.${field}`], `${where} ${field}`);
  }
  return values;
}
