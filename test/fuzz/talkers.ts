/** Connections that go on and on: messages made by chance, some changed, in well-formed TCP and UDP with loss, repeats and disorder. */
import { u16 } from '../lab/bytes.ts';
import { ACK, FIN, PSH, RST, SYN, tcpFrame, udpFrame } from '../lab/frames.ts';
import type { Frame } from '../sense.ts';
import { type Chance, mutate } from './mutate.ts';

/** A message and who sends it: side 0 asks. */
export type Spoken = { side: 0 | 1; bytes: Uint8Array };
/** Makes the next messages of a connection, one exchange or several. */
export type Speaker = (next: Chance) => Spoken[];

const TALKERS = 96;
/** Of 16 connections: one over UDP, two to a port that hints at nothing. */
const UDP = 1;
const ELSEWHERE = 3;
const CHANGED = 5;

type Talker = { udp: boolean; heads: readonly [Uint8Array, Uint8Array]; sequence: [number, number]; id: number; queue: Spoken[] };

/** Endless frames of `TALKERS` connections; `port` is the server's. */
export function talkers(speak: Speaker, port: number, next: Chance): () => Frame {
  let opened = 0;
  const open = (): Talker => {
    const n = opened++;
    const kind = n % 16;
    const client = { mac: '00:80:f4:00:00:05', ip: `10.${1 + (n % 4)}.0.${1 + (n % 200)}`, port: 1024 + (n % 60_000) };
    const server = { mac: '00:80:f4:00:00:09', ip: `10.9.0.${1 + (n % 50)}`, port: kind >= UDP && kind < ELSEWHERE ? 20_000 + (n % 100) : port };
    const udp = kind < UDP;
    const none = new Uint8Array(0);
    const head = (a: typeof client, b: typeof client) => (udp ? udpFrame(a, b, none).slice(0, 42) : tcpFrame(a, b, { seq: 0, flags: ACK }).slice(0, 54));
    return { udp, heads: [head(client, server), head(server, client)], sequence: [next(0x7fffffff) * 2, next(0x7fffffff) * 2], id: 0, queue: [] };
  };
  const all = Array.from({ length: TALKERS }, open);
  const waiting: Uint8Array[] = [];
  return () => {
    if (waiting.length > 0) return { at: 0, bytes: waiting.shift() as Uint8Array };
    const n = next(TALKERS);
    const talker = all[n] as Talker;
    if (next(2000) === 0) all[n] = open();
    if (!talker.udp && talker.id === 0 && next(4) !== 0) return { at: 0, bytes: segment(talker, 0, SYN, new Uint8Array(0)) };
    return { at: 0, bytes: disturbed(talker, speech(talker, speak, next), next, waiting) };
  };
}

/** The next bytes that one side sends. */
function speech(talker: Talker, speak: Speaker, next: Chance): Spoken {
  if (talker.queue.length === 0) talker.queue.push(...speak(next));
  const spoken = talker.queue.shift() as Spoken;
  if (next(CHANGED) !== 0) return spoken;
  // The payload is changed behind a head, as in a frame, and the stream goes on behind what came of it.
  const frame = segment({ ...talker, id: talker.id }, spoken.side, PSH | ACK, spoken.bytes);
  const other = segment({ ...talker, id: talker.id }, spoken.side, PSH | ACK, talker.queue[0]?.bytes ?? spoken.bytes);
  const changed = mutate(frame, other, next);
  return { side: spoken.side, bytes: changed.slice(Math.min(changed.length, (talker.heads[0] as Uint8Array).length)) };
}

/** A frame of it, or what a capture makes of it. Frames that are to follow go to `waiting`. */
function disturbed(talker: Talker, { side, bytes }: Spoken, next: Chance, waiting: Uint8Array[]): Uint8Array {
  const choice = next(100);
  const before = talker.sequence[side];
  const frame = segment(talker, side, PSH | ACK, bytes);
  talker.sequence[side] = (before + bytes.length) >>> 0;
  if (choice === 0 && bytes.length > 1) {
    // In two pieces, the second one first.
    const k = 1 + next(bytes.length - 1);
    waiting.push(segment({ ...talker, sequence: at(talker, side, before) }, side, ACK, bytes.slice(0, k)));
    return segment({ ...talker, sequence: at(talker, side, (before + k) >>> 0) }, side, ACK | PSH, bytes.slice(k));
  }
  if (choice === 1) waiting.push(frame);
  // Lost on the way to the capture: the next frame shows the hole.
  if (choice === 2) return segment(talker, side, ACK, new Uint8Array(0));
  if (choice === 3 && next(20) === 0) waiting.push(segment(talker, side, next(2) === 0 ? FIN | ACK : RST, new Uint8Array(0)));
  return frame;
}

const at = (talker: Talker, side: 0 | 1, sequence: number): [number, number] => (side === 0 ? [sequence, talker.sequence[1]] : [talker.sequence[0], sequence]);

/** A frame from the talker's prepared head. A SYN takes a place in the sequence. */
function segment(talker: Talker, side: 0 | 1, flags: number, payload: Uint8Array): Uint8Array {
  const head = talker.heads[side];
  const bytes = new Uint8Array(Math.max(60, head.length + payload.length));
  bytes.set(head);
  bytes.set(payload, head.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(16, head.length - 14 + payload.length);
  bytes.set(u16(++talker.id & 0xffff), 18);
  if (talker.udp) view.setUint16(38, 8 + payload.length);
  else {
    view.setUint32(38, talker.sequence[side]);
    view.setUint32(42, talker.sequence[side === 0 ? 1 : 0]);
    bytes[47] = flags;
    if ((flags & SYN) !== 0) talker.sequence[side] = (talker.sequence[side] + 1) >>> 0;
  }
  return bytes;
}
