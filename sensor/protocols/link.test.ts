/** ARP, LLDP and PROFINET DCP through the whole sensor. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hex, join, u16 } from '../../test/lab/bytes.ts';
import { arp, ethernet, ipBytes, LLDP, macBytes, type Timed } from '../../test/lab/frames.ts';
import { observed, said } from '../../test/sightings.ts';

const START = 1_763_000_000_000;
const a = { mac: '00:80:f4:00:00:01', ip: '10.20.0.1' };
const b = { mac: '00:1b:1b:00:00:02', ip: '10.20.0.2' };
const text = (s: string) => new TextEncoder().encode(s);
const at = (bytes: Uint8Array, ms = 0): Timed => ({ at: START + ms, bytes });

describe('arp', () => {
  it('tells who asks for whom and who answers', () => {
    const seen = observed([at(arp({ operation: 1, sender: a, target: b, vlans: [7] })), at(arp({ operation: 2, sender: b, target: a }), 1)]);
    assert.deepEqual(Object.keys(seen[0]!), [
      'kind',
      '@timestamp',
      'sighting.type',
      'sighting.operation',
      'source.mac',
      'source.ip',
      'destination.ip',
      'network.vlan.id',
      'host.name',
      'host.mac',
      'host.ip',
      'device.manufacturer',
      'device.model',
      'device.version',
      'host.os',
      'frame',
    ]);
    assert.deepEqual(said(seen[0]!), {
      'sighting.type': 'arp',
      'sighting.operation': 'request',
      'source.mac': a.mac,
      'source.ip': a.ip,
      'destination.ip': b.ip,
      'network.vlan.id': 7,
      'host.mac': a.mac,
      'host.ip': a.ip,
    });
    assert.deepEqual([seen[1]?.['sighting.operation'], seen[1]?.['source.ip'], seen[1]?.['destination.ip'], seen[1]?.['frame']], ['reply', b.ip, a.ip, 2]);
  });

  it('shows a sender that is not who it says', () => {
    const forged = arp({ operation: 2, sender: b, target: a });
    forged.set(macBytes('66:66:66:66:66:66'), 6);
    assert.deepEqual([observed([at(forged)])[0]?.['source.mac'], observed([at(forged)])[0]?.['host.mac']], ['66:66:66:66:66:66', b.mac]);
  });

  it('reports every target of a sweep, repeats once a minute, announcements and probes', () => {
    const sweep = Array.from({ length: 300 }, (_, i) => at(arp({ operation: 1, sender: a, target: { mac: a.mac, ip: `10.20.${i >> 8}.${i & 255}` } }), i));
    assert.equal(new Set(observed(sweep).map((o) => o['destination.ip'])).size, 300);
    const again = [0, 1000, 59_000, 60_000, 61_000].map((ms) => at(arp({ operation: 1, sender: a, target: b }), ms));
    assert.deepEqual(
      observed(again).map((o) => o['frame']),
      [1, 4],
    );
    const own = observed([at(arp({ operation: 1, sender: a, target: a })), at(arp({ operation: 1, sender: { mac: b.mac, ip: '0.0.0.0' }, target: a }))]);
    assert.deepEqual(
      own.map((o) => [o['sighting.operation'], o['source.ip']]),
      [
        ['gratuitous', a.ip],
        ['probe', null],
      ],
    );
  });

  it('ignores other hardware, other codes and what is cut', () => {
    const good = arp({ operation: 1, sender: a, target: b });
    const broken = [
      [14, 9],
      [16, 9],
      [18, 7],
      [21, 9],
    ].map(([index, value]) => {
      const bytes = good.slice();
      bytes[index as number] = value as number;
      return at(bytes);
    });
    assert.deepEqual(observed([...broken, at(good.slice(0, 41))]), []);
  });
});

/** LLDP elements: type, bytes. */
const lldp = (...elements: [number, Uint8Array][]) =>
  ethernet({
    source: b.mac,
    destination: '01:80:c2:00:00:0e',
    type: LLDP,
    payload: join(...elements.map(([type, bytes]) => join(u16((type << 9) | bytes.length), bytes)), [0, 0]),
  });

