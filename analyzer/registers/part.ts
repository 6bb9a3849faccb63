/** Which addresses a transaction touches, and what they held. */
import type { Value } from '../../sensor/observation.ts';
import { ADDRESSES, isTable, type Table } from '../point.ts';

/** Addresses of one transaction: a read of coils names at most 2,000 (Modbus Application Protocol V1.1b3, section 6.1). */
const MAX_QUANTITY = 2000;
const MASK_WRITE = 22;
const READ_WRITE = 23;
const FIFO = 24;

export type Part = {
  client: string;
  server: string;
  unit: number;
  table: Table;
  writes: boolean;
  from: number;
  /** One past the last address. */
  to: number;
  /** By address from `from`; null where the transaction tells none. */
  values: number[] | null;
};

type Fields = { readonly [field: string]: Value | undefined };

/** A transaction's stretches of addresses: one, two for a read and write in one (function 23), none where it names no address. */
export function partsOf(o: Fields): Part[] {
  const code = o['modbus.function_code'];
  if (code === READ_WRITE) {
    const read = part(o, false, o['modbus.address'], o['modbus.quantity'], o['modbus.values']);
    return [...read, ...part(o, true, o['modbus.write_address'], o['modbus.write_quantity'], o['modbus.write_values'])];
  }
  // The values of a queue (section 6.18) are what went through one address, not what the next ones hold.
  if (code === FIFO) return part(o, false, o['modbus.address'], 1, null);
  return part(o, o['modbus.access'] === 'write', o['modbus.address'], o['modbus.quantity'], code === MASK_WRITE ? masked(o) : o['modbus.values']);
}

/** Section 6.16: result = (before AND and_mask) OR (or_mask AND NOT and_mask). Without the value before only an AND mask of 0 tells it. */
const masked = (o: Fields): Value => (o['modbus.and_mask'] === 0 && typeof o['modbus.or_mask'] === 'number' ? [o['modbus.or_mask']] : null);

function part(o: Fields, writes: boolean, address: Value | undefined, quantity: Value | undefined, values: Value | undefined): Part[] {
  const table = o['modbus.table'];
  if (typeof table !== 'string' || !isTable(table) || typeof address !== 'number') return [];
  const to = Math.min(ADDRESSES, address + Math.min(MAX_QUANTITY, typeof quantity === 'number' ? quantity : 1));
  if (to <= address) return [];
  return [
    {
      client: String(o['source.ip'] ?? ''),
      server: String(o['destination.ip'] ?? ''),
      unit: Number(o['modbus.unit_id'] ?? 0),
      table,
      writes,
      from: address,
      to,
      values: Array.isArray(values) ? (values.slice(0, to - address) as number[]) : null,
    },
  ];
}
