/** Captures read by sensors in processes of their own, as one: what they tell comes in the order in which one sensor would have told it. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { InputError } from '../capture/source.ts';
import type { Coverage } from '../coverage.ts';
import type { Batch } from '../observation.ts';
import { besideCoverage, NO_COVERAGE } from './coverage.ts';
import { Inbox } from './crossing.ts';
import { Lane, Merge } from './merge.ts';
import type { FromReader, ReadMessage, ToldMessage, ToSensor } from './message.ts';
import { Numbering } from './numbering.ts';
import { VARIABLE } from './options.ts';
import type { ReaderOptions } from './reader.ts';

const MAIN = fileURLToPath(new URL('./reader.ts', import.meta.url));

/** One process, and what it told that nobody took yet. */
class Reader {
  readonly lane: Lane;
  how: ReadMessage | null = null;
  private readonly options: ReaderOptions;
  private readonly inbox = new Inbox();
  private readonly waiting: ToldMessage[] = [];
  private child: ChildProcess | null = null;

  constructor(options: ReaderOptions, numbering: Numbering) {
    this.options = options;
    this.lane = new Lane(numbering, () => this.bring());
  }

  /** `news` hears that there is more to take; `failed` in one line why there will not be. */
  start(news: () => void, failed: (line: string) => void): void {
    const child = fork(MAIN, [], {
      env: { ...process.env, [VARIABLE]: JSON.stringify(this.options) },
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', this.inbox.fd],
    });
    this.child = child;
    child.on('message', (message: FromReader) => {
      if (message.type === 'failed') return failed(message.message);
      if (message.type === 'batch') this.waiting.push(message);
      if (message.type === 'batch' || message.type === 'reached') this.lane.reached = message.reached;
      else this.how = message;
      if (this.done) this.lane.reached = Number.POSITIVE_INFINITY;
      news();
    });
    child.on('error', (error) => failed(`the sensor's process cannot be started: ${error.message}`));
    child.on('exit', (code, signal) => {
      if (!this.done) failed(`the sensor's process ended before the capture did (${signal ?? `exit ${code}`}); with --workers 0 there is none`);
    });
  }

  /** Everything was read. */
  get done(): boolean {
    return this.how?.type === 'read';
  }

  private bring(): boolean {
    const message = this.waiting.shift();
    if (message === undefined) return false;
    const { batch, order } = this.lane;
    batch.clear();
    this.inbox.read(message.place, batch, order);
    batch.definitions.push(...message.definitions);
    for (const detail of message.details) batch.details.push(detail);
    order.defined.splice(0, order.defined.length, ...message.defined);
    if (this.child?.connected) this.child.send({ type: 'taken', slot: message.place.slot } satisfies ToSensor, () => {});
    return true;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  end(): void {
    this.child?.kill('SIGKILL');
    this.inbox.close();
  }
}

export class Readers {
  private readonly readers: readonly Reader[];
  private readonly merge: Merge;
  private pumping = false;
  /** Something came while it was pumping. */
  private news = false;
  private stopped = false;
  private complete = false;
  private settle: { done(): void; failed(error: unknown): void } = { done() {}, failed() {} };
  private readonly ended = new Promise<void>((done, failed) => {
    this.settle = { done, failed };
  });

  /** `workers`: how many processes, each with a share of the conversations. */
  constructor(options: Omit<ReaderOptions, 'share'>, workers: number, onBatch: (batch: Batch) => void | Promise<void>) {
    const numbering = new Numbering();
    this.readers = Array.from({ length: workers }, (_, member) => new Reader({ ...options, share: { member, members: workers } }, numbering));
    this.merge = new Merge(
      this.readers.map(({ lane }) => lane),
      onBatch,
    );
  }

  /** Process ids. */
  get pids(): number[] {
    return this.readers.map(({ pid }) => pid);
  }

  /** Frames of which everything was taken. */
  get frames(): number {
    return this.complete ? (this.readers[0]?.how?.frames as number) : Math.floor(this.merge.reached);
  }

  /** Capture time that all have come to. */
  get clock(): number {
    return Math.min(...this.readers.map(({ how }) => how?.clock ?? Number.NaN));
  }

  /** Of the first. */
  get first(): number {
    return this.readers[0]?.how?.first ?? Number.NaN;
  }

  get warnings(): string[] {
    return [...new Set(this.readers.flatMap(({ how }) => how?.warnings ?? []))];
  }

  coverage(): Coverage {
    const [first, ...others] = this.readers.map(({ how }) => how?.coverage ?? NO_COVERAGE);
    // Each sees every step of the clock, and how many frames the capturing machine lost.
    const same = ({ interfaces, ...rest }: Coverage): Coverage => ({
      ...rest,
      interfaces: interfaces.map((on) => ({ ...on, dropped: on.dropped && 0 })),
      clock_steps: 0,
    });
    return others.map(same).reduce(besideCoverage, first as Coverage);
  }

  /** Starts them, and resolves when everything was read and taken. Rejects with an InputError of one line when that cannot be, or with what `onBatch` threw. */
  async read(): Promise<void> {
    try {
      for (const reader of this.readers) {
        reader.start(
          () => void this.pump(),
          (line) => this.settle.failed(new InputError(line)),
        );
      }
      await this.ended;
    } finally {
      for (const reader of this.readers) reader.end();
    }
  }

  /** Reads no further: what was taken so far is all. */
  stop(): void {
    this.stopped = true;
    void this.pump();
  }

  private async pump(): Promise<void> {
    this.news = true;
    if (this.pumping) return;
    this.pumping = true;
    try {
      while (this.news && !this.stopped) {
        this.news = false;
        await this.merge.pump();
      }
      await this.finish();
    } catch (error) {
      this.settle.failed(error);
    }
    this.pumping = false;
  }

  /** When all was read, or no more is to be. */
  private async finish(): Promise<void> {
    const done = this.readers.every((reader) => reader.done);
    if (!done && !this.stopped) return;
    await this.merge.end();
    this.complete = done;
    this.settle.done();
  }
}
