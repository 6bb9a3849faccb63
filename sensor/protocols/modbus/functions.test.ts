/** Every function, through the sensor, from TCP frames. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CASES } from '../../../test/modbus-cases.ts';
import { adu, messages, talk } from '../../../test/modbus-wire.ts';
import { sense } from '../../../test/sense.ts';
import type { Observation, Value } from '../../observation.ts';
import { functionInfo, rangeText } from './functions.ts';

/** The fields of the function itself, without `modbus.` and without those that say nothing. */
function fieldsOf(o: Observation): { [field: string]: Value } {
  const framing = new Set([
    'transaction_id',
    'framing',
    'unit_id',
    'function_code',
    'function',
    'access',
    'table',
    'range',
    'category',
    'point',
    'diagnostic',
    'umas_name',
    'umas_class',
  ]);
  const own = Object.entries(o).filter(([field, value]) => field.startsWith('modbus.') && value !== null && !framing.has(field.slice(7)));
  return Object.fromEntries(own.map(([field, value]) => [field.slice(7), value]));
}

describe('functions', () => {
  for (const { name, access, request, response, fields, row } of CASES) {
    const code = Number.parseInt(request.slice(0, 2), 16);
    it(`${code} ${name}: request and response`, () => {
      const { observations, rows } = sense(
        talk([
          ['>', adu(7, request)],
          ['<', adu(7, response)],
        ]),
      );
      const [o] = observations.filter(({ kind }) => kind === 'modbus');
      assert.ok(o);
      assert.deepEqual(fieldsOf(o), fields);
      assert.deepEqual(
        [o['modbus.function'], o['modbus.access'], o['modbus.function_code'], o['modbus.unit_id'], o['modbus.transaction_id']],
        [name, access, code, 1, 7],
      );
      assert.deepEqual([o['outcome'], o['latency'], o['request_frame'], o['response_frame']], ['answered', 1, 3, 4]);
      assert.deepEqual([o['source.ip'], o['source.port'], o['destination.ip'], o['destination.port']], ['10.0.0.5', 40_001, '10.0.0.9', 502]);
      assert.equal(rows > 0, row === true);
    });

    it(`${code} ${name}: exception`, () => {
      const [o] = messages([
        ['>', adu(7, request)],
        ['<', adu(7, `${(code | 0x80).toString(16)} 02`)],
      ]);
      assert.deepEqual(
        [o?.['outcome'], o?.['modbus.exception_code'], o?.['modbus.exception'], o?.['modbus.function_code']],
        ['exception', 2, 'illegal_data_address', code],
      );
      assert.equal(o?.['modbus.flaws'], undefined);
    });

    it(`${code} ${name}: a response alone is an orphan`, () => {
      const [o, more] = messages([['<', adu(7, response)]]);
      assert.equal(more, undefined);
      assert.deepEqual(
        [o?.['outcome'], o?.['request_frame'], o?.['response_frame'], o?.['modbus.function_code'], o?.['latency']],
        ['orphan', null, 3, code, null],
      );
    });
  }

  it('are named where the specification names them', () => {
    assert.deepEqual(
      [9, 65, 110, 99, 127, 0].map((code) => functionInfo(code).name),
      ['program_484', 'user_defined', 'user_defined', 'unknown', 'report_local_address', 'unknown'],
    );
    assert.deepEqual(
      [3, 9, 41, 65, 99, 127, 0, 90].map((code) => functionInfo(code).category),
      ['public', 'reserved', 'reserved', 'user_defined', 'unassigned', 'reserved', 'unassigned', 'reserved'],
    );
    assert.deepEqual([rangeText('coils', 5, 1), rangeText('coils', 5, 3), rangeText(null, 5, 3)], ['coils 5', 'coils 5-7', null]);
  });
});
