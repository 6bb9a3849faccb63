/**
 * NodeAttributes, Part 4, 7.24: what a new node is to be like. The structure of its class has every attribute; a mask (`specified`) says which of them
 * count. Servers of open62541 heed them all and its clients leave the mask 0, so all are told.
 */
import type { Value } from '../../../observation.ts';
import { type Extension, float, inside, localizedText, unknownBody } from '../builtin.ts';
import type { Item } from '../call.ts';
import { nodeId } from '../nodeid.ts';
import type { Reader } from '../reader.ts';
import { dimensions } from '../structures.ts';
import { variant } from '../variant.ts';

type Attribute = readonly [name: string, read: (r: Reader) => Value];

const byte = (r: Reader): number => r.u8();
const word = (r: Reader): number => r.u32le();
const flag = (r: Reader): boolean => r.u8() !== 0;

const VALUE: readonly Attribute[] = [
  ['value', (r) => variant(r).value],
  ['data_type', nodeId],
  ['value_rank', (r) => r.i32le()],
  ['dimensions', dimensions],
];
const IS_ABSTRACT: Attribute = ['is_abstract', flag];
const EVENT_NOTIFIER: Attribute = ['event_notifier', byte];

const COMMON: readonly Attribute[] = [
  ['specified', word],
  ['display_name', localizedText],
  ['description', localizedText],
  ['write_mask', word],
  ['user_write_mask', word],
];

/** By the binary encoding of their structure, in the order of its fields (Part 6, Opc.Ua.Types.bsd). */
const CLASSES: { readonly [type: number]: readonly Attribute[] } = {
  351: [],
  354: [EVENT_NOTIFIER],
  357: [...VALUE, ['access_level', byte], ['user_access_level', byte], ['minimum_sampling_interval', (r) => float(r.f64le())], ['historizing', flag]],
  360: [
    ['executable', flag],
    ['user_executable', flag],
  ],
  363: [IS_ABSTRACT],
  366: [...VALUE, IS_ABSTRACT],
  369: [IS_ABSTRACT, ['symmetric', flag], ['inverse_name', localizedText]],
  372: [IS_ABSTRACT],
  375: [['contains_no_loops', flag], EVENT_NOTIFIER],
};

/** The attributes by name; the bytes of a structure that is not known here, null for none. */
export function nodeAttributes(r: Reader, e: Extension): Value {
  if (e.encoding === 'none') return null;
  const special = CLASSES[e.type];
  return (special === undefined ? null : inside(r, e, (body) => told(body, special))) ?? unknownBody(r, e);
}

function told(r: Reader, special: readonly Attribute[]): Item {
  const out: Item = {};
  for (const [name, read] of COMMON) out[name] = read(r);
  for (const [name, read] of special) out[name] = read(r);
  return out;
}
