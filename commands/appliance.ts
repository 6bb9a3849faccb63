/** The whole chain in one process, from a capture or an interface to the console. */
import { basename, join } from 'node:path';
import type { Status } from '../analyzer/coverage.ts';
import type { Decision } from '../analyzer/finding.ts';
import { scheduleJobs } from '../analyzer/jobs.ts';
import { listRules } from '../analyzer/rules/list.ts';
import type { Rule } from '../analyzer/rules/rule.ts';
import { inEffect } from '../analyzer/store/fold.ts';
import { behind, measured, type ShippingState } from '../analyzer/store/shipping/state.ts';
import { openSqlite } from '../analyzer/store/sqlite.ts';
import type { Store } from '../analyzer/store/store.ts';
import type { Tag } from '../analyzer/tags/tag.ts';
import { TagIndex } from '../analyzer/tags/tags.ts';
import { type Config, hasCluster, milliseconds, responseTimeout } from '../config.ts';
import { shared } from '../sensor/capture/interfaces.ts';
import { timestamp } from '../sensor/observation.ts';
import { createApp, type RuleSummary } from '../ui/app.ts';
import { say } from './command.ts';
import { Front } from './front.ts';
import { claim } from './lock.ts';
import { paced } from './pace.ts';
import { type compileRules, open, Pass, type PassOptions } from './pass.ts';
import { Progress } from './progress.ts';
import { Recorder } from './recorder.ts';
import type { Shipment, ShipmentOptions } from './shipment.ts';
import { stateDirectory } from './state.ts';
import { configureTags, tagSource } from './taglists.ts';
import { VERSION } from './version.ts';

/** Tag lists of the configuration and the command line, and what is in them. */
export type Named = { lists: string[]; tags: Tag[] };

/** What is looked at: captures, or an interface. */
export type From = { files: string[] } | { capture: Omit<Live, 'keys'> };
export type Live = NonNullable<PassOptions['live']>;

export type Start = {
  config: Config;
  /** Accounts outlive the run. */
  kept: boolean;
  from: From;
  rules: ReturnType<typeof compileRules>;
  learn: number;
  frames: number;
  named: Named;
  /** Keys, read here or by the sensor's process. */
  keys: Pick<PassOptions, 'keys' | 'live' | 'captures'>;
};

type Ship = (options: ShipmentOptions) => Shipment;

const nameOf = (from: From): string => ('files' in from ? from.files.map((path) => basename(path)).join(', ') : from.capture.interfaces.join(', '));

export class Appliance {
  readonly pass: Pass;
  private readonly config: Config;
  private readonly from: From;
  private readonly rules: Rule[];
  private readonly path: string;
  private readonly local: Store;
  private readonly release: () => void;
  private readonly front: Front;
  private readonly recorder: Recorder;
  private readonly shipment: Shipment | null;
  private readonly store: Store;
  /** Days that observations are kept. */
  private readonly retention: number;
  private timers: (() => void)[] = [];

  private constructor(given: Start, state: string, release: () => void, local: Store, tags: TagIndex, ship: Ship | null) {
    const { config, from, rules } = given;
    this.config = config;
    this.from = from;
    this.rules = rules.rules;
    this.path = join(state, 'stillwatch.db');
    this.local = local;
    this.release = release;
    this.retention = milliseconds(config.retention.observations) / 86_400_000;
    this.front = new Front(state, given.kept);
    this.recorder = new Recorder(local, nameOf(from), new Progress(given.frames));
    this.recorder.state = 'files' in from ? 'replaying' : 'capturing';
    this.pass = this.passOf(given, tags);
    this.shipment = ship === null ? null : ship(this.orders());
    this.store = this.shipment?.store ?? local;
    const { shipment } = this;
    // Of a capture that is replayed nothing may depend on when that is.
    if (shipment !== null && !('files' in from)) this.recorder.beside = () => ({ shipping: measured(shipment.shipping.state, Date.now()) });
  }

  /** Opens the store and the console; nothing is captured yet. */
  static async start(given: Start): Promise<Appliance> {
    const state = stateDirectory(given.config.state);
    const release = claim(state);
    const local = openSqlite(join(state, 'stillwatch.db'));
    const ship = hasCluster(given.config) ? (await import('./shipment.ts')).startShipment : null;
    const appliance = new Appliance(given, state, release, local, await tagsOf(local, given.named), ship);
    await appliance.serve();
    return appliance;
  }

  private passOf({ config, rules, learn, keys }: Start, tags: TagIndex): Pass {
    return new Pass({
      rules,
      learn,
      baseline: null,
      responseTimeout: responseTimeout(config),
      ...keys,
      summary: milliseconds(config.summary),
      tags,
      onKept: (observation, seen) => this.recorder.keep(observation, seen),
      onBlock: (pass) => this.recorder.block(pass),
      onTrouble: (line) => say(`sensor: ${line}`),
    });
  }

