/** What a host says unasked, `habits.ts HOST`: time, names, address configuration. */
import { createSocket, type Socket } from 'node:dgram';
import { join, u16, u32 } from './bytes.ts';
import { ipBytes, macBytes } from './frames.ts';
import { hostNamed } from './network.ts';
import { type Counts, count, plug, sleep } from './wiring.ts';

const me = hostNamed(process.argv[2] as string);
const ROUTER = '10.20.0.1';
const BROADCAST = '10.20.255.255';
const MDNS = '224.0.0.251';
const counts: Counts = {};

const label = (text: string) => [text.length, ...Buffer.from(text)];
const name = (...labels: string[]) => [...labels.flatMap(label), 0];
const id = () => u16(Math.floor(Math.random() * 65536));

async function socket(port: number): Promise<Socket> {
  const made = createSocket({ type: 'udp4', reuseAddr: true });
  await new Promise<void>((resolve) => made.bind(port, () => resolve()));
  made.setBroadcast(true);
  return made;
}

/** RFC 5905: version 4, client. */
const ntp = () => join([0x23, 0, 6, 0xec], new Uint8Array(44));

/** RFC 1035: the address of the OPC UA server. */
const dns = () => join(id(), [1, 0, 0, 1, 0, 0, 0, 0, 0, 0], name('opcua', 'plant', 'example'), [0, 1, 0, 1]);

/** RFC 6762 section 8.3: an announcement of the host's name and of a workstation service. */
function mdns(): Uint8Array {
  const host = name(me.name, 'local');
  const service = name('_workstation', '_tcp', 'local');
  const instance = name(me.name, '_workstation', '_tcp', 'local');
  const address = [...host, 0, 1, 0x80, 1, ...u32(120), 0, 4, ...ipBytes(me.ip)];
  const pointer = [...service, 0, 12, 0, 1, ...u32(4500), ...u16(instance.length), ...instance];
  return join([0, 0, 0x84, 0, 0, 0, 0, 2, 0, 0, 0, 0], address, pointer);
}

/** RFC 1002 section 4.2.2: registration of the host's name; section 4.1 for the half-bytes as letters. */
function nbns(): Uint8Array {
  const padded = me.name.toUpperCase().slice(0, 15).padEnd(15, ' ');
  const letters = [...Buffer.from(padded), 0].flatMap((byte) => [0x41 + (byte >> 4), 0x41 + (byte & 15)]);
  const question = [32, ...letters, 0, 0, 0x20, 0, 1];
  const record = [0xc0, 12, 0, 0x20, 0, 1, ...u32(300_000), 0, 6, 0, 0, ...ipBytes(me.ip)];
  return join(id(), [0x29, 0x10, 0, 1, 0, 0, 0, 0, 0, 1], question, record);
}

/** RFC 2131 section 3.4: INFORM, with host name (12) and vendor class (60). */
function dhcp(): Uint8Array {
  const head = join([1, 1, 6, 0], id(), id(), [0, 0, 0, 0], ipBytes(me.ip), new Uint8Array(12), macBytes(me.mac), new Uint8Array(10 + 192));
  const options = [0x63, 0x82, 0x53, 0x63, 53, 1, 8, 12, me.name.length, ...Buffer.from(me.name), 60, 8, ...Buffer.from('MSFT 5.0'), 55, 4, 1, 3, 6, 15, 255];
  return join(head, options);
}

type Habit = { make: () => Uint8Array; from: number; to: number; address: string /** Seconds from one to the next. */; every: number };

const HABITS: { [name: string]: Habit } = {
  ntp: { make: ntp, from: 123, to: 123, address: ROUTER, every: 16 },
  dns: { make: dns, from: 0, to: 53, address: ROUTER, every: 15 },
  mdns: { make: mdns, from: 5353, to: 5353, address: MDNS, every: 20 },
  nbns: { make: nbns, from: 137, to: 137, address: BROADCAST, every: 20 },
  dhcp: { make: dhcp, from: 68, to: 67, address: ROUTER, every: 25 },
};

async function keep(which: string): Promise<void> {
  const habit = HABITS[which] as Habit;
  const from = await socket(habit.from);
  if (which === 'mdns') from.setMulticastTTL(255);
  await sleep(500 + Math.random() * 2500);
  for (;;) {
    count(counts, which);
    from.send(habit.make(), habit.to, habit.address);
    await sleep(habit.every * 1000);
  }
}

plug({
  start: () => {
    for (const which of me.habits) void keep(which);
  },
  operations: () => counts,
});
