/** Brings what a pass finds to the store, and tells the console how it goes. */
import { setImmediate } from 'node:timers/promises';
import type { Status } from '../analyzer/coverage.ts';
import type { Fact } from '../analyzer/fact.ts';
import { idOf } from '../analyzer/hash.ts';
import type { RegisterTable } from '../analyzer/registers/map.ts';
import type { Kept, Store } from '../analyzer/store/store.ts';
import { nest, type Observation, timestamp } from '../sensor/observation.ts';
import type { Pass } from './pass.ts';
import type { Progress } from './progress.ts';

/** How long (ms) a finding waits for the store at most while frames come in, and everything else. */
const FINDINGS_EVERY = 40;
const ALL_EVERY = 5000;
/** How often (ms) the register map is drawn and stored. */
const REGISTERS_EVERY = 30_000;
/** Observations that may wait for the store. */
const MAX_WAITING = 20_000;
/** Facts stored at a time, and tables of the register map, which are larger. */
const PORTION = 1000;
const TABLES = 50;
/** Longest time (ms) the chain works before the console gets a turn. */
const TURN = 30;
/** ms that frames per second are taken over. */
const RATE_OVER = 2000;

export class Recorder {
  state: Status['state'] = 'capturing';
  /** Observations that were not kept because the store was behind. */
  dropped = 0;
  private readonly store: Store;
  private readonly source: string;
  private readonly progress: Progress;
  private readonly rate = new Rate();
  /** Counts of the facts as last stored. */
  private readonly stored = new Map<string, number>();
  /** Transactions of each table of the register map as last stored. */
  private readonly mapped = new Map<string, number>();
  private kept: Kept[] = [];
  private later: NodeJS.Timeout | null = null;
  /** What went wrong while nobody waited: the next one hears of it. */
  private failure: unknown = null;
  private storedFindings = 0;
  private storedAll = 0;
  private storedRegisters = Number.NEGATIVE_INFINITY;
  private turn = performance.now();

  /** What is measured beside what the sensor sees. */
  beside: () => object = () => ({});

  constructor(store: Store, source: string, progress: Progress) {
    this.store = store;
    this.source = source;
    this.progress = progress;
  }

  keep(o: Observation, frames: number[]): void {
    if (this.kept.length >= MAX_WAITING) {
      this.dropped++;
      return;
    }
    const source = String(o['source.ip'] ?? o['source.mac'] ?? '');
    const destination = String(o['destination.ip'] ?? '');
    // By everything it says: storing it again is harmless, and what else one frame carries has an id of its own.
    const id = idOf('observation', frames.join(' '), JSON.stringify(o));
    this.kept.push({ id, '@timestamp': o['@timestamp'], kind: o.kind, frames, source, destination, json: nest(o) });
  }

  /** After every block. */
  async block(pass: Pass): Promise<void> {
    if (this.failure !== null) throw this.failure;
    const now = performance.now();
    this.progress.show(pass.sensor.frames, pass.analyzer.findings.length);
    this.rate.see(pass.sensor.frames, now);
    if (now - this.storedAll > ALL_EVERY) await this.all(pass);
    else if (now - this.storedFindings > FINDINGS_EVERY || this.kept.length > MAX_WAITING / 2) await this.findings(pass);
    else this.soon(pass);
    if (performance.now() - this.turn < TURN) return;
    await setImmediate();
    this.turn = performance.now();
  }

  /** Everything, when the source has ended. */
  async finish(pass: Pass): Promise<void> {
    this.progress.clear();
    if (this.later !== null) clearTimeout(this.later);
    this.storedRegisters = Number.NEGATIVE_INFINITY;
    await this.all(pass);
  }

  /** On a quiet link nothing may come for a while that would have the newest finding stored. */
  private soon(pass: Pass): void {
    this.later ??= setTimeout(() => {
      this.later = null;
      this.findings(pass).catch((error: unknown) => {
        this.failure = error;
      });
    }, FINDINGS_EVERY);
  }

  private async findings(pass: Pass): Promise<void> {
    this.storedFindings = performance.now();
    const observations = this.kept;
    const findings = pass.analyzer.changedFindings();
    if (findings.length + observations.length === 0) return;
    this.kept = [];
    await this.store.save({ findings, observations });
  }

