/** A Sigma `detection` section to a tree: maps are `and`, lists are `or`, the condition joins them. */
import { parseCondition } from './condition.ts';
import { Fault, quoted } from './fault.ts';
import { all, any, type Node } from './fold.ts';
import { compileItem } from './match.ts';
import type { Detection } from './rule.ts';

const MAX_SELECTIONS = 64;
const MAX_ITEMS = 256;

/** Throws a Fault. */
export function compileDetection(detection: Detection): Node {
  const { condition, ...named } = detection;
  const names = Object.keys(named);
  if (typeof condition !== 'string') throw new Fault('detection.condition', 'is missing: name the selections that must hold');
  if (names.length === 0) throw new Fault('detection', 'has no selection');
  if (names.length > MAX_SELECTIONS) throw new Fault('detection', `has more than ${MAX_SELECTIONS} selections`);
  const selections = new Map(names.map((name) => [name, selection(name, named[name])]));
  const used = new Set<string>();
  const node = parseCondition(condition, selections, used);
  const unused = names.find((name) => !used.has(name));
  if (unused !== undefined) throw new Fault(`detection.${unused}`, 'the condition does not use it');
  return node;
}

const isMap = (raw: unknown): raw is { [key: string]: unknown } => raw !== null && typeof raw === 'object' && !Array.isArray(raw);

function selection(name: string, raw: unknown): Node {
  const path = `detection.${name}`;
  if (!/^\w{1,64}$/.test(name)) throw new Fault('detection', `${quoted(name)} is no name for a selection: letters, digits and _ only`);
  if (isMap(raw)) return map(raw, path);
  if (Array.isArray(raw) && raw.length > 0 && raw.every(isMap)) {
    if (raw.length > MAX_ITEMS) throw new Fault(path, `more than ${MAX_ITEMS} maps`);
    return any(raw.map((each, i) => map(each, `${path}[${i}]`)));
  }
  throw new Fault(path, 'must be a map of fields, or a list of such maps; keyword searches are not supported');
}

function map(raw: { [key: string]: unknown }, path: string): Node {
  const items = Object.entries(raw);
  if (items.length === 0) throw new Fault(path, 'is empty');
  if (items.length > MAX_ITEMS) throw new Fault(path, `more than ${MAX_ITEMS} fields`);
  return all(items.map(([key, value]) => compileItem(key, value, path)));
}
