/** The chain from frames to findings: over captures, or from an interface until it is stopped. Shared by `analyze`, `learn` and `run`. */
import { fileURLToPath } from 'node:url';
import { Analyzer } from '../analyzer/analyzer.ts';
import type { Baseline } from '../analyzer/baseline/file.ts';
import { RuleSet } from '../analyzer/rules/compile.ts';
import { loadRules } from '../analyzer/rules/load.ts';
import type { TagIndex } from '../analyzer/tags/tags.ts';
import { milliseconds } from '../config.ts';
import { openFiles, spanOf } from '../sensor/capture/file.ts';
import { InputError, type Source, type SourceReport } from '../sensor/capture/source.ts';
import { type Batch, type Coverage, type Observation, rowFields, timestamp } from '../sensor/observation.ts';
import { Fleet } from '../sensor/process/fleet.ts';
import type { Confined } from '../sensor/process/message.ts';
import type { SensorOptions } from '../sensor/process/options.ts';
import { Readers } from '../sensor/process/readers.ts';
import type { Keyring } from '../sensor/protocols/opcua/keys/keyring.ts';
import { Sensor } from '../sensor/sensor.ts';

/** The rules that come with the product. */
export const RULES = fileURLToPath(new URL('../rules', import.meta.url));
/** Share of a capture that is learned when nothing else is said. */
const DEFAULT_LEARN = '30%';
const DEFAULT_LEARN_STDIN = '10m';
/** Summaries handed on at a time when a capture ends, so that they can be stored in between. */
const PORTION = 5000;

/** Loads and compiles rules. Throws an InputError of one line when one of them is broken. */
export function compileRules(dirs: readonly string[]): RuleSet {
  const { rules, problems } = loadRules([RULES, ...dirs]);
  if (problems.length > 0)
    throw new InputError(problems.length === 1 ? (problems[0] as string) : `${problems[0]} (and ${problems.length - 1} more: stillwatch rules check)`);
  return new RuleSet(rules, rowFields);
}

/** ms to learn each device: a time, or a share of the capture's length, which then is read over once. */
export async function learningTime(text: string | undefined, paths: readonly string[], baseline: Baseline | null): Promise<{ learn: number; frames: number }> {
  if (text === undefined && baseline !== null) return { learn: 0, frames: 0 };
  const wanted = text ?? (paths.includes('-') ? DEFAULT_LEARN_STDIN : DEFAULT_LEARN);
  const share = /^(\d+(?:\.\d+)?)%$/.exec(wanted);
  if (share === null) {
    const learn = wanted === '0' ? 0 : milliseconds(wanted);
    if (Number.isNaN(learn)) throw new InputError(`--learn takes a share such as 30% or a time such as 90s or 10m, not "${wanted}"`);
    return { learn, frames: 0 };
  }
  if (Number(share[1]) > 100) throw new InputError(`--learn takes at most 100%, not "${wanted}"`);
  const span = await spanOf(paths);
  return { learn: Math.floor(((span.last - span.first) * Number(share[1])) / 100), frames: span.frames };
}

export type PassOptions = {
  rules: RuleSet;
  learn: number;
  baseline: Baseline | null;
  /** As the sensor takes it. */
  responseTimeout?: number | undefined;
  /** As the sensor takes them. */
  keys?: Keyring | undefined;
  /** What values are called. */
  tags?: TagIndex;
  onKept?: (observation: Observation, frames: number[]) => void;
  /** ms that a summary of cyclic reads covers. */
  summary?: number;
  /** Called after every block; live after every batch, and twice a second. */
  onBlock?: (pass: Pass) => void | Promise<void>;
  /** Captures to read by sensors in so many processes of their own. */
  captures?: Captures;
  /** Where to capture from, instead of reading captures; the sensor is a process of its own then. */
  live?: Omit<SensorOptions, 'frames' | 'responseTimeout' | 'fanout'> & { workers?: number };
  /** Hears when the sensor's process died: one line. */
  onTrouble?: (line: string) => void;
};

/** `keys`: files of OPC UA keys, for those processes to read. */
export type Captures = { files: readonly string[]; workers: number; keys: readonly string[] };

type Live = NonNullable<PassOptions['live']> & { responseTimeout: number | null };

/** The sensor as far as others ask it: in this process, or in its own. */
type Sensing = { readonly frames: number; readonly clock: number; readonly down?: string; readonly confined?: Confined };

/** The chain from frames to findings, one instance a run. */
export class Pass {
  readonly analyzer: Analyzer;
  readonly sensor: Sensing;
  private readonly local: Sensor | null;
  private readonly remote: Fleet | null;
  private readonly readers: Readers | null;
  private report: SourceReport = { frames: 0, interfaces: [], warnings: [] };
  /** Rejects when what was captured cannot be taken any more, such as by a store whose disk is full. */
  readonly broken: Promise<never>;
  private fail: (error: unknown) => void = () => {};
  private readonly keys: Keyring | undefined;
  private readonly onBlock: NonNullable<PassOptions['onBlock']>;
  private first = Number.NaN;

