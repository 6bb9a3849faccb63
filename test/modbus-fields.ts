/**
 * Every field that tshark finds in a Modbus message, and what the sensor says in its place: the bytes as hex, so that
 * neither side's way of writing a number matters. Names are tshark's (`tshark -G fields`).
 */
import type { Observation, Value } from '../sensor/observation.ts';
import { output } from './agreement.ts';

/** Field name to its occurrences, in order. */
export type Fields = Map<string, string[]>;
export type Message = { frame: number; transaction: number; unit: number; code: number; exception: boolean; fields: Fields };

/** What tshark derives, or what says how many of the others follow: our values are cut by the same counts, and lengths that lie are flaws. */
const DERIVED = new Set([
  'modbus.request_frame',
  'modbus.response_time',
  'modbus.byte_cnt',
  'modbus.byte_cnt_16',
  'modbus.regnum16',
  'modbus.bitnum',
  'modbus.padding',
  'modbus.num_objects',
  'modbus.objects_len',
  'modbus.reference_type',
]);
/** Bits of an event byte, which is compared whole. */
const EVENT_BIT = /^modbus\.ev_(recv|send)_/;
/** Names tshark has for the two data bytes of a diagnostic. */
const DIAGNOSTIC = /^modbus\.diagnostic\./;

const attribute = (line: string, name: string): string => new RegExp(` ${name}="([^"]*)"`).exec(line)?.[1] ?? '';

/**
 * Messages of a capture in tshark's order. It runs the data of a file record group (V1.1b3 sections 6.14, 6.15) to the end of the
 * message: here it ends where the group's own count says.
 */
export function tsharkMessages(path: string): Message[] {
  const messages: Message[] = [];
  let frame = 0;
  let head: { [field: string]: number } = {};
  let message: Message | undefined;
  let group = 0;
  // It takes some data by chance for openSAFETY, and then says nothing of the registers.
  const plain = ['--disable-protocol', 'opensafety'];
  for (const line of output('tshark', '-n', ...plain, '-r', path, '-Y', 'modbus', '-T', 'pdml', '-J', 'mbtcp modbus').split('\n')) {
    const name = attribute(line, 'name');
    if (name === 'num') frame = Number(attribute(line, 'show'));
    else if (line.includes('<proto ')) message = undefined;
    else if (name.startsWith('mbtcp.')) head[name] = Number(attribute(line, 'show'));
    else if (name === 'modbus.func_code') {
      const exception = Number.parseInt(attribute(line, 'unmaskedvalue'), 16) >= 0x80;
      const [transaction, unit] = [head['mbtcp.trans_id'] as number, head['mbtcp.unit_id'] as number];
      message = { frame, transaction, unit, code: Number(attribute(line, 'show')), exception, fields: new Map() };
      messages.push(message);
      head = {};
    } else if (name.startsWith('modbus.') && message !== undefined) {
      const { code } = message;
      if (name === 'modbus.byte_cnt' && code === 20) group = Number(attribute(line, 'show')) - 1;
      if (name === 'modbus.word_cnt' && code === 21) group = Number(attribute(line, 'show')) * 2;
      const value = attribute(line, 'value').toLowerCase();
      take(message.fields, name, name === 'modbus.data' && (code === 20 || code === 21) ? value.slice(0, group * 2) : value);
    }
  }
  return messages;
}

function take(fields: Fields, name: string, value: string): void {
  if (DERIVED.has(name) || EVENT_BIT.test(name)) return;
  const as = DIAGNOSTIC.test(name) ? 'modbus.data' : name;
  fields.set(as, [...(fields.get(as) ?? []), value]);
}

/** Both halves of an observation, those that were seen. */
export function ourMessages(o: Observation): Message[] {
  const [request, response] = [o['request_frame'], o['response_frame']];
  const message = (frame: Value, exception: boolean, fields: Fields): Message => ({
    frame: frame as number,
    transaction: o['modbus.transaction_id'] as number,
    unit: o['modbus.unit_id'] as number,
    code: o['modbus.function_code'] as number,
    exception,
    fields,
  });
  const refused = o['modbus.exception_code'] != null;
  const asked = requestFields(o);
  const told: Fields = refused ? new Map([['modbus.exception_code', [hex(o['modbus.exception_code'], 1)]]]) : responseFields(o);
  return [...(request == null ? [] : [message(request, false, asked)]), ...(response == null ? [] : [message(response, refused, told)])];
}

