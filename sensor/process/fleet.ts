/** Several sensors on one interface, each with a share of its conversations, as one: for links that one processor core cannot follow. */
import type { Coverage } from '../coverage.ts';
import { besideCoverage, NO_COVERAGE } from './coverage.ts';
import type { Confined } from './message.ts';
import { Numbering } from './numbering.ts';
import type { SensorOptions } from './options.ts';
import { type RemoteEvents, RemoteSensor } from './remote.ts';

export class Fleet {
  readonly sensors: readonly RemoteSensor[];

  /** `workers`: how many. */
  constructor(options: Omit<SensorOptions, 'frames' | 'fanout'>, workers: number, events: RemoteEvents) {
    const numbering = new Numbering();
    // The number of the group is this process's: no other one uses it here.
    const fanout = (member: number) => (workers === 1 ? null : { group: (process.pid % 65_535) + 1, member, members: workers });
    this.sensors = Array.from({ length: workers }, (_, member) => new RemoteSensor({ ...options, fanout: fanout(member) }, events, numbering));
  }

  get frames(): number {
    return this.sensors.reduce((sum, { frames }) => sum + frames, 0);
  }

  /** Capture time of the newest frame. */
  get clock(): number {
    return this.sensors.reduce((newest, { clock }) => (clock > newest || Number.isNaN(newest) ? clock : newest), Number.NaN);
  }

  /** Why nothing, or not everything, is captured now; '' while all is well. */
  get down(): string {
    return this.sensors.find(({ down }) => down !== '')?.down ?? '';
  }

  get warnings(): string[] {
    return [...new Set(this.sensors.flatMap(({ warnings }) => warnings))];
  }

  /** As the least confined of them is. */
  get confined(): Confined {
    const all = this.sensors.map(({ confined }) => confined);
    return all.find(({ seccomp }) => !seccomp) ?? (all[0] as Confined);
  }

  coverage(): Coverage {
    return this.sensors.map((sensor) => sensor.coverage()).reduce(besideCoverage, NO_COVERAGE);
  }

  /** Resolves when all capture; when one cannot, none does. */
  async start(): Promise<void> {
    try {
      // The first makes the group that the others join.
      for (const sensor of this.sensors) await sensor.start();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.sensors.map((sensor) => sensor.stop()));
  }
}
