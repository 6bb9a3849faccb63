import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { on } from './network.ts';
import type { Actuators, State } from './process.ts';
import type { Counts, FromHost, ToHost } from './wiring.ts';

/** A program on one host of the plant. */
export class Program {
  readonly label: string;
  private readonly child: ChildProcess;
  private readonly waiting: ((message: FromHost) => boolean)[] = [];

  /** Starts `file` of this folder on `host`. `onActuators` hears what it wants of the process. */
  constructor(host: string, file: string, args: readonly string[], onActuators: (wanted: Partial<Actuators>) => void) {
    this.label = `${host}/${file}`;
    const [command, all] = on(host, process.execPath, fileURLToPath(new URL(`${file}.ts`, import.meta.url)), ...args);
    this.child = spawn(command, all, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    // A message to a program that is just ending; whoever waits for it hears of the end itself.
    this.child.on('error', () => undefined);
    this.child.on('message', (message: FromHost) => {
      if ('actuators' in message) onActuators(message.actuators);
      else for (const one of [...this.waiting]) if (one(message)) this.waiting.splice(this.waiting.indexOf(one), 1);
    });
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  ready(): Promise<FromHost> {
    return this.hear((message) => 'ready' in message, 40_000);
  }

  start(): void {
    this.send({ start: true });
  }

  state(state: State): void {
    this.send({ state });
  }

  async attack(name: string): Promise<Counts> {
    this.send({ attack: name });
    const done = await this.hear((message) => 'done' in message && message.done === name, 30_000);
    if ('error' in done && done.error !== undefined) throw new Error(`${name} failed on ${this.label}: ${done.error}`);
    return 'operations' in done ? done.operations : {};
  }

  /** Says goodbye on the wire; what the program sent over the whole run. */
  async stop(): Promise<Counts> {
    this.send({ stop: true });
    const stopped = await this.hear((message) => 'stopped' in message, 6000);
    return 'operations' in stopped ? stopped.operations : {};
  }

  kill(): void {
    if (this.alive) this.child.kill('SIGKILL');
  }

  private send(message: ToHost): void {
    if (this.child.connected) this.child.send(message);
  }

  private hear(wanted: (message: FromHost) => boolean, within: number): Promise<FromHost> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`${this.label} ${why}`));
      const timer = setTimeout(() => fail(`said nothing for ${within} ms`), within);
      const ended = () => fail('ended early');
      this.child.once('exit', ended);
      this.waiting.push((message) => {
        if (!wanted(message)) return false;
        clearTimeout(timer);
        this.child.off('exit', ended);
        resolve(message);
        return true;
      });
    });
  }
}
