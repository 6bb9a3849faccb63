/** Shipping, as the appliance sees it: a thread that is told what there is to know and tells how it goes. */
import { Worker } from 'node:worker_threads';
import type { Decision } from '../../finding.ts';
import { StoreError } from '../store.ts';
import type { FromThread, Order, Said, ToThread } from './messages.ts';
import type { Replayed, ShippingState } from './state.ts';

/** Ends of the thread that are followed by another beginning, and the time (ms) between. */
const BEGIN_AGAIN = 5000;

/** ms that the thread may take to end: one that waits for a server that does not answer loses nothing when it is ended. */
const PATIENCE = 5000;

export type ShippingOptions = {
  /** Takes a decision that came from a central console. */
  onDecided: (decision: Decision) => Promise<void>;
  /** One readable line. */
  log: (line: string) => void;
};

export class Shipping {
  state: ShippingState = { ready: false, trouble: 'Elasticsearch was not asked yet', lanes: [] };
  private readonly order: Order;
  private readonly options: ShippingOptions;
  private worker: Worker | null = null;
  private ended: Promise<void> = Promise.resolve();
  private stopping = false;
  private again: NodeJS.Timeout | null = null;
  private readonly replays = new Map<number, { resolve: (replayed: Replayed) => void; reject: (error: Error) => void }>();
  private n = 0;
  private taking = Promise.resolve();

  constructor(order: Order, options: ShippingOptions) {
    this.order = order;
    this.options = options;
  }

  start(): void {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: this.order });
    this.worker = worker;
    worker.on('message', (message: FromThread) => this.hear(message));
    worker.on('error', (error) => this.options.log(`shipping to Elasticsearch failed and begins again: ${(error as Error).message}`));
    this.ended = new Promise((resolve) => worker.once('exit', () => resolve()));
    void this.ended.then(() => this.gone());
  }

  /** Ships what is there now without waiting for its turn. */
  hurry(): void {
    this.say({ say: 'hurry' });
  }

  /** How the appliance is: told at the other side again and again. */
  tell(presence: Said): void {
    this.say({ say: 'presence', presence });
  }

  /** Sends once more what was refused. */
  replay(): Promise<Replayed> {
    const n = ++this.n;
    return new Promise((resolve, reject) => {
      this.replays.set(n, { resolve, reject });
      this.say({ say: 'replay', n });
    });
  }

  async stop(): Promise<void> {
    this.stopping = true;
    if (this.again !== null) clearTimeout(this.again);
    this.say({ say: 'stop' });
    const late = setTimeout(() => void this.worker?.terminate(), PATIENCE);
    await this.ended;
    clearTimeout(late);
    await this.taking;
  }

  private say(message: ToThread): void {
    this.worker?.postMessage(message);
  }

  private hear(message: FromThread): void {
    if (message.say === 'state') this.state = message.state;
    else if (message.say === 'decided') this.take(message.decisions);
    else if (message.say === 'line') this.options.log(message.line);
    else {
      const waiting = this.replays.get(message.n);
      this.replays.delete(message.n);
      if (message.say === 'replayed') waiting?.resolve(message.replayed);
      else waiting?.reject(new StoreError('storage', message.reason));
    }
  }

  private take(decisions: Decision[]): void {
    for (const decision of decisions) {
      this.taking = this.taking
        .then(() => this.options.onDecided(decision))
        .catch((error: unknown) => this.options.log(`a decision of the central console could not be taken: ${(error as Error).message}`));
    }
    this.taking = this.taking.then(() => this.hurry());
  }

  private gone(): void {
    this.worker = null;
    for (const { reject } of this.replays.values()) reject(new StoreError('storage', 'Shipping ended meanwhile: try again.'));
    this.replays.clear();
    if (!this.stopping) this.again = setTimeout(() => this.start(), BEGIN_AGAIN);
  }
}
