import assert from 'node:assert/strict';
import { it } from 'node:test';
import { hex, join, u16, u32 } from '../../test/lab/bytes.ts';
import {
  ACK,
  checksum,
  ethernet,
  fragments,
  IPV4,
  IPV6,
  ipFrame,
  ipv4,
  ipv6,
  TCP as TCP_PROTOCOL,
  tcp,
  tcpFrame,
  UDP as UDP_PROTOCOL,
  udp,
  udpFrame,
} from '../../test/lab/frames.ts';
import { blockOf, mutated, random, START } from '../../test/sense.ts';
import { ipv4Text, ipv6Text, macText } from '../flow/address.ts';
import { Decoder, HELD, IP, LINK, TCP, UDP, UNDECODED } from './decode.ts';
import { MAX_DATAGRAMS } from './fragments.ts';
import { linktypeName } from './linktype.ts';
import type { Packet } from './packet.ts';
import { MAX_TUNNELS } from './tunnel.ts';

const a = { mac: '00:80:f4:00:00:01', ip: '10.20.0.1', port: 40000 };
const b = { mac: '00:80:f4:00:00:02', ip: '10.20.0.2', port: 502 };
const a6 = { ...a, ip: 'fe80::1' };
const b6 = { ...b, ip: 'fe80::2' };
const PAYLOAD = hex('0001 0000 0006 01 03 0000 0001');
const SEGMENT = { seq: 0x80000001, flags: ACK, payload: PAYLOAD };
const plain = tcpFrame(a, b, SEGMENT);
const ETHERNET = 1;

type Seen = { kind: number; payload: string; decoder: Decoder };

