/** RTU and ASCII frames over TCP and UDP, through the sensor. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { join } from '../../../test/lab/bytes.ts';
import { CASES } from '../../../test/modbus-cases.ts';
import { ascii, CLIENT, rtu, SERVER, type Step, type Talk, talk, type Wrap } from '../../../test/modbus-wire.ts';
import { mutated, random, sense } from '../../../test/sense.ts';
import type { Observation } from '../../observation.ts';

const WRAPS: [string, Wrap][] = [
  ['rtu', rtu],
  ['ascii', ascii],
];
const ELSEWHERE = { ...SERVER, port: 4001 };
const READ = '03 0000 0001';
const ANSWER = '03 02 0007';

const told = (steps: readonly Step[], options: Talk = {}): Observation[] => sense(talk(steps, options)).observations.filter((o) => o.kind !== 'flow');
const brief = (all: readonly Observation[]) =>
  all.map((o) => (o.kind === 'modbus' ? [o['modbus.unit_id'], o['outcome'], o['modbus.values']] : [o['flaw.reason'], o['flaw.bytes']]));

describe('checks', () => {
  it('are those of published frames', () => {
    assert.equal(Buffer.from(rtu('03 0000 000a')).toString('hex'), '01030000000ac5cd');
    assert.equal(Buffer.from(rtu('06 0001 0003', 17)).toString('hex'), '1106000100039a9b');
    assert.equal(Buffer.from(ascii('03 0000 0001')).toString(), ':010300000001FB\r\n');
  });
});

for (const [framing, wrap] of WRAPS) {
  describe(framing, () => {
    for (const { name, request, response, fields } of CASES.filter(
      (one) => one.name !== 'user_defined' && one.name !== 'canopen_general_reference' && one.name !== 'umas',
    )) {
      it(`${name}, on port 502 and elsewhere, over TCP and UDP`, () => {
        for (const server of [SERVER, ELSEWHERE]) {
          for (const options of [{ server }, { server, udp: true }, { server, handshake: false }]) {
            const [o, more] = told(
              [
                ['>', wrap(request, 9)],
                ['<', wrap(response, 9)],
              ],
              options,
            );
            assert.equal(more, undefined);
            assert.deepEqual(
              [o?.['modbus.framing'], o?.['modbus.transaction_id'], o?.['modbus.unit_id'], o?.['modbus.function'], o?.['outcome'], o?.['modbus.flaws']],
              [framing, null, 9, name, 'answered', undefined],
            );
            assert.deepEqual([o?.['source.port'], o?.['destination.port'], o?.['network.protocol']], [CLIENT.port, server.port, 'modbus']);
            for (const [field, value] of Object.entries(fields)) assert.deepEqual(o?.[`modbus.${field}`], value, field);
          }
        }
      });
    }

    const exchange = CASES.filter((one) => one.row === true).flatMap(({ request, response }): Step[] => [
      ['>', wrap(request)],
      ['<', wrap(response)],
    ]);

    it('one byte at a time, and many frames in a segment, are the same as one each', () => {
      const values = (o: Observation[]) => o.map((one) => [one['modbus.function'], one['outcome'], one['modbus.values']]);
      const whole = values(told(exchange));
      assert.equal(whole.length, exchange.length / 2);
      assert.deepEqual(values(told(exchange, { bytewise: true })), whole);
      const all = (side: '>' | '<') => join(...(exchange as ['>' | '<', Uint8Array][]).filter(([from]) => from === side).map(([, bytes]) => bytes));
      assert.deepEqual(
        values(
          told([
            ['>', all('>')],
            ['<', all('<')],
          ]),
        ).map(([f, , v]) => [f, v]),
        whole.map(([f, , v]) => [f, v]),
      );
    });

    it('an exception, a unit that answers for another, and silence', () => {
      const steps: Step[] = [
        ['>', wrap(READ)],
        ['<', wrap('83 02')],
        ['>', wrap(READ, 5)],
        ['<', wrap(ANSWER, 6)],
        5000,
        ['>', wrap(READ)],
        ['<', wrap(ANSWER)],
      ];
      assert.deepEqual(brief(told(steps)), [
        [1, 'exception', null],
        [6, 'orphan', [7]],
        [5, 'timeout', null],
        [1, 'answered', [7]],
      ]);
    });

    it('a broadcast wants no answer', () => {
      const steps: Step[] = [['>', wrap(READ)], ['<', wrap(ANSWER)], ['>', wrap('06 0001 0003', 0)], 3000, ['>', wrap(READ)], ['<', wrap(ANSWER)]];
      const found = told(steps);
      assert.deepEqual(brief(found), [
        [1, 'answered', [7]],
        [0, 'answered', [3]],
        [1, 'answered', [7]],
      ]);
      assert.deepEqual([found[1]?.['modbus.one_way'], found[1]?.['response_frame']], [true, null]);
    });

    it('a frame with a wrong check is a flaw, and what follows is understood', () => {
      const bad = wrap(READ);
      bad[3]! ^= framing === 'rtu' ? 0x10 : 1;
      const steps: Step[] = [
        ['>', wrap(READ)],
        ['<', wrap(ANSWER)],
        ['>', bad],
        ['>', wrap(READ)],
        ['<', wrap(ANSWER)],
      ];
      assert.deepEqual(brief(told(steps)), [
        [1, 'answered', [7]],
        [framing === 'rtu' ? 'bad_crc' : 'bad_lrc', bad.length],
        [1, 'answered', [7]],
      ]);
    });

    it('what comes behind a hole is understood from the next frame on', () => {
      const answer = wrap('03 0a 0000 0000 0000 0001 ffff');
      for (let cut = 1; cut < answer.length; cut++) {
        const steps: Step[] = [
          ['>', wrap(READ)],
          ['<', wrap(ANSWER)],
          ['>', wrap('03 0000 0005')],
          ['<', null, cut],
          ['<', answer.slice(cut)],
          2000,
          ['>', wrap(READ)],
          ['<', wrap(ANSWER)],
        ];
        const found = told(steps).filter((o) => o.kind === 'modbus');
        assert.equal(found.filter((o) => o['outcome'] === 'answered').length, 2, `cut at ${cut}`);
        assert.ok(!found.some((o) => o['outcome'] === 'answered' && JSON.stringify(o['modbus.values']) !== '[7]'));
      }
    });

    it('every prefix alone, and bytes by chance, are survived and not taken for Modbus elsewhere', () => {
      for (const { request } of CASES) {
        const whole = wrap(request);
        for (let size = 1; size < whole.length; size++) assert.ok(told([['>', whole.slice(0, size)]], { server: ELSEWHERE }).every((o) => o.kind !== 'modbus'));
      }
      const next = random(11);
      const noise = (size: number) => Uint8Array.from({ length: size }, () => next(256));
      for (let round = 0; round < 3000; round++) {
        const steps: Step[] = [
          ['>', join([1 + next(247), [1, 2, 3, 4, 5, 6, 15, 16][next(8)] as number], noise(next(60)))],
          ['<', noise(next(60))],
        ];
        assert.ok(told(steps, { server: ELSEWHERE }).every((o) => o.kind !== 'modbus'));
      }
    });

    it('mutated frames are survived, and nothing is invented', () => {
      const next = random(99);
      for (let round = 0; round < 300; round++) {
        const steps = exchange.map((step): Step => (next(4) === 0 ? [(step as ['>', Uint8Array])[0], mutated((step as ['>', Uint8Array])[1], next)] : step));
        const found = told([['>', wrap(READ)], ['<', wrap(ANSWER)], ...steps]);
        assert.equal(found.filter((o) => o['outcome'] === 'answered').length >= 1, true);
      }
    });
  });
}

it('an RTU read of address 0 on port 502 is not taken for an MBAP header', () => {
  assert.deepEqual(
    brief(
      told([
        ['>', rtu('03 0000 000a')],
        ['<', rtu(`03 14 ${'0005'.repeat(10)}`)],
      ]),
    ),
    [[1, 'answered', new Array(10).fill(5)]],
  );
});

it('vendor functions in RTU end where their CRC is right', () => {
  const [first, second] = told([
    ['>', rtu(READ)],
    ['<', rtu(ANSWER)],
    ['>', rtu('41 0102 0304 0506')],
    ['<', rtu('41 99')],
  ]);
  assert.deepEqual(
    [first?.['modbus.function_code'], second?.['modbus.function_code'], second?.['modbus.data'], second?.['modbus.response_data']],
    [3, 65, '010203040506', '99'],
  );
});
