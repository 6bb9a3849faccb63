import { AMBIGUOUS, type Batch, type Definition, EXCEPTION, type Observation, ORPHAN, OUTCOMES, observe, TIMEOUT, type Value } from '../sensor/observation.ts';
import type { Asset } from './asset.ts';
import { Facts, MAX_FACTS, type Verdicts } from './baseline/facts.ts';
import { BUSY, IDLE, Repeats } from './baseline/repeats.ts';
import { type Touch, touchOf, wordsOf } from './baseline/touch.ts';
import { Conversations } from './conversations.ts';
import type { Ceiling } from './coverage.ts';
import type { Fact } from './fact.ts';
import type { Decision, Finding } from './finding.ts';
import { Findings, MAX_OPEN } from './findings.ts';
import { evidence } from './inventory/evidence.ts';
import { Inventory, MAX_ASSETS } from './inventory/inventory.ts';
import { readsState } from './inventory/opcua.ts';
import { MAX_UNITS } from './inventory/units.ts';
import type { RegisterTable } from './registers/map.ts';
import { Registers } from './registers/registers.ts';
import { fieldsOfRule, type Plan, type RuleSet } from './rules/compile.ts';
import { Correlations, MAX_GROUPS } from './rules/correlate.ts';
import type { Rule } from './rules/rule.ts';
import type { Conversation } from './store/store.ts';
import { isOpaque, MAX_SUMMARISED, Summaries } from './summary.ts';
import { TagIndex } from './tags/tags.ts';

export type AnalyzerOptions = {
  rules: RuleSet;
  /** ms that each device is learned for, from when it is first seen. */
  learn: number;
  /** What was learned earlier. */
  facts?: readonly Fact[];
  assets?: readonly Asset[];
  /** Hash of the baseline file, '' without one. */
  baseline?: string;
  /** What values are called; see `retag`. */
  tags?: TagIndex;
  /** Takes what is kept one by one (see `kept`, and whatever a rule hit), and summaries, which have no frames of their own. */
  onKept?: (observation: Observation, frames: number[]) => void;
  /** ms of capture time that one summary of a cyclic read covers; 0 or absent: none are made. */
  summary?: number;
};

/** Fields of an observation that a finding shows, where they exist, beside those its rule looked at. */
const CONTEXT = [
  'source.ip',
  'source.mac',
  'destination.ip',
  'destination.port',
  'network.protocol',
  'outcome',
  'modbus.unit_id',
  'modbus.function',
  'modbus.function_code',
  'modbus.range',
  'modbus.values',
  'modbus.tags',
  'modbus.exception_code',
  'modbus.sub_function',
  'opcua.service',
  'opcua.status',
  'opcua.visibility',
  'opcua.security_policy',
  'opcua.security_mode',
  'opcua.user',
  'opcua.user_token',
  'opcua.nodes',
];

/** Accesses that change the plant or the device, or ask it about itself: each one is kept. */
const KEPT_ACCESS = new Set(['write', 'program', 'call', 'manage', 'diagnostic', 'identify']);
/** Outcomes that are kept whatever was asked. */
const KEPT_OUTCOME: ReadonlySet<number> = new Set([EXCEPTION, TIMEOUT, ORPHAN, AMBIGUOUS]);

/** Whether a transaction is kept one by one; answered reads are summarised. Depends on operation and outcome alone. */
const kept = (access: string, outcome: number): boolean => KEPT_ACCESS.has(access) || KEPT_OUTCOME.has(outcome);
/** Plans made and kept; past it they are made again when needed. */
export const MAX_PLANS = 262_144;

/** Assets, baseline, rules and findings: batches of observations in, findings out. Reads no clock. */
export class Analyzer {
  readonly inventory: Inventory;
  readonly facts: Facts;
  /** Capture time of the newest row, NaN before the first. */
  clock = Number.NaN;
  private readonly open: Findings;
  private readonly repeats = new Repeats();
  private readonly talks = new Conversations();
  private readonly map = new Registers();
  private readonly correlations = new Correlations();
  private readonly plans = new Map<number, Plan>();
  /** Operations whose values say how a device is. */
  private readonly telling = new Set<number>();
  private readonly shown = new Map<Rule, string[]>();
  private readonly rules: RuleSet;
  private tags: TagIndex;
  private readonly onKept: (observation: Observation, frames: number[]) => void;
  private readonly keeps: boolean;
  private readonly summaries: Summaries | null;

