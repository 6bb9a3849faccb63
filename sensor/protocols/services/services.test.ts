import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { hex, join, viewOf } from '../../../test/lab/bytes.ts';
import { openFiles } from '../../capture/file.ts';
import { type Batch, observe } from '../../observation.ts';
import { Sensor } from '../../sensor.ts';
import { nameLink, nameService } from './services.ts';

const text = (s: string) => new TextEncoder().encode(s);
const named = (bytes: Uint8Array, transport: 'tcp' | 'udp', port = 50_000) => nameService(viewOf(bytes), 0, bytes.length, transport, 40_000, port);

/** Bytes, transport, name; known on a port that says nothing. */
const ANYWHERE: [Uint8Array, 'tcp' | 'udp', string][] = [
  [hex('0300001902f08032010000000000080000f0000001000101e0'), 'tcp', 's7comm'],
  [hex('0300004302f0807202003431000004f200007f6e'), 'tcp', 's7comm-plus'],
  [hex('0300002411e00000000100c1020600c20f53494d415449432d524f4f542d484d49c0010a'), 'tcp', 's7comm-plus'],
  [hex('0300000702f000'), 'tcp', 'iso-on-tcp'],
  [hex('0300001b02f080010001006112020103a00da00b02010aa105'), 'tcp', 'mms'],
  [hex('0300002b26e00000000000436f6f6b69653a206d737473686173683d61646d696e0d0a0100080001000000'), 'tcp', 'rdp'],
  [hex('65000400 00000000 00000000 0000000000000000 00000000 01000000'), 'tcp', 'ethernet-ip'],
  [hex('680407000000'), 'tcp', 'iec-104'],
  [hex('680e0000000064010600010000000014'), 'tcp', 'iec-104'],
  [hex('056405c00100000004e9'), 'tcp', 'dnp3'],
  [hex('810b000c0120ffff00ff1008'), 'udp', 'bacnet'],
  [hex('0000 2c000000 c0a800010101 5103 c0a800020101 0180 0200 0400 00000000 00000000 01000000'), 'tcp', 'ads'],
  [hex('01000000 0002 000d 0100007530'), 'udp', 'hart-ip'],
  [hex('46494e53 0000000c 00000000 00000000 00000000'), 'tcp', 'fins'],
  [text('fox a 1 -1 fox hello\n{'), 'tcp', 'fox'],
  [hex('0610 0201 000e 0801c0a8000afe12'), 'udp', 'knxnet-ip'],
  [hex('16030100850100008103 03'), 'tcp', 'tls'],
  [text('GET / HTTP/1.1\r\n'), 'tcp', 'http'],
  [text('HTTP/1.1 200 OK\r\n'), 'tcp', 'http'],
  [text('M-SEARCH * HTTP/1.1\r\n'), 'udp', 'ssdp'],
  [text('OPTIONS sip:a@b SIP/2.0\r\n'), 'udp', 'sip'],
  [text('SSH-2.0-OpenSSH_9.2\r\n'), 'tcp', 'ssh'],
  [text('RFB 003.008\n'), 'tcp', 'vnc'],
  [text('220 (vsFTPd 3.0.3)\r\n'), 'tcp', 'ftp'],
  [text('220 mail.plant ESMTP Postfix\r\n'), 'tcp', 'smtp'],
  [hex('fffd18fffd20'), 'tcp', 'telnet'],
  [text('\0\x01boot.bin\0octet\0'), 'udp', 'tftp'],
  [hex('00000085ff534d4272000000'), 'tcp', 'smb'],
  [hex('00000085fe534d4240000000'), 'tcp', 'smb'],
  [hex('302602010104067075626c6963a019'), 'udp', 'snmp'],
  [hex('05000b03100000004800000001000000'), 'tcp', 'dcerpc'],
  [hex('800000287e86ab4a0000000000000002000186a3000000030000000000000000 00000000000000000000 0000'), 'tcp', 'nfs'],
  [hex('300c020101600702010304008000'), 'tcp', 'ldap'],
  [hex('101000044d5154540402003c0004746573 74'), 'tcp', 'mqtt'],
  [text('AMQP\0\0\x09\x01'), 'tcp', 'amqp'],
  [text('<134>1 2026-01-01T00:00:00Z host'), 'udp', 'syslog'],
  [hex('c00000000108000102030405060700004483'), 'udp', 'quic'],
  [join([1, 1, 6, 0], new Uint8Array(232), hex('63825363350101ff')), 'udp', 'dhcp'],
];

