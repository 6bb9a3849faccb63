/** File records (V1.1b3 sections 6.14 and 6.15) and other parts that come in lists. */
import type { Value } from '../../observation.ts';
import type { Request } from './request.ts';

/** Raw bytes kept of one message, for reading by people. */
export const MAX_HEX = 256;
const REFERENCE_TYPE = 6;
/** Sections 6.14 and 6.15: records of a file end there, and so do the groups of one message, in bytes. */
const LAST_RECORD = 9999;
const MOST_READ = 0xf5;
const MOST_WRITTEN = 0xfb;

/** Checks the seven bytes of a sub-request. */
function checkGroup(q: Request, view: DataView, at: number): void {
  if (view.getUint8(at) !== REFERENCE_TYPE) q.flaw('bad_reference_type');
  if (view.getUint16(at + 1) === 0 || view.getUint16(at + 3) > LAST_RECORD) q.flaw('record_over_limit');
}

export function hexText(view: DataView, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end && at - start < MAX_HEX; at++) {
    const byte = view.getUint8(at);
    text += (byte < 16 ? '0' : '') + byte.toString(16);
  }
  return text;
}

function registers(view: DataView, start: number, end: number): number[] {
  const values: number[] = [];
  for (let at = start; at + 2 <= end; at += 2) values.push(view.getUint16(at));
  return values;
}

/** Sub-requests of seven bytes: reference type, file, record, length in registers. */
export function readFileRequest(q: Request, view: DataView, start: number, end: number): void {
  if (end - start < 2) return q.flaw('length_mismatch');
  if (view.getUint8(start + 1) !== end - start - 2) q.flaw('byte_count_mismatch');
  if (view.getUint8(start + 1) > MOST_READ) q.flaw('quantity_over_limit');
  const records: Value[] = [];
  for (let at = start + 2; at + 7 <= end; at += 7) {
    checkGroup(q, view, at);
    records.push({ file: view.getUint16(at + 1), record: view.getUint16(at + 3), length: view.getUint16(at + 5) });
  }
  if (records.length > 0) q.c = view.getInt32(start + 3);
  q.add('modbus.records', records);
}

/** Sub-requests as above, each followed by its registers; the response echoes the request. */
export function writeFileRecords(q: Request, view: DataView, start: number, end: number): Value[] {
  const records: Value[] = [];
  if (end - start < 2) {
    q.flaw('length_mismatch');
    return records;
  }
  if (view.getUint8(start + 1) !== end - start - 2) q.flaw('byte_count_mismatch');
  if (view.getUint8(start + 1) > MOST_WRITTEN) q.flaw('quantity_over_limit');
  for (let at = start + 2; at + 7 <= end; ) {
    const length = view.getUint16(at + 5);
    const stop = Math.min(at + 7 + 2 * length, end);
    checkGroup(q, view, at);
    if (stop !== at + 7 + 2 * length) q.flaw('length_mismatch');
    records.push({ file: view.getUint16(at + 1), record: view.getUint16(at + 3), length, data: registers(view, at + 7, stop) });
    at = stop;
  }
  if (records.length > 0) q.c = view.getInt32(start + 3);
  return records;
}

/** Answer to a read of file records: each group is a length in bytes (reference type included), the type and its registers. */
export function fileResponse(view: DataView, start: number, end: number, flaw: (id: string) => void): Value[] {
  const groups: Value[] = [];
  for (let at = start + 2; at + 2 <= end; ) {
    const length = view.getUint8(at);
    const stop = Math.min(at + 1 + length, end);
    if (length === 0 || at + 1 + length > end) flaw('length_mismatch');
    groups.push(registers(view, at + 2, stop));
    at = Math.max(stop, at + 1);
  }
  return groups;
}

const OBJECTS = ['vendor_name', 'product_code', 'major_minor_revision', 'vendor_url', 'product_name', 'model_name', 'user_application_name'];
const ascii = new TextDecoder('utf-8');

/** Section 6.21: objects of id, length, bytes; ids from 0x80 are the vendor's own. */
export function deviceObjects(view: DataView, start: number, end: number, count: number, flaw: (id: string) => void): { [name: string]: Value } {
  const objects: { [name: string]: Value } = {};
  let at = start;
  for (let n = 0; n < count; n++) {
    if (at + 2 > end) {
      flaw('length_mismatch');
      break;
    }
    const id = view.getUint8(at);
    const stop = at + 2 + view.getUint8(at + 1);
    if (stop > end) flaw('length_mismatch');
    const bytes = new Uint8Array(view.buffer, view.byteOffset + at + 2, Math.min(stop, end) - at - 2);
    objects[OBJECTS[id] ?? `object_${id}`] = ascii.decode(bytes).replace(/\0+$/, '');
    at = stop;
    if (at > end) break;
  }
  return objects;
}