  constructor(options: PassOptions) {
    this.analyzer = new Analyzer({
      rules: options.rules,
      learn: options.learn,
      facts: options.baseline?.facts ?? [],
      assets: options.baseline?.assets ?? [],
      baseline: options.baseline?.hash ?? '',
      ...(options.tags === undefined ? {} : { tags: options.tags }),
      ...(options.onKept === undefined ? {} : { onKept: options.onKept }),
      ...(options.summary === undefined ? {} : { summary: options.summary }),
    });
    const { responseTimeout, keys, live, captures } = options;
    this.keys = keys;
    this.broken = new Promise((_, reject) => {
      this.fail = reject;
    });
    this.broken.catch(() => {});
    this.onBlock = options.onBlock ?? (() => {});
    const local = live === undefined && captures === undefined;
    this.local = local ? new Sensor((batch) => this.analyzer.take(batch), { responseTimeout, keys }) : null;
    this.remote = live === undefined ? null : this.watched({ ...live, responseTimeout: responseTimeout ?? null }, options.onTrouble ?? (() => {}));
    this.readers = captures === undefined ? null : this.reading({ ...captures, responseTimeout: responseTimeout ?? null });
    this.sensor = (this.local ?? this.remote ?? this.readers) as Sensing;
  }

  /** Reads a source to its end. */
  async read(source: Source): Promise<void> {
    this.report = source.report;
    const sensor = this.local as Sensor;
    sensor.interfaces = () => source.report.interfaces;
    await source.frames((block) => {
      if (Number.isNaN(this.first) && block.count > 0) this.first = block.at[0] as number;
      sensor.take(block);
      return this.onBlock(this);
    });
    sensor.end();
    await this.close();
  }

  /** Reads captures to their end: a source of them here, unless it was made with processes that read them. */
  async readAll(source: Source): Promise<void> {
    if (this.readers === null) return this.read(source);
    await this.readers.read();
    await this.close();
  }

  /** Reads no further than it has come by the processes that it was made with. */
  stopReading(): void {
    this.readers?.stop();
  }

  /** Begins to capture. Rejects with an InputError of one line when that cannot be. */
  async watch(): Promise<void> {
    await (this.remote as Fleet).start();
  }

  /** Stops capturing; resolves when everything that was seen has been judged. */
  async unwatch(): Promise<void> {
    await this.remote?.stop();
    await this.close();
  }

  /** Stops capturing, and does nothing more. */
  async abandon(): Promise<void> {
    await this.remote?.stop();
  }

  private take(batch: Batch): void | Promise<void> {
    if (Number.isNaN(this.first) && batch.rows > 0) this.first = batch.at[0] as number;
    this.analyzer.take(batch);
    return this.onBlock(this);
  }

  private reading({ workers, ...options }: Captures & { responseTimeout: number | null }): Readers {
    return new Readers(options, workers, (batch) => this.take(batch));
  }

  private watched({ workers = 1, ...options }: Live, trouble: (line: string) => void): Fleet {
    return new Fleet(options, workers, {
      batch: (batch) => this.take(batch),
      status: () => this.onBlock(this),
      trouble,
      failed: (error) => this.fail(error),
    });
  }

  /** What was summarised and counted so far is handed on. */
  private async close(): Promise<void> {
    while (this.analyzer.close(PORTION)) await this.onBlock(this);
    this.analyzer.end();
  }

  /** What was wrong with the captures, and with the keys. */
  warnings(): string[] {
    return [...this.report.warnings, ...((this.remote ?? this.readers)?.warnings ?? []), ...(this.keys?.warnings() ?? [])];
  }

  coverage(): Coverage {
    const coverage = (this.remote ?? this.readers)?.coverage() ?? (this.local as Sensor).coverage();
    return { ...coverage, ceilings: [...coverage.ceilings, ...this.analyzer.ceilings()] };
  }

  /** The object that `analyze --json` prints. */
  result(): Result {
    const { analyzer, sensor } = this;
    const conversations = analyzer.conversations();
    // Before the coverage, which says how full the map is.
    const registers = analyzer.registers();
    const coverage = this.coverage();
    const first = this.readers?.first ?? this.first;
    return {
      stats: {
        frames: sensor.frames,
        bytes: coverage.interfaces.reduce((sum, i) => sum + i.bytes, 0),
        first: Number.isNaN(first) ? null : timestamp(first),
        last: Number.isNaN(sensor.clock) ? null : timestamp(sensor.clock),
        transactions: conversations.reduce((sum, c) => sum + c.transactions, 0),
        assets: analyzer.inventory.size,
        facts: analyzer.facts.size,
        findings: analyzer.findings.length,
        warnings: this.warnings(),
      },
      coverage,
      assets: analyzer.inventory.all(),
      conversations,
      registers,
      findings: analyzer.findings,
    };
  }
}

export type Result = {
  stats: {
    frames: number;
    bytes: number;
    first: string | null;
    last: string | null;
    transactions: number;
    assets: number;
    facts: number;
    findings: number;
    warnings: string[];
  };
  coverage: Coverage;
  assets: ReturnType<Analyzer['inventory']['all']>;
  conversations: ReturnType<Analyzer['conversations']>;
  registers: ReturnType<Analyzer['registers']>;
  findings: Analyzer['findings'];
};

export const open = (paths: readonly string[]): Source => openFiles(paths);
