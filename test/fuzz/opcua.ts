/** OPC UA made up by chance: greetings, channels, and exchanges of every service, in one chunk or several. */
import { services } from '../../sensor/protocols/opcua/services/services.ts';
import { join } from '../lab/bytes.ts';
import { VALUES, writeResponse } from '../opcua-cases.ts';
import * as wire from '../opcua-wire.ts';
import type { Chance } from './mutate.ts';
import type { Spoken } from './talkers.ts';

const { f64, id, list, named, text, u16, u32 } = wire;

/** Channels, request ids and nodes come again soon, so that much of it meets its like. */
const CHANNELS = 3;
const REQUESTS = 40;
const NODES = 12;
/** Of 100 exchanges. */
const GREETING = 6;
const OPENING = 12;
const SEALED = 15;

const spoken = (...messages: [0 | 1, Uint8Array][]): Spoken[] => messages.map(([side, bytes]) => ({ side, bytes }));
const pick = <T>(next: Chance, of: readonly T[]): T => of[next(of.length)] as T;

/** A message, cut into chunks at times, given up at times. */
function chunked(next: Chance, side: 0 | 1, request: number, body: Uint8Array): Spoken[] {
  const channel = 5 + next(CHANNELS);
  const count = next(6) === 0 ? 1 + next(4) : 1;
  const size = Math.ceil(body.length / count);
  const from = next(1000) * 8;
  return Array.from({ length: count }, (_, i) => {
    const last = i === count - 1;
    const letter = !last ? 'C' : next(40) === 0 ? 'A' : 'F';
    return { side, bytes: wire.chunk(letter, from + i, request, body.slice(i * size, (i + 1) * size), channel, 1 + next(2)) };
  });
}

const node = (next: Chance): Uint8Array => join(next(3) === 0 ? [0, next(NODES)] : named(1 + next(2), `node ${next(NODES)}`));
const several = <T>(next: Chance, make: () => T): T[] => Array.from({ length: next(12) === 0 ? next(60) : 1 + next(3) }, make);
const value = (next: Chance): Uint8Array => join([1], pick(next, VALUES)[1]);
const double = (next: Chance): Uint8Array => join([1, 11], f64(next(1000) / 8));

type Exchange = readonly [asked: Uint8Array, told: Uint8Array];

function read(next: Chance, handle: number): Exchange {
  const nodes = several(next, () => node(next));
  return [
    wire.readRequest(handle, nodes),
    wire.readResponse(
      handle,
      nodes.map(() => (next(4) === 0 ? value(next) : double(next))),
    ),
  ];
}

const write = (next: Chance, handle: number): Exchange => [
  wire.writeRequest(handle, node(next), value(next)),
  writeResponse(handle, next(3) === 0 ? 0x80340000 : 0),
];

/** Fields that bodies are made of, in any order: what a decoder takes them for is its matter. */
const PARTS: readonly ((next: Chance) => wire.Bytes)[] = [
  (next) => u32(next(6)),
  (next) => u32(next(0x7fffffff) * 2),
  (next) => [next(256)],
  (next) => text(pick(next, ['name', 'opc.tcp://plant:4840', '', null])),
  (next) => node(next),
  (next) => value(next),
  (next) => f64(next(5000)),
  (next) => [...u16(next(3)), ...text('q')],
  () => wire.NONE,
  (next) => join(id(pick(next, [324, 321, 811, 727, 916, 864])), [1], list(...Array.from({ length: next(20) }, () => [next(256)]))),
];

/** A request and a response of any service with a body by chance, or a fault. */
function anything(next: Chance, handle: number): Exchange {
  const service = pick(next, services);
  const body = (): Uint8Array => join(...Array.from({ length: next(14) }, () => pick(next, PARTS)(next)));
  const token = next(4) === 0 ? [0, 0] : wire.TOKEN;
  const asked = join(id(service.request), wire.requestHeader(token, handle), body());
  const answer = next(8) === 0 ? 397 : service.response;
  return [asked, join(id(answer), wire.responseHeader(handle, next(6) === 0 ? 0x80020000 : 0), answer === 397 ? [] : body())];
}

function exchange(next: Chance): Spoken[] {
  const request = 1 + next(REQUESTS);
  const kind = next(5);
  const [asked, told] = kind < 2 ? read(next, request) : kind === 2 ? write(next, request) : anything(next, request);
  return [...chunked(next, 0, request, asked), ...chunked(next, 1, request, told)];
}

/** The next messages of a connection. */
export function opcua(next: Chance): Spoken[] {
  const choice = next(100);
  if (choice < GREETING) return spoken([0, wire.hel()], [1, next(6) === 0 ? wire.err(0x80130000, 'no') : wire.ack()]);
  if (choice < OPENING) {
    const channel = 5 + next(CHANNELS);
    return spoken([0, wire.openRequest(1, 1 + next(4), next(2) * channel)], [1, wire.openResponse(1, channel, 1 + next(3))]);
  }
  if (choice < SEALED) return spoken([0, wire.sealedOpen(0)], [1, wire.sealedOpen(20 + next(2))]);
  if (choice === SEALED) return spoken([0, wire.clo(next(50))]);
  return exchange(next);
}
