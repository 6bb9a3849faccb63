/** The operator station: polls both controllers and the gateway, and an operator changes set points now and then. */
import { Poller } from './poller.ts';
import { type Counts, count, plug, sleep } from './wiring.ts';

const tank = new Poller('10.20.1.11', 500, [
  { unit: 1, code: 4, address: 0, quantity: 8, every: 1 },
  { unit: 1, code: 3, address: 0, quantity: 10, every: 2 },
  { unit: 1, code: 1, address: 0, quantity: 8, every: 2, offset: 1 },
  { unit: 1, code: 2, address: 0, quantity: 8, every: 2 },
]);
const valve = new Poller('10.20.1.12', 500, [
  { unit: 1, code: 4, address: 0, quantity: 4, every: 1 },
  { unit: 1, code: 3, address: 0, quantity: 6, every: 2 },
]);
const skid = new Poller('10.20.1.20', 1000, [
  { unit: 1, code: 4, address: 0, quantity: 6, every: 2 },
  { unit: 2, code: 4, address: 0, quantity: 2, every: 2 },
  { unit: 2, code: 3, address: 0, quantity: 4, every: 2, offset: 1 },
  { unit: 3, code: 4, address: 0, quantity: 2, every: 2, offset: 1 },
]);
const pollers = [tank, valve, skid];

const setpoints = [5300, 5500, 5700];
const recipes = [
  [10, 20, 30, 40],
  [12, 22, 28, 36],
];
const doses = [58, 60, 62];
let turn = 0;
let running = true;

const register = (poller: Poller, unit: number, address: number, value: number) => poller.write(unit, 6, (client) => client.writeRegister(address, value));

const coil = (poller: Poller, unit: number, address: number, value: boolean) => poller.write(unit, 5, (client) => client.writeCoil(address, value));

/** One round of what an operator does; about 12 s long, so that a minute sees every round. */
async function operate(): Promise<void> {
  await sleep(2000 + Math.random() * 500);
  register(tank, 1, 0, setpoints[turn % 3] as number);
  await sleep(2500 + Math.random() * 500);
  coil(tank, 1, 2, true);
  await sleep(1500);
  coil(tank, 1, 2, false);
  await sleep(2000 + Math.random() * 500);
  const recipe = recipes[turn % 2] as number[];
  valve.write(1, 16, (client) => client.writeRegisters(10, recipe));
  await sleep(2000 + Math.random() * 500);
  register(skid, 2, 0, doses[turn % 3] as number);
  turn++;
}

async function shift(): Promise<void> {
  while (running) await operate();
}

/** What the station does once somebody else sits behind it. */
async function misuse(name: string): Promise<Counts> {
  const sent: Counts = {};
  if (name === 'write-new-point') {
    for (const value of [0, 1000, 0]) {
      register(valve, 1, 40, value);
      count(sent, 'fc6');
      await sleep(900);
    }
    return sent;
  }
  if (name !== 'toggle') throw new Error(`the operator station knows no ${name}`);
  for (let i = 0; i < 40; i++) {
    coil(tank, 1, 0, i % 2 === 1);
    count(sent, 'fc5');
    await sleep(150);
  }
  return sent;
}

plug({
  start: () => {
    for (const poller of pollers) poller.start();
    shift();
  },
  attack: misuse,
  stop: async () => {
    running = false;
    await Promise.all(pollers.map((poller) => poller.stop()));
  },
  operations: () => {
    const sum: Counts = {};
    for (const poller of pollers) for (const [code, n] of Object.entries(poller.counts)) sum[code] = (sum[code] ?? 0) + n;
    return sum;
  },
});
