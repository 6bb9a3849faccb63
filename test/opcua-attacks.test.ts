/**
 * Attacks on OPC UA implementations that are published (Claroty Team82's list and the CVEs named), as frames through the whole sensor: each is
 * flagged, what is held and told stays bounded, and the connection is followed afterwards.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Observation, Value } from '../sensor/observation.ts';
import { join } from './lab/bytes.ts';
import { authority, issue } from './lab/certificate.ts';
import { SERVER as HOST, type Step, type Talk, talk } from './modbus-wire.ts';
import { OPENING, writeResponse } from './opcua-cases.ts';
import * as wire from './opcua-wire.ts';
import { sense } from './sense.ts';

const { chunk, double, f64, id, list, msg, named, text, u16, u32 } = wire;

/** Bytes of a segment. */
const SEGMENT = 1400;
const SERVER = { ...HOST, port: 4840 };
const SPEED = named(2, 'Pump.Speed');
const LAST = 4_000_000;

type Side = '>' | '<';

/** A message of any size as segments. */
function sent(side: Side, message: Uint8Array): Step[] {
  return Array.from({ length: Math.ceil(message.length / SEGMENT) }, (_, i): Step => [side, message.slice(i * SEGMENT, (i + 1) * SEGMENT)]);
}

const poll = (n: number): Step[] => [
  ['>', msg(n, n, wire.readRequest(n, [SPEED]))],
  ['<', msg(n, n, wire.readResponse(n, [double(n)]))],
];

/** A message's body as chunks of 60,000 bytes, from sequence number `from` on. */
function inChunks(body: Uint8Array, request: number, from: number): Step[] {
  const count = Math.ceil(body.length / 60_000);
  return Array.from({ length: count }, (_, i) =>
    sent('>', chunk(i === count - 1 ? 'F' : 'C', from + i, request, body.slice(i * 60_000, (i + 1) * 60_000))),
  ).flat();
}

type Attacked = { all: Observation[]; flaws: Value[]; held: number; last: Observation | undefined };

const heldOf = (coverage: ReturnType<typeof sense>['coverage']): number => coverage.ceilings.find(({ name }) => name === 'bytes held for opcua')?.used ?? -1;

/** The attack on an open channel, then a Read: what is told, and how many bytes are held when it has passed. */
function attack(steps: readonly Step[], options: Talk = {}): Attacked {
  const { observations, coverage } = sense(talk([...OPENING, ...steps, ...poll(LAST)], { server: SERVER, ...options }), { end: false });
  const all = observations.filter(({ kind }) => kind.startsWith('opcua') || kind === 'flaw');
  return { all, flaws: wire.flawsOf(all), held: heldOf(coverage), last: all.find((o) => o['opcua.request_id'] === LAST) };
}

/** It is flagged with `flaw`; `told` records at most besides the opening and the last Read; `held` bytes at most afterwards. */
function bounded(found: Attacked, flaw: string, told: number, held = 0): void {
  assert.ok(found.flaws.includes(flaw), `${flaw} is not among ${[...new Set(found.flaws)]}`);
  assert.equal(found.last?.['outcome'], 'answered');
  assert.ok(found.all.length <= told + 3, `${found.all.length} records`);
  assert.ok(found.held >= 0 && found.held <= held, `${found.held} bytes held`);
}

const size = (o: Observation | undefined): number => JSON.stringify(o).length;
const request = (typeId: number, ...body: wire.Bytes[]): Uint8Array => join(id(typeId), wire.requestHeader(wire.TOKEN, 7), ...body);
const written = (variant: wire.Bytes): Step[] => [...inChunks(wire.writeRequest(7, SPEED, join([1], variant)), 2, 2), ['<', msg(2, 2, writeResponse(7, 0))]];

describe('chunks without end (UA-37; CVE-2022-29864, CVE-2022-21208, CVE-2022-25761)', () => {
  const body = new Uint8Array(8);
  it('small ones', () => {
    const flood = Array.from({ length: 5000 }, (_, i): Step => ['>', chunk('C', i + 2, 4, body)]);
    bounded(attack(flood), 'chunk_flood', 1);
  });

  it('large ones: 18 MB of one message', () => {
    const large = new Uint8Array(60_000);
    const flood = Array.from({ length: 300 }, (_, i) => sent('>', chunk('C', i + 2, 4, large))).flat();
    bounded(attack(flood), 'message_over_limit', 1);
  });

  it('of 3,000 messages at a time: few are kept', () => {
    const flood = Array.from({ length: 3000 }, (_, i): Step => ['>', chunk('C', i + 2, i + 2, body)]);
    const found = attack(flood);
    assert.equal(found.last?.['outcome'], 'answered');
    assert.ok(found.held <= 8 * 65_536, `${found.held} bytes held`);
  });
});

