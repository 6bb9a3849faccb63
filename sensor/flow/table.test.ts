import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { random, START } from '../../test/sense.ts';
import { Packet } from '../decode/packet.ts';
import { Addresses, ipv6Text, macText } from './address.ts';
import { ANSWERED_FLOW, EMBRYONIC, type Flow, RECOGNISED } from './flow.ts';
import { FlowTable, LINK_PROTOCOL, MAX_FLOWS } from './table.ts';

type Of = { source: number; destination: number; from: number; to: number; at: number; vlan: number; protocol: number; version: number };
const TYPICAL: Of = { source: 0x0a000005, destination: 0x0a000009, from: 40_001, to: 502, at: START, vlan: 0, protocol: 6, version: 4 };

function packet(of: Partial<Of> = {}): Packet {
  const { source, destination, from, to, at, vlan, protocol, version } = { ...TYPICAL, ...of };
  const p = new Packet();
  p.over(new DataView(new ArrayBuffer(0)), 0, 0, 0, at, 1);
  p.version = version;
  p.protocol = protocol;
  p.vlan = vlan;
  [p.source0, p.destination0, p.sourcePort, p.destinationPort] = [source | 0, destination | 0, from, to];
  return p;
}

/** A table that keeps the client ports of the flows that left it. */
function table(limit?: number) {
  const ended: number[] = [];
  const flows = new FlowTable((flow) => void ended.push(Math.max(...flow.port)), limit);
  const see = (of: Partial<Of> = {}): Flow => {
    const flow = flows.find(packet(of));
    flow.lastAt = of.at ?? START;
    return flow;
  };
  return { flows, ended, see };
}

describe('a flow', () => {
  it('is the same in both directions, with its sides', () => {
    const { flows, see } = table();
    const flow = see();
    assert.deepEqual([flows.created, flows.side, flow.address, flow.port], [true, 0, ['10.0.0.5', '10.0.0.9'], [40_001, 502]]);
    assert.equal(see({ source: TYPICAL.destination, destination: TYPICAL.source, from: 502, to: 40_001 }), flow);
    assert.deepEqual([flows.created, flows.side, flows.count], [false, 1, 1]);
  });

  it('of a host with itself has sides by port', () => {
    const { flows, see } = table();
    const flow = see({ destination: TYPICAL.source });
    assert.equal(flows.side, 1);
    assert.equal(see({ destination: TYPICAL.source, from: 502, to: 40_001 }), flow);
    assert.deepEqual([flows.side, flow.port], [0, [502, 40_001]]);
  });

  it('differs by address, port, protocol, VLAN and family', () => {
    const { flows, see } = table();
    const variants: Partial<Of>[] = [
      {},
      { source: 1 },
      { from: 40_002 },
      { to: 503 },
      { protocol: 17 },
      { vlan: 10 },
      { vlan: 20 * 4096 + 10 },
      { version: 6 },
      { version: 0 },
    ];
    assert.equal(new Set(variants.map(see)).size, variants.length);
    assert.equal(flows.count, variants.length);
    assert.equal(see({ version: 0, protocol: 99 }).protocol, LINK_PROTOCOL);
  });

  it('differs by every bit of both tags', () => {
    const { flows, see } = table();
    for (let bit = 0; bit < 24; bit++) see({ vlan: 2 ** bit });
    assert.equal(flows.count, 24);
  });

  it('is found among many, before and after the table grew', () => {
    const { flows, see } = table();
    const made = Array.from({ length: 20_000 }, (_, i) => see({ source: i * 7919, from: i & 0xffff }));
    assert.equal(flows.count, 20_000);
    for (const [i, flow] of made.entries()) assert.equal(see({ source: i * 7919, from: i & 0xffff }), flow);
  });

  it('leaves nothing behind for the next in its place', () => {
    const { flows, see } = table();
    const flow = see();
    Object.assign(flow, { service: 'modbus', closed: true, gaps: 3, opener: 1 });
    flow.near.held.push({ sequence: 1, view: new DataView(new ArrayBuffer(1)), lost: 0, at: START, frame: 1 });
    flows.end(flow);
    const again = see({ from: 50_000 });
    assert.equal(again, flow);
    assert.deepEqual([again.service, again.closed, again.gaps, again.opener, again.near.held.length, again.tier], ['', false, 0, -1, 0, EMBRYONIC]);
  });
});

