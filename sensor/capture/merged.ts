/** Several live sources as one, in order of time: the two directions that a tap gives, or several mirror ports. */
import { Pile } from './pile.ts';
import type { Block, Source, SourceReport } from './source.ts';

/** ms after which a frame no longer waits for an earlier one of another source: longer than any of them keeps its frames to itself. */
const HOLD = 60;
const LOOK_EVERY = 20;

/** What is there of one source: a block that is being taken, frame by frame (`bytes` are its memory), and until when (ms) it is known to have no more. */
type Lane = { readonly id: number; block: Block | null; bytes: Buffer; next: number; done: () => void; quietUntil: number };

const NOTHING = Buffer.alloc(0);

type OnBlock = Parameters<Source['frames']>[0];

export class Merged implements Source {
  private readonly sources: readonly Source[];
  private readonly lanes: Lane[];
  private readonly pile = new Pile();
  private working = false;

  constructor(sources: readonly Source[]) {
    this.sources = sources;
    this.lanes = sources.map((_, id) => ({ id, block: null, bytes: NOTHING, next: 0, done: () => {}, quietUntil: Number.NEGATIVE_INFINITY }));
  }

  get report(): SourceReport {
    const all = this.sources.map(({ report }) => report);
    return {
      frames: all.reduce((sum, { frames }) => sum + frames, 0),
      interfaces: all.flatMap(({ interfaces }) => interfaces),
      warnings: all.flatMap(({ warnings }) => warnings),
    };
  }

  stop(): void {
    for (const source of this.sources) source.stop();
  }

  async frames(onBlock: OnBlock): Promise<SourceReport> {
    const timer = setInterval(() => void this.pump(onBlock), LOOK_EVERY);
    try {
      await Promise.all(this.sources.map((source, i) => this.follow(source, this.lanes[i] as Lane, onBlock)));
    } catch (error) {
      this.stop();
      throw error;
    } finally {
      clearInterval(timer);
    }
    return this.report;
  }

  /** One that has ended has no more, ever. */
  private async follow(source: Source, lane: Lane, onBlock: OnBlock): Promise<void> {
    await source.frames((block) => {
      if (block.count === 0) {
        lane.quietUntil = block.idleUntil;
        return this.pump(onBlock);
      }
      const taken = new Promise<void>((resolve) => {
        lane.done = resolve;
      });
      lane.block = block;
      lane.bytes = Buffer.from(block.view.buffer, block.view.byteOffset, block.view.byteLength);
      lane.next = 0;
      void this.pump(onBlock);
      return taken;
    });
    lane.quietUntil = Number.POSITIVE_INFINITY;
    await this.pump(onBlock);
  }

  /** Hands on what may go, oldest first. */
  private async pump(onBlock: OnBlock): Promise<void> {
    if (this.working) return;
    this.working = true;
    do this.gather();
    while (await this.handed(onBlock));
    this.working = false;
  }

  /** Copies frames together until one has to wait, or the block is full. */
  private gather(): void {
    for (let lane = this.oldest(); lane !== null; lane = this.oldest()) {
      if (!this.copy(lane)) return;
      const block = lane.block as Block;
      if (++lane.next < block.count) continue;
      lane.quietUntil = Math.max(lane.quietUntil, block.at[block.count - 1] as number);
      lane.block = null;
      lane.done();
    }
  }

  /** Whose frame comes next; null while an earlier one may still come from elsewhere. */
  private oldest(): Lane | null {
    let first: Lane | null = null;
    let at = Number.POSITIVE_INFINITY;
    for (const lane of this.lanes) {
      const time = lane.block === null ? Number.POSITIVE_INFINITY : (lane.block.at[lane.next] as number);
      if (time < at) [first, at] = [lane, time];
    }
    if (first === null || at <= Date.now() - HOLD) return first;
    return this.lanes.every(({ block, quietUntil }) => block !== null || quietUntil >= at) ? first : null;
  }

  /** False when there is no room. */
  private copy(lane: Lane): boolean {
    const block = lane.block as Block;
    const i = lane.next;
    const { offset, captured, length, at, linktype } = block;
    return this.pile.add(lane.bytes, offset[i]!, captured[i]!, length[i]!, at[i]!, linktype[i]!, lane.id);
  }

  /** Whether there was anything. When all are quiet, that is told too. */
  private async handed(onBlock: OnBlock): Promise<boolean> {
    const out = this.pile.block;
    const some = out.count > 0;
    out.idleUntil = some ? Number.NaN : Math.min(...this.lanes.map(({ block, quietUntil }) => (block === null ? quietUntil : Number.NEGATIVE_INFINITY)));
    if (some || Number.isFinite(out.idleUntil)) await onBlock(out);
    this.pile.clear();
    return some;
  }
}
