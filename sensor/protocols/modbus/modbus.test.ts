/** Pairing, flaws and roles, through the sensor, from frames. Functions and hostile bytes have files of their own. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CASES } from '../../../test/modbus-cases.ts';
import { adu, CLIENT, messages, SERVER, type Step, type Talk, talk } from '../../../test/modbus-wire.ts';
import { random, sense } from '../../../test/sense.ts';
import type { Observation, Value } from '../../observation.ts';
import { RESPONSE_TIMEOUT } from './exchange.ts';
import { MAX_OUTSTANDING } from './waits.ts';

const READ = '03 0000 0001';
const ANSWER = '03 02 0007';
const outcomes = (steps: readonly Step[], options?: Talk): string[] =>
  messages(steps, options).map(
    (o) => `${o['modbus.transaction_id']}/${o['modbus.unit_id']}/${o['modbus.function_code']} ${o['outcome']} ${o['request_frame']}-${o['response_frame']}`,
  );

describe('pairing', () => {
  it('is by transaction, unit and function, in any order', () => {
    const steps: Step[] = [
      ['>', adu(1, READ)],
      ['>', adu(2, READ)],
      ['>', adu(2, READ, { unit: 9 })],
      ['>', adu(2, '04 0000 0001')],
      ['<', adu(2, '04 02 0001')],
      ['<', adu(2, ANSWER, { unit: 9 })],
      ['<', adu(1, ANSWER)],
      ['<', adu(2, ANSWER)],
    ];
    assert.deepEqual(outcomes(steps), ['2/1/4 answered 6-7', '2/9/3 answered 5-8', '1/1/3 answered 3-9', '2/1/3 answered 4-10']);
  });

  it('pipelines: many messages in a segment, a message over many', () => {
    const two = (a: Uint8Array, b: Uint8Array) => Uint8Array.from([...a, ...b]);
    const answer = adu(2, ANSWER);
    const steps: Step[] = [
      ['>', two(adu(1, READ), adu(2, READ))],
      ['<', two(adu(1, ANSWER), answer.slice(0, 3))],
      ['<', answer.slice(3, 10)],
      ['<', answer.slice(10)],
    ];
    assert.deepEqual(outcomes(steps), ['1/1/3 answered 3-4', '2/1/3 answered 3-6']);
  });

  it('says when two requests could be meant, and takes the older', () => {
    const steps: Step[] = [
      ['>', adu(1, READ)],
      ['>', adu(1, READ)],
      ['<', adu(1, ANSWER)],
      ['<', adu(1, ANSWER)],
    ];
    assert.deepEqual(outcomes(steps), ['1/1/3 ambiguous 3-5', '1/1/3 answered 4-6']);
  });

  it('of another unit or function does not happen', () => {
    assert.deepEqual(
      outcomes([
        ['>', adu(1, READ)],
        ['<', adu(1, ANSWER, { unit: 2 })],
      ]),
      ['1/2/3 orphan null-4', '1/1/3 lost 3-null'],
    );
  });

  it('gives up when the server says nothing for long, or never can any more', () => {
    const late: Step[] = [['>', adu(1, READ)], RESPONSE_TIMEOUT + 1000, ['>', adu(2, READ)], ['<', adu(2, ANSWER)]];
    assert.deepEqual(outcomes(late), ['1/1/3 timeout 3-null', '2/1/3 answered 4-5']);
    const closed = talk([['>', adu(1, READ)]], { close: true });
    const next = talk([], { from: closed[0]!.at + 10_000 });
    assert.deepEqual(
      sense([...closed, ...next])
        .observations.filter((o) => o.kind === 'modbus')
        .map((o) => o['outcome']),
      ['timeout'],
    );
  });

  it('does not blame a server whose bytes the capture lost', () => {
    const steps: Step[] = [
      ['>', adu(1, READ)],
      ['<', null, 11],
      ['>', adu(2, READ)],
      ['<', adu(2, ANSWER)],
      2000,
      ['>', adu(3, READ)],
      ['<', adu(3, ANSWER)],
      RESPONSE_TIMEOUT + 1000,
      ['>', adu(4, READ)],
      ['<', adu(4, ANSWER)],
    ];
    assert.deepEqual(outcomes(steps), ['2/1/3 answered 4-5', '3/1/3 answered 6-7', '1/1/3 lost 3-null', '4/1/3 answered 8-9']);
  });

  it('holds on to so many requests and no more', () => {
    const steps: Step[] = Array.from({ length: MAX_OUTSTANDING + 3 }, (_, i) => ['>', adu(i, READ)] as const);
    const found = outcomes([...steps, ['<', adu(0, ANSWER)], ['<', adu(3, ANSWER)]], {});
    assert.deepEqual(found.slice(0, 5), [
      '0/1/3 timeout 3-null',
      '1/1/3 timeout 4-null',
      '2/1/3 timeout 5-null',
      `0/1/3 orphan null-${MAX_OUTSTANDING + 6}`,
      `3/1/3 answered 6-${MAX_OUTSTANDING + 7}`,
    ]);
    assert.equal(found.length, MAX_OUTSTANDING + 4);
  });
});

describe('transactions that do not go as they should', () => {
  const told = (steps: readonly Step[], options: Talk = {}) =>
    messages(steps, options).map((o) => [o['modbus.transaction_id'], o['outcome'], o['modbus.orphan'] ?? null, o['modbus.answers_frame'] ?? null]);
  const exchange = (id: number): Step[] => [
    ['>', adu(id, READ)],
    ['<', adu(id, ANSWER)],
  ];

  it('an answer twice, one nobody asked for, and one to a request that went by unseen', () => {
    assert.deepEqual(told([...exchange(1), ['<', adu(1, ANSWER)], ['<', adu(5, ANSWER)], ...exchange(2)]), [
      [1, 'answered', null, null],
      [1, 'orphan', 'duplicate', 3],
      [5, 'orphan', 'unsolicited', null],
      [2, 'answered', null, null],
    ]);
    assert.deepEqual(told([['<', adu(1, ANSWER)], ...exchange(2), ['<', adu(9, ANSWER)]], { handshake: false }), [
      [1, 'orphan', 'unseen', null],
      [2, 'answered', null, null],
      [9, 'orphan', 'unsolicited', null],
    ]);
    const hole: Step[] = [...exchange(1), ['>', null, 12], ['>', adu(3, READ)], 2000, ['>', adu(4, READ)], ['<', adu(2, ANSWER)]];
    assert.deepEqual(told(hole)[1], [2, 'orphan', 'unseen', null]);
  });

  it('an answer after its time, as learned of a server that is known', () => {
    const known = Array.from({ length: 20 }, (_, i) => exchange(i)).flat();
    const steps: Step[] = [...known, ['>', adu(50, READ)], 2500, ...exchange(51), ['<', adu(50, ANSWER)]];
    assert.deepEqual(told(steps).slice(20), [
      [50, 'timeout', null, null],
      [51, 'answered', null, null],
      [50, 'orphan', 'late', 43],
    ]);
    const slow = Array.from({ length: 20 }, (_, i): Step[] => [['>', adu(i, READ)], 900, ['<', adu(i, ANSWER)]]).flat();
    assert.deepEqual(told([...slow, ['>', adu(50, READ)], 5000, ['<', adu(50, ANSWER)]]).slice(20), [[50, 'answered', null, null]]);
  });

  it('an id that still waits', () => {
    const found = messages([
      ['>', adu(1, READ)],
      ['>', adu(1, '04 0000 0001')],
      ['<', adu(1, '04 02 0007')],
      ['<', adu(1, ANSWER)],
    ]);
    assert.deepEqual(
      found.map((o) => [o['modbus.function_code'], o['outcome'], o['modbus.flaws'] ?? null, o['modbus.pending'] ?? null, o['modbus.overtook'] ?? null]),
      [
        [4, 'answered', ['transaction_id_pending'], 2, 1],
        [3, 'answered', null, null, null],
      ],
    );
  });

  it('more at a time than a server takes, where it is heard', () => {
    const burst = (from: number, size: number) => Array.from({ length: size }, (_, i): Step => ['>', adu(from + i, READ)]);
    const answers = (from: number, size: number) => Array.from({ length: size }, (_, i): Step => ['<', adu(from + i, ANSWER)]);
    const over = (steps: readonly Step[]) => messages(steps).filter((o) => (o['modbus.flaws'] as string[] | undefined)?.includes('pipeline_over_limit')).length;
    assert.equal(over([...burst(0, 16), ...answers(0, 16)]), 0);
    assert.equal(over([...burst(0, 18), ...answers(0, 1), ...burst(18, 2), ...answers(1, 19)]), 2);
    assert.equal(over(burst(0, 60)), 0);
    // Requests that are never answered are left behind, they are not at hand at the same time.
    const deaf = Array.from({ length: 40 }, (_, i): Step[] => [['>', adu(100 + i, '41')], ...exchange(i)]).flat();
    assert.equal(over(deaf), 0);
  });

  it('listen-only mode wants no answer; one that comes is paired', () => {
    const [silent, after] = messages([['>', adu(1, '08 0004 0000')], 3000, ...exchange(2)]);
    assert.deepEqual([silent?.['outcome'], silent?.['modbus.one_way'], silent?.['response_frame'], after?.['outcome']], ['answered', true, null, 'answered']);
    const [answered] = messages([
      ['>', adu(1, '08 0004 0000')],
      ['<', adu(1, '08 0004 0000')],
    ]);
    assert.deepEqual([answered?.['outcome'], answered?.['modbus.one_way'], answered?.['response_frame']], ['answered', undefined, 4]);
  });

  it('identification in several answers is joined', () => {
    const found = messages([
      ['>', adu(1, '2b 0e 02 00')],
      ['<', adu(1, '2b 0e 02 02 ff 02 02 00 04 41636d65 01 01 58')],
      ['>', adu(2, '2b 0e 02 02')],
      ['<', adu(2, '2b 0e 02 02 ff 05 01 02 03 322e31')],
      ['>', adu(3, '2b 0e 02 05')],
      ['<', adu(3, '2b 0e 02 02 00 00 01 05 03 504c43')],
      ['>', adu(4, '2b 0e 04 80')],
      ['<', adu(4, '2b 0e 04 83 00 00 01 80 01 37')],
    ]);
    assert.deepEqual(
      found.map((o) => [o['modbus.device_identification'], o['modbus.identification_parts'] ?? null]),
      [
        [{ vendor_name: 'Acme', product_code: 'X' }, null],
        [{ vendor_name: 'Acme', product_code: 'X', major_minor_revision: '2.1' }, 2],
        [{ vendor_name: 'Acme', product_code: 'X', major_minor_revision: '2.1', model_name: 'PLC' }, 3],
        [{ object_128: '7' }, null],
      ],
    );
  });
});

const flawsOf = (request: string, response = ANSWER): Value =>
  messages([
    ['>', adu(1, request)],
    ['<', adu(1, response)],
  ])[0]?.['modbus.flaws'] ?? [];

describe('flaws', () => {
  const cases: [what: string, request: string, response: string, flaws: string[]][] = [
    ['nothing wrong', READ, ANSWER, []],
    ['a read of nothing', '03 0000 0000', '03 00', ['quantity_over_limit']],
    ['a read of too much', '03 0000 007e', '83 03', ['quantity_over_limit']],
    ['a read of too many bits', '01 0000 07d1', '81 03', ['quantity_over_limit']],
    ['a read past the end of the space', '03 ffff 0002', '83 02', ['address_over_limit']],
    ['a read cut short', '03 0000', '83 03', ['length_mismatch']],
    ['a read with something behind', '03 0000 0001 99', ANSWER, ['trailing_bytes']],
    ['a coil neither on nor off', '05 0000 1234', '05 0000 1234', ['bad_coil_value']],
    ['bytes that do not fit the quantity', '10 0000 0002 02 0001', '90 03', ['byte_count_mismatch']],
    ['fewer bytes than counted', '10 0000 0002 04 0001', '90 03', ['length_mismatch']],
    ['too much written', '10 0000 007c 00', '90 03', ['quantity_over_limit', 'byte_count_mismatch']],
    ['an exchange of too much', '17 0000 0001 0000 007a 00', '97 03', ['quantity_over_limit', 'byte_count_mismatch']],
    ['a file record of another type', '14 07 05 0001 0000 0001', '94 02', ['bad_reference_type']],
    ['a MEI type nobody knows', '2b 77', 'ab 01', ['unknown_mei_type']],
    ['an exception as a request', '83 02', '83 02', ['exception_in_request']],
    ['function zero', '00', '80 01', ['function_zero']],
    ['an answer with other bytes than asked for', READ, '03 04 0001 0002', ['byte_count_mismatch']],
    ['an answer that counts wrong', READ, '03 02 0001 0002', ['trailing_bytes']],
    ['an answer shorter than it counts', READ, '03 04 0001', ['length_mismatch', 'byte_count_mismatch']],
    ['a diagnostics sub-function that is reserved', '08 0013 0000', '88 03', ['reserved_sub_function']],
    ['a file record past the last', '14 07 06 0001 2710 0001', '94 02', ['record_over_limit']],
    ['an echo of another address', '06 0001 0003', '06 0002 0003', ['echo_mismatch']],
    ['an echo of another value', '06 0001 0003', '06 0001 0004', ['echo_mismatch']],
    ['an echo of another mask', '16 0004 00f2 0025', '16 0004 00f2 0024', ['echo_mismatch']],
    ['an exception nobody knows', READ, '83 63', ['bad_exception_code']],
    ['an exception with something behind', READ, '83 02 00', ['trailing_bytes']],
    ['a request larger than any may be', `41${'00'.repeat(300)}`, '41', ['oversized']],
    ['objects that go past the end', '2b 0e 01 00', '2b 0e 01 01 00 00 03 00 09 41', ['length_mismatch']],
  ];
  for (const [what, request, response, flaws] of cases) {
    it(what, () => assert.deepEqual(flawsOf(request, response), flaws));
  }

  it('bytes that are no message are one flaw, and what follows is understood', () => {
    const { observations, coverage } = sense(
      talk([
        ['>', adu(1, READ)],
        ['<', adu(1, ANSWER)],
        ['>', Uint8Array.from([...new Uint8Array(20).fill(0xee), ...adu(2, READ)])],
        ['<', adu(2, ANSWER)],
      ]),
    );
    const seen = observations
      .filter((o) => o.kind !== 'flow')
      .map((o) => [o.kind, o['flaw.reason'] ?? o['modbus.transaction_id'], o['flaw.bytes'] ?? o['outcome']]);
    assert.deepEqual(seen, [
      ['modbus', 1, 'answered'],
      ['flaw', 'protocol_id', 20],
      ['modbus', 2, 'answered'],
    ]);
    assert.equal(coverage.protocols[0]?.flaws, 1);
  });

  describe('a message within the length of another', () => {
    const hidden = adu(8, '06 0010 0063');
    const outer = (pdu: string, inner: Uint8Array) =>
      Uint8Array.from([...adu(7, pdu, { length: pdu.replaceAll(' ', '').length / 2 + 1 + inner.length }), ...inner]);
    const told = (steps: readonly Step[], options: Talk = {}) =>
      messages(steps, options).map((o) => [o['modbus.transaction_id'], o['modbus.function_code'], o['outcome'], o['modbus.flaws'] ?? null, o['modbus.values']]);
    const expected = [
      [7, 3, 'answered', ['trailing_bytes'], [7]],
      [8, 6, 'answered', ['smuggled'], [99]],
      [9, 3, 'answered', null, [7]],
    ];
    const answers: Step[] = [
      ['<', adu(7, ANSWER)],
      ['<', hidden],
      ['>', adu(9, READ)],
      ['<', adu(9, ANSWER)],
    ];

    it('is decoded and flagged, however it is cut into segments', () => {
      const sent = outer(READ, hidden);
      assert.deepEqual(told([['>', sent], ...answers]), expected);
      assert.deepEqual(told([['>', sent], ...answers], { bytewise: true }), expected);
      for (let cut = 1; cut < sent.length; cut++) assert.deepEqual(told([['>', sent.slice(0, cut)], ['>', sent.slice(cut)], ...answers]), expected, `${cut}`);
    });

    it('is found in a response too, and two in a row', () => {
      const inner = Uint8Array.from([...hidden, ...adu(10, '05 0001 ff00')]);
      const seen = told([
        ['>', outer(READ, inner)],
        ['<', outer(ANSWER, hidden)],
        ['<', adu(10, '05 0001 ff00')],
      ]);
      assert.deepEqual(seen, [
        [7, 3, 'answered', ['trailing_bytes', 'trailing_bytes'], [7]],
        [8, 6, 'answered', ['smuggled', 'smuggled'], [99]],
        [10, 5, 'answered', ['smuggled'], [1]],
      ]);
    });

    it('what is none is passed over, and what follows is understood', () => {
      for (const size of [1, 5, 7, 8, 20]) {
        const sent = outer(READ, new Uint8Array(size).fill(0xee));
        const wanted = [expected[0], [9, 3, 'answered', null, [7]]];
        const then: Step[] = [
          ['<', adu(7, ANSWER)],
          ['>', adu(9, READ)],
          ['<', adu(9, ANSWER)],
        ];
        assert.deepEqual(told([['>', sent], ...then]), wanted, `${size}`);
        assert.deepEqual(told([['>', sent], ...then], { bytewise: true }), wanted, `${size} byte by byte`);
      }
    });

    it('a length that promises more than ever comes does not keep the message, and what comes next is flagged as within it', () => {
      const steps: Step[] = [
        ['>', adu(7, READ, { length: 40 })],
        ['<', adu(7, ANSWER)],
        ['>', adu(9, READ)],
        ['<', adu(9, ANSWER)],
        ['>', adu(11, READ)],
        ['<', adu(11, ANSWER)],
        ['>', adu(12, READ)],
        ['<', adu(12, ANSWER)],
      ];
      assert.deepEqual(
        told(steps).map(([id, , outcome, flaws]) => [id, outcome, flaws]),
        [
          [7, 'answered', ['trailing_bytes']],
          [9, 'answered', ['smuggled']],
          [11, 'answered', ['smuggled']],
          [12, 'answered', ['smuggled']],
        ],
      );
    });

    it('a length too short for its function is read by the function, as some servers do', () => {
      const write = adu(7, '10 0001 0002 04 000a 0102', { length: 6 });
      assert.deepEqual(
        told([
          ['>', adu(6, READ)],
          ['<', adu(6, ANSWER)],
          ['>', write],
          ['<', adu(7, '10 0001 0002')],
        ])[1],
        [7, 16, 'answered', ['length_mismatch'], [10, 258]],
      );
    });
  });

  it('a protocol id that is not 0 is a flaw of a message that is right otherwise, from the first on', () => {
    for (const options of [{}, { bytewise: true }, { handshake: false }]) {
      const seen = messages(
        [
          ['>', adu(1, READ, { protocol: 7 })],
          ['<', adu(1, ANSWER, { protocol: 7 })],
          ['>', adu(2, READ)],
          ['<', adu(2, ANSWER)],
        ],
        options,
      ).map((o) => [o['modbus.transaction_id'], o['outcome'], o['modbus.flaws'] ?? null]);
      assert.deepEqual(seen, [
        [1, 'answered', ['protocol_id', 'protocol_id']],
        [2, 'answered', null],
      ]);
    }
  });

  it('a length no message has: read by its function where that fits, else a flaw', () => {
    const sent = (bytes: Uint8Array) =>
      sense(
        talk([
          ['>', adu(1, READ)],
          ['<', adu(1, ANSWER)],
          ['>', bytes],
          ['>', adu(9, READ)],
          ['<', adu(9, ANSWER)],
        ]),
      )
        .observations.filter((o) => o.kind !== 'flow')
        .map((o) => [o['flaw.reason'] ?? o['modbus.transaction_id'], o['flaw.bytes'] ?? o['modbus.flaws'] ?? o['outcome']]);
    assert.deepEqual(sent(adu(2, READ, { length: 1 })), [
      [1, 'answered'],
      [9, 'answered'],
      [2, ['length_mismatch']],
    ]);
    assert.deepEqual(sent(adu(2, READ, { length: 60_000 })), [
      [1, 'answered'],
      [9, 'answered'],
      [2, ['length_mismatch']],
    ]);
    assert.deepEqual(sent(adu(2, '65 ffff ffff', { length: 60_000 })), [
      [1, 'answered'],
      ['bad_length', 10],
      ['unreadable', 2],
      [9, 'answered'],
    ]);
  });

  it('random bytes after a good start are told of once when they begin and once when they end', () => {
    const next = random(5);
    const noise = Array.from({ length: 50 }, (): Step => ['>', Uint8Array.from({ length: 100 }, () => 1 + next(255))]);
    const { observations } = sense(talk([['>', adu(1, READ)], ['<', adu(1, ANSWER)], ...noise, ['>', adu(2, READ)], ['<', adu(2, ANSWER)]]));
    const flaws = observations.filter((o) => o.kind === 'flaw').map((o) => [o['flaw.reason'], o['flaw.bytes']]);
    assert.deepEqual(
      flaws.map(([reason]) => reason),
      ['protocol_id', 'unreadable'],
    );
    assert.equal(
      flaws.reduce((sum, [, bytes]) => sum + Number(bytes), 0),
      5000,
    );
    assert.deepEqual(
      observations.filter((o) => o['outcome'] === 'answered').map((o) => o['modbus.transaction_id']),
      [1, 2],
    );
  });

  it('what comes behind a hole is no flaw, wherever in a message it begins', () => {
    const answer = adu(2, '03 0a 0000 0000 0000 0001 ffff');
    for (let cut = 0; cut < answer.length; cut++) {
      const steps: Step[] = [
        ['>', adu(1, READ)],
        ['<', adu(1, ANSWER)],
        ['>', adu(2, '03 0000 0005')],
        ['<', null, cut + 3],
        ['<', answer.slice(cut)],
        ['>', adu(3, READ)],
        ['<', adu(3, ANSWER)],
        2000,
        ['>', adu(4, READ)],
        ['<', adu(4, ANSWER)],
      ];
      const { observations } = sense(talk(steps));
      assert.deepEqual(
        observations.filter((o) => o.kind === 'flaw'),
        [],
        `cut at ${cut}`,
      );
      const answered = observations.filter((o) => o['outcome'] === 'answered').map((o) => o['modbus.transaction_id']);
      assert.deepEqual(answered, cut === 0 ? [1, 2, 3, 4] : [1, 3, 4], `cut at ${cut}`);
    }
  });
});

describe('who asks', () => {
  const exchange: Step[] = [
    ['>', adu(1, READ)],
    ['<', adu(1, ANSWER)],
  ];
  const ends = (o: Observation | undefined) => [o?.['outcome'], o?.['source.port'], o?.['destination.port']];

  it('is the end off port 502, even when the server opened the connection', () => {
    assert.deepEqual(ends(messages(exchange, { opener: '<' })[0]), ['answered', 40_001, 502]);
  });

  it('is seen by content off port 502, whoever opened', () => {
    const server = { ...SERVER, port: 10_502 };
    for (const opener of ['>', '<'] as const) assert.deepEqual(ends(messages(exchange, { server, opener })[0]), ['answered', 40_001, 10_502]);
    assert.deepEqual(ends(messages(exchange, { server, client: { ...CLIENT, port: 2000 }, handshake: false })[0]), ['answered', 2000, 10_502]);
  });

  it('midway, off port 502, comes from the shape of the first message, or the ports when it could be either', () => {
    const server = { ...SERVER, port: 10_502 };
    for (const { request, response } of CASES.filter((one) => one.name !== 'user_defined')) {
      const [first, second] = messages(
        [
          ['<', adu(1, response)],
          ['>', adu(2, request)],
          ['<', adu(2, response)],
        ],
        { server, handshake: false },
      );
      assert.deepEqual([first?.['outcome'], ends(second)], ['orphan', ['answered', 40_001, 10_502]], request);
    }
  });

  it('midway on port 502 a segment that begins inside a message is passed over', () => {
    const steps: Step[] = [
      ['<', adu(1, ANSWER).slice(4)],
      ['>', adu(2, READ)],
      ['<', adu(2, ANSWER)],
    ];
    assert.deepEqual(outcomes(steps, { handshake: false }), ['2/1/3 answered 2-3']);
  });

  it('over UDP is the same', () => {
    const [o] = messages(exchange, { udp: true });
    assert.deepEqual([...ends(o), o?.['modbus.framing'], o?.['network.transport'], o?.['request_frame']], ['answered', 40_001, 502, 'udp', 'udp', 1]);
  });

  it('over UDP a frame that the mirror brings twice counts once, another with the same IP id does not', () => {
    const [ask, answer] = talk(exchange, { udp: true });
    const twice = sense([ask!, ask!, answer!, answer!]);
    assert.deepEqual([twice.observations.filter((o) => o.kind === 'modbus').length, twice.coverage.protocols[0]?.duplicates], [1, 2]);
    const lazy = talk([...exchange, ['>', adu(2, READ)], ['<', adu(2, ANSWER)]], { udp: true });
    for (const { bytes } of lazy) bytes.set([0, 7], 18);
    assert.deepEqual(
      sense(lazy)
        .observations.filter((o) => o.kind === 'modbus')
        .map((o) => o['modbus.transaction_id']),
      [1, 2],
    );
  });
});
