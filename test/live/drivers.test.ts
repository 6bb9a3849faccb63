/** Frames from a wire to blocks: byte for byte what was sent, by each driver. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { usable } from '../../sensor/capture/interfaces.ts';
import { linux } from '../../sensor/capture/linux.ts';
import { openRing, Ring } from '../../sensor/capture/ring.ts';
import type { DriverName } from '../../sensor/capture/source.ts';
import { Decoder, HELD, UNDECODED } from '../../sensor/decode/decode.ts';
import { memberOf } from '../../sensor/share.ts';
import { ethernet, type Host, tcpFrame, udpFrame } from '../lab/frames.ts';
import { blockOf, type Frame, framesOf, random, START } from '../sense.ts';
import { missing } from '../shared.ts';
import { type Capturing, capturedBy, copied, until, Wire } from './wire.ts';

const A: Host = { mac: '00:80:f4:00:00:05', ip: '10.0.0.5', port: 40_001 };
const B: Host = { mac: '00:80:f4:00:00:09', ip: '10.0.0.9', port: 502 };
const data = (size: number, seed = 1): Uint8Array => {
  const next = random(seed);
  return Uint8Array.from({ length: size }, () => next(256));
};
const segment = (size: number, vlans: number[] = [], port = B.port): Uint8Array =>
  tcpFrame(A, { ...B, port }, { seq: 1, ack: 1, flags: 0x18, payload: data(size, size + 1) }, vlans);

/** Sizes from the smallest to the largest that fit an MTU of 1,500; tagged once and twice; no IP at all. */
const FRAMES: Uint8Array[] = [
  ...[6, 7, 46, 512, 1446].map((size) => segment(size)),
  segment(30, [7]),
  segment(30, [4094]),
  segment(64, [100, 200]),
  udpFrame(A, { ...B, port: 53 }, data(40)),
  ethernet({ source: A.mac, destination: '01:80:c2:00:00:0e', type: 0x88cc, payload: data(50) }),
  ...Array.from({ length: 2000 }, (_, i) => segment(6 + (i % 900), i % 3 === 0 ? [1 + (i % 4000)] : [])),
];
const sent: Frame[] = FRAMES.map((bytes, i) => ({ at: START + i, bytes }));
const CLIENTS = 60;

/** Many clients of one OPC UA server and of one Modbus server, both directions, IPv6 too, with IP options, and the sample plant. */
async function dealt(): Promise<Frame[]> {
  const both = (client: Host, server: Host): Uint8Array[] => [
    tcpFrame(client, server, { seq: 1, ack: 1, flags: 0x18, payload: data(40) }),
    tcpFrame(server, client, { seq: 1, ack: 1, flags: 0x18, payload: data(50) }),
  ];
  const servers = [4840, 502].map((port): Host => ({ ...B, port }));
  const clients = Array.from({ length: CLIENTS }, (_, n): Host => ({ ...A, ip: `10.0.7.${n + 1}`, port: 40_000 + n }));
  const requests = clients.flatMap((client) => servers.map((server) => both(client, server)[0] as Uint8Array));
  const answers = clients.flatMap((client) => servers.map((server) => both(client, server)[1] as Uint8Array));
  const peers = both({ ...A, port: 4840 }, { ...B, port: 4843 });
  const sixes = clients.flatMap((client, n) => both({ ...client, ip: `fd00::7:${n + 1}` }, { ...B, ip: 'fd00::9', port: n % 2 === 0 ? 4840 : 502 }));
  const plant = (await framesOf(PLANT)).map(({ bytes }) => bytes);
  return [...requests, ...answers, ...peers, ...sixes, ...plant].map((bytes, i) => ({ at: START + i, bytes }));
}

const PLANT = fileURLToPath(new URL('../captures/plant/plant.pcapng.gz', import.meta.url));
const hex = (frames: readonly Frame[]): string[] => frames.map(({ bytes }) => Buffer.from(bytes).toString('hex'));

async function opened(driver: DriverName, name: string, filter = 'all'): Promise<Capturing> {
  if (driver !== 'ring') return capturedBy(driver, name, filter);
  const calls = await linux();
  return copied(new Ring(calls, openRing(calls, usable(name), { filter, mib: 16, fanout: null })));
}