function decode(bytes: Uint8Array, { linktype = ETHERNET, length = bytes.length, at = START, decoder = new Decoder() } = {}): Seen {
  const kind = decoder.decode(blockOf([{ at, bytes, length, linktype }]), 0, 1);
  const p = decoder.packet;
  let payload = '';
  for (let i = p.pos; i < p.end; i++) payload += p.view.getUint8(i).toString(16).padStart(2, '0');
  return { kind, payload, decoder };
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The TCP segment of `SEGMENT` must be found, from a to b. */
function isPlain(bytes: Uint8Array, options: Parameters<typeof decode>[1] = {}): Decoder {
  const { kind, payload, decoder } = decode(bytes, options);
  assert.equal(kind, TCP);
  assert.equal(payload, text(PAYLOAD));
  const p = decoder.packet;
  assert.deepEqual([p.sourcePort, p.destinationPort, p.sequence >>> 0, p.flags], [40000, 502, 0x80000001, ACK]);
  assert.ok([a.ip, a6.ip].includes(sourceText(p)) && [b.ip, b6.ip].includes(destinationText(p)), sourceText(p));
  return decoder;
}

const segment = tcp(a, b, SEGMENT);
const packet4 = ipv4({ source: a.ip, destination: b.ip, protocol: TCP_PROTOCOL, payload: segment });
const packet6 = ipv6({ source: a6.ip, destination: b6.ip, protocol: TCP_PROTOCOL, payload: tcp(a6, b6, SEGMENT) });
const frameOf = (type: number, payload: Uint8Array): Uint8Array => ethernet({ source: a.mac, destination: b.mac, type, payload });
const withOptions = (options: Uint8Array): Uint8Array => {
  const head = join([0x40 | (5 + options.length / 4), 0], u16(20 + options.length + segment.length), packet4.slice(4, 20), options);
  return frameOf(IPV4, join(head, segment));
};

it('Ethernet II: addresses, ports, payload without the padding', () => {
  const short = tcpFrame(a, b, { seq: 1, flags: ACK });
  assert.equal(short.length, 60);
  assert.deepEqual([decode(short).kind, decode(short).payload], [TCP, '']);
  const p = isPlain(plain).packet;
  assert.equal(macText(p.macSourceHigh, p.macSourceLow), a.mac);
  assert.equal(macText(p.macDestinationHigh, p.macDestinationLow), b.mac);
  assert.equal(p.vlan, 0);
});

it('802.3 with LLC names its SAP and loses its padding, SNAP carries an EtherType', () => {
  const stp = frameOf(38, join(hex('42 42 03'), new Uint8Array(35)));
  const one = decode(stp);
  assert.deepEqual([one.kind, one.decoder.packet.etherType, one.payload.length / 2], [LINK, 0x42, 35]);
  const snap = join(hex('aaaa03 000000'), u16(IPV4), packet4);
  isPlain(frameOf(snap.length, snap));
  assert.equal(decode(frameOf(2, hex('4242'))).kind, UNDECODED);
});

it('802.1Q, QinQ, three tags and priority tags', () => {
  assert.equal(isPlain(tcpFrame(a, b, SEGMENT, [10])).packet.vlan, 10);
  assert.equal(isPlain(tcpFrame(a, b, SEGMENT, [20, 10])).packet.vlan, 20 * 4096 + 10);
  isPlain(tcpFrame(a, b, SEGMENT, [1, 2, 3]));
  assert.equal(isPlain(tcpFrame(a, b, SEGMENT, [0])).packet.vlan, 0);
  const llc = join([0, 10], u16(3), hex('424203'));
  assert.equal(decode(frameOf(0x8100, llc)).decoder.packet.etherType, 0x42);
});

it('IPv4: options, a total length of 0, and total lengths that lie', () => {
  isPlain(withOptions(hex('9404 0000')));
  isPlain(withOptions(new Uint8Array(40).fill(1)));
  const offloaded = plain.slice();
  offloaded.set([0, 0], 16);
  isPlain(offloaded.slice(0, 14 + packet4.length));
  const beyond = plain.slice();
  beyond.set(u16(1500), 16);
  const { kind, decoder } = decode(beyond);
  assert.deepEqual([kind, decoder.packet.missing], [TCP, 0], 'nobody cut this frame');
  const tiny = plain.slice();
  tiny[14] = 0x44;
  assert.equal(decode(tiny).kind, UNDECODED);
});

it('a frame cut by the snap length says how much is missing', () => {
  const whole = tcpFrame(a, b, { ...SEGMENT, payload: new Uint8Array(100) });
  const cut = decode(whole.slice(0, 64), { length: whole.length });
  assert.deepEqual([cut.kind, cut.payload.length / 2, cut.decoder.packet.missing], [TCP, 10, 90]);
  const padding = decode(plain.slice(0, plain.length), { length: plain.length + 4 });
  assert.deepEqual([padding.kind, padding.decoder.packet.missing], [TCP, 0]);
});

it('IPv6, with every extension header', () => {
  isPlain(frameOf(IPV6, packet6));
  const six = tcp(a6, b6, SEGMENT);
  const behind = (first: number, extensions: Uint8Array): Uint8Array =>
    frameOf(IPV6, ipv6({ source: a6.ip, destination: b6.ip, protocol: first, payload: join(extensions, six) }));
  isPlain(behind(0, hex('2b00 0104 0000 0000 3c01 0000 0000 0000 0000 0000 0000 0000 0600 0104 0000 0000')));
  isPlain(behind(51, hex('0604 0000 00000001 00000001 000000000000000000000000')));
  isPlain(behind(44, hex('0600 0000 00000007')));
  assert.equal(decode(behind(0, hex('06ff 0104 0000 0000'))).kind, UNDECODED);
  const endless = join(...Array.from({ length: 20 }, () => hex('0000 0104 0000 0000')));
  assert.equal(decode(behind(0, endless)).kind, UNDECODED);
  assert.equal(decode(behind(50, hex('00000001 00000001'))).kind, IP);
});

const message = Uint8Array.from({ length: 60 }, (_, i) => i);
const whole = udp(a, b, message);
const parts = fragments({ source: a.ip, destination: b.ip, protocol: UDP_PROTOCOL, payload: whole, id: 77, size: 24 }).map((packet) => frameOf(IPV4, packet));

function assembled(pieces: readonly Uint8Array[], decoder = new Decoder()): Seen {
  let last: Seen | undefined;
  for (const piece of pieces) last = decode(piece, { decoder });
  return last as Seen;
}

it('IPv4 fragments come together in order and reversed, each one but the last held', () => {
  assert.equal(parts.length, 3);
  assert.equal(decode(parts[0] as Uint8Array).kind, HELD);
  for (const pieces of [parts, parts.toReversed(), [...parts.slice(1), parts[0] as Uint8Array]]) {
    const { kind, payload, decoder } = assembled(pieces);
    assert.deepEqual([kind, payload, decoder.packet.destinationPort], [UDP, text(message), 502]);
    assert.deepEqual([decoder.fragments.size, decoder.fragments.lost, decoder.fragments.conflicts], [0, 0, 0]);
  }
});

it('fragments that overlap keep the first copy and count what contradicts it', () => {
  const other = (parts[1] as Uint8Array).slice();
  other.fill(0xee, 34, 58);
  const forged = assembled([parts[0] as Uint8Array, parts[1] as Uint8Array, other, parts[2] as Uint8Array]);
  assert.deepEqual([forged.payload, forged.decoder.fragments.conflicts], [text(message), 1]);
  const repeated = assembled([parts[0] as Uint8Array, parts[1] as Uint8Array, parts[1] as Uint8Array, parts[2] as Uint8Array]);
  assert.deepEqual([repeated.payload, repeated.decoder.fragments.conflicts], [text(message), 0]);
});

const piece = (offset: number, more: boolean, payload: Uint8Array): Uint8Array =>
  frameOf(IPV4, ipv4({ source: a.ip, destination: b.ip, protocol: UDP_PROTOCOL, id: 78, offset, more, payload }));

it('bytes behind the last fragment never stand in for bytes that are missing', () => {
  const last = piece(16, false, new Uint8Array(8));
  const behind = piece(800, true, new Uint8Array(24));
  for (const order of [
    [last, behind],
    [behind, last],
  ]) {
    const { kind, decoder } = assembled(order);
    assert.deepEqual([kind, decoder.fragments.size, decoder.fragments.lost], [HELD, 0, 1]);
  }
  const far = assembled([piece(65_528, false, new Uint8Array(16))]);
  assert.deepEqual([far.kind, far.decoder.fragments.lost], [HELD, 1]);
});

it('fragments time out, and a table of first fragments has a ceiling', () => {
  const decoder = new Decoder();
  decode(parts[0] as Uint8Array, { decoder });
  decoder.fragments.tick(START + 59_999);
  assert.equal(decoder.fragments.size, 1);
  decoder.fragments.tick(START + 60_000);
  assert.deepEqual([decoder.fragments.size, decoder.fragments.lost, decoder.fragments.evicted], [0, 1, 0]);
  for (let id = 0; id < MAX_DATAGRAMS + 5; id++) {
    const first = (parts[0] as Uint8Array).slice();
    first.set(u16(id), 18);
    decode(first, { decoder });
  }
  assert.deepEqual([decoder.fragments.size, decoder.fragments.lost, decoder.fragments.evicted], [MAX_DATAGRAMS, 6, 5]);
});

it('a fragment cut by the snap length is given up', () => {
  const { kind, decoder } = decode((parts[0] as Uint8Array).slice(0, 50), { length: 58 });
  assert.deepEqual([kind, decoder.fragments.lost, decoder.fragments.size], [HELD, 1, 0]);
});

it('IPv6 fragments come together, extension headers inside them too', () => {
  const fragmentHeader = (next: number, offset: number, more: boolean) => join([next, 0], u16(offset | (more ? 1 : 0)), u32(9));
  const cut = (next: number, payload: Uint8Array): Uint8Array[] =>
    [0, 16].map((offset) => {
      const part = join(fragmentHeader(next, offset, offset === 0), payload.slice(offset, offset === 0 ? 16 : payload.length));
      return frameOf(IPV6, ipv6({ source: a6.ip, destination: b6.ip, protocol: 44, payload: part }));
    });
  const segment6 = tcp(a6, b6, SEGMENT);
  for (const [next, payload] of [
    [6, segment6],
    [60, join(hex('0600 0104 0000 0000'), segment6)],
  ] as const) {
    const decoder = new Decoder();
    const [first, second] = cut(next, payload) as [Uint8Array, Uint8Array];
    assert.equal(decode(first, { decoder }).kind, HELD);
    isPlain(second, { decoder });
  }
});

const greOf = (head: Uint8Array, inner: Uint8Array): Uint8Array => ipFrame(b, a, 47, join(head, inner));
const tunnels: { [name: string]: Uint8Array } = {
  'GRE, IP': greOf(hex('0000 0800'), packet4),
  'GRE with checksum, key and sequence number': greOf(hex('b000 86dd 00000000 00000001 00000002'), packet6),
  'GRE, Ethernet': greOf(hex('0000 6558'), plain),
  'ERSPAN I': greOf(hex('0000 88be'), plain),
  'ERSPAN II': greOf(hex('1000 88be 00000001 1001 0064 00000000'), plain),
  'ERSPAN III': greOf(hex('1000 22eb 00000001 2001 0064 00000000 00000000'), plain),
  'ERSPAN III with platform part': greOf(hex('1000 22eb 00000001 2001 0064 00000000 00000001 0000000000000000'), plain),
  VXLAN: udpFrame(b, { ...a, port: 4789 }, join(hex('08000000 00000a00'), plain)),
  'VXLAN with reserved flags': udpFrame(b, { ...a, port: 4789 }, join(hex('88000001 00000a00'), plain)),
};

for (const [name, frame] of Object.entries(tunnels)) {
  it(`${name} is unwrapped`, () => {
    const decoder = isPlain(frame);
    assert.deepEqual([decoder.tunnelled, decoder.packet.tunnels], [1, 1]);
  });
}

it('tunnels in tunnels are followed to a depth, what is no tunnel is left as it is', () => {
  let packet = packet4;
  for (let depth = 0; depth <= MAX_TUNNELS; depth++) {
    isPlain(frameOf(IPV4, packet));
    packet = ipv4({ source: b.ip, destination: a.ip, protocol: 47, payload: join(hex('0000 0800'), packet) });
  }
  assert.equal(decode(frameOf(IPV4, packet)).kind, UNDECODED);
  assert.equal(decode(greOf(hex('3001 880b 00000000'), packet4)).kind, IP, 'PPTP');
  assert.equal(decode(udpFrame(b, { ...a, port: 4789 }, join(hex('00000000 00000a00'), plain))).kind, UDP);
});

const wrapped: { [name: string]: Uint8Array } = {
  MPLS: frameOf(0x8847, join(hex('00010140'), packet4)),
  'MPLS, three labels': frameOf(0x8847, join(hex('00010040 00020040 00030140'), packet6)),
  'PPPoE, IPv4': frameOf(0x8864, join(hex('1100 0001'), u16(2 + packet4.length), hex('0021'), packet4)),
  'PPPoE, IPv6': frameOf(0x8864, join(hex('1100 0001'), u16(2 + packet6.length), hex('0057'), packet6)),
};

for (const [name, frame] of Object.entries(wrapped)) it(`${name} is stepped over`, () => void isPlain(frame));

const linked: [name: string, linktype: number, bytes: Uint8Array][] = [
  ['null, little-endian', 0, join(hex('02000000'), packet4)],
  ['null, IPv6 of BSD', 0, join(hex('1e000000'), packet6)],
  ['raw 12', 12, packet4],
  ['raw 14', 14, packet6],
  ['raw 101', 101, packet4],
  ['raw 101 with IPv6', 101, packet6],
  ['loop', 108, join(hex('00000002'), packet4)],
  ['cooked v1', 113, join(hex('0000 0001 0006 0080f4000001 0000 0800'), packet4)],
  ['cooked v2', 276, join(hex('86dd 0000 00000002 0001 00 06 0080f4000001 0000'), packet6)],
  ['raw IPv4', 228, packet4],
  ['raw IPv6', 229, packet6],
];

for (const [name, linktype, bytes] of linked) {
  it(`linktype ${name}`, () => {
    const p = isPlain(bytes, { linktype }).packet;
    assert.notEqual(linktypeName(linktype), '');
    assert.equal(p.hasMac, name.startsWith('cooked'));
    if (p.hasMac) assert.equal(macText(p.macSourceHigh, p.macSourceLow), a.mac);
  });
}

it('an unknown linktype is not guessed at', () => {
  assert.equal(decode(plain, { linktype: 147 }).kind, UNDECODED);
  assert.equal(linktypeName(147), '');
  assert.equal(decode(hex('00'), { linktype: 101 }).kind, UNDECODED);
});

it('UDP ends where its length says, TCP options are stepped over, ARP is a link frame', () => {
  const datagram = udpFrame(a, b, hex('0102'));
  assert.deepEqual([decode(datagram).kind, decode(datagram).payload], [UDP, '0102']);
  const short = datagram.slice();
  short.set(u16(9), 38);
  assert.equal(decode(short).payload, '01');
  isPlain(tcpFrame(a, b, { ...SEGMENT, options: hex('0101080a0000000100000002') }));
  const broken = plain.slice();
  broken[46] = 0x40;
  assert.equal(decode(broken).kind, UNDECODED);
  assert.equal(decode(frameOf(0x0806, new Uint8Array(28))).kind, LINK);
  assert.equal(checksum(packet4.slice(0, 20)), 0);
});

const corpus: [bytes: Uint8Array, linktype: number][] = [
  ...[
    plain,
    tcpFrame(a, b, SEGMENT, [20, 10]),
    withOptions(hex('94040000')),
    frameOf(IPV6, packet6),
    udpFrame(a, b, message),
    frameOf(38, join(hex('424203'), new Uint8Array(35))),
  ],
  ...parts,
  ...Object.values(tunnels),
  ...Object.values(wrapped),
]
  .map((bytes): [Uint8Array, number] => [bytes, ETHERNET])
  .concat(linked.map(([, linktype, bytes]) => [bytes, linktype]));

/** Decoding ends inside the bytes it was given. */
function sound(bytes: Uint8Array, linktype: number, decoder: Decoder): void {
  const { kind } = decode(bytes, { linktype, decoder, length: bytes.length + 7 });
  const { pos, end, view, missing } = decoder.packet;
  assert.ok(kind >= UNDECODED && kind <= HELD && pos >= 0 && end <= view.byteLength && missing >= 0);
  if (kind === TCP || kind === UDP) assert.ok(pos <= end, `${pos} to ${end}`);
}

it('every prefix of every frame is survived', () => {
  for (const [bytes, linktype] of corpus) {
    for (let size = 0; size <= bytes.length; size++) sound(bytes.slice(0, size), linktype, new Decoder());
  }
});

it('mutated frames are survived', () => {
  const next = random(20_261_123);
  const decoder = new Decoder();
  for (let n = 0; n < 20_000; n++) {
    const [bytes, linktype] = corpus[next(corpus.length)] as [Uint8Array, number];
    sound(mutated(bytes, next), linktype, decoder);
  }
  assert.ok(decoder.fragments.size <= MAX_DATAGRAMS);
});

/** The packet's addresses as text; link addresses where it carries no IP. */
function sourceText(p: Packet): string {
  if (p.version === 4) return ipv4Text(p.source0);
  if (p.version === 6) return ipv6Text(p.source0, p.source1, p.source2, p.source3);
  return macText(p.macSourceHigh, p.macSourceLow);
}

function destinationText(p: Packet): string {
  if (p.version === 4) return ipv4Text(p.destination0);
  if (p.version === 6) return ipv6Text(p.destination0, p.destination1, p.destination2, p.destination3);
  return macText(p.macDestinationHigh, p.macDestinationLow);
}
