/** Ships everything stored to Elasticsearch, at its own pace: nothing waits for it, and nothing is forgotten. */
import { setTimeout as sleep } from 'node:timers/promises';
import { install } from '../elastic/install.ts';
import { type Kind, SHIPPED } from '../elastic/kinds.ts';
import type { Scope } from '../elastic/scope.ts';
import type { Database } from '../sqlite/database.ts';
import { SACRIFICE } from '../sqlite/letters.ts';
import { backlog, beginShipping, giveUp, queues } from '../sqlite/outbox.ts';
import { passTime, waitedFor } from '../sqlite/waits.ts';
import { StoreError } from '../store.ts';
import { Lane, Waiting } from './lane.ts';
import { pause } from './pause.ts';
import { Rate } from './rate.ts';
import { replay } from './replay.ts';
import type { LaneState, Replayed, ShippingState } from './state.ts';
import { recognise } from './target.ts';

/** How often (ms) a lane looks for more once it has shipped all: what people wait for, and what changes all the time. */
const SOON = 500;
const LATER = 15_000;
const SLOW: ReadonlySet<Kind> = new Set(['assets', 'facts', 'conversations', 'registers']);
/** How often (ms) ceilings are looked at. */
const CEILINGS = 30_000;

/** Tries in a row that find no index: then it is made, with all that was in it. */
const LOST = 3;

export type Limits = {
  /** Documents of all kinds that may wait, and for how long (ms) single ones. */
  documents: number;
  age: number;
};

/** How finely age is told: in so many steps. */
const STEPS = 10;

export class Shipper {
  private readonly db: Database;
  private readonly scope: Scope;
  private readonly limits: Limits;
  private readonly retention: string | null;
  private readonly stopped = new AbortController();
  private round = new AbortController();
  private readonly troubles = new Map<Kind, { trouble: string; tries: number }>();
  private readonly rates = new Map<Kind, Rate>();
  private readonly wakes = new Map<Kind, () => void>();
  /** When ceilings were looked at last. */
  private looked = performance.now();
  private ready = false;
  private trouble = '';
  private work: Promise<unknown> = Promise.resolve();

  constructor(db: Database, scope: Scope, limits: Limits, retention: string | null) {
    this.db = db;
    this.scope = scope;
    this.limits = limits;
    this.retention = retention;
  }

  /** Queues what is there already the first time, then ships until `stop`. */
  start(): void {
    beginShipping(this.db, SHIPPED);
    this.work = this.run();
  }

  /** Ends within the time that a request under way takes to be given up; what was not settled is shipped again next time. */
  async stop(): Promise<void> {
    this.stopped.abort();
    await this.work;
  }

  /** The cluster has what documents need. */
  get isReady(): boolean {
    return this.ready;
  }

  state(): ShippingState {
    const now = performance.now();
    const lanes = backlog(this.db).map(
      (one): LaneState => ({ ...one, rate: this.rateOf(one.kind).perSecond(now), ...(this.troubles.get(one.kind) ?? { trouble: '', tries: 0 }) }),
    );
    return { ready: this.ready, trouble: this.trouble, lanes };
  }

  private rateOf(kind: Kind): Rate {
    const known = this.rates.get(kind) ?? new Rate();
    this.rates.set(kind, known);
    return known;
  }

  /** Ships what is there now without waiting for its turn; where tries fail, their pause stays. */
  hurry(): void {
    for (const wake of this.wakes.values()) wake();
  }

  /** Sends once more what was refused; what is taken now leaves the dead letters. */
  async replay(): Promise<Replayed> {
    const replayed = await replay(this.db, this.scope, this.stopped.signal);
    this.hurry();
    return replayed;
  }

  /** Again from the start when the cluster has lost an index. */
  private async run(): Promise<void> {
    while (!this.stopped.signal.aborted) {
      this.round = new AbortController();
      await this.prepare();
      const lanes = SHIPPED.map((kind) => this.lane(new Lane(kind, this.db, this.scope)));
      await Promise.all([...lanes, this.ceilings()]);
    }
  }

  /** Of what is under way until then. */
  private get ending(): AbortSignal {
    return AbortSignal.any([this.round.signal, this.stopped.signal]);
  }

  /** Makes the cluster ready: until it is, nothing is sent. */
  private async prepare(): Promise<void> {
    this.ready = false;
    for (let tries = 1; !this.stopped.signal.aborted; tries++) {
      try {
        await install(this.scope, this.retention);
        await recognise(this.db, this.scope);
        this.ready = true;
        this.trouble = '';
        return;
      } catch (error) {
        this.trouble = (error as Error).message;
        this.look();
        await this.rest(pause(tries, undefined));
      }
    }
  }

  private async lane(lane: Lane): Promise<void> {
    const ending = this.ending;
    let tries = 0;
    while (!ending.aborted) {
      try {
        const { more, documents } = await lane.step(ending);
        this.rateOf(lane.kind).add(documents, performance.now());
        tries = 0;
        this.troubles.delete(lane.kind);
        if (!more) await this.rest(SLOW.has(lane.kind) ? LATER : SOON, lane.kind);
      } catch (error) {
        if (ending.aborted) return;
        tries++;
        const trouble = (error as Error).message;
        this.troubles.set(lane.kind, { trouble, tries });
        if (tries >= LOST && trouble.includes('index_not_found')) this.round.abort();
        // Nothing wakes it: whoever asked for time gets it.
        await this.rest(pause(tries, error instanceof Waiting ? error.asked : undefined));
      }
    }
  }

  private async ceilings(): Promise<void> {
    const ending = this.ending;
    while (!ending.aborted) {
      this.look();
      await this.rest(CEILINGS);
    }
  }

  /** A full disk takes nothing: then it is tried the next time, as all the rest. */
  private look(): void {
    const now = performance.now();
    try {
      this.sacrifice(now - this.looked);
      this.looked = now;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }

  /** Keeps what waits within its limits, `elapsed` ms after the last time. Captures may be of long ago, so what counts is how long something has waited here. */
  sacrifice(elapsed: number): void {
    this.db.transaction(() => {
      for (const queue of queues(this.db)) passTime(this.db, queue, elapsed, this.limits.age / STEPS);
    });
    const lanes = new Map(backlog(this.db).map((lane) => [lane.kind, lane.waiting]));
    let waiting = [...lanes.values()].reduce((sum, n) => sum + n, 0);
    for (const kind of SACRIFICE) {
      const own = lanes.get(kind) ?? 0;
      const keep = Math.max(0, own - Math.max(0, waiting - this.limits.documents));
      const gone = own === 0 ? 0 : giveUp(this.db, kind, keep, waitedFor(this.db, kind, this.limits.age));
      waiting -= gone;
    }
  }

  /** Waits, unless it is stopped or, of a kind, woken. */
  private async rest(ms: number, kind?: Kind): Promise<void> {
    const woken = new AbortController();
    const signal = AbortSignal.any([woken.signal, this.ending]);
    if (kind !== undefined) this.wakes.set(kind, () => woken.abort());
    await sleep(ms, undefined, { signal }).catch(() => undefined);
    if (kind !== undefined) this.wakes.delete(kind);
  }
}
