import { nodeName, timestamp } from '../../sensor/observation.ts';
import type { Fact } from '../fact.ts';
import { idOf } from '../hash.ts';
import type { Touch } from './touch.ts';

/** Facts kept: a large plant has about 100,000 points. */
export const MAX_FACTS = 500_000;
/** Readers and writers named of one point. */
const MAX_PARTIES = 32;
const MAX_FRAMES = 3;
/** Characters kept of a last value. */
const MAX_VALUE = 64;
/** Nearest facts shown beside a finding. */
const NEAREST = 5;

export type Verdict = 'known' | 'new' | 'learning';

/** How a transaction stands to what was learned; written on the observation as `baseline.*`. */
export type Verdicts = {
  'baseline.client': Verdict;
  'baseline.peer': Verdict;
  'baseline.access': Verdict;
  'baseline.operation': Verdict;
  'baseline.point': Verdict;
};

/** Where an example was seen. */
export type Sight = { at: number; frame: number };

/** The learned facts: who talks to whom, doing what, touching which points. */
export class Facts {
  /** Facts that found no place. */
  refused = 0;
  private readonly facts = new Map<string, Fact>();
  private readonly byServer = new Map<string, Fact[]>();
  /** Derived: clients per protocol, and access classes per client, server and unit. */
  private readonly clients = new Set<string>();
  private readonly accesses = new Set<string>();

  /** Starts from facts learned earlier; retired ones do not count as known. */
  constructor(learned: readonly Fact[]) {
    for (const fact of learned) this.insert(structuredClone(fact));
  }

  get size(): number {
    return this.facts.size;
  }

  /** Every fact, in the order it was learned. */
  all(): Fact[] {
    return [...this.facts.values()];
  }

  get(id: string): Fact | undefined {
    return this.facts.get(id);
  }

  /** A person approved or retired a fact. False when there is no such fact. */
  decide(id: string, state: Fact['state'], by: string): boolean {
    const fact = this.facts.get(id);
    if (fact === undefined) return false;
    fact.state = state;
    fact.by = by;
    this.clients.clear();
    this.accesses.clear();
    for (const each of this.facts.values()) this.derive(each);
    return true;
  }

  /** Judges a transaction, and learns it where its server is still being learned. */
  judge(touch: Touch, learning: boolean, sight: Sight): Verdicts {
    const known = (yes: boolean): Verdict => (learning ? 'learning' : yes ? 'known' : 'new');
    const verdicts: Verdicts = {
      'baseline.client': known(this.clients.has(`${touch.protocol} ${touch.client}`)),
      'baseline.peer': known(this.counts(peerId(touch))),
      'baseline.access': known(this.accesses.has(accessKey(touch))),
      'baseline.operation': known(this.counts(operationId(touch))),
      'baseline.point': known(touch.points.every((point) => this.touched(touch, point))),
    };
    if (learning) this.learn(touch, sight);
    return verdicts;
  }

  /** Judges that two addresses talk over a protocol, and learns it where the server is still being learned. */
  judgePeer(
    peer: Pick<Touch, 'client' | 'server' | 'protocol' | 'port'>,
    learning: boolean,
    sight: Sight,
  ): { 'baseline.client': Verdict; 'baseline.peer': Verdict } {
    const verdict = (yes: boolean): Verdict => (learning ? 'learning' : yes ? 'known' : 'new');
    const found = { 'baseline.client': verdict(this.clients.has(`${peer.protocol} ${peer.client}`)), 'baseline.peer': verdict(this.counts(peerId(peer))) };
    if (learning) this.learnPeer({ ...peer, unit: -1, what: '', access: '', points: [] }, sight);
    return found;
  }

  /** Adds what was counted since last told, the newest of it `seen`. */
  count(touch: Touch, more: number, seen: string): void {
    for (const id of [peerId(touch), operationId(touch)]) this.add(this.facts.get(id), more, seen);
    if (!this.byServer.has(touch.server)) return;
    for (const point of touch.points) this.add(this.facts.get(pointId(touch, point)), more, seen);
  }

