/**
 * In what order a sensor tells things, where several share the frames of one capture: what they tell can then be put back into the order in which one alone
 * would have told it. A frame belongs to one of them; what is told between two frames (time-outs, ends of flows) is told flow by flow.
 */
import type { Flow } from './flow/flow.ts';
import { BATCH_ROWS } from './observation.ts';

/** Frame numbers stay below: rounds of one tick follow each other in steps of it. */
const ROUND = 2 ** 45;

export class Order {
  /** Of each row of the batch. */
  readonly time = new Float64Array(BATCH_ROWS);
  readonly rank = new Float64Array(BATCH_ROWS);
  /** Of each definition of the batch. */
  readonly defined: number[] = [];
  /** Number of the frame that is taken, or half a frame later what is told before the next one; and the place in there. */
  private now = 0;
  private place = 0;

  /** Whatever is told from now on comes of frame `n`. */
  frame(n: number): void {
    this.now = n;
    this.place = 0;
  }

  /** Comes between frame `n` and the next, before all that is told of flows there, or behind it. */
  between(n: number, behind = false): void {
    this.now = n + 0.5;
    this.place = behind ? Number.MAX_VALUE : -1;
  }

  /** Comes of a flow between two frames. `round`: flows are gone through more than once, tier by tier and in each in the order in which they came there. */
  of(flow: Flow, round: number): void {
    this.place = round * ROUND + flow.since;
  }

  row(i: number): void {
    this.time[i] = this.now;
    this.rank[i] = this.place;
  }

  definition(): void {
    this.defined.push(this.now);
  }

  /** Nothing that is told later comes before this. */
  get reached(): number {
    return this.now;
  }
}
