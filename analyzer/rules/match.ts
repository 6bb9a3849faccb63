/** One detection item, `field|modifier|modifier: value(s)`, to a tree of tests (Sigma specification 2.1, appendix "Modifiers"). */
import { BlockList, isIP } from 'node:net';
import type { Value } from '../../sensor/observation.ts';
import { Fault, quoted, suggestion } from './fault.ts';
import { all, type Node } from './fold.ts';
import { boundedRegex } from './regex.ts';
import { matcher, type Pattern, parsePattern, widened } from './wildcard.ts';

const MAX_VALUES = 1000;
const MAX_TEXT = 512;

const PLACES = ['contains', 'startswith', 'endswith'];
const ORDERS = ['lt', 'lte', 'gt', 'gte'];
/** `cidr`, `re`, `exists`, ...: what is compared; at most one of them. */
const KINDS = ['cidr', 're', 'exists', 'fieldref', ...ORDERS];
const REGEX_FLAGS = ['i', 'm', 's'];
export const MODIFIERS = [...PLACES, ...KINDS, 'all', 'cased', ...REGEX_FLAGS];

type Scalar = string | number | boolean | null;
type Test = (value: Value) => boolean;
type Item = { readonly field: string; readonly modifiers: readonly string[]; readonly values: readonly Scalar[]; readonly path: string };

/** A field holds nothing when it is absent, null or an empty list. */
export const isNothing = (value: Value): boolean => value === null || value === undefined || (Array.isArray(value) && value.length === 0);

/** Compiles `key: raw` at `path` (`detection.write`). Throws a Fault. */
export function compileItem(key: string, raw: unknown, path: string): Node {
  const item = parseItem(key, raw, path);
  const kind = item.modifiers.find((modifier) => KINDS.includes(modifier));
  if (kind === 'exists') return existence(item);
  if (kind === 'fieldref') return reference(item);
  const tests = item.values.map((value) => test(item, kind, value));
  if (item.modifiers.includes('all')) return all(tests.map((one) => leaf(item.field, one, null)));
  const equals = item.modifiers.length === 0 ? plainValues(item.values) : null;
  return leaf(item.field, tests.length === 1 ? (tests[0] as Test) : (value) => tests.some((one) => one(value)), equals);
}

const leaf = (field: string, one: Test, equals: readonly string[] | null): Node => ({ kind: 'leaf', field, test: one, equals });

function parseItem(key: string, raw: unknown, within: string): Item {
  const [field = '', ...modifiers] = key.split('|');
  if (field === '') throw new Fault(within, `${quoted(key)} names no field; keyword searches are not supported`);
  for (const modifier of modifiers) {
    if (!MODIFIERS.includes(modifier)) throw new Fault(within, `unknown modifier ${quoted(modifier)}${suggestion(modifier, MODIFIERS)}`);
  }
  const path = `${within}.${key}`;
  checkTogether(modifiers, path);
  const values = (Array.isArray(raw) ? raw : [raw]) as unknown[];
  if (values.length === 0) throw new Fault(path, 'the list of values is empty');
  if (values.length > MAX_VALUES) throw new Fault(path, `more than ${MAX_VALUES} values`);
  for (const value of values) {
    if (value !== null && !['string', 'number', 'boolean'].includes(typeof value)) throw new Fault(path, 'a value must be text, a number, true, false or null');
    if (typeof value === 'string' && value.length > MAX_TEXT) throw new Fault(path, `a value is longer than ${MAX_TEXT} characters`);
  }
  if (modifiers.includes('all') && values.length < 2) throw new Fault(path, '"all" needs a list of values');
  return { field, modifiers, values: values as Scalar[], path };
}

function checkTogether(modifiers: readonly string[], path: string): void {
  if (new Set(modifiers).size < modifiers.length) throw new Fault(path, 'a modifier stands there twice');
  const kinds = modifiers.filter((modifier) => KINDS.includes(modifier));
  if (kinds.length > 1) throw new Fault(path, `the modifiers ${quoted(kinds[0])} and ${quoted(kinds[1])} exclude each other`);
  const places = modifiers.filter((modifier) => PLACES.includes(modifier));
  if (places.length > 1) throw new Fault(path, `the modifiers ${quoted(places[0])} and ${quoted(places[1])} exclude each other`);
  const kind = kinds[0];
  if (places.length > 0 && kind !== undefined && kind !== 'fieldref')
    throw new Fault(path, `the modifiers ${quoted(places[0])} and ${quoted(kind)} exclude each other`);
  const flag = modifiers.find((modifier) => REGEX_FLAGS.includes(modifier));
  if (flag !== undefined && kind !== 're') throw new Fault(path, `the modifier ${quoted(flag)} belongs behind "re"`);
  if (modifiers.includes('cased') && kind !== undefined && kind !== 'fieldref')
    throw new Fault(path, `the modifiers "cased" and ${quoted(kind)} exclude each other`);
  if (modifiers.includes('all') && (kind === 'exists' || kind === 'fieldref' || (kind !== undefined && ORDERS.includes(kind)))) {
    throw new Fault(path, `the modifiers "all" and ${quoted(kind)} exclude each other`);
  }
}

