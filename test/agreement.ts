/** What tshark and what the sensor find in a capture, as lines that can be compared: one a message, `frame` first. */
import { spawnSync } from 'node:child_process';
import { openFiles } from '../sensor/capture/file.ts';
import { type Definition, type Observation, observe } from '../sensor/observation.ts';
import { Sensor } from '../sensor/sensor.ts';

export type Found = { frames: number; messages: string[] };

const FIELDS = [
  'frame.number',
  'mbtcp.trans_id',
  'mbtcp.unit_id',
  'modbus.func_code',
  'opcua.transport.type',
  'opcua.transport.chunk',
  'opcua.servicenodeid.numeric',
];
const CEILING = 1 << 28;

/** What a program prints; its failure is thrown. */
export function output(program: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: CEILING });
  if (error !== undefined || status !== 0) throw error ?? new Error(`${program}: ${stderr}`);
  return stdout;
}

/** Messages of Modbus and OPC UA; an OPC UA message counts once, in the frame of its last chunk. */
export function tshark(path: string, decodeAs: string[] = []): Found {
  const fields = FIELDS.flatMap((field) => ['-e', field]);
  const text = output(
    'tshark',
    '-n',
    '-r',
    path,
    ...decodeAs.flatMap((one) => ['-d', one]),
    '-Y',
    'modbus or opcua',
    '-T',
    'fields',
    ...fields,
    '-E',
    'occurrence=a',
    '-E',
    'separator=|',
  );
  const messages = text.split('\n').filter(Boolean).flatMap(messagesOf);
  const counted = /^.+\t(\d+)$/m.exec(output('capinfos', '-T', '-r', '-M', '-c', path))?.[1];
  return { frames: Number(counted), messages };
}

function messagesOf(line: string): string[] {
  const [frame, ...rest] = line.split('|');
  const [ids, units, codes, types, chunks, services] = rest.map((part) => (part === '' ? [] : part.split(','))) as [
    string[],
    string[],
    string[],
    string[],
    string[],
    string[],
  ];
  const modbus = codes.map((code, i) => `${frame} modbus ${ids[i]} ${units[i]} ${code}`);
  const whole = types.filter((_, i) => chunks[i] !== 'C');
  return [...modbus, ...whole.map((type) => `${frame} ${type}`), ...services.map((service) => `${frame} service ${service}`)];
}

function oursOf(o: Observation): string[] {
  const [request, response] = [o['request_frame'] ?? 0, o['response_frame'] ?? 0];
  const own: [frame: unknown, type: unknown, service: unknown][] =
    o.kind === 'opcua' || o.kind === 'opcua-channel'
      ? [
          [request, o['opcua.message_type'], o['opcua.type_id']],
          [response, o['opcua.response_message_type'] ?? o['opcua.message_type'], o['opcua.response_type_id']],
        ]
      : [];
  const opcua = own.flatMap(([frame, type, service]) => [`${frame} ${type}`, ...(service == null ? [] : [`${frame} service ${service}`])]);
  const modbus =
    o.kind === 'modbus'
      ? [request, response].map((frame) => `${frame} modbus ${o['modbus.transaction_id']} ${o['modbus.unit_id']} ${o['modbus.function_code']}`)
      : [];
  return [...modbus, ...opcua].filter((message) => !message.startsWith('0 '));
}

/** The same of the sensor, in the order of the observations. */
export async function ours(path: string): Promise<Found> {
  const messages: string[] = [];
  const definitions: (Definition | undefined)[] = [];
  const sensor = new Sensor((batch) => {
    for (const definition of batch.definitions) definitions[definition.operation] = definition;
    for (let i = 0; i < batch.rows; i++) messages.push(...oursOf(observe(batch, i, definitions[batch.operation[i] as number])));
  });
  const { frames } = await openFiles([path]).frames((block) => sensor.take(block));
  sensor.end();
  return { frames, messages };
}

/** What is in `a` more often than in `b`, by frame. */
export function without(a: readonly string[], b: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const message of b) left.set(message, (left.get(message) ?? 0) + 1);
  const more = a.filter((message) => {
    const n = left.get(message) ?? 0;
    left.set(message, n - 1);
    return n <= 0;
  });
  return more.sort((x, y) => Number.parseInt(x, 10) - Number.parseInt(y, 10) || (x < y ? -1 : 1));
}
