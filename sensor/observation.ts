/**
 * The contract between the sensor and everything after it.
 *
 * A plant repeats itself, so what repeats is defined once (a `Definition`, numbered) and handed out as rows of numbers in
 * typed-array columns (a `Batch`). What is rare (a channel opening, a sighting, a malformed message) rides along as a
 * whole `Observation` on a row of its own, so that one sequence of rows keeps everything in the order it happened.
 * `observe` makes the observation of any row when somebody needs it.
 */
import { completeModbus, modbusObservation, modbusRowFields } from './protocols/modbus/observe.ts';
import { opcuaObservation, opcuaRowFields } from './protocols/opcua/observe.ts';

export { type Ceiling, type Coverage, type InterfaceCoverage, type ProtocolCoverage, sum } from './coverage.ts';
export { nodeName } from './protocols/opcua/names.ts';

/** How a transaction ended; the numbers are the `outcome` column of a batch. */
export const ANSWERED = 0;
/** The server refused: a Modbus exception response, an OPC UA ServiceFault or bad service result. */
export const EXCEPTION = 1;
/** No answer within the protocol's time-out while the connection went on. */
export const TIMEOUT = 2;
/** A response without its request. */
export const ORPHAN = 3;
/** More than one request could be meant. */
export const AMBIGUOUS = 4;
/** The other half fell into a capture gap or past the end of the capture. */
export const LOST = 5;
export const OUTCOMES = ['answered', 'exception', 'timeout', 'orphan', 'ambiguous', 'lost'] as const;

export const KINDS = ['modbus', 'opcua', 'opcua-channel', 'flow', 'sighting', 'identity', 'flaw', 'loss'] as const;
export type Kind = (typeof KINDS)[number];

/** JSON, as far as an observation needs it. */
export type Value = string | number | boolean | null | Value[] | { [key: string]: Value };

/**
 * One thing seen on the wire, flat: keys are dotted field names (`docs/fields.md`), in a fixed order per kind, always with
 * `kind` and `@timestamp` (RFC 3339, microseconds) first. Absent and null mean the same to a rule.
 */
export type Observation = { kind: Kind; '@timestamp': string; [field: string]: Value };

/** Who talks to whom, how: interned once, referred to by operations. */
export type Peer = {
  number: number;
  /** The one that asks (IP address, or MAC address where there is no IP). */
  client: string;
  server: string;
  /** The server's port; for link-layer protocols the EtherType. */
  port: number;
  /** `tcp`, `udp`, `icmp`, ... or `ethernet`. */
  transport: string;
  /** Application protocol as found by content or port (`modbus`, `opcua`, ...), '' when unknown. */
  protocol: string;
  /** 802.1Q VLAN id, 0 when untagged. */
  vlan: number;
};

/** An operation: everything about a transaction that repeats. `fields` are the static part of its observations. */
export type Definition = {
  /** Its number in rows, from 1. A number may be defined again after the sensor retired it: the newer definition counts. */
  operation: number;
  kind: 'modbus' | 'opcua';
  peer: Peer;
  /** Flat static fields in print order: `source.ip`, `destination.ip`, `destination.port`, `modbus.unit_id`, ... */
  fields: { [field: string]: Value };
};

/** Rows a batch holds at most; also the most that a crash of the analyzer could have in flight. */
export const BATCH_ROWS = 4096;
/** Values (registers, coils, node values) a batch holds at most: room for one full row of 2,000 coils is always kept. */
export const BATCH_VALUES = 65536;

