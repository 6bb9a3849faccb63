/**
 * Schneider UMAS: function 90, then a session key, then a UMAS function; the response has 0xFE (done) or 0xFD (refused) in its place.
 * Not published by its maker: names and layouts are those that dissectors and drivers agree on. Numbers are little-endian.
 */
import type { Value } from '../../observation.ts';
import type { Access } from './functions.ts';
import { hexText } from './records.ts';
import type { Request } from './request.ts';

export const UMAS = 90;
/** A PDU may be this long; other functions end at 253. */
export const MAX_UMAS_PDU = 1093;

export type UmasClass = 'identify' | 'session' | 'reservation' | 'read' | 'write' | 'transfer' | 'start_stop' | 'unknown';
type Info = { name: string; class: UmasClass; access: Access };

const ACCESS: { [of in UmasClass]: Access } = {
  identify: 'identify',
  session: 'other',
  reservation: 'program',
  read: 'read',
  write: 'write',
  transfer: 'program',
  start_stop: 'program',
  unknown: 'program',
};
const info = (name: string, of: UmasClass): Info => ({ name, class: of, access: ACCESS[of] });

export const TAKE_RESERVATION = 0x10;
export const BEGIN_TO_CONTROLLER = 0x30;
export const BLOCK_TO_CONTROLLER = 0x31;
export const END_TO_CONTROLLER = 0x32;
export const BEGIN_FROM_CONTROLLER = 0x33;
export const BLOCK_FROM_CONTROLLER = 0x34;
export const END_FROM_CONTROLLER = 0x35;
export const START = 0x40;
export const STOP = 0x41;
const INIT = 0x01;
const READ_ID = 0x02;
const PROJECT = 0x03;

const FUNCTIONS = new Map<number, Info>([
  [INIT, info('init_communication', 'identify')],
  [READ_ID, info('read_id', 'identify')],
  [PROJECT, info('read_project_info', 'identify')],
  [0x04, info('read_plc_info', 'identify')],
  [0x06, info('read_card_info', 'identify')],
  [0x0a, info('repeat', 'session')],
  [TAKE_RESERVATION, info('take_reservation', 'reservation')],
  [0x11, info('release_reservation', 'reservation')],
  [0x12, info('keep_alive', 'session')],
  [0x20, info('read_memory_block', 'read')],
  [0x21, info('write_memory_block', 'write')],
  [0x22, info('read_variables', 'read')],
  [0x23, info('write_variables', 'write')],
  [0x24, info('read_coils_registers', 'read')],
  [0x25, info('write_coils_registers', 'write')],
  [0x26, info('read_data_dictionary', 'read')],
  [BEGIN_TO_CONTROLLER, info('begin_transfer_to_controller', 'transfer')],
  [BLOCK_TO_CONTROLLER, info('transfer_block_to_controller', 'transfer')],
  [END_TO_CONTROLLER, info('end_transfer_to_controller', 'transfer')],
  [BEGIN_FROM_CONTROLLER, info('begin_transfer_from_controller', 'transfer')],
  [BLOCK_FROM_CONTROLLER, info('transfer_block_from_controller', 'transfer')],
  [END_FROM_CONTROLLER, info('end_transfer_from_controller', 'transfer')],
  [0x39, info('read_ethernet_master_data', 'read')],
  [START, info('start_plc', 'start_stop')],
  [STOP, info('stop_plc', 'start_stop')],
  [0x50, info('monitor_plc', 'read')],
  [0x58, info('check_plc', 'read')],
  [0x70, info('read_io_object', 'read')],
  [0x71, info('write_io_object', 'write')],
  [0x73, info('read_module_status', 'read')],
]);
const UNKNOWN = info('unknown', 'unknown');

export const umasInfo = (code: number | null): Info => FUNCTIONS.get(code ?? -1) ?? UNKNOWN;

/** Printable text of `size` bytes, without what comes behind a zero. */
function text(view: DataView, start: number, size: number): string {
  let out = '';
  for (let at = start; at < start + size; at++) {
    const byte = view.getUint8(at);
    if (byte === 0) break;
    out += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '?';
  }
  return out;
}

/** Fields of the request whose data (behind the UMAS function) begin at `start`. */
type Reader = (q: Request, view: DataView, start: number, end: number) => void;

/** Four bytes of unknown meaning, the length of the client's name, the name. */
const reservation: Reader = (q, view, start, end) => {
  if (end - start < 5) return q.flaw('length_mismatch');
  const size = view.getUint8(start + 4);
  if (start + 5 + size > end) q.flaw('length_mismatch');
  q.add('modbus.umas_client', text(view, start + 5, Math.min(size, end - start - 5)));
};