/** Port, bytes, transport, name: too little to be known elsewhere. */
const ON_PORT: [number, Uint8Array, 'tcp' | 'udp', string][] = [
  [102, hex('0300001611e00000000100c0010ac1020100c2020102'), 'tcp', 's7comm'],
  [102, hex('0300001611e00000000100c0010ac1020000c2020001'), 'tcp', 'mms'],
  [123, join([0x23], new Uint8Array(47)), 'udp', 'ntp'],
  [5094, hex('01000300 0002 000d 8200000052'), 'udp', 'hart-ip'],
  [88, hex('0000000a 6a083006a103020105'), 'tcp', 'kerberos'],
  [5683, hex('40010001b474657374'), 'udp', 'coap'],
  [3702, text('<?xml version="1.0"?><soap:Envelope>'), 'udp', 'ws-discovery'],
  [21, text('220 ready\r\n'), 'tcp', 'ftp'],
  [139, hex('81000044 20454745'), 'tcp', 'nbss'],
  [138, hex('110e8001c0a80001008a00d10000'), 'udp', 'nbds'],
];

describe('nameService', () => {
  for (const [bytes, transport, name] of ANYWHERE)
    it(`${name} over ${transport} by its bytes: ${Buffer.from(bytes.subarray(0, 12))
      .toString('latin1')
      .replace(/[^ -~]/g, '.')}`, () => assert.equal(named(bytes, transport), name));
  for (const [port, bytes, transport, name] of ON_PORT) {
    it(`${name} over ${transport} on port ${port}`, () => {
      assert.equal(named(bytes, transport, port), name);
      assert.notEqual(named(bytes, transport), name);
    });
  }

  it('believes bytes before ports, and ports where bytes say nothing', () => {
    assert.equal(named(text('SSH-2.0-x'), 'tcp', 102), 'ssh');
    assert.equal(named(hex('ff'), 'tcp', 1433), 'mssql');
    assert.equal(nameService(viewOf(hex('ff')), 0, 1, 'tcp', 1911, 3389), 'fox');
    assert.equal(named(hex('ff'), 'udp', 1433), '');
    assert.equal(named(hex('ff'), 'tcp', 502), '');
    assert.equal(named(hex('ff'), 'tcp', 4840), '');
    assert.equal(named(new Uint8Array(0), 'tcp', 22), 'ssh');
  });

  it('reads only between start and end', () => {
    const bytes = text('xxGET / HTTP/1.1');
    assert.equal(nameService(viewOf(bytes), 2, bytes.length, 'tcp', 1, 2), 'http');
    assert.equal(nameService(viewOf(bytes), 2, 5, 'tcp', 1, 2), '');
  });

  it('every prefix of everything is answered', () => {
    for (const [bytes, transport] of ANYWHERE) for (let n = 0; n < bytes.length; n++) assert.equal(typeof named(bytes.subarray(0, n), transport), 'string');
    for (const [port, bytes, transport] of ON_PORT)
      for (let n = 0; n < bytes.length; n++) assert.equal(typeof named(bytes.subarray(0, n), transport, port), 'string');
  });

  it('random bytes on random ports are seldom named', () => {
    let seed = 7;
    const random = (n: number) => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) % n;
    let wrong = 0;
    for (let round = 0; round < 20_000; round++) {
      const bytes = Uint8Array.from({ length: 4 + random(60) }, () => (random(1 << 16) >> 8) & 0xff);
      for (const transport of ['tcp', 'udp'] as const) if (named(bytes, transport) !== '') wrong++;
    }
    assert.ok(wrong < 40, `${wrong} of 40,000 were named`);
  });
});