/** Columns of rows. Filled by the sensor, read by one consumer before the call returns, then reused. */
export class Batch {
  rows = 0;
  /** Operation number, or 0 for a row that is only a detail. */
  readonly operation = new Int32Array(BATCH_ROWS);
  /** When the request was seen (for an orphan, the response), ms since the epoch. */
  readonly at = new Float64Array(BATCH_ROWS);
  /** Request to response in ms; NaN when one half is missing. */
  readonly latency = new Float64Array(BATCH_ROWS);
  readonly outcome = new Uint8Array(BATCH_ROWS);
  /** Modbus exception code or OPC UA status code; 0 when there is none. */
  readonly status = new Uint32Array(BATCH_ROWS);
  /** Frame numbers from 1; 0 for a half that was not seen. */
  readonly requestFrame = new Float64Array(BATCH_ROWS);
  readonly responseFrame = new Float64Array(BATCH_ROWS);
  /** The client's port. */
  readonly port = new Uint16Array(BATCH_ROWS);
  /** Modbus transaction id or OPC UA request id. */
  readonly transaction = new Uint32Array(BATCH_ROWS);
  /** Free for the protocol: OPC UA keeps the request handle here. */
  readonly handle = new Uint32Array(BATCH_ROWS);
  /** Free for the protocol: OPC UA keeps the secure channel id here. */
  readonly channel = new Uint32Array(BATCH_ROWS);
  /** Where the row's values lie in `values`. */
  readonly valueStart = new Int32Array(BATCH_ROWS);
  readonly valueCount = new Int32Array(BATCH_ROWS);
  /** Index into `details` when the row carries a whole observation, else -1. */
  readonly detail = new Int32Array(BATCH_ROWS);
  readonly values = new Float64Array(BATCH_VALUES);
  /** Operations defined since the last batch, in the order they were met. */
  readonly definitions: Definition[] = [];
  readonly details: Observation[] = [];

  clear(): void {
    this.rows = 0;
    this.definitions.length = 0;
    this.details.length = 0;
  }
}

/** Makes the observation of row `i`. `definition` is that of `batch.operation[i]`; unused when the row carries a detail. */
export function observe(batch: Batch, i: number, definition: Definition | undefined): Observation {
  const detail = batch.detail[i] as number;
  if (detail >= 0) return batch.details[detail] as Observation;
  if (definition === undefined) throw new Error(`row ${i} names operation ${batch.operation[i]}, which was never defined`);
  return definition.kind === 'modbus' ? modbusObservation(batch, i, definition) : opcuaObservation(batch, i, definition);
}

/** `000` to `999`. */
const THREE = Array.from({ length: 1000 }, (_, n) => String(n).padStart(3, '0'));
/** Seconds written lately, each at a place of its own, and how they are written: most of what comes next is of one of them. */
const RECENT = 64;
const seconds = new Float64Array(RECENT).fill(Number.NaN);
const written: string[] = new Array(RECENT).fill('');

/** RFC 3339 in UTC with microseconds, from ms since the epoch with fractions (`Date` alone would keep milliseconds only). */
export function timestamp(at: number): string {
  const micros = Math.round(at * 1000);
  const whole = Math.floor(micros / 1_000_000);
  const place = whole & (RECENT - 1);
  if (whole !== seconds[place]) {
    const date = new Date(whole * 1000);
    if (Number.isNaN(date.getTime())) return '1970-01-01T00:00:00.000000Z';
    seconds[place] = whole;
    written[place] = date.toISOString().slice(0, -4);
  }
  const rest = micros - whole * 1_000_000;
  const ms = Math.floor(rest / 1000);
  return `${written[place]}${THREE[ms]}${THREE[rest - ms * 1000]}Z`;
}

/** Turns flat dotted fields into nested JSON, keeping order; null stays null, undefined is left out. */
export function nest(flat: { [field: string]: Value | undefined }): { [key: string]: Value } {
  const out: { [key: string]: Value } = {};
  for (const [field, value] of Object.entries(flat)) {
    if (value === undefined) continue;
    const path = field.startsWith('@') ? [field] : field.split('.');
    let at = out;
    for (const key of path.slice(0, -1)) {
      const next = at[key];
      at = (next !== null && typeof next === 'object' && !Array.isArray(next) ? next : (at[key] = {})) as { [key: string]: Value };
    }
    at[path[path.length - 1] as string] = value;
  }
  return out;
}

/** Fields that differ from row to row, by kind; everything else of an operation is decided once. */
export const rowFields: { [kind: string]: { [field: string]: (batch: Batch, i: number) => Value } } = { modbus: modbusRowFields, opcua: opcuaRowFields };

/** Fills in what follows from other fields of an observation written by hand, as in the tests of a rule. */
export function complete(kind: Kind, fields: { [field: string]: Value }, at: number): Observation {
  const whole = kind === 'modbus' ? completeModbus(fields) : fields;
  return { outcome: 'answered', ...whole, kind, '@timestamp': timestamp(at) } as Observation;
}
