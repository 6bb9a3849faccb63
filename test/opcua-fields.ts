/** Every field that tshark and the sensor both find in an OPC UA message, held against each other. */
import type { Observation, Value } from '../sensor/observation.ts';
import { BODIES, type Bodies } from './opcua-bodies.ts';
import { type Element, type Layer, tsharkLayers } from './opcua-pdml.ts';
import { child, type Held, status, text, u32 } from './opcua-values.ts';

/** One message: `fields` are named as the observation's without `opcua.`. */
export type Message = { frame: number; type: string; service: number | null; fields: Held };

const leaf = (layer: Layer, name: string): Element | undefined => layer.children.find((one) => one.name === name);

function greeting(layer: Layer, prefix: string): Held {
  const names = { ver: 'protocol_version', rbs: 'receive_buffer', sbs: 'send_buffer', mms: 'max_message', mcc: 'max_chunks' };
  return Object.fromEntries(Object.entries(names).map(([theirs, ours]) => [`${prefix}${ours}`, u32(leaf(layer, `transport.${theirs}`))]));
}

function headerOf(layer: Layer, type: string): Held {
  if (type === 'HEL') return { ...greeting(layer, ''), endpoint_url: text(leaf(layer, 'transport.endpoint')) };
  if (type === 'ACK') return greeting(layer, 'server_');
  if (type === 'ERR') return { status: status(leaf(layer, 'transport.error')), reason: text(leaf(layer, 'transport.reason')) };
  const policy = text(leaf(layer, 'security.spu'))?.split('#')[1];
  // Part 4, 5.5.2.2: 0 in the request for a channel that is only to be made; the observation has the id that it gets.
  const channel = u32(leaf(layer, 'transport.scid'));
  return { ...(channel === 0 ? {} : { channel_id: channel }), ...(policy === undefined ? {} : { security_policy: policy }) };
}

/** The header of a request or response: only an answer has a result. */
function common(layer: Layer, body: Element | undefined): Held {
  const request = child(body, 'RequestHeader');
  const header = request ?? child(body, 'ResponseHeader');
  const held: Held = { request_id: u32(leaf(layer, 'security.rqid') ?? leaf(layer, 'sequence.rqid')), request_handle: u32(child(header, 'RequestHandle')) };
  return request === undefined ? { ...held, status: status(child(header, 'ServiceResult')) } : held;
}

function messageOf(layer: Layer, bodies: Bodies): Message[] {
  const type = leaf(layer, 'transport.type')?.show;
  if (type === undefined || leaf(layer, 'transport.chunk')?.show === 'C') return [];
  const object = layer.children.find(({ show }) => / ?: Encodeable Object$/.test(show));
  const service = u32(child(child(object, 'TypeId'), 'servicenodeid.numeric'));
  const body = object?.children.at(-1);
  const fields = headerOf(layer, type);
  if (service === null || body === undefined) return [{ frame: layer.frame, type, service, fields }];
  return [{ frame: layer.frame, type, service, fields: { ...fields, ...common(layer, body), ...bodies[service]?.(body) } }];
}

/** Messages of a capture as tshark reads them; `decodeAs` names ports that it would not know. */
export const tsharkMessages = (path: string, decodeAs: readonly string[], bodies = BODIES): Message[] =>
  tsharkLayers(path, ...decodeAs).flatMap((layer) => messageOf(layer, bodies));

/** Both halves of an observation; each has all fields of the transaction. */
export function ourMessages(o: Observation): Message[] {
  const fields = Object.fromEntries(
    Object.entries(o)
      .filter(([name]) => name.startsWith('opcua.'))
      .map(([name, value]) => [name.slice(6), value]),
  ) as Held;
  const half = (frame: Value | undefined, type: Value | undefined, service: Value | undefined): Message[] =>
    frame == null ? [] : [{ frame: frame as number, type: type as string, service: (service ?? null) as number | null, fields }];
  return [
    ...half(o['request_frame'], o['opcua.message_type'], o['opcua.type_id']),
    ...half(o['response_frame'], o['opcua.response_message_type'] ?? o['opcua.message_type'], o['opcua.response_type_id']),
  ];
}

const isObject = (value: Value | undefined): value is Held => value !== null && typeof value === 'object' && !Array.isArray(value);

/** Calls `say` for every leaf of `theirs`, with what stands at the same place of `ours`. Of a list also how long it is. */
function walk(path: string, theirs: Value, ours: Value | undefined, say: (path: string, theirs: Value, ours: Value | undefined) => void): void {
  if (Array.isArray(theirs) && theirs.some(isObject)) {
    const own = Array.isArray(ours) ? ours : [];
    say(`${path}.length`, theirs.length, own.length);
    for (const [i, item] of theirs.entries()) walk(`${path}[]`, item, own[i], say);
  } else if (isObject(theirs)) for (const [key, value] of Object.entries(theirs)) walk(`${path}.${key}`, value, isObject(ours) ? ours[key] : undefined, say);
  else say(path, theirs, ours);
}

const key = (m: Message): string => `${m.frame} ${m.type} ${m.service}`;
const written = (value: Value | undefined): string => JSON.stringify(value ?? null);

export type Compared = { differences: string[]; same: Map<string, number>; messages: number };

/** Where the two say different things, as lines, frame first; how many of each field they agreed on; how many messages both have. */
export function compareFields(theirs: readonly Message[], mine: readonly Message[]): Compared {
  const left = Map.groupBy(mine, key);
  const out: Compared = { differences: [], same: new Map(), messages: 0 };
  for (const message of theirs) {
    const own = left.get(key(message))?.shift();
    if (own === undefined) continue;
    out.messages++;
    for (const [name, value] of Object.entries(message.fields)) {
      walk(name, value, own.fields[name], (path, a, b) => {
        if (written(a) === written(b)) out.same.set(path, (out.same.get(path) ?? 0) + 1);
        else out.differences.push(`${message.frame} ${message.service ?? message.type} ${path}: tshark ${written(a)}, ours ${written(b)}`);
      });
    }
  }
  return out;
}
