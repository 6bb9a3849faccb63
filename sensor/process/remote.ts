/** The sensor's process as seen from the analyzer's: started, listened to, started again when it dies. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { InputError } from '../capture/source.ts';
import type { Coverage } from '../coverage.ts';
import { Batch, timestamp } from '../observation.ts';
import { addCoverage, NO_COVERAGE } from './coverage.ts';
import { Inbox } from './crossing.ts';
import type { BatchMessage, Confined, StatusMessage, ToAnalyzer, ToSensor } from './message.ts';
import { Numbering, Translation } from './numbering.ts';
import { type SensorOptions, VARIABLE } from './options.ts';

/** ms before a sensor that died is started again, doubled each time it dies at once, up to the longest. */
const AGAIN = 100;
const AGAIN_LONGEST = 5000;
/** ms that it may take to stop. */
const STOPPING = 5000;

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

export type RemoteEvents = {
  /** Takes a batch, which is reused afterwards. */
  batch(batch: Batch): void | Promise<void>;
  /** How it goes was told; comes twice a second. */
  status(): void | Promise<void>;
  /** The sensor died, or could not be started again: one line. */
  trouble(line: string): void;
  /** What `batch` or `status` threw: there is no going on without whoever takes batches. */
  failed(error: unknown): void;
};

export class RemoteSensor {
  frames = 0;
  clock = Number.NaN;
  warnings: string[] = [];
  confined: Confined = { capabilities: '', seccomp: false };
  /** Why nothing is captured now, '' while it is. */
  down = '';
  private readonly options: Omit<SensorOptions, 'frames'>;
  private readonly events: RemoteEvents;
  private readonly batch = new Batch();
  private readonly inbox = new Inbox();
  private readonly translation: Translation;
  private current = NO_COVERAGE;
  /** Of sensors that are gone. */
  private former = NO_COVERAGE;
  private child: ChildProcess | null = null;
  /** Batches are taken one after the other. */
  private taking: Promise<void> = Promise.resolve();
  private blindSince = Number.NaN;
  private attempts = 0;
  private stopping: Promise<void> | null = null;
  private over: () => void = () => {};
  private readonly ended = new Promise<void>((resolve) => {
    this.over = resolve;
  });

  constructor(options: Omit<SensorOptions, 'frames'>, events: RemoteEvents, numbering = new Numbering()) {
    this.options = options;
    this.events = events;
    this.translation = new Translation(numbering);
  }

  /** Process id of the sensor, 0 while there is none. */
  get pid(): number {
    return this.child?.pid ?? 0;
  }

  coverage(): Coverage {
    return addCoverage(this.former, this.current);
  }

  /** Resolves when capturing has begun. Rejects with an InputError of one line when it cannot. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => this.launch(resolve, (line) => reject(new InputError(line))));
  }

  /** Resolves when the sensor was stopped and everything it saw was taken. */
  stop(): Promise<void> {
    this.stopping ??= this.finish();
    return this.stopping;
  }

  private async finish(): Promise<void> {
    if (this.child !== null) {
      this.tell({ type: 'stop' });
      const late = setTimeout(() => this.child?.kill('SIGKILL'), STOPPING);
      await this.ended;
      clearTimeout(late);
    }
    await this.taking;
    this.inbox.close();
  }

