/** Modbus responses of the less common functions, and the checks that hold a response against its request. */
import type { Value } from '../../observation.ts';
import { exceptionName, READ_DEVICE_IDENTIFICATION } from './functions.ts';
import { deviceObjects, fileResponse, hexText } from './records.ts';
import type { Transaction } from './transaction.ts';
import { UMAS, umasResponse } from './umas.ts';

/** What a response says beyond its request. */
export type Answer = { values: number[] | null; flaws: string[]; more: { [field: string]: Value } };

type Reader = (answer: Answer, view: DataView, start: number, end: number, of: Transaction) => void;

const flawIn = (answer: Answer) => (id: string) => {
  if (!answer.flaws.includes(id)) answer.flaws.push(id);
};

/** Bits or registers after a byte count; `quantity` null when the request was not seen. */
function read(answer: Answer, view: DataView, start: number, end: number, of: Transaction): void {
  const flaw = flawIn(answer);
  if (end - start < 2) return flaw('length_mismatch');
  const bytes = view.getUint8(start + 1);
  const bits = of.code <= 2;
  const room = Math.min(bytes, end - start - 2);
  if (end - start - 2 !== bytes) flaw('length_mismatch');
  const wanted = of.quantity ?? (bits ? room * 8 : room >> 1);
  if (bytes !== (bits ? (wanted + 7) >> 3 : wanted * 2)) flaw('byte_count_mismatch');
  const count = Math.min(wanted, bits ? room * 8 : room >> 1);
  answer.values = [];
  for (let n = 0; n < count; n++) answer.values.push(bits ? (view.getUint8(start + 2 + (n >> 3)) >> (n & 7)) & 1 : view.getUint16(start + 2 + 2 * n));
}

/** Writes are echoed: address and value, or address and quantity. */
function echo(answer: Answer, view: DataView, start: number, end: number, of: Transaction): void {
  const flaw = flawIn(answer);
  if (end - start !== 5) flaw(end - start > 5 ? 'trailing_bytes' : 'length_mismatch');
  if (end - start < 5) return;
  const address = view.getUint16(start + 1);
  const second = view.getUint16(start + 3);
  if (of.requestFrame === 0) {
    of.address = address;
    of.quantity = of.code < 15 ? 1 : second;
    if (of.code < 15) answer.values = [of.code === 5 ? (second === 0 ? 0 : 1) : second];
    return;
  }
  const expected = of.code >= 15 ? of.quantity : of.code === 5 ? (of.values[0] === 0 ? 0 : 0xff00) : of.values[0];
  if (address !== of.address || (second !== expected && !of.flaws?.includes('bad_coil_value'))) flaw('echo_mismatch');
}

function maskEcho(answer: Answer, view: DataView, start: number, end: number, of: Transaction): void {
  const flaw = flawIn(answer);
  if (end - start !== 7) return flaw('length_mismatch');
  const same =
    view.getUint16(start + 1) === of.address &&
    view.getUint16(start + 3) === of.more?.['modbus.and_mask'] &&
    view.getUint16(start + 5) === of.more?.['modbus.or_mask'];
  if (of.requestFrame !== 0 && !same) flaw('echo_mismatch');
}

const status: Reader = (answer, view, start, end) => {
  if (end - start !== 2) return flawIn(answer)('length_mismatch');
  answer.more['modbus.status'] = view.getUint8(start + 1);
};

const diagnostics: Reader = (answer, view, start, end, of) => {
  if (end - start < 3) return flawIn(answer)('length_mismatch');
  const sub = view.getUint16(start + 1);
  if (of.requestFrame === 0) answer.more['modbus.sub_function'] = sub;
  else if (sub !== of.sub) flawIn(answer)('echo_mismatch');
  if (sub !== 0 && end - start === 5) answer.more['modbus.diagnostic_value'] = view.getUint16(start + 3);
  answer.more['modbus.response_data'] = hexText(view, start + 3, end);
};

const eventCounter: Reader = (answer, view, start, end) => {
  if (end - start !== 5) return flawIn(answer)('length_mismatch');
  answer.more['modbus.status'] = view.getUint16(start + 1);
  answer.more['modbus.event_count'] = view.getUint16(start + 3);
};

const eventLog: Reader = (answer, view, start, end) => {
  if (end - start < 8) return flawIn(answer)('length_mismatch');
  if (view.getUint8(start + 1) !== end - start - 2) flawIn(answer)('byte_count_mismatch');
  answer.more['modbus.status'] = view.getUint16(start + 2);
  answer.more['modbus.event_count'] = view.getUint16(start + 4);
  answer.more['modbus.message_count'] = view.getUint16(start + 6);
  answer.more['modbus.events'] = hexText(view, start + 8, end);
  answer.more['modbus.event_log'] = Array.from({ length: Math.min(MAX_EVENTS, end - start - 8) }, (_, n) => eventText(view.getUint8(start + 8 + n)));
};