  constructor(options: AnalyzerOptions) {
    this.tags = options.tags ?? TagIndex.NONE;
    this.rules = options.rules.looksAt('modbus.tags')
      ? options.rules.extended('modbus', { 'modbus.tags': (batch, i) => this.tags.of(this.observation(batch, i)) })
      : options.rules;
    this.inventory = new Inventory(options.learn, options.assets);
    this.facts = new Facts(options.facts ?? []);
    this.open = new Findings(this.inventory, options.baseline ?? '');
    this.keeps = options.onKept !== undefined;
    this.onKept = options.onKept ?? (() => {});
    this.summaries = this.keeps && options.summary ? new Summaries(options.summary, (o) => this.onKept(o, [])) : null;
  }

  /** Takes a batch; whatever is needed of it later is copied. */
  take(batch: Batch): void {
    for (const definition of batch.definitions) this.define(definition);
    for (let i = 0; i < batch.rows; i++) {
      if ((batch.detail[i] as number) >= 0) this.single(batch.details[batch.detail[i] as number] as Observation, batch.at[i] as number);
      else this.repeat(batch, i, batch.operation[i] as number);
      this.summaries?.add(batch, i);
    }
    if (batch.rows > 0) this.clock = batch.at[batch.rows - 1] as number;
  }

  /** Something about Stillwatch itself, which no frame says. `at` is ms since the epoch. */
  tell(o: Observation, at: number): void {
    this.single(o, at);
  }

  /** What was counted is handed to facts and assets. Ask for results after it. */
  end(): void {
    this.repeats.settleAll(this.facts);
    this.inventory.units.recount(this.repeats.answersOfUnits());
    this.inventory.settle(this.clock);
  }

  /** The capture ended: hands on what is summarised so far, at most `limit` summaries at a time. True when there are more. */
  close(limit?: number): boolean {
    return this.summaries?.close(limit) ?? false;
  }

  get findings(): Finding[] {
    return this.open.all();
  }

  /** Findings raised or repeated since last asked. */
  changedFindings(): Finding[] {
    return this.open.changed();
  }

  conversations(): Conversation[] {
    return this.talks.all(this.repeats.outcomes);
  }

  /** Values are called differently from now on. */
  retag(tags: TagIndex): void {
    this.tags = tags;
  }

  /** The register map as of now, by server, unit and table. */
  registers(): RegisterTable[] {
    return this.map.tables(this.repeats, this.facts.all());
  }

  /** A person decided: a closed finding opens anew with the next hit, an approved or retired fact changes what is known. */
  decide(decision: Decision): void {
    const { on, kind, by } = decision;
    if (on.kind === 'finding' && kind === 'close') this.open.close(on.id);
    if (on.kind !== 'fact' || (kind !== 'approve' && kind !== 'retire')) return;
    if (this.facts.decide(on.id, kind === 'approve' ? 'approved' : 'retired', by)) this.repeats.reviewAll();
  }

  ceilings(): Ceiling[] {
    return [
      { name: 'devices', limit: MAX_ASSETS, used: this.inventory.size, hit: this.inventory.refused },
      { name: 'modbus units', limit: MAX_UNITS, used: this.inventory.units.followed, hit: this.inventory.units.refused },
      { name: 'facts', limit: MAX_FACTS, used: this.facts.size, hit: this.facts.refused },
      { name: 'open findings', limit: MAX_OPEN, used: this.open.size, hit: this.open.refused },
      { name: 'operations summarised', limit: MAX_SUMMARISED, used: this.summaries?.size ?? 0, hit: 0 },
      { name: 'correlation groups', limit: MAX_GROUPS, used: this.correlations.size, hit: this.correlations.evicted },
      ...this.map.ceilings(),
    ];
  }

  private define(definition: Definition): void {
    this.map.retire(this.repeats, definition.operation);
    this.repeats.define(definition, this.facts);
    this.talks.meet(definition);
    if (readsState(definition.fields)) this.telling.add(definition.operation);
    else this.telling.delete(definition.operation);
    this.summaries?.define(definition);
  }

