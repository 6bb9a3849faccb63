/** The sensor reads every field of every Modbus message as tshark does; where they differ it is written here, with the reason. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pcap } from './lab/pcapfile.ts';
import { CASES } from './modbus-cases.ts';
import { compareFields, ourMessages, tsharkMessages } from './modbus-fields.ts';
import { mbap, randomExchange } from './modbus-random.ts';
import { adu, type Step, talk } from './modbus-wire.ts';
import { random, senseFile } from './sense.ts';
import { captures, missing, shared } from './shared.ts';

/** A kind of difference: lines as `compareFields` writes them, without the frame. Clauses are of V1.1b3. */
const KINDS = {
  longer: {
    reason:
      'a request longer than its function (6.6, 6.7): the rest is kept as data; tshark takes it for the value of function 6, passes over it behind function 7',
    lines: /^fc6 modbus\.data: tshark 00000000, ours 0000$|^fc7 modbus\.data: tshark nothing, ours 00000000$/,
  },
  shorter: {
    reason: 'a request too short for its function (6.11, 6.12, 6.16, 6.17): length_mismatch is flagged, tshark shows the fields it still holds',
    lines: /^fc(15|16|22|23) modbus\.[a-z_]+: tshark (0000|nothing), ours absent$/,
  },
  fifo: {
    reason: 'a FIFO count (6.18) of 8 before 4 registers: byte_count_mismatch is flagged, the values are those that are there',
    lines: /^fc24 modbus\.word_cnt: tshark 0008, ours 0004$/,
  },
  more: {
    reason: 'More Follows (6.21) is 00 or FF, this server says 4D: no more follows, as neither is said',
    lines: /^fc43 modbus\.more_follows: tshark 4d, ours 00$/,
  },
} as const;

/** How many lines of each kind a capture gives. */
const DIFFERENCES: { [capture: string]: { [kind in keyof typeof KINDS]?: number } } = {
  'arkime/modbus.pcap': { longer: 1, shorter: 7 },
  'quickdraw/modbus_test_data_part2.pcap': { longer: 1, shorter: 7 },
  'simlab/29-46_04-output.pcap': { longer: 5, shorter: 55, fifo: 5 },
  'zeek-modbus/modbus-eit.pcap': { more: 1 },
};

/** Captures with most of a field, and how many of it both found: that there is something to agree on. */
const AGREED: { [capture: string]: { [field: string]: number } } = {
  'iti/ModbusTCP.pcap': {
    'modbus.regval_uint16': 103_702,
    'modbus.bitval': 40_581,
    'modbus.reference_num': 10_117,
    'modbus.bit_cnt': 7321,
    'modbus.data': 2115,
  },
  'iti/modbus_test.pcap': { 'modbus.regval_uint16': 7948, 'modbus.data': 126 },
  'simlab/29-46_04-output.pcap': { 'modbus.bitval': 220_000, 'modbus.exception_code': 155, 'modbus.object_str_value': 18, 'modbus.ev_count': 10 },
  'icsnpp-modbus/modbus_example.pcap': { 'modbus.and_mask': 4, 'modbus.or_mask': 4, 'modbus.write_word_cnt': 2, 'modbus.object_str_value': 3 },
  'quickdraw/modicon_test.pcap': { 'modbus.data': 180 },
  'suricata-verify-modbus/modbus.pcap': { 'modbus.diagnostic_code': 12, 'modbus.exception_code': 9 },
};

/** Differences by kind; what is of no kind stands for itself. */
function sorted(differences: readonly string[]): { [kind: string]: number } {
  const kinds: { [kind: string]: number } = {};
  for (const line of differences) {
    const kind = Object.entries(KINDS).find(([, { lines }]) => lines.test(line.replace(/^\d+ /, '')))?.[0] ?? line;
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  return kinds;
}

async function compared(path: string): Promise<ReturnType<typeof compareFields>> {
  const mine = (await senseFile(path)).filter((o) => o.kind === 'modbus').flatMap(ourMessages);
  // Where only tshark finds Modbus, agreement.test.ts says so.
  return compareFields(mine.length === 0 ? [] : tsharkMessages(path), mine);
}

/** The same of steps that are first written to a capture file. */
async function comparedSteps(steps: readonly Step[]): Promise<ReturnType<typeof compareFields>> {
  const folder = mkdtempSync(join(tmpdir(), 'stillwatch-fields-'));
  try {
    const path = join(folder, 'steps.pcap');
    writeFileSync(path, pcap(talk(steps)));
    return await compared(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('every field as tshark reads it, in captures', { skip: missing('captures', 'tshark') }, () => {
  for (const capture of captures) {
    it(capture, async () => {
      const { differences, same } = await compared(shared(capture));
      assert.deepEqual(sorted(differences), DIFFERENCES[capture] ?? {});
      for (const [field, count] of Object.entries(AGREED[capture] ?? {})) assert.equal(same.get(field), count, field);
    });
  }

  it('was held against every capture that stands in a table', () => {
    for (const table of [DIFFERENCES, AGREED]) {
      assert.deepEqual(
        Object.keys(table).filter((capture) => !captures.includes(capture)),
        [],
      );
    }
  });
});

describe('every field as tshark reads it, in made-up messages', { skip: missing('tshark') }, () => {
  it('the examples of the specification', async () => {
    const { differences, same } = await comparedSteps(
      CASES.flatMap(({ request, response }, i): Step[] => [
        ['>', adu(i, request)],
        ['<', adu(i, response)],
      ]),
    );
    assert.deepEqual(differences, []);
    assert.equal(
      [...same.values()].reduce((sum, count) => sum + count, 0),
      112,
    );
  });

  it('6,000 exchanges of every function, values by chance', async () => {
    const next = random(20_261_124);
    const seen = new Set<number>();
    const steps = Array.from({ length: 6000 }, (_, i): Step[] => {
      const { code, request, response } = randomExchange(next);
      seen.add(code);
      const unit = next(5);
      return [
        ['>', mbap(i, unit, request)],
        ['<', mbap(i, unit, response)],
      ];
    }).flat();
    const { differences, same } = await comparedSteps(steps);
    assert.equal(seen.size, 19);
    assert.deepEqual(differences.slice(0, 10), []);
    assert.ok((same.get('modbus.regval_uint16') ?? 0) > 10_000);
  });
});

describe('the comparison itself', () => {
  it('sees a value that differs and one that is missing', () => {
    const message = (fields: [string, string[]][]) => ({ frame: 7, transaction: 1, unit: 1, code: 3, exception: false, fields: new Map(fields) });
    const { differences, same } = compareFields(
      [
        message([
          ['a', ['01', '02']],
          ['b', ['03']],
        ]),
      ],
      [message([['a', ['01', '03']]])],
    );
    assert.deepEqual(differences, ['7 fc3 a: tshark 01 02, ours 01 03', '7 fc3 b: tshark 03, ours nothing']);
    assert.equal(same.size, 0);
  });
});
