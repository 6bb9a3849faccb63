/** modbus-serial as a server and as a client. */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import type { ModbusRTU } from 'modbus-serial/ModbusRTU.js';
import type { IServiceVector, ServerTCP } from 'modbus-serial/ServerTCP.js';
import type { Chance } from '../modbus-random.ts';
import type { Told } from './pymodbus.ts';

/** What its types leave out. Function 17 is left out here: its promise is not kept, and its server does not answer requests that short. */
type Client = ModbusRTU & {
  readWriteRegisters(read: number, quantity: number, write: number, count: number, values: number[]): Promise<{ data: number[] }>;
};
type Library = { new (): Client; ServerTCP: new (vector: IServiceVector, options: { host: string; port: number; unitID: number }) => ServerTCP };

const Modbus = createRequire(import.meta.url)('modbus-serial') as Library;
const LOOPBACK = '127.0.0.1';
export const UNITS = [1, 2, 17, 247];
const PLACES = 400;
/** ms an answer may take. */
const PATIENCE = 5000;
const OBJECTS = { 0: 'Stillwater', 1: 'SW-7', 2: '3.1', 4: 'Pump' };
const NAMES = ['vendor_name', 'product_code', 'major_minor_revision', 'vendor_url', 'product_name', 'model_name', 'user_application_name'];

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A server of all units that keeps what is written; places from 400 on are refused. */
export async function serveSerial(): Promise<{ port: number; stop(): Promise<void> }> {
  const words = new Map<string, number>();
  const bits = new Map<string, boolean>();
  /** What `then` says, unless there is no such place. */
  const at = async <T>(address: number, then: () => T): Promise<T> => {
    if (address >= PLACES) throw Object.assign(new Error('no such place'), { modbusErrorCode: 2 });
    return then();
  };
  const key = (address: number, unit: number) => `${unit} ${address}`;
  const vector: IServiceVector & { readDeviceIdentification: () => object } = {
    getCoil: (address: number, unit: number) => at(address, () => bits.get(key(address, unit)) ?? (address * unit) % 3 === 0),
    getDiscreteInput: (address: number, unit: number) => at(address, () => (address + unit) % 5 === 0),
    getInputRegister: (address: number, unit: number) => at(address, () => (address * 259 + unit) & 0xffff),
    getHoldingRegister: (address: number, unit: number) => at(address, () => words.get(key(address, unit)) ?? (address * 7 + unit) & 0xffff),
    setCoil: (address: number, value: boolean, unit: number) => at(address, () => void bits.set(key(address, unit), value)),
    setRegister: (address: number, value: number, unit: number) => at(address, () => void words.set(key(address, unit), value)),
    readDeviceIdentification: () => OBJECTS,
  };
  const port = await freePort();
  const server = new Modbus.ServerTCP(vector, { host: LOOPBACK, port, unitID: 255 });
  await once(server, 'initialized');
  return { port, stop: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** `buffered` is what it calls RTU over TCP, with an MBAP header all the same; `telnet` is RTU frames in TCP. */
export type Link = 'tcp' | 'udp' | 'buffered' | 'telnet';

async function connected(link: Link, port: number): Promise<Client> {
  const client = new Modbus();
  if (link === 'tcp') await client.connectTCP(LOOPBACK, { port });
  if (link === 'udp') await client.connectUDP(LOOPBACK, { port });
  if (link === 'buffered') await client.connectTcpRTUBuffered(LOOPBACK, { port });
  if (link === 'telnet') await client.connectTelnet(LOOPBACK, { port });
  // Over UDP it says that it is connected before it is.
  while (!client.isOpen) await new Promise((resolve) => setTimeout(resolve, 5));
  client.setTimeout(PATIENCE);
  return client;
}

/** What is sent, and how; the answer as fields. */
type Call = { code: number; sent: Told; ask: () => Promise<Told> };

const numbers = (values: readonly boolean[]): number[] => values.map(Number);

/** A call of every function it offers, values by chance. */
function calls(client: Client, next: Chance): Call[] {
  const word = (): number => [0, 1, 0xffff, next(65_536)][next(4)] as number;
  const place = (): number => [0, next(PLACES), next(PLACES), PLACES, 60_000][next(5)] as number;
  const list = <T>(count: number, one: () => T): T[] => Array.from({ length: count }, one);
  const [count, many, address, to, level] = [1 + next(60), 1 + next(60), place(), place(), 1 + next(3)];
  const range = { address, quantity: count };
  const bit = next(2) === 1;
  const bits = list(count, () => next(2) === 1);
  const [one, more, less] = [word(), list(count, word), list(many, word)];
  const [and, or] = [word(), word()];
  return [
    { code: 1, sent: range, ask: async () => ({ values: numbers((await client.readCoils(address, count)).data.slice(0, count)) }) },
    { code: 2, sent: range, ask: async () => ({ values: numbers((await client.readDiscreteInputs(address, count)).data.slice(0, count)) }) },
    { code: 3, sent: range, ask: async () => ({ values: (await client.readHoldingRegisters(address, count)).data }) },
    { code: 4, sent: range, ask: async () => ({ values: (await client.readInputRegisters(address, count)).data }) },
    { code: 5, sent: { address, quantity: 1, values: [Number(bit)] }, ask: () => written(client.writeCoil(address, bit)) },
    { code: 6, sent: { address, quantity: 1, values: [one] }, ask: () => written(client.writeRegister(address, one)) },
    { code: 15, sent: { ...range, values: numbers(bits) }, ask: () => written(client.writeCoils(address, bits)) },
    { code: 16, sent: { ...range, values: more }, ask: () => written(client.writeRegisters(address, more)) },
    { code: 22, sent: { address, quantity: 1, and_mask: and, or_mask: or }, ask: () => written(client.maskWriteRegister(address, and, or)) },
    {
      code: 23,
      sent: { ...range, write_address: to, write_quantity: many, write_values: less },
      ask: async () => ({ values: (await client.readWriteRegisters(address, count, to, many, less)).data }),
    },
    { code: 43, sent: { mei_type: 14, read_device_id_code: level, object_id: 0 }, ask: async () => objects(await client.readDeviceIdentification(level, 0)) },
  ];
}

/** The answer to a write says nothing new. */
const written = (done: Promise<unknown>): Promise<Told> => done.then(() => ({}));

/** Nothing is waited for without end. */
function soon<T>(promise: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error('no answer')), PATIENCE).unref());
  return Promise.race([promise, late]);
}

function objects({ data, conformityLevel }: { data: readonly string[]; conformityLevel: number }): Told {
  const named = Object.entries(data).map(([id, value]): [string, string] => [NAMES[Number(id)] ?? `object ${id}`, value]);
  return { conformity_level: conformityLevel, device_identification: Object.fromEntries(named) };
}

/** A client that calls what it offers `rounds` times; `codes` leaves out what the server does not know. */
export async function askSerial(link: Link, port: number, next: Chance, rounds: number, codes: (code: number) => boolean = () => true): Promise<Told[]> {
  const client = await connected(link, port);
  const told: Told[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      const unit = UNITS[next(UNITS.length)] as number;
      client.setID(unit);
      for (const { code, sent, ask } of calls(client, next)) {
        if (!codes(code)) continue;
        const head = { unit_id: unit, function_code: code, ...sent };
        try {
          told.push({ ...head, exception_code: null, ...(await soon(ask())) });
        } catch (error) {
          const { modbusCode } = error as { modbusCode?: number };
          if (modbusCode === undefined) throw error;
          told.push({ ...head, exception_code: modbusCode });
        }
      }
    }
  } finally {
    await soon(new Promise<void>((resolve) => client.close(() => resolve())));
  }
  return told;
}
