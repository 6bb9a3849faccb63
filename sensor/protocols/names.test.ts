/** DHCP, DNS, mDNS, LLMNR and NetBIOS names through the whole sensor. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hex, join, u16, u32, viewOf } from '../../test/lab/bytes.ts';
import { ipBytes, macBytes, type Timed, udpFrame } from '../../test/lab/frames.ts';
import { observed, said } from '../../test/sightings.ts';
import { dhcp } from './dhcp/dhcp.ts';
import { NO, YES } from './dissector.ts';
import { dns, mdns } from './dns/dns.ts';
import { message, nameAt } from './dns/message.ts';
import { nbns } from './nbns/nbns.ts';

const START = 1_763_000_000_000;
const host = (last: number, port: number) => ({ mac: `00:80:f4:00:00:${last.toString(16).padStart(2, '0')}`, ip: `10.20.0.${last}`, port });
const text = (s: string) => new TextEncoder().encode(s);
type Host = ReturnType<typeof host>;
const frame = (from: Host, to: Host, payload: Uint8Array, ms = 0): Timed => ({ at: START + ms, bytes: udpFrame(from, to, payload) });

const labels = (name: string) => join(...name.split('.').map((label) => join([text(label).length], text(label))), [0]);
const record = (name: string | Uint8Array, type: number, data: Uint8Array) =>
  join(typeof name === 'string' ? labels(name) : name, u16(type), u16(1), u32(60), u16(data.length), data);
const answer = (...records: Uint8Array[]) => join(u16(1), u16(0x8400), u16(0), u16(records.length), u16(0), u16(0), ...records);
const query = (name: string, type = 1) => join(u16(1), u16(0x0100), u16(1), u16(0), u16(0), u16(0), labels(name), u16(type), u16(1));

const random = (seed: number) => () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) >>> 8;

/** Every prefix, and a thousand copies with some bytes changed, neither throw nor say much. */
function bear(payload: Uint8Array, from: Host, to: Host): void {
  for (let n = 0; n < payload.length; n++) observed([frame(from, to, payload.slice(0, n))]);
  const next = random(payload.length);
  const mangled = Array.from({ length: 1000 }, (_, i) => {
    const bytes = payload.slice();
    for (let k = 0; k < 3; k++) bytes[next() % bytes.length] = next() & 255;
    return frame(from, to, bytes, i);
  });
  assert.ok(observed([frame(from, to, payload), ...mangled]).length < 5000);
}