const hex = (value: Value | undefined, bytes: number): string => (value == null ? 'absent' : (value as number).toString(16).padStart(2 * bytes, '0'));
const words = (values: Value | undefined): string[] => ((values ?? []) as number[]).map((value) => hex(value, 2));

/** Coils as the bytes they travel in (section 6.11): the first in the lowest bit. */
function packed(bits: Value | undefined): string {
  const bytes: number[] = [];
  for (const [n, bit] of ((bits ?? []) as number[]).entries()) bytes[n >> 3] = (bytes[n >> 3] ?? 0) | (bit << (n & 7));
  return bytes.map((byte) => hex(byte, 1)).join('');
}

type Row = [field: string, values: string[]];
const row = (name: string, ...values: string[]): Row => [`modbus.${name}`, values];

/** Address and count; what is counted differs by function. */
function range(o: Observation): Row[] {
  const code = o['modbus.function_code'] as number;
  const count = code === 1 || code === 2 || code === 15 ? 'bit_cnt' : 'word_cnt';
  return [row('reference_num', hex(o['modbus.address'], 2)), ...(code === 5 || code === 6 ? [] : [row(count, hex(o['modbus.quantity'], 2))])];
}

type FileRecord = { file: number; record: number; length: number; data?: number[] };

function records(o: Observation): Row[] {
  const all = (o['modbus.records'] ?? []) as FileRecord[];
  return [
    row('reference_num_32', ...all.map(({ file, record }) => hex(file, 2) + hex(record, 2))),
    row('word_cnt', ...all.map(({ length }) => hex(length, 2))),
    row('data', ...all.flatMap(({ data }) => (data === undefined ? [] : [words(data).join('')]))),
  ];
}

const masks = (o: Observation): Row[] => [
  row('reference_num', hex(o['modbus.address'], 2)),
  row('and_mask', hex(o['modbus.and_mask'], 2)),
  row('or_mask', hex(o['modbus.or_mask'], 2)),
];

/** FF00 or 0000 for a coil, the register itself, as request and echo carry it. */
function single(o: Observation): Row {
  const value = (o['modbus.values'] as number[] | null)?.[0];
  return row('data', o['modbus.function_code'] === 5 ? (value === 0 ? '0000' : 'ff00') : hex(value, 2));
}

const rest = (value: Value | undefined): Row[] => (value == null || value === '' ? [] : [row('data', value as string)]);

function requestFields(o: Observation): Fields {
  const code = o['modbus.function_code'] as number;
  if (code >= 1 && code <= 4) return new Map(range(o));
  if (code === 5 || code === 6) return new Map([...range(o), single(o)]);
  if (code === 15) return new Map([...range(o), row('data', packed(o['modbus.values']))]);
  if (code === 16) return new Map([...range(o), row('regval_uint16', ...words(o['modbus.values']))]);
  if (code === 20 || code === 21) return new Map(records(o));
  if (code === 22) return new Map(masks(o));
  if (code === 23) return new Map(exchange(o));
  if (code === 24) return new Map([row('reference_num', hex(o['modbus.address'], 2))]);
  if (code === 43) return new Map(encapsulated(o));
  if (code === 8) return new Map([row('diagnostic_code', hex(o['modbus.sub_function'], 2)), ...rest(o['modbus.data'])]);
  if (code === 90) return new Map(rest(hex(o['modbus.umas_session'], 1) + hex(o['modbus.umas_function'], 1) + (o['modbus.data'] ?? '')));
  return new Map(rest(o['modbus.data']));
}

const exchange = (o: Observation): Row[] => [
  row('read_reference_num', hex(o['modbus.address'], 2)),
  row('read_word_cnt', hex(o['modbus.quantity'], 2)),
  row('write_reference_num', hex(o['modbus.write_address'], 2)),
  row('write_word_cnt', hex(o['modbus.write_quantity'], 2)),
  row('data', words(o['modbus.write_values']).join('')),
];

function encapsulated(o: Observation): Row[] {
  const mei = row('mei', hex(o['modbus.mei_type'], 1));
  // tshark begins the data of a MEI type that it does not know with the type itself.
  if (o['modbus.mei_type'] !== 14) return [mei, row('data', hex(o['modbus.mei_type'], 1) + (o['modbus.data'] ?? ''))];
  return [mei, row('read_device_id', hex(o['modbus.read_device_id_code'], 1)), row('object_id', hex(o['modbus.object_id'], 1))];
}

const text = (value: Value): string => Buffer.from(value as string).toString('hex');
const NAMES = ['vendor_name', 'product_code', 'major_minor_revision', 'vendor_url', 'product_name', 'model_name', 'user_application_name'];

