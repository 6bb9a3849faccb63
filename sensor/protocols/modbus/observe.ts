import { type Batch, type Definition, EXCEPTION, type Observation, OUTCOMES, timestamp, type Value } from '../../observation.ts';
import { diagnosticName, exceptionName, functionInfo, rangeText, type Table } from './functions.ts';
import { UMAS, umasInfo } from './umas.ts';

/** What identifies a Modbus operation, and what of a request goes into its observation. `null`: the function has no such field. */
export type Tuple = {
  unit: number;
  code: number;
  mei: number;
  address: number | null;
  quantity: number | null;
  sub: number | null;
};

/** How messages are wrapped: MBAP over TCP or UDP, or the frames of a serial line over either. */
export type Framing = 'tcp' | 'udp' | 'rtu' | 'ascii';

/** The `transaction` column of serial frames, which have no transaction id. */
export const NO_TRANSACTION = 0xffff_ffff;

/** A place in a device as one name: `1/holding_registers/100`, unit, table, address from 0 as on the wire. */
export const pointId = (unit: number, table: string, address: number): string => `${unit}/${table}/${address}`;

/** The static fields of an operation's observations, in print order. */
export function staticFields(
  from: { client: string; server: string; port: number; transport: string; vlan: number },
  framing: Framing,
  t: Tuple,
): Definition['fields'] {
  const { name, access, table, category } = functionInfo(t.code, t.mei);
  return {
    'source.ip': from.client,
    'destination.ip': from.server,
    'destination.port': from.port,
    'network.transport': from.transport,
    'network.protocol': 'modbus',
    ...(from.vlan === 0 ? {} : { 'network.vlan.id': from.vlan }),
    'modbus.framing': framing,
    'modbus.unit_id': t.unit,
    'modbus.function_code': t.code,
    'modbus.function': name,
    'modbus.category': category,
    'modbus.access': t.code === UMAS ? umasInfo(t.sub).access : access,
    'modbus.table': table,
    'modbus.address': t.address,
    'modbus.quantity': t.quantity,
    'modbus.range': rangeText(table, t.address, t.quantity) ?? nameOfRange(t),
    'modbus.point': table === null || t.address === null ? null : pointId(t.unit, table, t.address),
    ...(t.code === 8 || t.code === 43 || t.code === 90 ? subFields(t) : {}),
  };
}

/** What is read or written where no table is: so that a sentence has something to say. */
function nameOfRange(t: Tuple): string | null {
  if (t.code === 20 || t.code === 21) return 'file records';
  const umas = t.code === UMAS ? umasInfo(t.sub) : null;
  return umas?.class === 'read' || umas?.class === 'write' ? umas.name.replace(/^[a-z]+_/, '').replaceAll('_', ' ') : null;
}

function subFields(t: Tuple): Definition['fields'] {
  if (t.code === 8) return { 'modbus.sub_function': t.sub, 'modbus.diagnostic': diagnosticName(t.sub) };
  if (t.code === UMAS) return { 'modbus.umas_function': t.sub, 'modbus.umas_name': umasInfo(t.sub).name, 'modbus.umas_class': umasInfo(t.sub).class };
  return { 'modbus.mei_type': t.mei, 'modbus.read_device_id_code': t.sub };
}

/** What a transaction adds to its operation. */
export type Instance = {
  at: number;
  port: number;
  outcome: number;
  latency: number;
  requestFrame: number;
  responseFrame: number;
  /** NO_TRANSACTION for a serial frame. */
  transaction: number;
  /** Requests that waited when it was sent, itself included. */
  pending: number;
  /** Older requests that still waited when it was answered. */
  overtook: number;
  values: number[] | null;
  exception: number;
  /** Further fields of less common functions, and flaws; keys are full field names. */
  more: { [field: string]: Value } | null;
};

const round3 = (ms: number): number | null => (Number.isNaN(ms) ? null : Math.round(ms * 1000) / 1000);

