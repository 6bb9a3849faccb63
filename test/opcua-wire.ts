/** OPC UA for tests: messages built by hand, TCP payloads out of captures, and a dissector to feed them to. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openFiles } from '../sensor/capture/file.ts';
import { Decoder, TCP } from '../sensor/decode/decode.ts';
import type { Flow } from '../sensor/flow/flow.ts';
import { Streams } from '../sensor/flow/stream.ts';
import { FlowTable } from '../sensor/flow/table.ts';
import { type Definition, type Observation, observe, type Value } from '../sensor/observation.ts';
import { Operations } from '../sensor/operations.ts';
import { type Dissector, type FlowInfo, NOT_MINE, type Side } from '../sensor/protocols/dissector.ts';
import { opcua } from '../sensor/protocols/opcua/opcua.ts';
import { Writer } from '../sensor/writer.ts';
import { join, viewOf } from './lab/bytes.ts';

export type Bytes = Uint8Array | readonly number[];

/** Little-endian, as OPC UA writes. */
export const u16 = (n: number): number[] => [n & 255, (n >> 8) & 255];
export const u32 = (n: number): number[] => [n & 255, (n >>> 8) & 255, (n >>> 16) & 255, (n >>> 24) & 255];
export const u64 = (n: bigint): number[] => [...u32(Number(n & 0xffffffffn)), ...u32(Number((n >> 32n) & 0xffffffffn))];
export const f64 = (n: number): number[] => [...new Uint8Array(new Float64Array([n]).buffer)];
export const f32 = (n: number): number[] => [...new Uint8Array(new Float32Array([n]).buffer)];
export const text = (s: string | null): number[] => (s === null ? u32(-1) : [...u32(new TextEncoder().encode(s).length), ...new TextEncoder().encode(s)]);
export const id = (n: number): number[] => [1, 0, ...u16(n)];
export const named = (ns: number, name: string): number[] => [3, ...u16(ns), ...text(name)];
export const list = (...items: Bytes[]): Uint8Array => join(u32(items.length), ...items);
/** An ExtensionObject without body. */
export const NONE = [0, 0, 0];
const TIME = u64(133_000_000_000_000_000n);

export const message = (type: string, body: Bytes): Uint8Array =>
  join(
    [...type].map((c) => c.charCodeAt(0)),
    u32(8 + body.length),
    body,
  );

export const POLICY = 'http://opcfoundation.org/UA/SecurityPolicy#';
export const hel = (url = 'opc.tcp://plc:4840'): Uint8Array => message('HELF', join(u32(0), u32(65535), u32(65535), u32(0), u32(0), text(url)));
export const ack = (): Uint8Array => message('ACKF', join(u32(0), u32(65535), u32(65535), u32(0), u32(0)));
export const err = (code: number, reason: string): Uint8Array => message('ERRF', join(u32(code), text(reason)));

export const requestHeader = (token: Bytes, handle: number): Uint8Array => join(token, TIME, u32(handle), u32(0), text(null), u32(10_000), NONE);
export const responseHeader = (handle: number, status = 0): Uint8Array => join(TIME, u32(handle), u32(status), [0], u32(-1), NONE);

const asymmetric = (channel: number, policy: string, body: Bytes): Uint8Array =>
  message('OPNF', join(u32(channel), text(POLICY + policy), u32(-1), u32(-1), body));
export const openRequest = (sequence: number, mode = 1, channel = 0): Uint8Array =>
  asymmetric(
    channel,
    'None',
    join(u32(sequence), u32(sequence), id(446), requestHeader([0, 0], 1), u32(0), u32(channel === 0 ? 0 : 1), u32(mode), u32(-1), u32(3_600_000)),
  );
export const openResponse = (sequence: number, channel: number, token = 1): Uint8Array =>
  asymmetric(channel, 'None', join(u32(sequence), u32(sequence), id(449), responseHeader(1), u32(0), u32(channel), u32(token), TIME, u32(3_600_000), u32(-1)));
