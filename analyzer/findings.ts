import { nest, timestamp, type Value } from '../sensor/observation.ts';
import { explain, nearestText } from './explain.ts';
import type { Fact } from './fact.ts';
import { type Finding, type Level, MAX_OCCURRENCES } from './finding.ts';
import { idOf } from './hash.ts';
import type { Rule } from './rules/rule.ts';

/** Findings open at a time. Past it new subjects are counted only; the count is a ceiling that the console shows. */
export const MAX_OPEN = 50_000;

/** What a rule found, before it is a finding. */
export type Hit = {
  rule: Rule;
  /** Reads a field of what was seen. */
  get: (field: string) => Value | undefined;
  /** Fields of what was seen that belong into the finding. */
  fields: string[];
  at: number;
  frames: number[];
  /** Asked only when the finding is new. */
  nearest: () => Fact[];
};

/** How addresses are called, and what stands behind them. */
export type People = { label(address: string): string; name(address: string): string | null; role(address: string): string };

/** How much of the whole scale a level is worth, before the target and the confidence are weighed in. */
const LEVEL_RISK: { [level in Level]: number } = { informational: 0.1, low: 0.3, medium: 0.55, high: 0.8, critical: 1 };

/** Raises findings and keeps the open ones: the same rule on the same subject is one finding until it is closed. */
export class Findings {
  /** Hits on new subjects for which there was no room. */
  refused = 0;
  private readonly open = new Map<string, Finding>();
  private readonly raisedFindings: Finding[] = [];
  private readonly dirty = new Set<Finding>();
  private readonly people: People;
  private readonly baseline: string;

  /** `baseline`: hash of the baseline file these findings are judged against, '' without one. */
  constructor(people: People, baseline: string) {
    this.people = people;
    this.baseline = baseline;
  }

  get size(): number {
    return this.open.size;
  }

  /** Every finding raised, in order of opening. */
  all(): Finding[] {
    return this.raisedFindings;
  }

  /** Findings that changed since last asked. */
  changed(): Finding[] {
    const changed = [...this.dirty];
    this.dirty.clear();
    return changed;
  }

  /** A person closed it: the next hit opens another. */
  close(id: string): void {
    for (const [key, finding] of this.open) if (finding.id === id) this.open.delete(key);
  }

  hit(hit: Hit): void {
    const subject = subjectKey(hit.rule, hit.get);
    const key = `${hit.rule.name} ${subject}`;
    const known = this.open.get(key);
    if (known !== undefined) return this.repeat(known, hit);
    if (this.open.size >= MAX_OPEN) {
      this.refused++;
      return;
    }
    const finding = this.raise(hit, subject);
    this.open.set(key, finding);
    this.raisedFindings.push(finding);
    this.dirty.add(finding);
  }

  private repeat(finding: Finding, hit: Hit): void {
    const occurrence = { '@timestamp': timestamp(hit.at), frames: hit.frames };
    finding.count++;
    if (occurrence['@timestamp'] > finding.last_seen) finding.last_seen = occurrence['@timestamp'];
    if (finding.occurrences.length < MAX_OCCURRENCES) finding.occurrences.push(occurrence);
    else finding.occurrences[MAX_OCCURRENCES - 1] = occurrence;
    this.dirty.add(finding);
  }

  private raise(hit: Hit, subject: string): Finding {
    const { rule, get, at } = hit;
    const opened = timestamp(at);
    const expected = hit.nearest();
    const word = (name: string): Value | undefined => this.word(name, get, expected);
    const factors = this.factors(rule, get);
    return {
      id: idOf('finding', rule.name, subject, opened),
      rule: { id: rule.id, name: rule.name, level: rule.level, version: rule.version },
      title: rule.title,
      level: rule.level,
      risk: Math.round(100 * factors.level * factors.criticality * factors.confidence),
      risk_factors: factors,
      actor: this.party(address(get, 'source')),
      target: { ...this.party(address(get, 'destination')), unit_id: numberOr(get('modbus.unit_id'), null) },
      opened,
      last_seen: opened,
      count: 1,
      occurrences: [{ '@timestamp': opened, frames: hit.frames }],
      tags: rule.tags,
      seen: this.seen(hit),
      expected,
      explanation: explain(rule.explain, word),
      respond: { soc: explain(rule.respond.soc, word), plant: explain(rule.respond.plant, word) },
      blind: rule.blind,
      inputs: { rule: rule.hash, baseline: this.baseline },
    };
  }

  /** Level, then how much hangs on the target, then how sure the ground is that the rule stands on. */
  private factors(rule: Rule, get: Hit['get']): Finding['risk_factors'] {
    const target = this.people.role(address(get, 'destination') ?? '');
    return {
      level: LEVEL_RISK[rule.level],
      criticality: target === 'controller' ? 1 : 0.9,
      confidence: rule.status === 'stable' ? 1 : 0.9,
    };
  }

  private party(ip: string | null): { ip: string | null; name: string | null } {
    return { ip, name: ip === null ? null : this.people.name(ip) };
  }

  private seen(hit: Hit): Finding['seen'] {
    const flat: { [field: string]: Value } = {};
    for (const field of new Set([...hit.rule.subject, ...hit.fields])) {
      const value = hit.get(field);
      if (value !== undefined && value !== null) flat[field] = value;
    }
    // A list that is shown whole holds what a rule looked at inside it.
    for (const field of Object.keys(flat)) if (outers(field).some((outer) => Array.isArray(flat[outer]))) delete flat[field];
    return nest(flat);
  }

  private word(name: string, get: Hit['get'], expected: Fact[]): Value | undefined {
    if (name === 'source' || name === 'destination') {
      const ip = address(get, name);
      return ip === null ? `an unknown ${name}` : this.people.label(ip);
    }
    if (name === 'nearest' || name.endsWith('.nearest')) return nearestText(expected);
    return get(name);
  }
}

/** `a.b` and `a` for `a.b.c`. */
const outers = (field: string): string[] => [...field.matchAll(/\./g)].map(({ index }) => field.slice(0, index));

function address(get: Hit['get'], side: 'source' | 'destination'): string | null {
  const value = get(`${side}.ip`) ?? get(`${side}.mac`);
  return typeof value === 'string' ? value : null;
}

const numberOr = <T>(value: Value | undefined, otherwise: T): number | T => (typeof value === 'number' ? value : otherwise);

const subjectKey = (rule: Rule, get: Hit['get']): string => JSON.stringify(rule.subject.map((field) => get(field) ?? null));