it('chunks larger than agreed (UA-38)', () => {
  const found = attack([
    ...sent('>', msg(2, 2, wire.writeRequest(7, SPEED, join([1, 15], list(new Uint8Array(70_000)))))),
    ['<', msg(2, 2, writeResponse(7, 0))],
  ]);
  assert.ok(found.flaws.includes('size_over_negotiated'));
  assert.equal(found.last?.['outcome'], 'answered');
});

describe('10,000 deep (UA-43; CVE-2022-25903, CVE-2021-27432, CVE-2023-3825)', () => {
  const DEEP = 10_000;
  const nested = (one: wire.Bytes): Uint8Array => join(...Array.from({ length: DEEP }, () => one), [0]);

  it('Variants in Variants', () => bounded(attack(written(nested([0x98, ...u32(1)]))), 'depth_over_limit', 1));
  it('DataValues in Variants in DataValues', () => bounded(attack(written(nested([23, 1]))), 'depth_over_limit', 1));
  it('inner diagnostics', () => {
    const answer = join(id(676), join(wire.u64(133_000_000_000_000_000n), u32(7), u32(0)), nested([0x40]));
    const found = attack([['>', msg(2, 2, wire.writeRequest(7, SPEED, double(1)))], ...sent('<', msg(2, 2, answer))]);
    bounded(found, 'depth_over_limit', 1);
  });
});

it('a relative path of 8,000 elements (UA-44; CVE-2022-29866)', () => {
  const path = Array.from({ length: 8000 }, () => join(id(47), [0, 1], u16(0), text('x')));
  const found = attack(inChunks(request(554, list(join(id(85), list(...path)))), 2, 2));
  const told = found.all.find((o) => o['opcua.service'] === 'TranslateBrowsePathsToNodeIds');
  assert.equal(told, undefined, 'it waits for its answer');
  const answered = attack([
    ...inChunks(request(554, list(join(id(85), list(...path)))), 2, 2),
    ['<', msg(2, 2, join(id(397), wire.responseHeader(7, 0x80020000)))],
  ]);
  bounded(answered, 'path_over_limit', 1);
  const whole = answered.all.find((o) => o['opcua.service'] === 'TranslateBrowsePathsToNodeIds');
  assert.equal(whole?.['opcua.path_depth'], 8000);
  assert.ok(size(whole) < 4000, `${size(whole)} characters`);
});

it('200 Writes that end too early (UA-45; CVE-2022-30551)', () => {
  const whole = wire.writeRequest(7, SPEED, double(1));
  const steps = Array.from({ length: 200 }, (_, i): Step[] => [
    ['>', msg(i + 2, i + 2, whole.slice(0, whole.length - 1 - (i % 40)))],
    ['<', msg(i + 2, i + 2, join(id(397), wire.responseHeader(7, 0x80070000)))],
  ]).flat();
  const found = attack(steps);
  const writes = found.all.filter((o) => o['opcua.service'] === 'Write');
  assert.equal(writes.length, 200);
  for (const [i, o] of writes.entries()) assert.ok((o['opcua.flaws'] as string[] | undefined)?.length, `Write ${i} has no flaw`);
  assert.equal(found.last?.['outcome'], 'answered');
  assert.equal(found.held, 0);
});

it('0x6fff method calls, then the connection is cut (UA-46; CVE-2022-1748)', () => {
  const one = join(named(1, 'o'), named(1, 'm'), u32(-1));
  const body = request(712, list(...Array.from({ length: 0x6fff }, () => one)));
  const { observations, coverage } = sense(talk([...OPENING, ...inChunks(body, 2, 2)], { server: SERVER, close: true }));
  const call = observations.find((o) => o['opcua.service'] === 'Call');
  assert.equal(call?.['opcua.left_off'], 0x6fff - 5000);
  assert.equal((call?.['opcua.methods'] as Value[] | undefined)?.length, 5000);
  assert.ok(['lost', 'timeout'].includes(call?.['outcome'] as string));
  assert.equal(heldOf(coverage), 0);
});

