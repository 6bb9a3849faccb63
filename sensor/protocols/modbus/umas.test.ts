/** UMAS through the sensor: who reserves, what is carried, what is told. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { adu, messages, type Step, talk } from '../../../test/modbus-wire.ts';
import { sense } from '../../../test/sense.ts';
import { umasInfo } from './umas.ts';

const exchange = (id: number, request: string, response: string): Step[] => [
  ['>', adu(id, `5a ${request}`)],
  ['<', adu(id, `5a ${response}`)],
];
const little = (n: number, bytes: number) => Buffer.from(Array.from({ length: bytes }, (_, i) => (n >> (8 * i)) & 255)).toString('hex');
const block = (n: number, size: number) => Buffer.alloc(size, n).toString('hex');
const sha256 = (...blocks: string[]) =>
  createHash('sha256')
    .update(Buffer.from(blocks.join(''), 'hex'))
    .digest('hex');

describe('umas', () => {
  it('names who takes the reservation and the key given', () => {
    const name = Buffer.from('ENG-STATION').toString('hex');
    const [o] = messages(exchange(1, `00 10 434c0000 0b ${name}`, '00 fe 07'));
    assert.deepEqual(
      [
        o?.['modbus.umas_name'],
        o?.['modbus.umas_class'],
        o?.['modbus.access'],
        o?.['modbus.umas_client'],
        o?.['modbus.umas_granted_session'],
        o?.['modbus.umas_status'],
      ],
      ['take_reservation', 'reservation', 'program', 'ENG-STATION', 7, 'done'],
    );
  });

  it('a refusal is no success, and starts nothing', () => {
    const [o] = messages(exchange(1, '07 41 ff00', '07 fd 8180'));
    assert.deepEqual(
      [o?.['modbus.umas_name'], o?.['modbus.umas_class'], o?.['modbus.umas_status'], o?.['modbus.umas_error']],
      ['stop_plc', 'start_stop', 'refused', '8180'],
    );
  });

  it('classes: reading is read, writing is write', () => {
    assert.deepEqual(
      [0x02, 0x20, 0x22, 0x23, 0x25, 0x71, 0x31, 0x34, 0x40, 0x11, 0x12, 0x99].map((code) => [umasInfo(code).class, umasInfo(code).access]),
      [
        ['identify', 'identify'],
        ['read', 'read'],
        ['read', 'read'],
        ['write', 'write'],
        ['write', 'write'],
        ['write', 'write'],
        ['transfer', 'program'],
        ['transfer', 'program'],
        ['start_stop', 'program'],
        ['reservation', 'program'],
        ['session', 'other'],
        ['unknown', 'program'],
      ],
    );
  });

  it('puts a program together that goes to the controller, blocks of 1 KB without a false alarm, a repeated block once', () => {
    const sizes = [1000, 1000, 333];
    const steps = [
      ...exchange(1, '01 30 0001', '01 fe 00fc03'),
      ...sizes.flatMap((size, i) => exchange(2 + i, `01 31 0001 ${little(i + 1, 2)} ${little(size, 2)} ${block(i + 1, size)}`, '01 fe')),
      ...exchange(9, `01 31 0001 ${little(3, 2)} ${little(333, 2)} ${block(3, 333)}`, '01 fe'),
      ...exchange(10, `01 32 0001 ${little(3, 2)}`, '01 fe'),
    ];
    const found = messages(steps);
    assert.deepEqual(
      found.filter((o) => o['modbus.flaws'] !== undefined),
      [],
    );
    assert.deepEqual(found.at(-1)?.['modbus.transfer'], {
      direction: 'to_controller',
      blocks: 3,
      bytes: 2333,
      sha256: sha256(block(1, 1000), block(2, 1000), block(3, 333)),
      complete: true,
    });
  });

  it('one that comes from the controller, with the size it announced; a block left out is told', () => {
    const transfer = (blocks: number[], announced: number) => [
      ...exchange(1, '01 33 0001 fb00', `01 fe 0001 ${little(announced, 4)}`),
      ...blocks.flatMap((n, i) =>
        exchange(2 + i, `01 34 0001 ${little(n, 2)}`, `01 fe ${n === blocks.at(-1) ? '01' : '00'}00 ${little(100, 2)} ${block(n, 100)}`),
      ),
      ...exchange(20, `01 35 0001 ${little(blocks.at(-1) as number, 2)}`, '01 fe'),
    ];
    const of = (steps: Step[]) => messages(steps).at(-1)?.['modbus.transfer'];
    assert.deepEqual(of(transfer([1, 2, 3], 300)), {
      direction: 'from_controller',
      blocks: 3,
      bytes: 300,
      sha256: sha256(block(1, 100), block(2, 100), block(3, 100)),
      complete: true,
    });
    assert.equal((of(transfer([1, 3], 300)) as { complete: boolean }).complete, false);
    assert.equal((of(transfer([1, 2], 300)) as { complete: boolean }).complete, false);
  });

  it('more at a time than are followed are counted', () => {
    const steps = Array.from({ length: 11 }, (_, unit): Step[] => [
      ['>', adu(unit, '5a 01 30 0001', { unit })],
      ['<', adu(unit, '5a 01 fe 00fc03', { unit })],
      ['>', adu(unit + 50, '2b 0e 02 00', { unit })],
      ['<', adu(unit + 50, '2b 0e 02 02 ff 02 01 00 01 41', { unit })],
    ]).flat();
    const ceiling = sense(talk(steps)).coverage.ceilings.find(({ name }) => name.includes('transfers under way'));
    assert.equal(ceiling?.hit, 3);
  });

  it('a transfer that never ends is a flaw when the connection does', () => {
    const steps = [...exchange(1, '01 30 0001', '01 fe 00fc03'), ...exchange(2, `01 31 0001 0100 0400 deadbeef`, '01 fe')];
    const [flaw] = sense(talk(steps, { close: true })).observations.filter((o) => o.kind === 'flaw');
    assert.deepEqual([flaw?.['flaw.reason'], flaw?.['flaw.bytes']], ['umas_transfer_unfinished', 4]);
  });

  it('short and lying messages are flagged, whatever the function', () => {
    for (let code = 0; code < 256; code++) {
      const sub = code.toString(16).padStart(2, '0');
      for (const data of ['', 'ff', 'ffff', 'ffffffff', 'ffffffffff', 'ff'.repeat(30)]) {
        const [o] = messages(exchange(1, `00 ${sub} ${data}`, `00 fe ${data}`));
        assert.equal(o?.['outcome'], 'answered');
      }
    }
    assert.deepEqual(messages(exchange(1, '00 10 434c0000 ff 41', '00 fe 01'))[0]?.['modbus.flaws'], ['length_mismatch']);
    assert.deepEqual(messages(exchange(1, '00 31 0001 0100 ff00 41', '00 fe'))[0]?.['modbus.flaws'], ['length_mismatch']);
  });
});