  /** The path of nearly every transaction: counted, and done unless its verdict is due or a rule may still match. */
  private repeat(batch: Batch, i: number, n: number): void {
    const { repeats } = this;
    const at = batch.at[i] as number;
    if (at >= (repeats.reviewAt[n] as number)) this.review(batch, i, n, at);
    repeats.add(batch, i, n);
    const outcome = batch.outcome[i] as number;
    if (repeats.planned(n, outcome) !== IDLE) this.consider(batch, i, n, outcome);
  }

  /** Judges an operation: the first time it is seen, and when the learning of its server ends. */
  private review(batch: Batch, i: number, n: number, at: number): void {
    const { repeats } = this;
    const definition = repeats.definition[n] as Definition;
    const touch = repeats.touch[n] as Touch;
    if (repeats.verdicts[n] === null) evidence(this.inventory, observe(batch, i, definition), at);
    const until = this.learningUntil(touch, at);
    const learning = at < until;
    repeats.verdicts[n] = this.facts.judge(touch, learning, { at, frame: frameOf(batch, i) });
    repeats.learning[n] = learning ? 1 : 0;
    repeats.reviewAt[n] = learning ? until : Number.POSITIVE_INFINITY;
    repeats.forget(n);
  }

  private learningUntil(touch: Touch, at: number): number {
    if (this.inventory.get(touch.server) === undefined) this.inventory.see(touch.server, at);
    return this.inventory.learningUntil(touch.server);
  }

  private consider(batch: Batch, i: number, n: number, outcome: number): void {
    const plan = this.planOf(n, outcome);
    let observation: Observation | null = null;
    const whole = (): Observation => (observation ??= { ...this.tags.tagged(this.observation(batch, i)), ...this.repeats.verdicts[n] });
    const matched = [...plan.always];
    for (const { rule, test } of plan.remaining) if (test(batch, i)) matched.push(rule);
    for (const rule of matched) this.fire(rule, whole(), batch.at[i] as number);
    if (this.telling.has(n)) evidence(this.inventory, this.observation(batch, i), batch.at[i] as number);
    if (this.keeps && (matched.length > 0 || this.kept(n, outcome))) this.onKept(whole(), framesOf(whole()));
  }

  /** Encrypted messages are all ambiguous, and summarised. */
  private kept(n: number, outcome: number): boolean {
    if (this.summaries !== null && isOpaque(this.repeats.definition[n] as Definition)) return false;
    return kept((this.repeats.touch[n] as Touch).access, outcome);
  }

  private observation(batch: Batch, i: number): Observation {
    return observe(batch, i, this.repeats.definition[batch.operation[i] as number]);
  }

  private planOf(n: number, outcome: number): Plan {
    const key = n * 8 + outcome;
    const { repeats } = this;
    const known = repeats.planned(n, outcome) === BUSY ? this.plans.get(key) : undefined;
    if (known !== undefined) return known;
    const definition = repeats.definition[n] as Definition;
    const plan = this.rules.plan(definition.kind, { ...definition.fields, ...repeats.verdicts[n] }, outcome);
    const busy = this.telling.has(n) || (this.keeps && this.kept(n, outcome)) || plan.always.length > 0 || plan.remaining.length > 0;
    repeats.setPlan(n, outcome, busy);
    if (busy) {
      if (this.plans.size >= MAX_PLANS) this.plans.clear();
      this.plans.set(key, plan);
    }
    return plan;
  }

  /** An observation of its own. */
  private single(bare: Observation, at: number): void {
    const asset = evidence(this.inventory, bare, at);
    const observation = { ...this.tags.tagged(bare), 'baseline.asset': asset, ...this.judge(bare, at) } as Observation;
    if (bare.kind === 'flow') this.talks.flow(bare);
    if (bare.kind === 'modbus' || bare.kind === 'opcua') this.talks.transaction(bare);
    if (bare.kind === 'modbus') this.map.take(bare, at);
    const matched = this.rules.match(observation);
    for (const rule of matched) this.fire(rule, observation, at);
    if (this.keeps && (matched.length > 0 || keptAlone(bare))) this.onKept(observation, framesOf(observation));
  }