  /** Widens the range of a point. Of several operations on it the one seen last says the last value, in whatever order they are told. */
  range(touch: Touch, point: string, by: NonNullable<Fact['range']>, seen: string): void {
    const fact = this.facts.get(pointId(touch, point));
    if (fact === undefined) return;
    const before = fact.range ?? by;
    const last = fact.range === null || seen >= fact.last_seen ? by.last : before.last;
    fact.range = { min: Math.min(before.min, by.min), max: Math.max(before.max, by.max), last };
  }

  /** Keeps the last value of points whose values are words. */
  say(touch: Touch, values: ReadonlyMap<string, string>): void {
    for (const [point, value] of values) {
      const fact = this.facts.get(pointId(touch, point));
      if (fact !== undefined) fact.text = value.slice(0, MAX_VALUE);
    }
  }

  /** What comes closest to a transaction nobody learned: the same on this server by others, then what this client does there, then the rest. */
  nearest(touch: Touch): Fact[] {
    const [first] = touch.points;
    const score = (fact: Fact): number => {
      let points = fact.unit === touch.unit ? 8 : 0;
      if (fact.kind === 'operation' && fact.what === touch.what) points += 8;
      if (fact.kind === 'operation' && fact.access === touch.access) points += 4;
      if (fact.client === touch.client) points += 4;
      if (fact.kind === 'point' && touch.access === 'write' && fact.writers.length > 0) points += 6 - Math.min(5, distance(fact.what, first));
      return fact.kind === 'point' && first === undefined ? -1 : points;
    };
    const near = (this.byServer.get(touch.server) ?? []).filter((fact) => fact.state !== 'retired' && fact.kind !== 'peer');
    const scored = near.map((fact, n) => ({ fact, n, points: score(fact) })).filter((entry) => entry.points >= 4);
    return scored
      .sort((a, b) => b.points - a.points || a.n - b.n)
      .slice(0, NEAREST)
      .map((entry) => structuredClone(entry.fact));
  }

  /** Peers of a server, for findings about who talks to it. */
  peersOf(server: string): Fact[] {
    return (this.byServer.get(server) ?? [])
      .filter((fact) => fact.kind === 'peer' && fact.state !== 'retired')
      .slice(0, NEAREST)
      .map((fact) => structuredClone(fact));
  }

  private touched(touch: Touch, point: string): boolean {
    const fact = this.facts.get(pointId(touch, point));
    if (fact === undefined || fact.state === 'retired') return false;
    return (partiesOf(fact, touch.access)?.length ?? 0) > 0 || (touch.access === 'subscribe' && fact.readers.length > 0);
  }

  private counts(id: string): boolean {
    const fact = this.facts.get(id);
    return fact !== undefined && fact.state !== 'retired';
  }

  private learn(touch: Touch, sight: Sight): void {
    this.learnPeer(touch, sight);
    const operation = operationId(touch);
    if (!this.seen(operation, sight)) this.insert(blank(operation, 'operation', touch, touch.what, sight));
    for (const point of touch.points) this.learnPoint(touch, point, sight);
  }

  private learnPeer(touch: Touch, sight: Sight): void {
    const peer = peerId(touch);
    if (!this.seen(peer, sight)) this.insert(blank(peer, 'peer', touch, '', sight));
  }

  private learnPoint(touch: Touch, point: string, sight: Sight): void {
    const id = pointId(touch, point);
    let fact = this.facts.get(id);
    if (fact === undefined) {
      fact = { ...blank(id, 'point', touch, point, sight), client: '', access: '' };
      const name = touch.protocol === 'opcua' ? nodeName(point) : null;
      if (name !== null) fact.name = name;
      if (!this.insert(fact)) return;
    }
    const parties = partiesOf(fact, touch.access) ?? beginParties(fact, touch.access);
    if (!parties.includes(touch.client) && parties.length < MAX_PARTIES) parties.push(touch.client);
  }