describe('text that is not UTF-8 (UA-47; CVE-2022-2825, CVE-2022-2848)', () => {
  const broken = [...u32(4), 0xff, 0xfe, 0xc0, 0x80];
  it('in CreateSession', () => {
    const application = join(broken, broken, [2], broken, u32(1), text(null), text(null), u32(-1));
    const body = join(id(461), wire.requestHeader([0, 0], 7), application, broken, broken, broken, u32(-1), u32(-1), f64(1000), u32(0));
    const found = attack([
      ['>', msg(2, 2, body)],
      ['<', msg(2, 2, join(id(397), wire.responseHeader(7, 0x80020000)))],
    ]);
    bounded(found, 'not_utf8', 1);
  });
  it('in Hello', () => {
    const hello = wire.message('HELF', join(u32(0), u32(65_535), u32(65_535), u32(0), u32(0), broken));
    const steps: Step[] = [
      ['>', hello],
      ['<', wire.ack()],
    ];
    bounded(attack(steps), 'not_utf8', 1);
  });
});

describe('sizes that lie', () => {
  for (const type of [1, 3, 6, 11, 12, 14, 15, 17, 22, 23, 24, 25]) {
    it(`2^31 elements of built-in type ${type}`, () => {
      const found = attack(written([0x80 | type, ...u32(0x7fffffff), 1, 2, 3, 4]));
      bounded(found, 'length_beyond_message', 1);
      assert.ok(size(found.all.find((o) => o['opcua.service'] === 'Write')) < 3000);
    });
  }
  it('2^31 nodes, references, endpoints', () => {
    const bodies: [number, Uint8Array][] = [
      [631, join(f64(0), u32(0), u32(0x7fffffff))],
      [673, join(u32(0x7fffffff))],
      [527, join([0, 0], wire.u64(0n), u32(0), u32(0), u32(0x7fffffff))],
      [560, join(u32(0x7fffffff))],
      [488, join(u32(0x7fffffff))],
    ];
    for (const [type, body] of bodies) {
      const steps: Step[] = [
        ['>', msg(2, 2, request(type, body))],
        ['<', msg(2, 2, join(id(397), wire.responseHeader(7, 0x80070000)))],
      ];
      bounded(attack(steps), 'length_beyond_message', 1);
    }
  });
  it('negative lengths of text, bytes and arrays', () => {
    for (const variant of [
      [12, ...u32(-2)],
      [15, ...u32(0x80000000)],
      [0x86, ...u32(-7)],
      [17, 3, 0, 0, ...u32(-5)],
    ])
      bounded(attack(written(variant)), 'negative_length', 1);
  });
});

/** `chain` as the sender's certificate of an opening. */
const openedWith = (chain: Uint8Array): Uint8Array =>
  wire.message('OPNF', join(u32(0), text(`${wire.POLICY}Basic256Sha256`), list(...[...chain].map((byte) => [byte])), u32(-1), new Uint8Array(256)));

describe('certificates', () => {
  const one = authority('one');
  const loop = [one.der, issue(one, 'two').der];
  it('a chain that goes round in circles: 100 certificates, two that issue each other', () => {
    const chain = join(...Array.from({ length: 50 }, () => loop).flat());
    const found = attack([...sent('>', openedWith(chain)), ['<', wire.sealedOpen(6)]]);
    bounded(found, 'certificate_chain_long', 1);
    assert.ok(size(found.all.find((o) => o['opcua.security_policy'] === 'Basic256Sha256')) < 12_000);
  });
  it('bytes that are none', () => {
    const found = attack([...sent('>', openedWith(new Uint8Array(2000).fill(0x30))), ['<', wire.sealedOpen(6)]]);
    assert.equal(found.last?.['outcome'], 'answered');
  });
});

describe('channels', () => {
  const stray = (channel: number): Step[] => [
    ['>', msg(50, 50, wire.readRequest(50, [SPEED]), channel)],
    ['<', msg(50, 50, wire.readResponse(50, [double(1)]), channel)],
  ];
  it('messages of a channel that was never opened', () => bounded(attack(stray(77)), 'unknown_channel', 1));
  it('200 of them: few are kept', () => {
    const found = attack(Array.from({ length: 200 }, (_, i) => stray(100 + i)).flat());
    assert.equal(found.last?.['outcome'], 'answered');
    assert.ok(found.all.length <= 203 + 1, `${found.all.length} records`);
  });
  it('two with one id', () => {
    const steps: Step[] = [
      ['>', wire.openRequest(2)],
      ['<', wire.openResponse(2, 5, 9)],
    ];
    bounded(attack(steps), 'channel_id_in_use', 1);
  });
  it('a channel that is opened again under its own id is none of them', () => {
    const steps: Step[] = [
      ['>', wire.openRequest(2, 1, 5)],
      ['<', wire.openResponse(2, 5, 9)],
    ];
    // The Read behind it is far ahead in sequence, as in every case here.
    assert.deepEqual(attack(steps).flaws, ['sequence_gap']);
  });
});
