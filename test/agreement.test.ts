/** The sensor and tshark find the same messages in every capture for development; where they differ on purpose it is written here. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ours, tshark, without } from './agreement.ts';
import { captures, missing, shared } from './shared.ts';

/** Messages that only tshark or only we have: frames, or whole lines as agreement.ts writes them. */
type Difference = { reason: string; tshark?: (number | string)[]; ours?: (number | string)[] };

const SPURIOUS = 'seen once, after its own acknowledgement: tshark takes it for a spurious retransmission and does not dissect it';

const OTHER_PROTOCOL_ID = 'protocol id 16 (Messaging on TCP/IP V1.0b, 3.1.3: 0): a right message otherwise, decoded and flagged';

const DIFFERENCES: { [capture: string]: Difference[] } = {
  'arkime/modbus.pcap': [{ reason: OTHER_PROTOCOL_ID, ours: [80, 82] }],
  'quickdraw/modbus_test_data_part1.pcap': [{ reason: OTHER_PROTOCOL_ID, ours: [80, 82] }],
  'suricata-verify-modbus/modbus.pcap': [{ reason: OTHER_PROTOCOL_ID, ours: [80, 82] }],
  'malcolm-s4/Modicon.pcap': [{ reason: SPURIOUS, ours: [651, 4173] }],
  'zeek-modbus/modbusBig.pcap': [{ reason: SPURIOUS, ours: [3150] }],
  'opcua-analyser/example.pcapng': [
    { reason: SPURIOUS, ours: [39, 43, 55, 63, 117, 144, 558, 901, 1027, 1131, 1300, 1711, 2379, 2626, 3302, 3755, 3827, 3961, 4077, 4601] },
    { reason: 'second copies by the mirror of frames 45, 57 and 65: counted, not analysed twice', tshark: [46, 58, 66] },
  ],
  'zeek-modbus/fuzz-72.pcap': [
    {
      reason: 'frame 6 comes right behind a hole, is of an unknown function and its length does not fit the segment: no place to start from',
      tshark: ['6 modbus 0 1 33'],
    },
    {
      reason: 'frame 12 is forged far ahead; tshark takes genuine answers behind it for retransmissions and does not dissect them',
      ours: [19, 21, 25, 26, 27, 32],
    },
    { reason: 'tshark puts the two bytes that frame 6 has too many before frame 7, which then makes no sense', ours: ['7 modbus 0 1 34'] },
  ],
};

/** Ports that tshark has to be told of; the sensor finds the protocol by its content. */
const DECODE_AS: { [capture: string]: string[] } = { 'node-opcua/OpcUaConversation1.pcapng': ['tcp.port==51210,opcua'] };

/** Captures with most messages of either protocol: that there is something to agree on. */
const MESSAGES: { [capture: string]: number } = {
  'iti/ModbusTCP.pcap': 12_000,
  'simlab/24-13_12-output.pcap': 8000,
  'zeek-modbus/modbusBig.pcap': 5500,
  'opcua-analyser/example.pcapng': 3400,
  'node-opcua/OpcUaConversation1.pcapng': 500,
};

/** Takes out the messages that stand in `known`; what stands there but is not found is a stale entry. */
function unexplained(found: readonly string[], known: readonly (number | string)[]): string[] {
  const explains = (entry: number | string, message: string) => (typeof entry === 'number' ? Number.parseInt(message, 10) === entry : message === entry);
  const stale = known.filter((entry) => !found.some((message) => explains(entry, message)));
  return [...found.filter((message) => !known.some((entry) => explains(entry, message))), ...stale.map((entry) => `${entry} is no difference any more`)];
}

describe('agreement with tshark', { skip: missing('captures', 'tshark') }, () => {
  for (const capture of captures) {
    it(capture, async () => {
      const path = shared(capture);
      const [mine, theirs] = [await ours(path), tshark(path, DECODE_AS[capture])];
      const known = DIFFERENCES[capture] ?? [];
      assert.equal(mine.frames, theirs.frames);
      assert.deepEqual(
        unexplained(
          without(theirs.messages, mine.messages),
          known.flatMap((one) => one.tshark ?? []),
        ),
        [],
        'only tshark has',
      );
      assert.deepEqual(
        unexplained(
          without(mine.messages, theirs.messages),
          known.flatMap((one) => one.ours ?? []),
        ),
        [],
        'only we have',
      );
      assert.ok(theirs.messages.length >= (MESSAGES[capture] ?? 0), `${theirs.messages.length} messages`);
    });
  }

  it('was held against every capture that stands in a table', () => {
    for (const table of [DIFFERENCES, DECODE_AS, MESSAGES]) {
      assert.deepEqual(
        Object.keys(table).filter((capture) => !captures.includes(capture)),
        [],
      );
    }
  });
});
