import type { Value } from '../../sensor/observation.ts';
import { number, text } from '../field.ts';

/** Points of one transaction that are looked up; a read of coils names at most 2,000. */
export const MAX_POINTS_TOUCHED = 2000;

/** What a transaction is about, in the terms of the baseline. */
export type Touch = {
  client: string;
  server: string;
  protocol: string;
  port: number;
  /** Modbus unit, -1 elsewhere. */
  unit: number;
  /** Function or service. */
  what: string;
  access: string;
  /** `holding_registers/100`, or node ids. Made anew each time it is asked for: a read of 2,000 coils names 2,000, and there are many reads. */
  readonly points: readonly string[];
};

/** Services that carry values of nodes, and the attribute that is one (OPC 10000-6, annex A.1). */
const WORDS_IN = new Set(['Read', 'Write', 'Publish', 'Republish']);
const VALUE = 13;

type Fields = { readonly [field: string]: Value | undefined };

/** The touch of a `modbus` or `opcua` observation, or of an operation's static fields; null for other kinds. */
export function touchOf(kind: string, fields: Fields): Touch | null {
  if (kind === 'modbus') return modbusTouch(fields);
  return kind === 'opcua' ? opcuaTouch(fields) : null;
}

function modbusTouch(fields: Fields): Touch {
  return {
    client: text(fields['source.ip']),
    server: text(fields['destination.ip']),
    protocol: 'modbus',
    port: number(fields['destination.port'], 0),
    unit: number(fields['modbus.unit_id'], 0),
    what: modbusWhat(fields),
    access: text(fields['modbus.access']),
    get points() {
      return modbusPoints(fields);
    },
  };
}

/** Functions whose sub-function decides what they do are known by it: listening only is not a loop-back test. */
function modbusWhat(fields: Fields): string {
  const name = text(fields['modbus.function']);
  const sub = fields['modbus.sub_function'] ?? fields['modbus.umas_function'];
  if (typeof sub === 'number') return `${name}/${sub}`;
  const unnamed = name === 'reserved' || name === 'user_defined' || name === 'unknown';
  return unnamed ? `function_${number(fields['modbus.function_code'], 0)}` : name;
}

function modbusPoints(fields: Fields): string[] {
  const table = text(fields['modbus.table']);
  const writes = typeof fields['modbus.write_address'] === 'number';
  const first = number(fields[writes ? 'modbus.write_address' : 'modbus.address'], -1);
  const quantity = number(fields[writes ? 'modbus.write_quantity' : 'modbus.quantity'], 1);
  if (table === '' || first < 0) return [];
  return Array.from({ length: Math.min(quantity, MAX_POINTS_TOUCHED) }, (_, n) => `${table}/${first + n}`);
}

/** Turning off what a subscription watches or sends is another thing than turning it on. */
function opcuaWhat(fields: Fields): string {
  const service = text(fields['opcua.service']);
  if (service === 'SetMonitoringMode' && fields['opcua.monitoring_mode'] === 'disabled') return `${service}/disabled`;
  if (service === 'SetPublishingMode' && fields['opcua.publishing_enabled'] === false) return `${service}/off`;
  return service || `type_${number(fields['opcua.type_id'], 0)}`;
}

function opcuaTouch(fields: Fields): Touch {
  const nodes = Array.isArray(fields['opcua.nodes']) ? fields['opcua.nodes'] : [];
  const ids = nodes.map((node) => text((node as Fields | null)?.['node_id'])).filter((id) => id !== '');
  return {
    client: text(fields['source.ip']),
    server: text(fields['destination.ip']),
    protocol: 'opcua',
    port: number(fields['destination.port'], 0),
    unit: -1,
    what: opcuaWhat(fields),
    access: text(fields['opcua.access']),
    points: [...new Set(ids)].slice(0, MAX_POINTS_TOUCHED),
  };
}

/** Values that are words, by node, as an OPC UA transaction read, wrote or was told them. */
export function wordsOf(o: Fields): ReadonlyMap<string, string> {
  const words = new Map<string, string>();
  if (!WORDS_IN.has(text(o['opcua.service']))) return words;
  const nodes = Array.isArray(o['opcua.nodes']) ? o['opcua.nodes'] : [];
  for (const node of nodes.slice(0, MAX_POINTS_TOUCHED)) {
    const { node_id: id, attribute_id: attribute, value, status } = (node ?? {}) as Fields;
    if (text(status).startsWith('Bad')) continue;
    if (attribute === VALUE && typeof value === 'string' && typeof id === 'string') words.set(id, value);
  }
  return words;
}