/** Range, block, offset, two unknown bytes, bytes wanted; a write has its data behind. */
const memory: Reader = (q, view, start, end) => {
  if (end - start < 9) return q.flaw('length_mismatch');
  q.add('modbus.umas_block', view.getUint16(start + 1, true));
  q.add('modbus.umas_offset', view.getUint16(start + 3, true));
  q.add('modbus.umas_length', view.getUint16(start + 7, true));
};

/** The project's checksum, and how many variables. */
const variables: Reader = (q, view, start, end) => {
  if (end - start < 5) return q.flaw('length_mismatch');
  q.add('modbus.umas_variables', view.getUint8(start + 4));
};

/** Two bytes of unknown meaning, the number of the block, and towards the controller its length and bytes. */
const block: Reader = (q, view, start, end) => {
  if (end - start < 4) return q.flaw('length_mismatch');
  q.add('modbus.umas_block', view.getUint16(start + 2, true));
  if (q.sub !== BLOCK_TO_CONTROLLER) return;
  if (end - start < 6 || view.getUint16(start + 4, true) !== end - start - 6) return q.flaw('length_mismatch');
  q.block = new Uint8Array(view.buffer, view.byteOffset + start + 6, end - start - 6).slice(0, MAX_UMAS_PDU);
};

const READERS = new Map<number, Reader>([
  [TAKE_RESERVATION, reservation],
  [0x20, memory],
  [0x21, memory],
  [0x22, variables],
  [0x23, variables],
  [BLOCK_TO_CONTROLLER, block],
  [END_TO_CONTROLLER, block],
  [BLOCK_FROM_CONTROLLER, block],
  [END_FROM_CONTROLLER, block],
]);

/** Reads the request PDU `start..end`. */
export function umasRequest(q: Request, view: DataView, start: number, end: number): void {
  if (end - start < 3) return q.flaw('length_mismatch');
  q.sub = view.getUint8(start + 2);
  q.add('modbus.umas_session', view.getUint8(start + 1));
  READERS.get(q.sub)?.(q, view, start + 3, end);
  q.add('modbus.data', hexText(view, start + 3, end));
}

type Objects = { [field: string]: Value };

const version = (word: number): string => `${word >> 8}.${(word & 0xff).toString(16).padStart(2, '0')}`;

/** Answer to read_id: 17 bytes of numbers before the length of the model's name. */
function identity(view: DataView, start: number, end: number): Objects | null {
  if (end - start < 24) return null;
  const size = Math.min(view.getUint8(start + 22), end - start - 23);
  return {
    range: view.getUint16(start, true),
    hardware_id: view.getUint32(start + 2, true),
    firmware: version(view.getUint16(start + 8, true)),
    hardware_version: view.getUint16(start + 14, true),
    model: text(view, start + 23, size),
  };
}

/** Answer to init_communication: largest frame, ten bytes of unknown meaning, the controller's name. */
function greeting(view: DataView, start: number, end: number): Objects | null {
  if (end - start < 13) return null;
  const name = text(view, start + 13, Math.min(view.getUint8(start + 12), end - start - 13));
  return { max_frame: view.getUint16(start, true), ...(name === '' ? {} : { name }) };
}

/** The project's name ends the answer: its length, then it. */
function project(view: DataView, start: number, end: number): Objects | null {
  for (let size = 2; size < 64 && end - size - 1 >= start; size++) {
    if (view.getUint8(end - size - 1) !== size) continue;
    const name = text(view, end - size, size);
    if (name.length >= size - 2 && !name.includes('?')) return { project: name };
  }
  return null;
}

const ANSWERS = new Map<number, (view: DataView, start: number, end: number) => Objects | null>([
  [READ_ID, identity],
  [INIT, greeting],
  [PROJECT, project],
]);

const DONE = 0xfe;
const REFUSED = 0xfd;

/** What a response says, as fields in `more`; `sub` is the request's function. Returns whether the controller did as asked. */
export function umasResponse(view: DataView, start: number, end: number, sub: number | null, more: Objects, flaw: (id: string) => void): boolean {
  if (end - start < 3) {
    flaw('length_mismatch');
    return false;
  }
  const status = view.getUint8(start + 2);
  more['modbus.umas_status'] = status === DONE ? 'done' : status === REFUSED ? 'refused' : 'unknown';
  if (status === REFUSED) more['modbus.umas_error'] = hexText(view, start + 3, end);
  if (status === DONE && sub === TAKE_RESERVATION && end - start >= 4) more['modbus.umas_granted_session'] = view.getUint8(start + 3);
  const said = status === DONE ? ANSWERS.get(sub ?? -1)?.(view, start + 3, end) : null;
  if (said != null) more['modbus.umas_identity'] = said;
  more['modbus.response_data'] = hexText(view, start + 1, end);
  return status === DONE;
}
