/** Modbus tables of a device, with the exceptions that a real one would give. */
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import type { IServiceVector, ServerTCP } from 'modbus-serial';

const { ServerTCP: Server } = createRequire(import.meta.url)('modbus-serial') as { ServerTCP: typeof ServerTCP };

export type Tables = {
  coils: boolean[];
  discrete: boolean[];
  input: number[];
  holding: number[];
  /** Objects of Read Device Identification: 0 vendor, 1 product code, 2 revision, 4 product name, 5 model, 6 user's application. */
  identity: { [id: number]: string };
  onCoil?: (address: number, value: boolean) => void;
  onRegister?: (address: number, value: number) => void;
};

/** What modbus-serial turns into an exception response. */
export class Refusal extends Error {
  readonly modbusErrorCode: number;
  constructor(code: number) {
    super(`exception ${code}`);
    this.modbusErrorCode = code;
  }
}

export const ILLEGAL_ADDRESS = 2;
export const GATEWAY_TARGET_SILENT = 11;

/** What a register holds of a number: whole, 16 bits, two's complement. */
export const word = (n: number) => Math.round(n) & 0xffff;

/** Serves Modbus/TCP on port 502. `unit` finds a unit's tables, or throws or rejects with a Refusal. */
export function serve(unit: (id: number) => Tables | Promise<Tables>): ServerTCP {
  const cell = async <T>(of: (tables: Tables) => T[], address: number, id: number): Promise<T> => {
    const value = of(await unit(id))[address];
    if (value === undefined) throw new Refusal(ILLEGAL_ADDRESS);
    return value;
  };
  const put = async <T>(of: (tables: Tables) => T[], address: number, value: T, id: number): Promise<Tables> => {
    await cell(of, address, id);
    const tables = await unit(id);
    of(tables)[address] = value;
    return tables;
  };
  const vector = {
    getCoil: (address: number, id: number) => cell((t) => t.coils, address, id),
    getDiscreteInput: (address: number, id: number) => cell((t) => t.discrete, address, id),
    getInputRegister: (address: number, id: number) => cell((t) => t.input, address, id),
    getHoldingRegister: (address: number, id: number) => cell((t) => t.holding, address, id),
    setCoil: async (address: number, value: boolean, id: number) => (await put((t) => t.coils, address, value, id)).onCoil?.(address, value),
    setRegister: async (address: number, value: number, id: number) => (await put((t) => t.holding, address, value, id)).onRegister?.(address, value),
    readDeviceIdentification: async (id: number) => (await unit(id)).identity,
  };
  const server = new Server(vector as IServiceVector, { host: '0.0.0.0', port: 502, unitID: 255 });
  server.on('socketError', () => undefined);
  return server;
}

/**
 * Makes a server obey Force Listen Only Mode (function 8, sub-function 4), which modbus-serial does not know: it answers nothing,
 * that request included, until Restart Communications (sub-function 1) or the end of `duration` ms, when somebody cycles its power.
 */
export function obeyListenOnly(server: ServerTCP, duration: number): void {
  let until = 0;
  const listening = (server as unknown as { _server: { on(event: 'connection', listener: (socket: Socket) => void): void } })._server;
  listening.on('connection', (socket) => {
    const write = socket.write.bind(socket);
    socket.write = ((data: Buffer) => (Date.now() < until ? true : write(data))) as Socket['write'];
    socket.on('data', (data) => {
      if (data.length < 10 || data[7] !== 8 || data[8] !== 0) return;
      if (data[9] === 4) until = Date.now() + duration;
      if (data[9] === 1) until = 0;
    });
  });
}