/** Section 6.10: events a device keeps. */
const MAX_EVENTS = 64;
const RECEIVED: [bit: number, word: string][] = [
  [0x02, 'communication_error'],
  [0x10, 'character_overrun'],
  [0x20, 'listen_only'],
  [0x40, 'broadcast'],
];
const SENT: [bit: number, word: string][] = [
  [0x01, 'read_exception'],
  [0x02, 'abort_exception'],
  [0x04, 'busy_exception'],
  [0x08, 'nak_exception'],
  [0x10, 'write_timeout'],
  [0x20, 'listen_only'],
];

/** Bit 7 marks a message received, bit 6 alone one sent; two values stand for themselves. */
function eventText(event: number): string {
  if (event === 0) return 'communication_restart';
  if (event === 4) return 'entered_listen_only';
  if (event < 0x40) return `unknown 0x${event.toString(16).padStart(2, '0')}`;
  const [what, bits] = event >= 0x80 ? (['received', RECEIVED] as const) : (['sent', SENT] as const);
  return [what, ...bits.filter(([bit]) => (event & bit) !== 0).map(([, word]) => word)].join(' ');
}

/** Section 6.13: bytes of the device's own choosing; by custom the run indicator (0x00 or 0xFF) follows the id. */
const serverId: Reader = (answer, view, start, end) => {
  if (end - start < 2) return flawIn(answer)('length_mismatch');
  const bytes = view.getUint8(start + 1);
  if (bytes !== end - start - 2) flawIn(answer)('byte_count_mismatch');
  answer.more['modbus.server_id'] = hexText(view, start + 2, end);
  if (bytes >= 2 && end - start >= 4) {
    const run = view.getUint8(start + 3);
    answer.more['modbus.run_indicator'] = run === 0xff ? 'on' : run === 0 ? 'off' : 'unknown';
  }
  const text = new TextDecoder('latin1').decode(new Uint8Array(view.buffer, view.byteOffset + start + 2, end - start - 2));
  answer.more['modbus.server_text'] = text.replace(/[^\x20-\x7e]+/g, ' ').trim();
};

const fifo: Reader = (answer, view, start, end) => {
  if (end - start < 5) return flawIn(answer)('length_mismatch');
  const count = view.getUint16(start + 3);
  if (view.getUint16(start + 1) !== end - start - 3 || count > 31) flawIn(answer)('byte_count_mismatch');
  answer.values = [];
  for (let at = start + 5; at + 2 <= end && answer.values.length < count; at += 2) answer.values.push(view.getUint16(at));
};

const encapsulated: Reader = (answer, view, start, end) => {
  const flaw = flawIn(answer);
  if (end - start < 2 || view.getUint8(start + 1) !== READ_DEVICE_IDENTIFICATION) {
    answer.more['modbus.response_data'] = hexText(view, start + 1, end);
    return;
  }
  if (end - start < 7) return flaw('length_mismatch');
  answer.more['modbus.conformity_level'] = view.getUint8(start + 3);
  answer.more['modbus.more_follows'] = view.getUint8(start + 4) === 0xff;
  answer.more['modbus.next_object_id'] = view.getUint8(start + 5);
  answer.more['modbus.device_identification'] = deviceObjects(view, start + 7, end, view.getUint8(start + 6), flaw);
};

const raw: Reader = (answer, view, start, end) => {
  if (end - start > 1) answer.more['modbus.response_data'] = hexText(view, start + 1, end);
};

const files: Reader = (answer, view, start, end) => {
  if (end - start < 2) return flawIn(answer)('length_mismatch');
  answer.more['modbus.response_records'] = fileResponse(view, start, end, flawIn(answer));
};

const umas: Reader = (answer, view, start, end, of) => void umasResponse(view, start, end, of.sub, answer.more, flawIn(answer));

const READERS = new Map<number, Reader>([
  [1, read],
  [2, read],
  [3, read],
  [4, read],
  [23, read],
  [5, echo],
  [6, echo],
  [15, echo],
  [16, echo],
  [7, status],
  [8, diagnostics],
  [11, eventCounter],
  [12, eventLog],
  [17, serverId],
  [20, files],
  [22, maskEcho],
  [24, fifo],
  [43, encapsulated],
  [UMAS, umas],
]);

/** Reads the response PDU `start..end`, whose function code is that of the request `of` (or stands alone: `requestFrame` 0). */
export function answerOf(view: DataView, start: number, end: number, of: Transaction): Answer {
  const answer: Answer = { values: null, flaws: [], more: {} };
  (READERS.get(of.code) ?? raw)(answer, view, start, end, of);
  return answer;
}

/** Reads an exception response: the code with the high bit set, then one byte of reason (section 7). */
export function exceptionOf(view: DataView, start: number, end: number): { exception: number; flaws: string[] } {
  if (end - start < 2) return { exception: 0, flaws: ['length_mismatch'] };
  const exception = view.getUint8(start + 1);
  const flaws: string[] = [];
  if (end - start > 2) flaws.push('trailing_bytes');
  if (exceptionName(exception) === '') flaws.push('bad_exception_code');
  return { exception, flaws };
}
