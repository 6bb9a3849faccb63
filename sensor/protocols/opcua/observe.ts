import { AMBIGUOUS, type Batch, type Definition, type Observation, OUTCOMES, timestamp, type Value } from '../../observation.ts';
import { float } from './builtin.ts';
import type { Item } from './call.ts';

/** Latency as printed: ms with three decimals, null when unknown. */
export const round3 = (ms: number): number | null => (Number.isNaN(ms) ? null : Math.round(ms * 1000) / 1000);
export const frameOrNull = (frame: number): number | null => (frame === 0 ? null : frame);

/** Fields of a repeating transaction, in print order. Those that a definition lacks and no row reader gives are left out. */
const ORDER = [
  'source.ip',
  'source.port',
  'destination.ip',
  'destination.port',
  'network.transport',
  'network.protocol',
  'network.vlan.id',
  'outcome',
  'latency',
  'request_frame',
  'response_frame',
  'opcua.message_type',
  'opcua.channel_id',
  'opcua.request_id',
  'opcua.request_handle',
  'opcua.service',
  'opcua.type_id',
  'opcua.response_type_id',
  'opcua.status',
  'opcua.visibility',
  'opcua.security_policy',
  'opcua.security_mode',
  'opcua.signature',
  'opcua.session_name',
  'opcua.application_uri',
  'opcua.user',
  'opcua.user_token',
  'opcua.max_age',
  'opcua.timestamps_to_return',
  'opcua.nodes',
  'opcua.access',
  'opcua.size',
];

/** A value of a row as its type prints it. */
function typed(value: number, type: Value | undefined): Value {
  return type === 'Boolean' ? value !== 0 : float(value);
}

function values(batch: Batch, i: number): Value[] {
  const start = batch.valueStart[i] as number;
  return Array.from(batch.values.subarray(start, start + (batch.valueCount[i] as number)), float);
}

/**
 * Fields that differ from row to row; everything else of a definition is static, also the node ids, attribute ids, types and status
 * inside `opcua.nodes`. The values of nodes come as numbers here, a Boolean as 0 or 1: its type stands in the definition.
 */
export const opcuaRowFields: { [field: string]: (batch: Batch, i: number) => Value } = {
  '@timestamp': (batch, i) => timestamp(batch.at[i] as number),
  'source.port': (batch, i) => batch.port[i] as number,
  latency: (batch, i) => round3(batch.latency[i] as number),
  request_frame: (batch, i) => frameOrNull(batch.requestFrame[i] as number),
  response_frame: (batch, i) => frameOrNull(batch.responseFrame[i] as number),
  'opcua.channel_id': (batch, i) => batch.channel[i] as number,
  'opcua.request_id': (batch, i) => batch.transaction[i] as number,
  'opcua.request_handle': (batch, i) => batch.handle[i] as number,
  // Rows of encrypted messages alone are ambiguous.
  'opcua.size': (batch, i) => (batch.outcome[i] === AMBIGUOUS ? (batch.handle[i] as number) : null),
  'opcua.nodes.value': values,
};

/** `opcua.nodes` of a row: the definition's nodes (without values) with the row's values put in. */
function nodes(batch: Batch, i: number, fixed: Value): Value {
  if (!Array.isArray(fixed)) return fixed;
  const start = batch.valueStart[i] as number;
  return (fixed as Item[]).map((node, k) => {
    const { type, status, attribute, name, ...target } = node;
    const out: Item = { ...target, value: typed(batch.values[start + k] as number, type), type: type as Value, status: status as Value };
    if (attribute !== undefined) out['attribute'] = attribute;
    if (name !== undefined) out['name'] = name;
    return out;
  });
}

/** The observation of a repeating row, field for field what its detail would be. */
export function opcuaObservation(batch: Batch, i: number, definition: Definition): Observation {
  const { fields } = definition;
  const out: Observation = { kind: 'opcua', '@timestamp': timestamp(batch.at[i] as number) };
  for (const field of ORDER) {
    if (field === 'outcome') out[field] = OUTCOMES[batch.outcome[i] as number] as string;
    else if (field === 'opcua.nodes' && fields[field] !== undefined) out[field] = nodes(batch, i, fields[field]);
    else if (fields[field] !== undefined) out[field] = fields[field];
    else {
      const read = field === 'opcua.size' && fields['opcua.visibility'] !== 'opaque' ? undefined : opcuaRowFields[field];
      if (read !== undefined) out[field] = read(batch, i);
    }
  }
  return out;
}
