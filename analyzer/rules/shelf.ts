/**
 * Finds the rules of one category that could match, without asking each: rules that demand one of a few plain values of the
 * same field lie in a drawer under each value. The field is the one that most rules demand.
 */
import type { Value } from '../../sensor/observation.ts';
import type { Leaf, Node } from './fold.ts';

/** With fewer rules, asking each is as quick. */
const WORTH_IT = 8;

type Entry = { readonly node: Node };

export class Shelf<T extends Entry> {
  readonly entries: readonly T[];
  /** The field that drawers are labelled with, '' when there are none. */
  readonly field: string;
  private readonly drawers = new Map<string, T[]>();
  /** Entries that demand nothing of the field: candidates for every value. */
  private readonly rest: T[];

  /** `usable` says which fields can be read when candidates are asked for. */
  constructor(entries: readonly T[], usable: (field: string) => boolean) {
    this.entries = entries;
    this.field = entries.length < WORTH_IT ? '' : favourite(entries, usable);
    this.rest = entries.filter((entry) => this.demand(entry) === null);
    for (const entry of entries) for (const value of this.demand(entry) ?? []) this.drawer(value);
  }

  /** Candidates in the order of the entries. `value` is that of `field`. */
  candidates(value: Value): readonly T[] {
    if (this.field === '') return this.entries;
    if (value !== null && typeof value === 'object') return this.entries;
    return this.drawers.get(String(value).toLowerCase()) ?? this.rest;
  }

  private demand(entry: T): readonly string[] | null {
    return this.field === '' ? null : (demands(entry.node).find((leaf) => leaf.field === this.field)?.equals ?? null);
  }

  private drawer(value: string): void {
    if (this.drawers.has(value)) return;
    this.drawers.set(
      value,
      this.entries.filter((entry) => this.demand(entry)?.includes(value) ?? true),
    );
  }
}

/** Equalities without which a tree cannot hold. */
function demands(node: Node): Leaf[] {
  if (node.kind === 'leaf') return node.equals === null ? [] : [node];
  return node.kind === 'some' && node.least === node.nodes.length ? node.nodes.flatMap(demands) : [];
}

function favourite(entries: readonly Entry[], usable: (field: string) => boolean): string {
  const votes = new Map<string, number>();
  for (const { node } of entries) {
    for (const field of new Set(demands(node).map((leaf) => leaf.field))) if (usable(field)) votes.set(field, (votes.get(field) ?? 0) + 1);
  }
  return [...votes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '';
}
