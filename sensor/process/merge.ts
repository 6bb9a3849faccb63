/** What several sensors told of the same capture, each of its share, put back into the order in which one would have told all of it. */
import { Judge, lossOf, type Measure, together } from '../health.ts';
import { BATCH_ROWS, BATCH_VALUES, Batch, type Definition, type Observation } from '../observation.ts';
import { Order } from '../order.ts';
import { MEASURED } from '../sensor.ts';
import { ROW_VALUES } from '../writer.ts';
import { type Numbering, Translation } from './numbering.ts';

/** What one sensor has told and was not taken yet: at most one batch is at hand, the others wait where they crossed. */
export class Lane {
  readonly batch = new Batch();
  readonly order = new Order();
  /** Nothing before this comes any more; `Infinity` when nothing comes at all. */
  reached = 0;
  readonly translation: Translation;
  private row = 0;
  private definition = 0;
  /** Brings the next batch, into `batch` and `order`; false when none waits. */
  private readonly more: () => boolean;

  constructor(numbering: Numbering, more: () => boolean) {
    this.translation = new Translation(numbering);
    this.more = more;
  }

  /** Whether there is something to take, of which `time` and `rank` say the place. */
  get ready(): boolean {
    while (this.row === this.batch.rows && this.definition === this.batch.definitions.length) {
      if (!this.more()) return false;
      this.row = 0;
      this.definition = 0;
    }
    return true;
  }

  /** A definition comes before what happens at the same time. */
  get defines(): boolean {
    return this.definition < this.batch.definitions.length && (this.row === this.batch.rows || this.definedAt <= (this.order.time[this.row] as number));
  }

  get time(): number {
    return this.defines ? this.definedAt : (this.order.time[this.row] as number);
  }

  get rank(): number {
    return this.defines ? Number.NEGATIVE_INFINITY : (this.order.rank[this.row] as number);
  }

  private get definedAt(): number {
    return this.order.defined[this.definition] as number;
  }

  /** Whether the definition that is next is of a number that had another one. */
  get redefines(): boolean {
    return this.translation.of((this.batch.definitions[this.definition] as Definition).operation) !== 0;
  }

  /** Under the analyzer's number. */
  nextDefinition(): Definition {
    return this.translation.define(this.batch.definitions[this.definition++] as Definition);
  }

  nextRow(): number {
    return this.row++;
  }
}

/** Rows kept free for what is told of one measure: a few an interface and table. */
const SPARE = 256;

export class Merge {
  /** Everything before this has been taken. */
  reached = 0;
  private readonly lanes: readonly Lane[];
  private readonly out = new Batch();
  private values = 0;
  private readonly measures: Measure[] = [];
  private readonly onBatch: (batch: Batch) => void | Promise<void>;
  private readonly told: Observation[] = [];
  private readonly judge: Judge;
  /** When the judged measure was taken. */
  private at = 0.5;
  private frame = 0;
  /** The lane whose turn it is may go on up to here. */
  private limitTime = 0;
  private limitRank = 0;

  constructor(lanes: readonly Lane[], onBatch: (batch: Batch) => void | Promise<void>) {
    this.lanes = lanes;
    this.onBatch = onBatch;
    this.judge = new Judge((reason, how) => this.told.push(lossOf(reason, how, this.at, this.frame)));
  }

  /** Hands on what may go: everything that nothing earlier can come before. */
  async pump(): Promise<void> {
    for (let lane = this.first(); lane !== null; lane = this.first()) {
      if (this.full(lane)) await this.flush();
      do this.one(lane);
      while (lane.ready && this.comes(lane) && !this.full(lane));
    }
  }

  /** Hands on what is left. */
  async end(): Promise<void> {
    await this.pump();
    await this.flush();
  }