/** Puts a Modbus observation together: the one place where its fields and their order are decided. */
export function modbusFields(fields: Definition['fields'], x: Instance): Observation {
  const { 'source.ip': source, 'destination.ip': destination, 'destination.port': port, ...rest } = fields;
  return {
    kind: 'modbus',
    '@timestamp': timestamp(x.at),
    'source.ip': source as Value,
    'source.port': x.port,
    'destination.ip': destination as Value,
    'destination.port': port as Value,
    outcome: OUTCOMES[x.outcome] as string,
    latency: round3(x.latency),
    request_frame: x.requestFrame === 0 ? null : x.requestFrame,
    response_frame: x.responseFrame === 0 ? null : x.responseFrame,
    'network.transport': rest['network.transport'] as Value,
    'network.protocol': rest['network.protocol'] as Value,
    'modbus.framing': rest['modbus.framing'] as Value,
    'modbus.transaction_id': transactionId(x.transaction),
    ...rest,
    'modbus.values': x.values,
    'modbus.exception_code': x.outcome === EXCEPTION ? x.exception : null,
    'modbus.exception': x.outcome === EXCEPTION ? exceptionName(x.exception) || 'unknown' : null,
    ...(x.pending > 1 ? { 'modbus.pending': x.pending } : {}),
    ...(x.overtook > 0 ? { 'modbus.overtook': x.overtook } : {}),
    ...x.more,
  };
}

const transactionId = (column: number): number | null => (column === NO_TRANSACTION ? null : column);

function rowValues(batch: Batch, i: number): number[] | null {
  const count = batch.valueCount[i] as number;
  if (count === 0) return null;
  const start = batch.valueStart[i] as number;
  return Array.from(batch.values.subarray(start, start + count));
}

/** The observation of a repeating row. */
export function modbusObservation(batch: Batch, i: number, definition: Definition): Observation {
  return modbusFields(definition.fields, {
    at: batch.at[i] as number,
    port: batch.port[i] as number,
    outcome: batch.outcome[i] as number,
    latency: batch.latency[i] as number,
    requestFrame: batch.requestFrame[i] as number,
    responseFrame: batch.responseFrame[i] as number,
    transaction: batch.transaction[i] as number,
    pending: batch.handle[i] as number,
    overtook: batch.channel[i] as number,
    values: rowValues(batch, i),
    exception: batch.status[i] as number,
    more: null,
  });
}

const frameOrNull = (frame: number | undefined): Value => (frame === 0 || frame === undefined ? null : frame);

/** Fields that differ from row to row; a rule's other conditions are decided once an operation. */
export const modbusRowFields: { [field: string]: (batch: Batch, i: number) => Value } = {
  '@timestamp': (batch, i) => timestamp(batch.at[i] as number),
  'source.port': (batch, i) => batch.port[i] as number,
  latency: (batch, i) => round3(batch.latency[i] as number),
  request_frame: (batch, i) => frameOrNull(batch.requestFrame[i]),
  response_frame: (batch, i) => frameOrNull(batch.responseFrame[i]),
  'modbus.transaction_id': (batch, i) => transactionId(batch.transaction[i] as number),
  'modbus.pending': (batch, i) => ((batch.handle[i] as number) > 1 ? (batch.handle[i] as number) : null),
  'modbus.overtook': (batch, i) => (batch.channel[i] as number) || null,
  'modbus.values': rowValues,
  'modbus.exception_code': (batch, i) => (batch.outcome[i] === EXCEPTION ? (batch.status[i] as number) : null),
  'modbus.exception': (batch, i) => (batch.outcome[i] === EXCEPTION ? exceptionName(batch.status[i] as number) || 'unknown' : null),
};

/** Fills in what follows from other fields, for observations written by hand (rule tests). */
export function completeModbus(o: { [field: string]: Value }): { [field: string]: Value } {
  const code = typeof o['modbus.function_code'] === 'number' ? o['modbus.function_code'] : null;
  if (code === null) return o;
  const mei = Number(o['modbus.mei_type'] ?? 0);
  const { name, access, table, category } = functionInfo(code, mei);
  const umas = code === UMAS ? umasInfo(Number(o['modbus.umas_function'] ?? -1)) : null;
  const address = (o['modbus.address'] ?? null) as number | null;
  const quantity = (o['modbus.quantity'] ?? (address === null ? null : 1)) as number | null;
  return {
    'modbus.unit_id': 0,
    'modbus.function': name,
    'modbus.category': category,
    'modbus.access': umas?.access ?? access,
    ...(umas === null ? {} : { 'modbus.umas_name': umas.name, 'modbus.umas_class': umas.class }),
    ...(code === 8 ? { 'modbus.diagnostic': diagnosticName(Number(o['modbus.sub_function'] ?? -1)) } : {}),
    'modbus.table': table,
    'modbus.address': address,
    'modbus.quantity': quantity,
    'modbus.range': rangeText((o['modbus.table'] as Table | undefined) ?? table, address, quantity),
    ...(o['modbus.exception_code'] === undefined ? {} : { outcome: 'exception', 'modbus.exception': exceptionName(Number(o['modbus.exception_code'])) }),
    ...o,
  };
}