  private async all(pass: Pass): Promise<void> {
    this.storedAll = performance.now();
    await this.findings(pass);
    pass.analyzer.end();
    const { analyzer, sensor } = pass;
    const clock = Number.isNaN(sensor.clock) ? [] : [{ '@timestamp': timestamp(sensor.clock), ...pass.coverage(), ...this.beside() }];
    await this.store.save({ assets: analyzer.inventory.all(), conversations: analyzer.conversations(), health: clock });
    await this.facts(analyzer.facts.all());
    if (performance.now() - this.storedRegisters > REGISTERS_EVERY) await this.registers(analyzer.registers());
  }

  /** In portions; tables that nobody touched since are left out. */
  private async registers(all: readonly RegisterTable[]): Promise<void> {
    this.storedRegisters = performance.now();
    const changed = all.filter((table) => this.mapped.get(table.id) !== table.transactions);
    for (let from = 0; from < changed.length; from += TABLES) {
      const portion = changed.slice(from, from + TABLES);
      await this.store.save({ registers: portion });
      for (const table of portion) this.mapped.set(table.id, table.transactions);
      await setImmediate();
    }
  }

  /** In portions, so that a large baseline does not keep the console waiting; those that did not change are left out. */
  private async facts(all: readonly Fact[]): Promise<void> {
    const changed = all.filter((fact) => this.stored.get(fact.id) !== fact.count);
    for (let from = 0; from < changed.length; from += PORTION) {
      const portion = changed.slice(from, from + PORTION);
      await this.store.save({ facts: portion });
      for (const fact of portion) this.stored.set(fact.id, fact.count);
      await setImmediate();
    }
  }

  status(pass: Pass): Status {
    const { sensor, analyzer } = pass;
    const learning = analyzer.inventory.all().filter((asset) => asset.state === 'learning').length;
    const coverage = pass.coverage();
    return {
      state: this.state,
      source: this.source,
      frames: sensor.frames,
      frames_per_second: this.state === 'ended' ? 0 : Math.round(this.rate.perSecond),
      clock: Number.isNaN(sensor.clock) ? '' : timestamp(sensor.clock),
      assets_learning: learning,
      assets_protected: analyzer.inventory.size - learning,
      blind: [
        ...(sensor.down ? [`The sensor is not capturing: ${sensor.down}`] : []),
        ...blindness(coverage),
        ...(this.dropped > 0 ? [`${this.dropped} observations were not kept: the store was behind.`] : []),
      ],
      coverage,
    };
  }
}

/** Frames per second over the last few seconds. */
class Rate {
  perSecond = 0;
  private since = performance.now();
  private frames = 0;

  see(frames: number, now: number): void {
    if (now - this.since < RATE_OVER) return;
    this.perSecond = ((frames - this.frames) * 1000) / (now - this.since);
    this.since = now;
    this.frames = frames;
  }
}

/** Shares above which something is worth a sentence. */
const SHARE = 0.01;

/** What is not seen, in words. */
function blindness(coverage: Status['coverage']): string[] {
  const lines: string[] = [];
  for (const i of coverage.interfaces) {
    if ((i.dropped ?? 0) > 0) lines.push(`${i.dropped} frames were lost before they reached ${i.name}.`);
    if (i.up === false) lines.push(`${i.name} is down: nothing is seen there.`);
    if (i.truncated > 0) lines.push(`${i.truncated} frames of ${i.name} were cut short by the capture's snap length.`);
    if (i.undecoded > SHARE * i.frames) lines.push(`${i.undecoded} of ${i.frames} frames of ${i.name} could not be decoded.`);
  }
  for (const p of coverage.protocols) {
    if (p.messages === 0) continue;
    if (p.gaps > 0) lines.push(`${p.protocol}: ${p.gaps} holes in the stream, ${p.lost_bytes} bytes were not seen.`);
    if (p.opaque > 0) lines.push(`${p.protocol}: ${p.opaque} messages are encrypted; their content is not seen.`);
    if (p.one_sided > 0) lines.push(`${p.protocol}: of ${p.one_sided} connections only one direction is seen. Check that the mirror port copies both.`);
  }
  return lines;
}