/** Values that are matched by equality alone, for the index; null when one is not. */
function plainValues(values: readonly Scalar[]): string[] | null {
  const plain = values.map((value) => (value === null ? null : typeof value === 'string' ? parsePattern(value).plain : String(value)));
  return plain.every((value) => value !== null) ? plain.map((value) => value.toLowerCase()) : null;
}

/** A test of a field against one value: of a list it is enough that one element passes. */
function test(item: Item, kind: string | undefined, value: Scalar): Test {
  if (value === null) {
    if (item.modifiers.length > 0) throw new Fault(item.path, 'null stands alone, without a modifier');
    return isNothing;
  }
  return ofAny(scalarTest(item, kind, value));
}

function scalarTest(item: Item, kind: string | undefined, value: string | number | boolean): (one: string | number | boolean) => boolean {
  if (kind === 'cidr') return network(value, item.path);
  if (kind !== undefined && ORDERS.includes(kind)) return order(kind, value, item.path);
  if (kind === 're') {
    const flags = item.modifiers.filter((modifier) => REGEX_FLAGS.includes(modifier)).join('');
    const regex = boundedRegex(String(value), flags, item.path);
    return (one) => regex(String(one));
  }
  const place = item.modifiers.find((modifier) => PLACES.includes(modifier));
  if (typeof value === 'number' && place === undefined) return (one) => one === value || (typeof one === 'string' && one === String(value));
  const text = matcher(placed(parsePattern(String(value)), place), item.modifiers.includes('cased'));
  return (one) => text(typeof one === 'string' ? one : String(one));
}

const placed = (pattern: Pattern, place: string | undefined): Pattern =>
  place === undefined ? pattern : widened(pattern, place !== 'startswith', place !== 'endswith');

/** Lifts a test of one value to lists, and to lists in lists. Objects match nothing. */
function ofAny(one: (value: string | number | boolean) => boolean): Test {
  const lifted: Test = (value) => {
    if (Array.isArray(value)) return value.some(lifted);
    return value !== null && value !== undefined && typeof value !== 'object' && one(value);
  };
  return lifted;
}

function order(kind: string, limit: string | number | boolean, path: string): (one: string | number | boolean) => boolean {
  if (typeof limit !== 'number') throw new Fault(path, `${quoted(kind)} needs a number, not ${quoted(limit)}`);
  const compare = { lt: (n: number) => n < limit, lte: (n: number) => n <= limit, gt: (n: number) => n > limit, gte: (n: number) => n >= limit }[kind];
  return (one) => typeof one === 'number' && (compare as (n: number) => boolean)(one);
}

function network(value: string | number | boolean, path: string): (one: string | number | boolean) => boolean {
  const [, address = '', bits = ''] = /^([\d.]+|[\da-fA-F:.]+)\/(\d{1,3})$/.exec(String(value)) ?? [];
  const version = isIP(address);
  if (version === 0 || Number(bits) > (version === 4 ? 32 : 128)) throw new Fault(path, `${quoted(value)} is not a network such as 10.0.0.0/8 or fd00::/8`);
  const list = new BlockList();
  list.addSubnet(address, Number(bits), version === 4 ? 'ipv4' : 'ipv6');
  return (one) => typeof one === 'string' && isIP(one) === version && list.check(one, version === 4 ? 'ipv4' : 'ipv6');
}

function existence(item: Item): Node {
  const wanted = item.values[0];
  if (item.values.length > 1 || typeof wanted !== 'boolean') throw new Fault(item.path, '"exists" needs true or false');
  return leaf(item.field, (value) => isNothing(value) !== wanted, null);
}

/** Compares with what another field holds; of lists it is enough that one pair of elements agrees. */
function reference(item: Item): Node {
  const other = item.values[0];
  if (item.values.length > 1 || typeof other !== 'string') throw new Fault(item.path, '"fieldref" needs the name of a field');
  const place = item.modifiers.find((modifier) => PLACES.includes(modifier));
  const prepare = item.modifiers.includes('cased') ? String : (value: Value) => String(value).toLowerCase();
  const agree = (one: Value, two: Value): boolean => {
    if (Array.isArray(one)) return one.some((each) => agree(each, two));
    if (Array.isArray(two)) return two.some((each) => agree(one, each));
    if (one === null || two === null || typeof one === 'object' || typeof two === 'object') return false;
    const [a, b] = [prepare(one), prepare(two)];
    if (place === 'contains') return a.includes(b);
    if (place === 'startswith') return a.startsWith(b);
    return place === 'endswith' ? a.endsWith(b) : a === b;
  };
  return { kind: 'pair', field: item.field, other, test: agree };
}

/** The fields that an item names: its own, and that of a `fieldref`. */
export function itemFields(key: string, raw: unknown): string[] {
  const [field = '', ...modifiers] = key.split('|');
  return modifiers.includes('fieldref') && typeof raw === 'string' ? [field, raw] : [field];
}
