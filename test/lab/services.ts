/** What a plant's router does beside routing: answers NTP, DNS and DHCP. */
import { createSocket } from 'node:dgram';
import { join, u32 } from './bytes.ts';
import { ipBytes } from './frames.ts';
import { HOSTS } from './network.ts';
import { plug } from './wiring.ts';

/** Seconds from 1900 to 1970, RFC 5905. */
const NTP_EPOCH = 2_208_988_800;

const ntpTime = () => {
  const now = Date.now();
  return join(u32(Math.floor(now / 1000) + NTP_EPOCH), u32(Math.floor(((now % 1000) / 1000) * 2 ** 32)));
};

/** RFC 5905 section 7.3: version 4, server, stratum 2. */
function ntp(request: Buffer): Uint8Array {
  const received = ntpTime();
  return join([0x24, 2, request[2] ?? 6, 0xe9], u32(80), u32(320), ipBytes('10.20.0.1'), ntpTime(), request.subarray(40, 48), received, ntpTime());
}

/** RFC 1035: one question, an A record in `plant.example`, or no such name. */
function dns(request: Buffer): Uint8Array {
  const length = request[12] ?? 0;
  const name = request.toString('latin1', 13, 13 + length);
  const known = HOSTS.find((one) => one.name === name);
  const question = request.subarray(12);
  const head = [...request.subarray(0, 2), 0x85, known === undefined ? 0x83 : 0x80, 0, 1, 0, known === undefined ? 0 : 1, 0, 0, 0, 0];
  const answer = known === undefined ? [] : [0xc0, 12, 0, 1, 0, 1, ...u32(300), 0, 4, ...ipBytes(known.ip)];
  return join(head, question, answer);
}

/** RFC 2131: the ACK to an INFORM. */
function dhcp(request: Buffer): Uint8Array {
  const head = join(
    [2, 1, 6, 0],
    request.subarray(4, 8),
    [0, 0, 0, 0],
    request.subarray(12, 16),
    new Uint8Array(12),
    request.subarray(28, 44),
    new Uint8Array(192),
  );
  const options = [
    0x63,
    0x82,
    0x53,
    0x63,
    53,
    1,
    5,
    54,
    4,
    10,
    20,
    0,
    1,
    1,
    4,
    255,
    255,
    0,
    0,
    3,
    4,
    10,
    20,
    0,
    1,
    6,
    4,
    10,
    20,
    0,
    1,
    15,
    13,
    ...Buffer.from('plant.example'),
    255,
  ];
  return join(head, options);
}

function answer(port: number, make: (request: Buffer) => Uint8Array, least: number): void {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  socket.on('message', (request, from) => request.length >= least && socket.send(make(request), from.port, from.address));
  socket.bind(port);
}

answer(123, ntp, 48);
answer(53, dns, 17);
answer(67, dhcp, 240);
plug({});
