import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hex, viewOf } from './bytes.ts';
import { conversation } from './conversation.ts';
import { arp, checksum, ethernet, fragments, ipBytes, ipv4, tcpFrame, UDP, udp, udpFrame } from './frames.ts';
import { pcap, pcapng } from './pcapfile.ts';

const a = { mac: '00:80:f4:00:00:01', ip: '10.20.0.1', port: 40000 };
const b = { mac: '00:80:f4:00:00:02', ip: '10.20.0.2', port: 502 };

test('an IPv4 header checksum is that of the example of RFC 1071 users know', () => {
  const packet = ipv4({ source: '192.168.0.1', destination: '192.168.0.199', protocol: 17, payload: new Uint8Array(95) });
  assert.equal(checksum(packet.slice(0, 20)), 0);
  assert.equal(checksum(hex('4500 0073 0000 4000 4011 0000 c0a8 0001 c0a8 00c7')), 0xb861);
});

test('a TCP segment and a UDP datagram sum to zero with their pseudo header', () => {
  const frame = tcpFrame(a, b, { seq: 1, flags: 2, payload: hex('01') });
  const segment = frame.slice(34, 34 + 21);
  assert.equal(checksum(frame.slice(26, 34), [0, 6, 0, 21], segment), 0);
  const datagram = udp(a, b, hex('010203'));
  assert.equal(checksum(frame.slice(26, 34), [0, 17, 0, 11], datagram), 0);
});

test('short frames are padded, tags are stacked, IPv6 text is understood', () => {
  assert.equal(arp({ operation: 1, sender: a, target: b }).length, 60);
  const tagged = ethernet({ source: a.mac, destination: b.mac, type: 0x0800, payload: new Uint8Array(64), vlans: [10, 20] });
  assert.deepEqual([...tagged.slice(12, 22)], [0x88, 0xa8, 0, 10, 0x81, 0, 0, 20, 8, 0]);
  assert.deepEqual([...ipBytes('fe80::1:2')], [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2]);
  const six = udpFrame({ ...a, ip: 'fe80::1' }, { ...b, ip: 'fe80::2' }, new Uint8Array(40));
  assert.equal(viewOf(six).getUint16(18), 48);
});

test('fragments cover the payload', () => {
  const cut = fragments({ source: a.ip, destination: b.ip, protocol: UDP, payload: new Uint8Array(100), id: 7, size: 48 });
  assert.deepEqual(
    cut.map((one) => viewOf(one).getUint16(6)),
    [0x2000, 0x2006, 0x000c],
  );
  assert.deepEqual(
    cut.map((one) => one.length - 20),
    [48, 48, 4],
  );
});

test('a conversation counts its sequence numbers, over the wrap too', () => {
  const talk = conversation(a, b, { sequence: [0xffffffff, 7] })
    .open()
    .client(new Uint8Array(10), 4)
    .server(new Uint8Array(3))
    .close();
  const numbers = talk.frames.map(({ bytes }) => [viewOf(bytes).getUint32(38), viewOf(bytes).getUint32(42)]);
  const wanted = '4294967295,0 7,0 0,8 0,8 4,8 8,8 8,10 10,11 11,11 11,12';
  assert.equal(numbers.join(' '), wanted);
});

test('capture files say their format in their first bytes', () => {
  const packets = [{ at: 1_700_000_000_123.456, bytes: hex('aabbccdd') }];
  assert.deepEqual([...pcap(packets).slice(0, 4)], [0xd4, 0xc3, 0xb2, 0xa1]);
  assert.deepEqual([...pcap(packets, { bigEndian: true, nano: true }).slice(0, 4)], [0xa1, 0xb2, 0x3c, 0x4d]);
  const file = pcapng({ interfaces: [{ name: 'mirror0', tsresol: 9 }], packets });
  assert.equal(file.length % 4, 0);
  const at = 28 + viewOf(file).getUint32(32, true) + 12;
  const time = (BigInt(viewOf(file).getUint32(at, true)) << 32n) | BigInt(viewOf(file).getUint32(at + 4, true));
  assert.ok(time - 1_700_000_000_123_456_000n < 512n && time - 1_700_000_000_123_456_000n > -512n, String(time));
});