describe('silence', () => {
  it('ends a flow by its tier', () => {
    const { flows, ended, see } = table();
    see({ from: 40_001 });
    flows.promote(see({ from: 40_002 }), ANSWERED_FLOW);
    flows.promote(see({ from: 40_003 }), RECOGNISED);
    const after = (seconds: number) => {
      flows.expire(START + seconds * 1000 + 1);
      return ended.splice(0);
    };
    assert.deepEqual([after(29), after(30), after(119), after(120), after(3599), after(3600)], [[], [40_001], [], [40_002], [], [40_003]]);
    assert.equal(flows.count, 0);
  });

  it('ends a closed flow after a moment', () => {
    const { flows, ended, see } = table();
    const flow = see();
    flows.promote(flow, RECOGNISED);
    flow.closed = true;
    flows.expire(START + 5000);
    assert.deepEqual(ended, []);
    flows.expire(START + 5001);
    assert.deepEqual(ended, [40_001]);
  });
});

describe('the ceiling', () => {
  it('gives up the oldest unanswered, then the oldest answered, then the oldest recognised', () => {
    const { flows, ended, see } = table(6);
    for (const [from, tier] of [
      [1001, RECOGNISED],
      [1002, ANSWERED_FLOW],
      [1003, EMBRYONIC],
      [1004, ANSWERED_FLOW],
      [1005, EMBRYONIC],
      [1006, RECOGNISED],
    ] as const) {
      flows.promote(see({ from }), tier);
    }
    for (let from = 2001; from <= 2006; from++) flows.promote(see({ from, at: START + 120_000 }), RECOGNISED);
    assert.deepEqual(ended, [1003, 1005, 1002, 1004, 1001, 1006]);
    assert.deepEqual([flows.count, flows.evicted], [6, 6]);
  });

  it('spares recognised flows that are busy for an idle one', () => {
    const { flows, ended, see } = table(4);
    for (let from = 1001; from <= 1004; from++) flows.promote(see({ from }), RECOGNISED);
    for (const from of [1001, 1002, 1004]) see({ from, at: START + 100_000 });
    see({ from: 2001, at: START + 100_000 });
    assert.deepEqual(ended, [1003]);
  });

  it('random flows push out random flows only, whatever their number', () => {
    const { flows, ended, see } = table(1000);
    for (let from = 1001; from <= 1100; from++) flows.promote(see({ from }), RECOGNISED);
    const next = random(5);
    for (let n = 0; n < 50_000; n++) see({ source: next(0xffffffff), destination: next(0xffffffff), from: 2000 + next(60_000), at: START + n });
    assert.equal(flows.count, 1000);
    assert.ok(flows.evicted > 48_000);
    assert.equal(ended.filter((port) => port <= 1100).length, 0);
    let recognised = 0;
    flows.dissected(() => recognised++);
    assert.equal(recognised, 100);
  });

  it('stands at MAX_FLOWS', () => {
    const { flows, see } = table();
    for (let n = 0; n < MAX_FLOWS + 100; n++) see({ source: n, from: 1024 });
    assert.deepEqual([flows.count, flows.evicted], [MAX_FLOWS, 100]);
    let seen = 0;
    flows.each(() => seen++);
    assert.equal(seen, MAX_FLOWS);
  });
});

describe('addresses', () => {
  it('have one number each, and their text', () => {
    const known = new Addresses();
    const six = known.ipv6(0xfe800000 | 0, 0, 0, 1);
    assert.equal(known.ipv6(0xfe800000 | 0, 0, 0, 1), six);
    assert.notEqual(known.mac(0xfe80, 0), six);
    assert.deepEqual([known.text(six), known.text(known.mac(0x0080, 0xf4000001 | 0)), known.count], ['fe80::1', '00:80:f4:00:00:01', 3]);
  });

  it('are written as RFC 5952 wants', () => {
    assert.equal(ipv6Text(0x20010db8, 0, 0, 1), '2001:db8::1');
    assert.equal(ipv6Text(0, 0, 0, 0), '::');
    assert.equal(ipv6Text(0x20010db8, 0x00010001, 0x00010001, 0x00010001), '2001:db8:1:1:1:1:1:1');
    assert.equal(ipv6Text(0x20010db8, 0x00000001, 0x00010001, 0x00010001), '2001:db8:0:1:1:1:1:1');
    assert.equal(ipv6Text(0x20010000, 0, 0x00010000, 0x00000001 | 0), '2001::1:0:0:1');
    assert.equal(macText(0xffff, -1), 'ff:ff:ff:ff:ff:ff');
  });
});