  private orders(): ShipmentOptions {
    return {
      config: this.config,
      path: this.path,
      local: this.local,
      onDecided: async (decision) => {
        // It cannot have known of more than there are: a number that is too large would put it behind all that come later.
        const after = Math.min(decision.after ?? 0, (await this.local.decisions(decision.on)).length);
        await this.local.decide({ ...decision, after });
        await this.follow(decision);
      },
      said: () => ({ status: this.status(), rules: this.summaries() }),
      version: VERSION,
      log: say,
    };
  }

  /** The analyzer takes a decision that the store has, as it stands beside others: from far away it may arrive late. */
  private async follow(decision: Decision): Promise<void> {
    const counts = inEffect(decision, await this.local.decisions(decision.on));
    if (counts !== null) this.pass.analyzer.decide(counts);
    if (decision.kind === 'tags') this.pass.analyzer.retag(new TagIndex(await this.local.tags({})));
  }

  private status(): Status {
    const own = this.recorder.status(this.pass);
    const { shipment, retention } = this;
    // None yet while it is being made.
    return !shipment ? own : { ...own, shipping: shipment.shipping.state, local: shipment.store.reason(), retention };
  }

  private summaries(): RuleSummary[] {
    return summaries(this.rules, this.recorder.status(this.pass));
  }

  private async serve(): Promise<void> {
    const { store, shipment, front, config } = this;
    const app = createApp({
      store,
      accounts: front.accounts,
      status: () => this.status(),
      rules: () => this.summaries(),
      decide: async (decision, known) => {
        await store.decide(decision, known);
        await this.follow(decision);
        shipment?.shipping.hurry();
      },
      ...(shipment === null ? {} : { replay: () => shipment.shipping.replay() }),
      now: () => new Date(),
      setupToken: front.setupToken,
    });
    await front.open(app, config.listen);
    this.timers.push(scheduleJobs({ store, retentionDays: this.retention, now: () => this.pass.sensor.clock, log: say }));
    // Of a capture that is replayed the clock is another.
    if (shipment === null || 'files' in this.from) return;
    const looking = setInterval(() => tellBehind(this.pass, shipment.shipping.state), LOOK_BEHIND);
    this.timers.push(() => clearInterval(looking));
  }

  /** Captures or replays until that ends or the signal comes, and stores all of it. */
  async work(speed: number, signal: AbortSignal): Promise<void> {
    const { pass, from, recorder } = this;
    if ('files' in from) await replay(pass, from.files, speed, signal);
    else await live(pass, from.capture.interfaces, signal);
    recorder.state = 'ended';
    await recorder.finish(pass);
    for (const warning of pass.warnings()) say(`warning: ${warning}`);
    const what = 'files' in from ? 'replay' : 'capture';
    say(`${what} ended: ${pass.sensor.frames.toLocaleString('en')} frames, ${pass.analyzer.findings.length} findings stored in ${this.config.state}`);
  }

  async stop(): Promise<void> {
    for (const end of this.timers) end();
    await this.front.close();
    await this.shipment?.stop();
    await this.store.close();
    this.front.accounts.close();
    this.release();
  }
}

/** How often (ms) it is looked whether shipping is behind. */
const LOOK_BEHIND = 30_000;

function tellBehind(pass: Pass, state: ShippingState): void {
  const now = Date.now();
  const waited = behind(state, now);
  if (waited > 0) pass.analyzer.tell({ kind: 'loss', '@timestamp': timestamp(now), 'loss.reason': 'shipping_behind', 'loss.duration': waited }, now);
}

async function replay(pass: Pass, files: string[], speed: number, signal: AbortSignal): Promise<void> {
  const source = paced(open(files), speed);
  const stop = (): void => {
    source.stop();
    pass.stopReading();
  };
  signal.addEventListener('abort', stop, { once: true });
  await pass.readAll(source);
}

/** Captures until the signal. */
async function live(pass: Pass, interfaces: readonly string[], signal: AbortSignal): Promise<void> {
  for (const name of interfaces) {
    const told = shared(name);
    if (told !== null) say(`${name}: ${told.says}: ${told.fix}`);
  }
  await pass.watch();
  say(
    `capturing: ${interfaces.join(', ')}${pass.sensor.confined?.seccomp === false ? ' (this kernel does not confine the sensor: see stillwatch doctor)' : ''}`,
  );
  const stopped = new Promise<void>((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true })));
  try {
    await Promise.race([stopped, pass.broken]);
  } catch (error) {
    await pass.abandon();
    throw error;
  }
  await pass.unwatch();
}

/** What values are called: by the lists named now, and by those that people brought in. */
async function tagsOf(store: Store, named: Named): Promise<TagIndex> {
  const files = named.lists.map((list) => tagSource(list).file);
  await configureTags(store, named.tags, files, new Date());
  return new TagIndex(await store.tags({}));
}

/** Rules as the console's page shows them. */
function summaries(rules: Rule[], status: Status): RuleSummary[] {
  const prose = new Map(rules.map((rule) => [rule.name, rule]));
  return listRules(rules, status).map((listed) => ({
    ...listed,
    description: prose.get(listed.name)?.description ?? '',
    blind: prose.get(listed.name)?.blind ?? '',
    why: prose.get(listed.name)?.why ?? '',
  }));
}