export const sealedOpen = (channel: number, policy = 'Basic256Sha256'): Uint8Array => asymmetric(channel, policy, new Uint8Array(256).fill(0xa5));

/** The same shown with a chain of certificates, and encrypted for a certificate with some thumbprint. */
export const certifiedOpen = (channel: number, chain: Uint8Array): Uint8Array =>
  message(
    'OPNF',
    join(u32(channel), text(`${POLICY}Basic256Sha256`), u32(chain.length), chain, u32(20), new Uint8Array(20).fill(9), new Uint8Array(256).fill(0xa5)),
  );

/** One chunk of channel 5, token 1. */
export const chunk = (letter: string, sequence: number, request: number, body: Bytes, channel = 5, token = 1): Uint8Array =>
  message(`MSG${letter}`, join(u32(channel), u32(token), u32(sequence), u32(request), body));
export const msg = (sequence: number, request: number, body: Bytes, channel = 5): Uint8Array => chunk('F', sequence, request, body, channel);
export const clo = (sequence: number): Uint8Array => message('CLOF', join(u32(5), u32(1), u32(sequence), u32(sequence), id(452), requestHeader([0, 0], 9)));

/** A session's authentication token. */
export const TOKEN = [2, ...u16(1), ...u32(77)];
export const readRequest = (handle: number, nodes: Bytes[], token: Bytes = TOKEN): Uint8Array =>
  join(id(631), requestHeader(token, handle), f64(0), u32(2), list(...nodes.map((node) => join(node, u32(13), text(null), [0, 0], text(null)))));
export const readResponse = (handle: number, values: Bytes[]): Uint8Array => join(id(634), responseHeader(handle), list(...values), u32(-1));
export const double = (n: number): Uint8Array => join([1, 11], f64(n));
export const writeRequest = (handle: number, node: Bytes, value: Bytes): Uint8Array =>
  join(id(673), requestHeader(TOKEN, handle), list(join(node, u32(13), text(null), value)));

export type Piece = { flow: number; side: Side; bytes: Uint8Array; at: number; frame: number; gap?: boolean; tick?: boolean };
export type Traffic = { flows: FlowInfo[]; pieces: Piece[] };

/** A conversation of side 0, the client, with side 1: the messages in turn, each in a frame of its own, 10 ms apart. */
export function conversation(...messages: [Side, Uint8Array][]): Traffic {
  const flow: FlowInfo = { transport: 'tcp', vlan: 0, address: ['10.0.0.5', '10.0.0.9'], port: [40_001, 4840], opener: 0 };
  return { flows: [flow], pieces: messages.map(([side, bytes], i) => ({ flow: 0, side, bytes, at: 1_700_000_000_000 + i * 10, frame: i + 1 })) };
}

/** Greeting and channel 5 in clear, then `messages`. */
export const opened = (...messages: [Side, Uint8Array][]): Traffic =>
  conversation([0, hel()], [1, ack()], [0, openRequest(1)], [1, openResponse(1, 5)], ...messages);

export type Result = { observations: Observation[]; definitions: Definition[]; rows: number; dissectors: Dissector[] };