describe('dns', () => {
  const client = host(5, 41_000);
  const server = host(1, 53);
  const pointer = hex('c00c');

  it('answers name hosts, whatever port asked', () => {
    const payload = join(
      u16(9),
      u16(0x8180),
      u16(1),
      u16(2),
      u16(0),
      u16(0),
      labels('Historian.Plant'),
      u16(1),
      u16(1),
      record(pointer, 1, ipBytes('10.20.0.7')),
      record(pointer, 28, ipBytes('fd00::7')),
    );
    const seen = observed([frame(client, server, query('historian.plant')), frame(server, client, payload, 1), frame(server, host(5, 41_001), payload, 2)]);
    assert.deepEqual(seen.map(said), [
      {
        'sighting.type': 'dns',
        'sighting.operation': 'answer',
        'source.ip': '10.20.0.1',
        'destination.ip': '10.20.0.5',
        'host.name': 'historian.plant',
        'host.ip': '10.20.0.7',
      },
      {
        'sighting.type': 'dns',
        'sighting.operation': 'answer',
        'source.ip': '10.20.0.1',
        'destination.ip': '10.20.0.5',
        'host.name': 'historian.plant',
        'host.ip': 'fd00::7',
      },
    ]);
    bear(payload, server, client);
  });

  it('reverse answers too; loopback and failures do not', () => {
    const seen = observed([
      frame(server, client, answer(record('9.0.20.10.in-addr.arpa', 12, labels('valve.plant')), record('localhost', 1, ipBytes('127.0.0.1')))),
    ]);
    assert.deepEqual(
      seen.map((o) => [o['host.name'], o['host.ip']]),
      [['valve.plant', '10.20.0.9']],
    );
    const failed = answer(record('x', 1, ipBytes('10.0.0.1')));
    failed[3] = 0x83;
    assert.deepEqual(observed([frame(server, client, failed)]), []);
  });

  it('is known by content off its port, when nothing is left over', () => {
    const payload = query('a.b');
    assert.equal(dns.recognise(viewOf(payload), 0, payload.length, false), YES);
    const longer = join(payload, [1]);
    assert.equal(dns.recognise(viewOf(longer), 0, longer.length, false), NO);
    assert.equal(mdns.recognise(viewOf(payload), 0, payload.length, false), NO);
    assert.equal(observed([frame(client, host(1, 5300), payload)], 'flow').at(-1)?.['network.protocol'], 'dns');
  });

  it('compression cannot loop, point ahead or grow', () => {
    const at = (bytes: Uint8Array, p: number) => nameAt(viewOf(bytes), 0, bytes.length, p);
    const good = join(labels('plant'), [1, 0x61, 0xc0, 0]);
    assert.deepEqual(at(good, 7), { text: 'a.plant', next: 11 });
    for (const bad of [hex('c000'), hex('0161c000'), hex('c002c000'), hex('c0'), hex('0561'), hex('4061'), hex('80'), new Uint8Array(0)])
      assert.equal(at(bad, 0).next, -1);
    assert.equal(at(join(...Array.from({ length: 200 }, () => [1, 0x61])), 0).next, -1);
    assert.equal(at(hex('03612e6200'), 0).text, 'a\u2024b');
    assert.equal(at(hex('02ff0700'), 0).text, '\ufffd');
  });

  it('counts are believed as far as the bytes go', () => {
    const lies = join(u16(1), u16(0x8400), u16(0), u16(65_535), u16(65_535), u16(65_535), record('a', 1, ipBytes('10.0.0.1')));
    assert.equal(message(viewOf(lies), 0, lies.length)?.records.length, 1);
    assert.equal(message(viewOf(hex('000100000000000000000000')), 0, 12), undefined);
  });

  it('llmnr and mdns have names of their own', () => {
    const payload = answer(record('Pump-HMI', 1, ipBytes('10.20.0.8')));
    const seen = observed([frame(host(8, 5355), host(5, 50_000), payload), frame(host(8, 5353), { ...host(0, 5353), ip: '224.0.0.251' }, payload)]);
    assert.deepEqual(
      seen.map((o) => [o['sighting.type'], o['host.name']]),
      [
        ['llmnr', 'pump-hmi'],
        ['mdns', 'Pump-HMI'],
      ],
    );
  });

  it('mdns services say what device they run on', () => {
    const instance = 'Printer._ipp._tcp.local';
    const strings = ['txtvers=1', 'usb_MFG=Zebra', 'product=(ZT411)', 'fw=92.21', 'no', '='].map((s) => join([s.length], text(s)));
    const payload = answer(
      record(instance, 33, join(u16(0), u16(0), u16(631), labels('zt411.local'))),
      record(instance, 16, join(...strings)),
      record('zt411.local', 1, ipBytes('10.20.0.30')),
      record(instance, 1, ipBytes('10.20.0.30')),
    );
    const to = { ...host(0, 5353), ip: '224.0.0.251' };
    const seen = observed([frame(host(30, 5353), to, payload)]);
    assert.deepEqual(
      seen.map((o) => o['sighting.operation']),
      ['answer', 'service'],
    );
    assert.deepEqual(said(seen[1]!), {
      'sighting.type': 'mdns',
      'sighting.operation': 'service',
      'source.ip': '10.20.0.30',
      'destination.ip': '224.0.0.251',
      'host.name': 'zt411.local',
      'host.ip': '10.20.0.30',
      'device.manufacturer': 'Zebra',
      'device.model': 'ZT411',
      'device.version': '92.21',
    });
    bear(payload, host(30, 5353), to);
  });
});

