/**
 * A detection as a tree, decided in three values. What is known of an operation is folded away once (`fold`), what is left
 * becomes a closure over a row (`close`); a whole observation is decided by `decide`.
 */
import type { Batch, Value } from '../../sensor/observation.ts';
import { dig, pathsOf } from './path.ts';

/** A field's value that only the single row has. */
export const UNKNOWN: unique symbol = Symbol('unknown');

export type Leaf = {
  readonly kind: 'leaf';
  readonly field: string;
  readonly test: (value: Value) => boolean;
  /** When the test is equality with one of a few plain values: those, in lower case. For the index. */
  readonly equals: readonly string[] | null;
};
/** Compares two fields. */
export type Pair = { readonly kind: 'pair'; readonly field: string; readonly other: string; readonly test: (value: Value, other: Value) => boolean };
export type Not = { readonly kind: 'not'; readonly node: Node };
/** At least so many of the nodes hold: `and` is all of them, `or` is one. */
export type Some = { readonly kind: 'some'; readonly least: number; readonly nodes: readonly Node[] };
export type Node = Leaf | Pair | Not | Some;

export const all = (nodes: readonly Node[]): Node => (nodes.length === 1 ? (nodes[0] as Node) : { kind: 'some', least: nodes.length, nodes });
export const any = (nodes: readonly Node[]): Node => (nodes.length === 1 ? (nodes[0] as Node) : { kind: 'some', least: 1, nodes });

/** Reads a field: its value, null when it is absent, UNKNOWN when only the row has it. */
export type Reader = (field: string) => Value | typeof UNKNOWN;
export type RowReader = (batch: Batch, i: number) => Value;

/** The fields that a tree looks at, each once, in order. */
export function fieldsOf(node: Node, into: Set<string> = new Set()): Set<string> {
  if (node.kind === 'not') return fieldsOf(node.node, into);
  if (node.kind === 'some') {
    for (const child of node.nodes) fieldsOf(child, into);
    return into;
  }
  into.add(node.field);
  if (node.kind === 'pair') into.add(node.other);
  return into;
}

/** Compiles a tree to a closure over flat fields. */
export function decide(node: Node): (fields: { readonly [field: string]: Value }) => boolean {
  switch (node.kind) {
    case 'leaf': {
      const read = lookup(node.field);
      return (fields) => node.test(read(fields));
    }
    case 'pair': {
      const [one, other] = [lookup(node.field), lookup(node.other)];
      return (fields) => node.test(one(fields), other(fields));
    }
    case 'not': {
      const inner = decide(node.node);
      return (fields) => !inner(fields);
    }
    case 'some':
      return counted(node.least, node.nodes.map(decide));
  }
}

/** What remains of a tree when the known fields are filled in: its truth, or a smaller tree over unknown fields alone. */
export function fold(node: Node, read: Reader): boolean | Node {
  switch (node.kind) {
    case 'leaf': {
      const value = read(node.field);
      return value === UNKNOWN ? node : node.test(value);
    }
    case 'pair':
      return foldPair(node, read(node.field), read(node.other));
    case 'not': {
      const inner = fold(node.node, read);
      return typeof inner === 'boolean' ? !inner : { kind: 'not', node: inner };
    }
    case 'some':
      return foldSome(node, read);
  }
}

function foldPair(node: Pair, value: Value | typeof UNKNOWN, other: Value | typeof UNKNOWN): boolean | Node {
  if (value !== UNKNOWN && other !== UNKNOWN) return node.test(value, other);
  if (other !== UNKNOWN) return { kind: 'leaf', field: node.field, test: (known) => node.test(known, other), equals: null };
  if (value !== UNKNOWN) return { kind: 'leaf', field: node.other, test: (known) => node.test(value, known), equals: null };
  return node;
}

function foldSome(node: Some, read: Reader): boolean | Node {
  const open: Node[] = [];
  let least = node.least;
  let left = node.nodes.length;
  for (const child of node.nodes) {
    left--;
    const inner = fold(child, read);
    if (inner === true) least--;
    else if (inner !== false) open.push(inner);
    if (least <= 0) return true;
    if (open.length + left < least) return false;
  }
  return open.length === 1 ? (open[0] as Node) : { kind: 'some', least, nodes: open };
}

/** Compiles what `fold` left to a closure over a row. `reader` must know every field in it. */
export function close(node: Node, reader: (field: string) => RowReader): (batch: Batch, i: number) => boolean {
  switch (node.kind) {
    case 'leaf': {
      const read = reader(node.field);
      return (batch, i) => node.test(read(batch, i));
    }
    case 'pair': {
      const [one, other] = [reader(node.field), reader(node.other)];
      return (batch, i) => node.test(one(batch, i), other(batch, i));
    }
    case 'not': {
      const inner = close(node.node, reader);
      return (batch, i) => !inner(batch, i);
    }
    case 'some':
      return countedRows(
        node.least,
        node.nodes.map((child) => close(child, reader)),
      );
  }
}

function counted(least: number, tests: ((fields: { readonly [field: string]: Value }) => boolean)[]): (fields: { readonly [field: string]: Value }) => boolean {
  if (least === 1) return (fields) => tests.some((test) => test(fields));
  if (least === tests.length) return (fields) => tests.every((test) => test(fields));
  return (fields) => {
    let open = least;
    return tests.some((test) => test(fields) && --open === 0);
  };
}

function countedRows(least: number, tests: ((batch: Batch, i: number) => boolean)[]): (batch: Batch, i: number) => boolean {
  if (least === 1) return (batch, i) => tests.some((test) => test(batch, i));
  if (least === tests.length) return (batch, i) => tests.every((test) => test(batch, i));
  return (batch, i) => {
    let open = least;
    return tests.some((test) => test(batch, i) && --open === 0);
  };
}

/** A closure that finds a field in flat fields, also inside a list of objects: `opcua.nodes.node_id` is that of every node. */
export function lookup(field: string): (fields: { readonly [field: string]: Value }) => Value {
  const paths = pathsOf(field);
  return (fields) => fields[field] ?? dig(fields, paths) ?? null;
}