  private judge(o: Observation, at: number): Partial<Verdicts> {
    const frame = framesOf(o)[0] ?? 0;
    const touch = touchOf(o.kind, o);
    if (touch !== null) {
      const verdicts = this.facts.judge(touch, at < this.learningUntil(touch, at), { at, frame });
      this.facts.count(touch, 1, o['@timestamp']);
      if (o.kind === 'opcua' && o['outcome'] === 'answered') this.facts.say(touch, wordsOf(o));
      return verdicts;
    }
    if (o.kind !== 'flow' || !speaking(o)) return {};
    const peer = {
      client: String(o['source.ip']),
      server: String(o['destination.ip']),
      protocol: String(o['network.protocol'] ?? ''),
      port: Number(o['destination.port']),
    };
    return this.facts.judgePeer(peer, at < this.peerLearningUntil(o, peer, at), { at, frame });
  }

  /** As above; a group, or a datagram's target that never answered, is no device of its own: then its sender's learning counts. */
  private peerLearningUntil(o: Observation, peer: { client: string; server: string }, at: number): number {
    if (this.inventory.get(peer.server) === undefined && o['network.transport'] === 'tcp') this.inventory.see(peer.server, at);
    return this.inventory.learningUntil(this.inventory.get(peer.server) === undefined ? peer.client : peer.server);
  }

  private fire(rule: Rule, observation: Observation, at: number): void {
    const frames = framesOf(observation);
    const get = (field: string): Value | undefined => read(observation, field);
    for (const correlation of this.rules.correlationsOf(rule)) {
      const hit = this.correlations.take(correlation, (field) => get(field) ?? null, at, frames);
      if (hit !== null) this.raise(correlation, { ...observation, ...hit.group, count: hit.count }, at, hit.frames);
    }
    if (!rule.silent) this.raise(rule, observation, at, frames);
  }

  private raise(rule: Rule, observation: { [field: string]: Value }, at: number, frames: number[]): void {
    let fields = this.shown.get(rule);
    if (fields === undefined) this.shown.set(rule, (fields = [...CONTEXT, ...fieldsOfRule(rule), 'count']));
    this.open.hit({ rule, get: (field) => read(observation, field), fields, at, frames, nearest: () => this.nearest(observation) });
  }

  private nearest(o: { [field: string]: Value }): Fact[] {
    this.repeats.settleServer(String(o['destination.ip'] ?? ''), this.facts);
    const touch = touchOf(String(o['kind']), o);
    if (touch !== null) return this.facts.nearest(touch);
    return this.facts.peersOf(String(o['destination.ip'] ?? ''));
  }
}

/** As `kept`, for an observation of its own; a TLS handshake is always kept. */
function keptAlone(o: Observation): boolean {
  if (o.kind === 'identity') return true;
  const transaction = o.kind === 'modbus' || o.kind === 'opcua' || o.kind === 'opcua-channel';
  return transaction && kept(String(o[`${o.kind}.access`] ?? ''), OUTCOMES.indexOf(o['outcome'] as (typeof OUTCOMES)[number]));
}

/** A flow tells that two devices talk once its protocol is known, or once it ended with both having spoken. */
function speaking(o: Observation): boolean {
  if (o['flow.event'] === 'identified') return true;
  return o['flow.event'] === 'end' && o['flow.state'] !== 'unanswered' && o['flow.state'] !== 'refused';
}

const frameOf = (batch: Batch, i: number): number => (batch.requestFrame[i] as number) || (batch.responseFrame[i] as number);

/** The frames of an observation, as far as it has any. */
function framesOf(o: Observation): number[] {
  const frames = [o['request_frame'], o['response_frame'], o['frame']].filter((frame): frame is number => typeof frame === 'number' && frame > 0);
  if (frames.length > 0) return frames;
  return typeof o['last_frame'] === 'number' ? [o['last_frame']] : [];
}

/** A field of an observation, also inside objects and lists of objects (`opcua.nodes.node_id`). */
function read(o: { [field: string]: Value }, field: string): Value | undefined {
  const whole = o[field];
  if (whole !== undefined) return whole;
  const dot = field.lastIndexOf('.');
  if (dot < 0) return undefined;
  const outer = read(o, field.slice(0, dot));
  const key = field.slice(dot + 1);
  if (Array.isArray(outer)) return outer.map((item) => (item !== null && typeof item === 'object' && !Array.isArray(item) ? (item[key] ?? null) : null));
  return outer !== null && typeof outer === 'object' ? outer[key] : undefined;
}
