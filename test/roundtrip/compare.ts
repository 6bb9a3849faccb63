import assert from 'node:assert/strict';
import type { Observation } from '../../sensor/observation.ts';
import { type Frame, sense } from '../sense.ts';
import type { Told } from './pymodbus.ts';

/** The sensor says of the frames what the client says it sent and received: every transaction, every field, in order, and no flaw that is not there. */
export function agrees(frames: readonly Frame[], told: readonly Told[], framing: string): Observation[] {
  const found = sense(frames).observations.filter((o) => o.kind === 'modbus');
  found.sort((a, b) => (a['request_frame'] as number) - (b['request_frame'] as number));
  for (const [i, said] of told.entries()) {
    const o = found[i] as Observation;
    assert.ok(o !== undefined, `transaction ${i}: ${JSON.stringify(said)} is missing`);
    const where = `transaction ${i}, function ${said['function_code']}`;
    const ours = Object.fromEntries(Object.keys(said).map((field) => [field, o[`modbus.${field}`] ?? null]));
    // An empty list of values is written as none.
    const theirs = Object.fromEntries(Object.entries(said).map(([field, value]) => [field, Array.isArray(value) && value.length === 0 ? null : value]));
    assert.deepEqual(ours, theirs, where);
    assert.equal(o['outcome'], said['exception_code'] === null ? 'answered' : 'exception', where);
    assert.equal(o['modbus.framing'], framing, where);
    // Section 4.4: what is asked for beyond the last of 65,536 places; the server refuses it.
    const beyond = Number(said['address'] ?? 0) + Number(said['quantity'] ?? 0) > 65_536;
    assert.deepEqual(o['modbus.flaws'], beyond ? ['address_over_limit'] : undefined, where);
  }
  assert.equal(found.length, told.length);
  return found;
}