  /** The lane that comes next; null while an earlier one may still come from elsewhere. */
  private first(): Lane | null {
    let [first, second]: [Lane | null, Lane | null] = [null, null];
    let waitsFor = Number.POSITIVE_INFINITY;
    for (const lane of this.lanes) {
      if (!lane.ready) waitsFor = Math.min(waitsFor, lane.reached);
      else if (first === null || before(lane, first)) [first, second] = [lane, first];
      else if (second === null || before(lane, second)) second = lane;
    }
    const waits = second === null || waitsFor <= second.time;
    this.limitTime = waits ? waitsFor : (second as Lane).time;
    this.limitRank = waits ? Number.NEGATIVE_INFINITY : (second as Lane).rank;
    return first !== null && first.time < waitsFor ? first : null;
  }

  private comes(lane: Lane): boolean {
    const { time } = lane;
    return time < this.limitTime || (time === this.limitTime && lane.rank < this.limitRank);
  }

  /** Whether what is gathered must go first. */
  private full(lane: Lane): boolean {
    if (this.out.rows > BATCH_ROWS - SPARE || this.values > BATCH_VALUES - ROW_VALUES) return true;
    // Rows of a number's former owner must be read before its new definition.
    return this.out.rows > 0 && lane.defines && lane.redefines;
  }

  private one(lane: Lane): void {
    if (lane.defines) {
      this.out.definitions.push(lane.nextDefinition());
      return;
    }
    const { batch } = lane;
    this.reached = lane.time;
    const i = lane.nextRow();
    const detail = batch.details[batch.detail[i] as number];
    if (detail !== undefined && detail['loss.reason'] === MEASURED) return this.count(detail, batch.at[i] as number);
    const { out } = this;
    const o = out.rows++;
    copy(batch, i, out, o);
    out.operation[o] = lane.translation.of(batch.operation[i] as number);
    if (detail !== undefined) out.detail[o] = out.details.push(detail) - 1;
    out.valueStart[o] = this.values;
    const start = batch.valueStart[i] as number;
    const end = start + (batch.valueCount[i] as number);
    for (let v = start; v < end; v++) out.values[this.values++] = batch.values[v] as number;
  }

  /** Judges what all counted, once the last of them has said. */
  private count(detail: Observation, at: number): void {
    this.measures.push(detail['measure'] as Measure);
    if (this.measures.length < this.lanes.length) return;
    this.at = at;
    this.frame = detail['frame'] as number;
    this.judge.judge(this.measures.splice(0).reduce(together));
    for (const observation of this.told.splice(0, SPARE)) this.tell(observation);
  }

  private tell(observation: Observation): void {
    const { out } = this;
    const o = out.rows++;
    out.operation[o] = 0;
    out.at[o] = this.at;
    out.outcome[o] = 0;
    out.requestFrame[o] = this.frame;
    out.responseFrame[o] = 0;
    out.valueStart[o] = this.values;
    out.valueCount[o] = 0;
    out.detail[o] = out.details.push(observation) - 1;
  }

  private async flush(): Promise<void> {
    if (this.out.rows === 0 && this.out.definitions.length === 0) return;
    await this.onBatch(this.out);
    this.out.clear();
    this.values = 0;
  }
}

const before = (a: Lane, b: Lane): boolean => a.time < b.time || (a.time === b.time && a.rank < b.rank);

function copy(from: Batch, i: number, to: Batch, o: number): void {
  to.at[o] = from.at[i] as number;
  to.latency[o] = from.latency[i] as number;
  to.outcome[o] = from.outcome[i] as number;
  to.status[o] = from.status[i] as number;
  to.requestFrame[o] = from.requestFrame[i] as number;
  to.responseFrame[o] = from.responseFrame[i] as number;
  to.port[o] = from.port[i] as number;
  to.transaction[o] = from.transaction[i] as number;
  to.handle[o] = from.handle[i] as number;
  to.channel[o] = from.channel[i] as number;
  to.valueCount[o] = from.valueCount[i] as number;
  to.detail[o] = -1;
}