  private launch(ready: () => void, failed: (line: string) => void): void {
    const options: SensorOptions = { ...this.options, frames: this.frames };
    const child = fork(MAIN, [], {
      env: { ...process.env, [VARIABLE]: JSON.stringify(options) },
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', this.inbox.fd],
    });
    this.child = child;
    let readyAt = Number.NaN;
    let told = false;
    let why = '';
    const refused = (line: string): void => {
      if (!told) failed(line);
      told = true;
    };
    child.on('message', (message: ToAnalyzer) => {
      if (message.type === 'batch') this.take(message, child);
      else if (message.type === 'status') this.status(message);
      else if (message.type === 'failed') why = message.message;
      else if (message.type === 'ready') {
        readyAt = performance.now();
        this.confined = message.confined;
        this.running();
        ready();
      }
    });
    child.on('error', (error) => {
      // Without a process there is no end of it to wait for.
      if (child.pid === undefined) this.child = null;
      refused(`the sensor's process cannot be started: ${error.message}`);
    });
    child.on('exit', (code, signal) => {
      if (this.child === child) this.child = null;
      const line = why || `the sensor's process ended (${signal ?? `exit ${code}`})`;
      if (this.stopping !== null) this.over();
      else if (Number.isNaN(readyAt)) refused(line);
      else this.died(line, performance.now() - readyAt);
    });
  }

  private take(message: BatchMessage, child: ChildProcess): void {
    this.queue(async () => {
      if (!this.unpacked(message, child)) return;
      await this.events.batch(this.batch);
      if (child.connected) child.send({ type: 'taken', slot: message.place.slot } satisfies ToSensor, () => {});
    });
  }

  /** Fills the batch. A sensor that sends what no sensor sends is not itself any more, and makes room for another one. */
  private unpacked({ place, definitions, details }: BatchMessage, child: ChildProcess): boolean {
    try {
      this.batch.clear();
      this.inbox.read(place, this.batch);
      this.batch.definitions.push(...definitions);
      for (const detail of details) this.batch.details.push(detail);
      this.translation.apply(this.batch);
      return true;
    } catch (error) {
      this.events.trouble(`${(error as Error).message}: it is ended`);
      child.kill('SIGKILL');
      return false;
    }
  }

  /** Does one thing after the other. */
  private queue(work: () => void | Promise<void>): void {
    this.taking = this.taking.then(work).catch((error: unknown) => this.events.failed(error));
  }

  private status({ frames, clock, coverage, warnings, confined }: StatusMessage): void {
    this.frames = frames;
    if (!Number.isNaN(clock)) this.clock = clock;
    this.current = coverage;
    this.warnings = warnings;
    this.confined = confined;
    this.queue(() => this.events.status());
  }

  private running(): void {
    this.down = '';
    if (Number.isNaN(this.blindSince)) return;
    const blind = Date.now() - this.blindSince;
    this.blindSince = Number.NaN;
    this.queue(() => this.lost('sensor_restarted', blind));
  }

  /** A batch of the analyzer's own: the sensor cannot tell of the time when it was not there. */
  private async lost(reason: string, duration: number): Promise<void> {
    const at = Date.now();
    this.batch.clear();
    this.batch.rows = 1;
    this.batch.at[0] = at;
    this.batch.operation[0] = 0;
    this.batch.outcome[0] = 0;
    this.batch.detail[0] = 0;
    this.batch.details.push({ kind: 'loss', '@timestamp': timestamp(at), 'loss.reason': reason, 'loss.duration': Math.round(duration), frame: this.frames });
    await this.events.batch(this.batch);
  }

  /** It had run for `lived` ms. */
  private died(line: string, lived: number): void {
    this.former = addCoverage(this.former, this.current);
    this.current = NO_COVERAGE;
    this.blindSince = Date.now();
    if (lived > AGAIN_LONGEST) this.attempts = 0;
    this.again(line);
  }

  /** Tries again until it works or is stopped. */
  private again(line: string): void {
    if (line !== this.down) this.events.trouble(line);
    this.down = line;
    const delay = Math.min(AGAIN * 2 ** this.attempts++, AGAIN_LONGEST);
    setTimeout(async () => {
      // Another sensor writes to the same slots: what this one left there is taken first.
      await this.taking;
      if (this.stopping !== null) return;
      this.translation.end();
      this.launch(
        () => {},
        (why) => this.again(why),
      );
    }, delay);
  }

  private tell(message: ToSensor): void {
    if (this.child?.connected) this.child.send(message, () => {});
  }
}