describe('dhcp', () => {
  const client = { ...host(9, 68), ip: '0.0.0.0' };
  const everyone = { mac: 'ff:ff:ff:ff:ff:ff', ip: '255.255.255.255', port: 67 };
  const boot = (operation: number, own: string, given: string, ...options: [number, Uint8Array][]) =>
    join(
      [operation, 1, 6, 0],
      u32(7),
      u32(0),
      ipBytes(own),
      ipBytes(given),
      new Uint8Array(8),
      macBytes(host(9, 0).mac),
      new Uint8Array(202),
      hex('63825363'),
      ...options.map(([code, value]) => join([code, value.length], value)),
      [255],
    );

  it('requests say name, class and address, answers which address was given', () => {
    const request = boot(1, '0.0.0.0', '0.0.0.0', [53, Uint8Array.of(3)], [12, text('hmi-2')], [60, text('MSFT 5.0')], [50, ipBytes('10.20.0.9')]);
    const ack = boot(2, '0.0.0.0', '10.20.0.9', [53, Uint8Array.of(5)], [0, new Uint8Array(0)]);
    const seen = observed([frame(client, everyone, request), frame(host(1, 67), { ...host(9, 68) }, ack, 1)]);
    assert.deepEqual(seen.map(said), [
      {
        'sighting.type': 'dhcp',
        'sighting.operation': 'request',
        'destination.ip': '255.255.255.255',
        'host.name': 'hmi-2',
        'host.mac': host(9, 0).mac,
        'host.ip': '10.20.0.9',
        'host.os': 'Windows',
      },
      {
        'sighting.type': 'dhcp',
        'sighting.operation': 'ack',
        'source.ip': '10.20.0.1',
        'destination.ip': '10.20.0.9',
        'host.mac': host(9, 0).mac,
        'host.ip': '10.20.0.9',
      },
    ]);
    bear(request, client, everyone);
  });

  it('vendor classes are systems, devices or nothing', () => {
    const of = (vendor: string) => said(observed([frame(client, everyone, boot(1, '0.0.0.0', '0.0.0.0', [53, Uint8Array.of(1)], [60, text(vendor)]))])[0]!);
    assert.deepEqual(
      [of('android-dhcp-13')['host.os'], of('udhcp 1.36.1')['host.os'], of('SIMATIC S7')['device.model'], of('PXEClient:Arch:00007')['device.model']],
      ['Android 13', 'Linux', 'SIMATIC S7', undefined],
    );
  });

  it('is known by its cookie wherever it runs', () => {
    const bytes = boot(1, '0.0.0.0', '0.0.0.0');
    assert.equal(dhcp.recognise(viewOf(bytes), 0, bytes.length, false), YES);
    assert.equal(dhcp.recognise(viewOf(bytes), 0, 239, true), NO);
  });
});

describe('nbns', () => {
  const encoded = (name: string, suffix: number) => {
    const bytes = join(text(name.padEnd(15)), [suffix]);
    return String.fromCharCode(...[...bytes].flatMap((byte) => [65 + (byte >> 4), 65 + (byte & 15)]));
  };
  const from = host(22, 137);
  const to = { ...host(255, 137), mac: 'ff:ff:ff:ff:ff:ff' };
  const register = (name: string, suffix: number, flags: number) =>
    join(
      u16(1),
      u16(0x2910),
      u16(1),
      u16(0),
      u16(0),
      u16(1),
      labels(encoded(name, suffix)),
      u16(32),
      u16(1),
      record(hex('c00c'), 32, join(u16(flags), ipBytes('10.20.0.22'))),
    );

  it('registrations of hosts name them; groups and other suffixes do not', () => {
    const seen = observed([
      frame(from, to, register('ENG-STATION', 0, 0)),
      frame(from, to, register('WORKGROUP', 0, 0x8000), 1),
      frame(from, to, register('BROWSER', 0x1d, 0), 2),
    ]);
    assert.deepEqual(seen.map(said), [
      {
        'sighting.type': 'nbns',
        'sighting.operation': 'register',
        'source.ip': '10.20.0.22',
        'destination.ip': '10.20.0.255',
        'host.name': 'ENG-STATION',
        'host.ip': '10.20.0.22',
      },
    ]);
    bear(register('ENG-STATION', 0, 0), from, to);
  });

  it('a status answer has the link address', () => {
    const names = join(text('WORKGROUP'.padEnd(15)), [0], u16(0x8400), text('SCADA-1'.padEnd(15)), [0x20], u16(0x0400));
    const payload = answer(record(encoded('*\0\0\0\0\0\0\0\0\0\0\0\0\0\0', 0), 33, join([2], names, macBytes('00:1c:06:01:02:03'), new Uint8Array(40))));
    const seen = said(observed([frame(from, host(5, 137), payload)])[0]!);
    assert.deepEqual(
      [seen['sighting.operation'], seen['host.name'], seen['host.mac'], seen['host.ip']],
      ['status', 'SCADA-1', '00:1c:06:01:02:03', '10.20.0.22'],
    );
    bear(payload, from, host(5, 137));
  });

  it('other names are not its own', () => {
    const bytes = query('plant.local', 32);
    assert.equal(nbns.recognise(viewOf(bytes), 0, bytes.length, true), NO);
  });
});
