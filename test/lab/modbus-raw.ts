import { connect, type Socket } from 'node:net';
import { join, u16 } from './bytes.ts';
import { type Counts, count, sleep } from './wiring.ts';

/** A Modbus/TCP client without manners: sends any PDU to any unit and takes what comes, or nothing. */
export class Raw {
  readonly sent: Counts = {};
  private transaction = 0;
  private answered: ((answer: Buffer) => void) | undefined;
  private readonly socket: Socket;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (data) => this.answered?.(data));
    socket.on('error', () => undefined);
  }

  static open(ip: string): Promise<Raw> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: ip, port: 502, noDelay: true }, () => resolve(new Raw(socket)));
      socket.once('error', reject);
    });
  }

  /** Sends function `code` with `data` and waits for an answer, at most `timeout` ms. */
  async ask(unit: number, code: number, data: readonly number[] = [], timeout = 400): Promise<Buffer | undefined> {
    count(this.sent, `fc${code}`);
    const answer = new Promise<Buffer>((resolve) => (this.answered = resolve));
    this.transaction = (this.transaction + 1) & 0xffff;
    this.socket.write(join(u16(this.transaction), [0, 0], u16(data.length + 2), [unit, code], data));
    return (await Promise.race([answer, sleep(timeout)])) ?? undefined;
  }

  close(): void {
    this.socket.end();
  }
}

export const read = (address: number, quantity: number) => [...u16(address), ...u16(quantity)];
