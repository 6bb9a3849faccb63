/**
 * Sigma correlations `event_count` and `value_count` over a sliding window per group (Sigma correlation rules specification 2.1).
 * Time is event time. Every table has a ceiling: a host that makes up groups pushes out the least recently used ones.
 */
import type { Value } from '../../sensor/observation.ts';
import type { Correlation, Rule } from './rule.ts';
import { Window } from './window.ts';

/** Groups remembered at a time, over all correlations. */
export const MAX_GROUPS = 20_000;
/** Events (for `value_count`: distinct values) remembered at a time, over all groups. */
export const MAX_EVENTS = 400_000;
/** Distinct values that one event may add: a scan may name many nodes in one request. */
const MAX_ADDED = 200;
/** Characters of a group key or value that tell it from others. */
const MAX_KEY = 1024;

/** A correlation whose condition holds. */
export type Hit = {
  rule: Rule;
  /** The `group-by` fields. */
  group: { [field: string]: Value };
  /** Events, or distinct values, in the window. */
  count: number;
  /** When the condition begins to hold: frames of the window's first and last events. While it goes on holding: those of the event. */
  frames: number[];
  /** Times of the first and last event of the window, ms since the epoch. */
  first: number;
  last: number;
};

type Group = { readonly key: string; readonly values: { [field: string]: Value }; readonly window: Window; holds: boolean };

export class Correlations {
  /** Groups pushed out to make room. */
  evicted = 0;
  private readonly groups = new Map<string, Group>();
  private events = 0;
  private readonly maxGroups: number;
  private readonly maxEvents: number;

  /** The ceilings are for tests that want to see them. */
  constructor(maxGroups = MAX_GROUPS, maxEvents = MAX_EVENTS) {
    this.maxGroups = maxGroups;
    this.maxEvents = maxEvents;
  }

  /** Groups remembered. */
  get size(): number {
    return this.groups.size;
  }

  /**
   * Counts an event of a base rule of the correlation `rule`. `get` reads the event's fields, `at` is its time in ms, `frames` its
   * frame numbers. A hit for as long as the condition holds, else null.
   */
  take(rule: Rule, get: (field: string) => Value, at: number, frames: readonly number[]): Hit | null {
    const correlation = rule.correlation as Correlation;
    const group = this.group(rule, correlation, get);
    const before = group.window.size;
    add(group.window, correlation, get, at, frames);
    this.events += group.window.size - before;
    this.evict(group);
    const held = group.holds;
    group.holds = holds(correlation.condition, group.window.size);
    if (!group.holds) return null;
    const { first, last } = group.window;
    return { rule, group: group.values, count: group.window.size, frames: held ? [...frames] : group.window.frames(), first, last };
  }

  private group(rule: Rule, correlation: Correlation, get: (field: string) => Value): Group {
    const values: { [field: string]: Value } = {};
    for (const field of correlation['group-by']) values[field] = get(field) ?? null;
    const key = `${rule.name} ${JSON.stringify(Object.values(values))}`.slice(0, MAX_KEY);
    const known = this.groups.get(key);
    if (known !== undefined) this.groups.delete(key);
    const group = known ?? { key, values, window: new Window(correlation.timespan), holds: false };
    this.groups.set(key, group);
    return group;
  }

  /**
   * A Map iterates in order of insertion, and `group` inserts anew: the first is the least recently used. Many go at once, since a Map
   * steps over each entry deleted before.
   */
  private evict(spared: Group): void {
    if (this.groups.size <= this.maxGroups && this.events <= this.maxEvents) return;
    const [groups, events] = [this.maxGroups - (this.maxGroups >> 3), this.maxEvents - (this.maxEvents >> 3)];
    for (const [key, group] of this.groups) {
      if (this.groups.size <= groups && this.events <= events) return;
      if (group === spared) continue;
      this.groups.delete(key);
      this.events -= group.window.size;
      this.evicted++;
    }
  }
}

function add(window: Window, correlation: Correlation, get: (field: string) => Value, at: number, frames: readonly number[]): void {
  if (correlation.type === 'event_count') {
    window.add(null, at, frames);
    return;
  }
  const value = get(correlation.condition.field as string) ?? null;
  for (const each of (Array.isArray(value) ? value.slice(0, MAX_ADDED) : [value]) as Value[]) {
    if (each !== null) window.add(JSON.stringify(each).slice(0, MAX_KEY), at, frames);
  }
}

function holds(condition: Correlation['condition'], n: number): boolean {
  const { gte, gt, lte, lt, eq } = condition;
  if (gte !== undefined && n < gte) return false;
  if (gt !== undefined && n <= gt) return false;
  if (lte !== undefined && n > lte) return false;
  if (lt !== undefined && n >= lt) return false;
  return eq === undefined || n === eq;
}