function identification(o: Observation): Row[] {
  const objects = Object.entries(o['modbus.device_identification'] as { [name: string]: Value }).map(([name, value]) => ({
    id: NAMES.indexOf(name) >= 0 ? NAMES.indexOf(name) : Number(name.replace('object_', '')),
    value: text(value),
  }));
  return [
    row('mei', '0e'),
    row('read_device_id', hex(o['modbus.read_device_id_code'], 1)),
    row('conformity_level', hex(o['modbus.conformity_level'], 1)),
    row('more_follows', o['modbus.more_follows'] === true ? 'ff' : '00'),
    row('next_object_id', hex(o['modbus.next_object_id'], 1)),
    row('object_id', ...objects.map(({ id }) => hex(id, 1))),
    row('object_str_value', ...objects.filter(({ id, value }) => id < NAMES.length && value !== '').map(({ value }) => value)),
    row('object_value', ...objects.filter(({ id, value }) => id >= NAMES.length && value !== '').map(({ value }) => value)),
  ];
}

function responseFields(o: Observation): Fields {
  const code = o['modbus.function_code'] as number;
  if (code === 1 || code === 2) return new Map([row('bitval', ...((o['modbus.values'] ?? []) as number[]).map(String))]);
  if (code === 3 || code === 4) return new Map([row('regval_uint16', ...words(o['modbus.values']))]);
  if (code === 5 || code === 6) return new Map([...range(o), single(o)]);
  if (code === 15 || code === 16) return new Map(range(o));
  if (code === 20) return new Map([row('data', ...((o['modbus.response_records'] ?? []) as number[][]).map((one) => words(one).join('')))]);
  if (code === 21) return new Map(records(o));
  if (code === 22) return new Map(masks(o));
  if (code === 23) return new Map([row('data', words(o['modbus.values']).join(''))]);
  if (code === 24) return new Map([row('word_cnt', hex(words(o['modbus.values']).length, 2)), row('data', words(o['modbus.values']).join(''))]);
  if (code === 43 && o['modbus.device_identification'] != null) return new Map(identification(o));
  return new Map(rareFields(o, code));
}

function rareFields(o: Observation, code: number): Row[] {
  if (code === 7) return [row('data', hex(o['modbus.status'], 1))];
  if (code === 8) return [row('diagnostic_code', hex(o['modbus.sub_function'], 2)), ...rest(o['modbus.response_data'])];
  if (code === 17) return rest(o['modbus.server_id'] == null ? null : hex((o['modbus.server_id'] as string).length / 2, 1) + o['modbus.server_id']);
  if (code === 43) return [row('mei', ((o['modbus.response_data'] ?? '') as string).slice(0, 2)), ...rest(o['modbus.response_data'])];
  if (code !== 11 && code !== 12) return rest(o['modbus.response_data']);
  const counter = [row('ev_status', hex(o['modbus.status'], 2)), row('ev_count', hex(o['modbus.event_count'], 2))];
  if (code === 11) return counter;
  const events = ((o['modbus.events'] ?? '') as string).match(/../g) ?? [];
  return [...counter, row('ev_msg_count', hex(o['modbus.message_count'], 2)), row('event', ...events)];
}

/** Raw bytes are kept up to this many (`MAX_HEX` of the dissector). */
const MAX_HEX = 256;
const cut = (values: string[] | undefined): string => (values ?? []).map((value) => value.slice(0, 2 * MAX_HEX)).join(' ');
const key = (m: Message): string => `${m.frame} ${m.transaction} ${m.unit} ${m.code} ${m.exception}`;

/** Where the two say different things, as lines, frame first; and how many fields they agreed on. */
export function compareFields(theirs: readonly Message[], mine: readonly Message[]): { differences: string[]; same: Map<string, number> } {
  const left = Map.groupBy(mine, key);
  const differences: string[] = [];
  const same = new Map<string, number>();
  for (const message of theirs) {
    const own = left.get(key(message))?.shift();
    if (own === undefined) continue;
    for (const name of new Set([...message.fields.keys(), ...own.fields.keys()])) {
      const [a, b] = [cut(message.fields.get(name)), cut(own.fields.get(name))];
      if (a === b) same.set(name, (same.get(name) ?? 0) + (message.fields.get(name)?.length ?? 0));
      else differences.push(`${message.frame} fc${message.code} ${name}: tshark ${a || 'nothing'}, ours ${b || 'nothing'}`);
    }
  }
  return { differences, same };
}