describe('drivers on a wire', { skip: missing('live') }, () => {
  let wire: Wire;
  before(() => {
    wire = new Wire();
  });
  after(() => wire.remove());

  for (const driver of ['ring', 'pcap', 'cap'] as const) {
    it(`${driver}: every frame as it was sent, VLAN tags in place, in order, timed now, and none is sent`, async () => {
      const [before, began] = [wire.transmitted, Date.now()];
      const source = await opened(driver, wire.name);
      const { frames, report } = source;
      await wire.send(wire.file(sent), 20_000);
      await until('all frames', () => frames.length >= sent.length);
      source.stop();
      const { frames: count, interfaces } = await report;
      assert.deepEqual(hex(frames), hex(sent));
      assert.deepEqual([count, interfaces[0]?.dropped, interfaces[0]?.driver], [sent.length, driver === 'cap' ? null : 0, driver]);
      assert.ok(frames.every(({ at, length, bytes, linktype }) => at > began - 5 && at < Date.now() + 5 && length === bytes.length && linktype === 1));
      assert.equal(wire.transmitted, before);
    });
  }

  it('the kernel deals frames out to three rings as sensors deal out those of a file', async () => {
    const calls = await linux();
    const group = (process.pid % 60_000) + 3;
    const rings = [0, 1, 2].map((member) => openRing(calls, usable(wire.name), { filter: 'all', mib: 4, fanout: { group, member, members: 3 } }));
    const sources = rings.map((ring) => copied(new Ring(calls, ring)));
    const frames = await dealt();
    await wire.send(wire.file(frames), 20_000);
    await until('all frames', () => sources.reduce((sum, { frames: some }) => sum + some.length, 0) >= frames.length);
    for (const source of sources) source.stop();
    await Promise.all(sources.map(({ report }) => report));
    const decoder = new Decoder();
    const own = (frame: Frame): number => {
      const kind = decoder.decode(blockOf([frame]), 0, 1);
      return kind === UNDECODED || kind === HELD ? 0 : memberOf(decoder.packet, kind, 3);
    };
    for (const member of [0, 1, 2]) {
      const { frames: some } = sources[member] as Capturing;
      assert.deepEqual(hex(some).sort(), hex(frames.filter((frame) => own(frame) === member)).sort());
      assert.ok(some.length > CLIENTS, `${some.length}`);
    }
    // All of OPC UA comes to the same sensor, clients of a Modbus server need not.
    const of = (port: number): number => new Set(frames.filter((_, i) => i < 2 * CLIENTS && i % 2 === (port === 502 ? 1 : 0)).map(own)).size;
    assert.deepEqual([of(4840), of(502)], [1, 3]);
  });

  it('a ring that the kernel does not give is one line with the fix, and leaves nothing open', async () => {
    const calls = await linux();
    const [opened, closed]: [number[], number[]] = [[], []];
    const watched = {
      ...calls,
      socket: (...args: Parameters<typeof calls.socket>) => opened[opened.push(calls.socket(...args)) - 1] as number,
      close: (fd: number) => calls.close(closed[closed.push(fd) - 1] as number),
    };
    assert.throws(
      () => openRing(watched, usable(wire.name), { filter: 'all', mib: 10_000_000, fanout: null }),
      /^Error: a ring of 10000000 MiB cannot be allocated \(E\w+\); set capture\.ring to fewer MiB, such as 2500000$/,
    );
    assert.deepEqual([opened.length, closed], [1, opened]);
  });

  it('jumbo frames are whole', async () => {
    const big = wire.file([{ at: START, bytes: segment(8900) }]);
    const source = await opened('ring', wire.name);
    const { frames, report } = source;
    wire.mtu(9200);
    await wire.send(big);
    await until('the frame', () => frames.length > 0);
    source.stop();
    await report;
    assert.deepEqual(hex(frames), hex([{ at: 0, bytes: segment(8900) }]));
    wire.mtu(1500);
  });

  describe('filters', () => {
    const ports = [502, 4840, 445, 3260, 53, 9999];
    const mixed: Frame[] = [
      ...ports.flatMap((port) => [segment(20, [], port), segment(20, [5], port)]),
      ethernet({ source: A.mac, destination: B.mac, type: 0x0806, payload: data(46) }),
    ].map((bytes, i) => ({ at: START + i, bytes }));
    const expected = { all: 13, 'no-bulk': 9, control: 7 };
    for (const [name, count] of Object.entries(expected)) {
      for (const driver of ['ring', 'pcap'] as const) {
        it(`${name} by ${driver}: ${count} of ${mixed.length} frames`, async () => {
          const source = await opened(driver, wire.name, name);
          const { frames, report } = source;
          await wire.send(wire.file(mixed), 1000);
          // A last frame that every filter lets through.
          await wire.send(wire.file([{ at: START, bytes: ethernet({ source: A.mac, destination: B.mac, type: 0x88cc, payload: data(60) }) }]));
          await until('the last frame', () => frames.at(-1)?.bytes[12] === 0x88);
          source.stop();
          await report;
          assert.equal(frames.length - 1, count);
        });
      }
    }

    it('an expression is for pcap', async () => {
      await assert.rejects(opened('ring', wire.name, 'tcp port 502'), /the ring driver knows the filters all, no-bulk, control; .* needs --driver pcap/);
      await assert.rejects(opened('pcap', wire.name, 'tcp prt 502'), /capture\.filter "tcp prt 502" is no filter: .*syntax error/);
      const source = await opened('pcap', wire.name, 'tcp port 502');
      const { frames, report } = source;
      await wire.send(wire.file([segment(9, [], 503), segment(10)].map((bytes) => ({ at: START, bytes }))));
      await until('a frame', () => frames.length > 0);
      source.stop();
      await report;
      assert.equal(frames.length, 1);
    });
  });

  it('a real capture comes through as it is', async () => {
    const file = new URL('../captures/plant/plant.pcapng.gz', import.meta.url).pathname;
    const original = (await framesOf(file)).slice(0, 5000);
    const source = await opened('ring', wire.name);
    const { frames, report } = source;
    await wire.send(wire.file(original), 20_000);
    await until('all frames', () => frames.length >= original.length);
    source.stop();
    await report;
    assert.deepEqual(hex(frames), hex(original));
  });
});