/** Feeds traffic piece by piece, or byte by byte. `operations`: how many may be known. */
export function dissect(traffic: Traffic, { bytewise = false, operations = 1000, end = true } = {}): Result {
  const out: Result = { observations: [], definitions: [], rows: 0, dissectors: [] };
  const known = new Map<number, Definition>();
  const writer = new Writer((batch) => {
    for (const definition of batch.definitions) known.set(definition.operation, definition);
    out.definitions.push(...batch.definitions);
    for (let i = 0; i < batch.rows; i++) {
      if ((batch.detail[i] as number) < 0) out.rows++;
      out.observations.push(observe(batch, i, known.get(batch.operation[i] as number)));
    }
  });
  const sink = { writer, operations: new Operations(writer, operations) };
  const open = traffic.flows.map((flow) => ({ dissector: opcua.open(flow, sink), rest: [new Uint8Array(0), new Uint8Array(0)], done: false }));
  out.dissectors = open.map((one) => one.dissector);
  let clock = 0;
  for (const piece of traffic.pieces) {
    const one = open[piece.flow] as (typeof open)[0];
    clock = piece.at;
    if (one.done) continue;
    if (piece.tick === true) one.dissector.tick(piece.at);
    if (piece.gap === true) {
      one.rest[piece.side] = new Uint8Array(0);
      one.dissector.gap(piece.side, piece.at);
    }
    const step = bytewise ? 1 : piece.bytes.length;
    for (let i = 0; i < piece.bytes.length && !one.done; i += step) {
      const bytes = join(one.rest[piece.side] as Uint8Array, piece.bytes.slice(i, i + step));
      const used = one.dissector.feed(piece.side, viewOf(bytes), 0, bytes.length, piece.at, piece.frame);
      if (used === NOT_MINE) one.done = true;
      else one.rest[piece.side] = bytes.slice(used);
    }
  }
  if (end) for (const one of open) one.dissector.close(clock, false);
  writer.flush();
  return out;
}

export const only = (observations: Observation[], service: string): Observation[] => observations.filter((o) => o['opcua.service'] === service);
export const flawsOf = (observations: Observation[]): Value[] =>
  observations.flatMap((o) => (o['opcua.flaws'] as Value[] | undefined) ?? o['flaw.reason'] ?? []);

const CAPTURES = new URL('../../shared/captures/', import.meta.url);

/** Where a capture for development lies, or why its tests are skipped; throws instead when nothing may be skipped. */
export function capture(name: string): { path: string; skip: string | false } {
  const path = fileURLToPath(new URL(name, CAPTURES));
  if (existsSync(path)) return { path, skip: false };
  const skip = `${name} is not beside the project (../shared/captures)`;
  if (process.env['STILLWATCH_REQUIRE_ALL'] === '1') throw new Error(skip);
  return { path, skip };
}

export const OPCUA_CAPTURES = [
  'icsnpp-opcua-binary/open62541_browse_next.pcap',
  'icsnpp-opcua-binary/open62541_client-server_encrypted.pcap',
  'icsnpp-opcua-binary/open62541_client-server_mainloop-no-handshake.pcap',
  'icsnpp-opcua-binary/open62541_client-server_mainloop.pcap',
  'icsnpp-opcua-binary/open62541_create_monitored_items.pcap',
  'icsnpp-opcua-binary/open62541_discover_getendpoints_discover_urls.pcap',
  'icsnpp-opcua-binary/python_opcua-client-server_minimal.pcap',
  'opcua-analyser/example.pcapng',
  'node-opcua/OpcUaConversation1.pcapng',
];

/** The TCP payloads, in order, of those flows that begin with OPC UA. */
export async function traffic(path: string): Promise<Traffic> {
  const out: Traffic = { flows: [], pieces: [] };
  const numbers = new Map<Flow, number>();
  const decoder = new Decoder();
  const table = new FlowTable(() => {});
  const streams = new Streams({
    data: (flow, side, view, start, end, at, frame) => {
      let n = numbers.get(flow);
      if (n === undefined) {
        n = opcua.recognise(view, start, end, true) === 1 ? out.flows.push({ ...plain(flow) }) - 1 : -1;
        numbers.set(flow, n);
      }
      if (n >= 0)
        out.pieces.push({ flow: n, side, bytes: new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset + start, end - start).slice(), at, frame });
    },
    gap: () => {},
    conflict: () => {},
  });
  let frame = 0;
  await openFiles([path]).frames((block) => {
    for (let i = 0; i < block.count; i++) {
      if (decoder.decode(block, i, ++frame) !== TCP) continue;
      const flow = table.find(decoder.packet);
      streams.segment(flow, table.side, decoder.packet);
    }
  });
  return out;
}

const plain = (flow: FlowInfo): FlowInfo => ({
  transport: flow.transport,
  vlan: flow.vlan,
  address: [...flow.address],
  port: [...flow.port],
  opener: flow.opener,
});