it('names what is right above the link layer', () => {
  const wanted = {
    34962: 'profinet',
    35000: 'goose',
    35002: 'sampled-values',
    34980: 'ethercat',
    34987: 'powerlink',
    35021: 'sercos',
    35020: 'lldp',
    35043: 'mrp',
    35063: 'ptp',
    66: 'stp',
    8192: 'cdp',
    4660: '',
  };
  for (const [type, name] of Object.entries(wanted)) assert.equal(nameLink(Number(type)), name);
});

/** Capture, port of the server, name of every flow on it that carries data. */
const CAPTURES: [string, number, string][] = [
  ['ndpi/IEC104.pcap', 2404, 'iec-104'],
  ['ndpi/iec60780-5-104.pcap', 2404, 'iec-104'],
  ['ndpi/s7comm.pcap', 102, 's7comm'],
  ['ndpi/bacnet.pcap', 47808, 'bacnet'],
  ['ndpi/ethernetIP.pcap', 44818, 'ethernet-ip'],
  ['ndpi/profinet-io-le.pcap', 34964, 'profinet-cm'],
  ['ndpi/hart_ip.pcap', 5094, 'hart-ip'],
  ['ndpi/beckhoff_ads.pcapng', 48898, 'ads'],
  ['ndpi/iso9506-1-mms.pcap', 102, 'mms'],
  ['icsnpp-s7comm/snap7.pcap', 102, 's7comm'],
  ['icsnpp-s7comm/s7ident.pcap', 102, 's7comm'],
  ['icsnpp-dnp3/dnp3_example.pcap', 20000, 'dnp3'],
  ['suricata-verify-dnp3/dnp3-eve/input.pcap', 20000, 'dnp3'],
  ['suricata-verify-dnp3/dnp3-select-operate/input.pcap', 20000, 'dnp3'],
  ['suricata-verify-dnp3/dnp3-write/input.pcap', 20000, 'dnp3'],
  ['quickdraw/CL5000EIP-Software_Download.pcap', 44818, 'ethernet-ip'],
  ['quickdraw/CL5000EIP-Control_Protocol_Change_Attempt.pcap', 44818, 'ethernet-ip'],
  ['zeek-modbus/modbusBig.pcap', 102, 's7comm-plus'],
  ['opcua-analyser/example.pcapng', 22, 'ssh'],
  ['malcolm-s4/Modicon.pcap', 80, 'http'],
];

describe('the captures of others', { skip: missing() }, () => {
  for (const [file, port, name] of CAPTURES) {
    it(`${file}: ${name}`, async () => {
      const names = await services(new URL(`../../../../shared/captures/${file}`, import.meta.url).pathname, port);
      assert.deepEqual([...names], [name]);
    });
  }

  it('icsnpp-s7comm/s7comm_plus.pcap: both protocols', async () => {
    const names = await services(new URL('../../../../shared/captures/icsnpp-s7comm/s7comm_plus.pcap', import.meta.url).pathname, 102);
    assert.ok(names.has('s7comm') && names.has('s7comm-plus'), [...names].join(' '));
  });
});

async function services(path: string, port: number): Promise<Set<string>> {
  const names = new Set<string>();
  const sensor = new Sensor((batch: Batch) => {
    for (let i = 0; i < batch.rows; i++) {
      if ((batch.detail[i] as number) < 0) continue;
      const o = observe(batch, i, undefined);
      if (o['flow.event'] === 'identified' && (o['destination.port'] === port || o['source.port'] === port)) names.add(String(o['network.protocol']));
    }
  });
  await openFiles([path]).frames((block) => sensor.take(block));
  sensor.end();
  return names;
}

/** Why the comparison can't be made here; throws where it has to be. */
function missing(): string | false {
  if (existsSync(new URL('../../../../shared/captures/', import.meta.url))) return false;
  if (process.env['STILLWATCH_REQUIRE_ALL'] === '1') throw new Error('no captures beside the repository');
  return 'no captures beside the repository';
}