describe('lldp', () => {
  const frame = lldp(
    [1, join([4], macBytes('00:1b:1b:00:00:99'))],
    [2, text('\x07port-1')],
    [3, Uint8Array.of(0, 20)],
    [5, text('sw-cell-1')],
    [6, text('Siemens, SIMATIC NET, SCALANCE X208')],
    [8, join([5, 1], ipBytes('10.20.0.9'), [2, 0, 0, 0, 1, 0])],
    [127, join([0, 0x12, 0xbb, 7], text('V5.2'))],
    [127, join([0, 0x12, 0xbb, 9], text('Siemens'))],
  );

  it('tells name, address, description and inventory', () => {
    assert.deepEqual(said(observed([at(frame), at(frame, 30_000), at(frame, 60_000)])[0]!), {
      'sighting.type': 'lldp',
      'sighting.operation': 'announce',
      'source.mac': b.mac,
      'host.name': 'sw-cell-1',
      'host.mac': '00:1b:1b:00:00:99',
      'host.ip': '10.20.0.9',
      'device.manufacturer': 'Siemens',
      'device.model': 'Siemens, SIMATIC NET, SCALANCE X208',
      'device.version': 'V5.2',
    });
    assert.equal(observed([at(frame), at(frame, 30_000), at(frame, 60_000)]).length, 2);
  });

  it('every prefix is borne', () => {
    for (let n = 14; n < frame.length; n++) assert.ok(observed([at(frame.slice(0, n))]).length <= 1);
    assert.deepEqual(observed([at(lldp([5, text('x')]))]), []);
  });

  it('a name cannot disguise itself', () => {
    assert.equal(observed([at(lldp([1, Uint8Array.of(7, 1)], [5, join(text('a\x1b[31mb\u202ec'), [0xff])]))])[0]?.['host.name'], 'a[31mbc\ufffd');
  });
});

/** A DCP frame: frame id, service, type, blocks of option and value (with two bytes before it). */
function dcp(id: number, service: number, type: number, ...blocks: [number, Uint8Array][]): Uint8Array {
  const body = join(...blocks.map(([option, value]) => join(u16(option), u16(value.length + 2), [0, 0], value, new Uint8Array(value.length & 1))));
  const payload = join(u16(id), [service, type], hex('00000001'), u16(0), u16(body.length), body);
  return ethernet({ source: b.mac, destination: a.mac, type: 0x8892, payload });
}

describe('profinet', () => {
  const station: [number, Uint8Array][] = [
    [0x0201, text('S7-1500')],
    [0x0202, text('plc-press-4')],
    [0x0203, hex('002a010e')],
    [0x0102, join(ipBytes('10.20.0.40'), ipBytes('255.255.255.0'), ipBytes('0.0.0.0'))],
  ];

  it('an identify answer names the station, its maker and address', () => {
    assert.deepEqual(said(observed([at(dcp(0xfeff, 5, 1, ...station))])[0]!), {
      'sighting.type': 'profinet',
      'sighting.operation': 'identify',
      'source.mac': b.mac,
      'host.name': 'plc-press-4',
      'host.mac': b.mac,
      'host.ip': '10.20.0.40',
      'device.manufacturer': 'Siemens',
      'device.model': 'S7-1500',
    });
  });

  it('setting a name is told of the station that gets it', () => {
    const seen = said(observed([at(dcp(0xfefd, 4, 0, [0x0202, text('renamed')]))])[0]!);
    assert.deepEqual([seen['sighting.operation'], seen['host.name'], seen['host.mac']], ['set', 'renamed', a.mac]);
  });

  it('questions, cyclic data and cut frames tell nothing wrong', () => {
    assert.deepEqual(observed([at(dcp(0xfefe, 5, 0, [0x0202, text('who')])), at(dcp(0x8001, 5, 1, ...station)), at(dcp(0xfefd, 4, 1, ...station))]), []);
    const whole = dcp(0xfeff, 5, 1, ...station);
    for (let n = 14; n < whole.length; n++) assert.ok(observed([at(whole.slice(0, n))]).length <= 1);
  });
});