  private seen(id: string, sight: Sight): boolean {
    const fact = this.facts.get(id);
    if (fact === undefined) return false;
    if (fact.frames.length < MAX_FRAMES && sight.frame > 0 && !fact.frames.includes(sight.frame)) fact.frames.push(sight.frame);
    return true;
  }

  private insert(fact: Fact): boolean {
    if (this.facts.size >= MAX_FACTS) {
      this.refused++;
      return false;
    }
    this.facts.set(fact.id, fact);
    const siblings = this.byServer.get(fact.server);
    if (siblings === undefined) this.byServer.set(fact.server, [fact]);
    else siblings.push(fact);
    this.derive(fact);
    return true;
  }

  private derive(fact: Fact): void {
    if (fact.state === 'retired') return;
    if (fact.kind === 'peer') this.clients.add(`${fact.protocol} ${fact.client}`);
    if (fact.kind === 'operation') this.accesses.add(`${fact.client} ${fact.server} ${fact.unit} ${fact.access}`);
  }

  private add(fact: Fact | undefined, more: number, seen: string): void {
    if (fact === undefined) return;
    fact.count += more;
    if (seen > fact.last_seen) fact.last_seen = seen;
  }
}

/** Those who do with a point what `access` says; undefined while nobody calls or watches it. */
function partiesOf(fact: Fact, access: string): string[] | undefined {
  if (access === 'write') return fact.writers;
  if (access === 'call') return fact.callers;
  return access === 'subscribe' ? fact.watchers : fact.readers;
}

function beginParties(fact: Fact, access: string): string[] {
  const parties: string[] = [];
  if (access === 'call') fact.callers = parties;
  else fact.watchers = parties;
  return parties;
}

function blank(id: string, kind: Fact['kind'], touch: Touch, what: string, sight: Sight): Fact {
  const seen = timestamp(sight.at);
  return {
    id,
    kind,
    client: touch.client,
    server: touch.server,
    protocol: touch.protocol,
    port: kind === 'peer' ? touch.port : 0,
    unit: kind === 'peer' ? -1 : touch.unit,
    what,
    access: kind === 'peer' ? '' : touch.access,
    readers: [],
    writers: [],
    range: null,
    first_seen: seen,
    last_seen: seen,
    count: 0,
    frames: sight.frame > 0 ? [sight.frame] : [],
    state: 'proposed',
    by: '',
  };
}

/** Ids are made of many strings again and again while learning; the hashes of those made are kept. */
const ids = new Map<string, string>();
const MAX_IDS = 200_000;

function hashed(key: string): string {
  const known = ids.get(key);
  if (known !== undefined) return known;
  const id = idOf(key);
  if (ids.size >= MAX_IDS) ids.clear();
  ids.set(key, id);
  return id;
}

const accessKey = (t: Touch): string => `${t.client} ${t.server} ${t.unit} ${t.access}`;
const peerId = (t: Pick<Touch, 'client' | 'server' | 'protocol' | 'port'>): string => hashed(`peer ${t.client} ${t.server} ${t.protocol} ${t.port}`);
const operationId = (t: Touch): string => hashed(`operation ${t.client} ${t.server} ${t.protocol} ${t.unit} ${t.what}`);
const pointId = (t: Touch, point: string): string => hashed(`point ${t.server} ${t.protocol} ${t.unit} ${point}`);

/** How far two points of one table are apart, in steps of a power of ten; 5 when they are of different tables. */
function distance(a: string, b: string | undefined): number {
  const [tableA, addressA] = a.split('/');
  const [tableB, addressB] = (b ?? '').split('/');
  if (tableA !== tableB || addressA === undefined || addressB === undefined) return 5;
  return Math.ceil(Math.log10(1 + Math.abs(Number(addressA) - Number(addressB))));
}
