import { createRequire } from 'node:module';
import type { ModbusRTU } from 'modbus-serial/ModbusRTU.js';
import { type Counts, count, sleep } from './wiring.ts';

const Client = createRequire(import.meta.url)('modbus-serial') as typeof ModbusRTU;

export type Read = {
  unit: number;
  code: 1 | 2 | 3 | 4;
  address: number;
  quantity: number /** Cycles from one to the next. */;
  every: number /** Cycle of the first. */;
  offset?: number;
};
export type Write = (client: ModbusRTU) => Promise<unknown>;

/** How long an answer may take before the connection is given up. */
const TIMEOUT = 1500;
const RECONNECT = 1000;

/** Reads in a fixed cycle over one connection; writes wait for a gap between two cycles. Reconnects when nothing comes back. */
export class Poller {
  /** Requests sent, by function code. */
  readonly counts: Counts = {};
  private client = new Client();
  private readonly pending: { unit: number; code: number; write: Write }[] = [];
  private running = false;
  private cycle = 0;
  private readonly server: string;
  private readonly period: number;
  private readonly reads: readonly Read[];

  /** `period` in ms. */
  constructor(server: string, period: number, reads: readonly Read[]) {
    this.server = server;
    this.period = period;
    this.reads = reads;
  }

  write(unit: number, code: 5 | 6 | 16, write: Write): void {
    this.pending.push({ unit, code, write });
  }

  async start(): Promise<void> {
    this.running = true;
    while (this.running) {
      try {
        await this.client.connectTCP(this.server, { port: 502 });
        this.client.setTimeout(TIMEOUT);
        await this.poll();
      } catch {
        this.client.destroy(() => undefined);
        this.client = new Client();
        if (this.running) await sleep(RECONNECT);
      }
    }
  }

  async stop(): Promise<void> {
    this.running = false;
    await sleep(this.period);
    if (this.client.isOpen) this.client.close(() => undefined);
    await sleep(50);
  }

  private async poll(): Promise<void> {
    for (let next = Date.now(); this.running; next += this.period) {
      await sleep(next - Date.now());
      if (!this.running) return;
      if (Date.now() > next + this.period) next = Date.now();
      const cycle = this.cycle++;
      for (const read of this.reads) if ((cycle + (read.offset ?? 0)) % read.every === 0) await this.read(read);
      for (let write = this.pending.shift(); write !== undefined; write = this.pending.shift()) {
        this.client.setID(write.unit);
        count(this.counts, `fc${write.code}`);
        await write.write(this.client);
      }
    }
  }

  private async read(of: Read): Promise<void> {
    this.client.setID(of.unit);
    count(this.counts, `fc${of.code}`);
    if (of.code === 1) await this.client.readCoils(of.address, of.quantity);
    else if (of.code === 2) await this.client.readDiscreteInputs(of.address, of.quantity);
    else if (of.code === 3) await this.client.readHoldingRegisters(of.address, of.quantity);
    else await this.client.readInputRegisters(of.address, of.quantity);
  }
}
