import { ACK, FIN, type Host, PSH, RST, SYN, type Timed, tcpFrame } from './frames.ts';

export type Options = {
  /** Time of the first frame, ms since the epoch. */
  at?: number;
  /** Milliseconds from one frame to the next. */
  step?: number;
  vlans?: readonly number[];
  /** First sequence numbers of client and server; near 2^32 to see the wrap. */
  sequence?: [number, number];
  /** Bytes of payload a segment holds at most. */
  segment?: number;
};

/** What follows the handshake; every call appends frames. */
export type Conversation = {
  /** All frames so far, in order. Tests may reorder, drop, repeat or cut them. */
  readonly frames: Timed[];
  /** Lets time pass, in ms. */
  wait(milliseconds: number): Conversation;
  /** SYN, SYN-ACK, ACK. Leave it out for a flow joined midway. */
  open(): Conversation;
  /** Data of the client, in segments, without bare acknowledgements. */
  client(data: Uint8Array, segment?: number): Conversation;
  /** Data of the server. */
  server(data: Uint8Array, segment?: number): Conversation;
  /** A bare ACK of that side. */
  ack(side: 0 | 1): Conversation;
  /** FIN of the client, FIN of the server, ACK. */
  close(): Conversation;
  /** RST of that side. */
  reset(side: 0 | 1): Conversation;
  /** Counts data of that side as sent without making a frame: a gap for whoever listens. */
  lose(side: 0 | 1, bytes: number): Conversation;
};

/** A TCP conversation: `conversation(a, b).open().client(request).server(response).close().frames`. */
export function conversation(client: Host, server: Host, options: Options = {}): Conversation {
  const ends: [Host, Host] = [client, server];
  const sequence: [number, number] = [...(options.sequence ?? [1000, 5000])];
  const frames: Timed[] = [];
  let now = options.at ?? 1_700_000_000_000;

  const emit = (side: 0 | 1, flags: number, payload?: Uint8Array) => {
    const ack = flags & ACK ? sequence[1 - side] : 0;
    const bytes = tcpFrame(ends[side], ends[side === 0 ? 1 : 0], { seq: sequence[side], ack, flags, payload }, options.vlans);
    frames.push({ at: now, bytes });
    now += options.step ?? 1;
    const used = (payload?.length ?? 0) + (flags & (SYN | FIN) ? 1 : 0);
    sequence[side] = (sequence[side] + used) >>> 0;
  };
  const send = (side: 0 | 1, data: Uint8Array, segment = options.segment ?? 1460) => {
    for (let from = 0; from < data.length; from += segment) emit(side, PSH | ACK, data.slice(from, from + segment));
  };
  const then = (act: () => void): Conversation => {
    act();
    return self;
  };
  const self: Conversation = {
    frames,
    wait: (milliseconds) => then(() => (now += milliseconds)),
    open: () => then(() => [emit(0, SYN), emit(1, SYN | ACK), emit(0, ACK)]),
    client: (data, segment) => then(() => send(0, data, segment)),
    server: (data, segment) => then(() => send(1, data, segment)),
    ack: (side) => then(() => emit(side, ACK)),
    close: () => then(() => [emit(0, FIN | ACK), emit(1, FIN | ACK), emit(0, ACK)]),
    reset: (side) => then(() => emit(side, RST | ACK)),
    lose: (side, bytes) => then(() => (sequence[side] = (sequence[side] + bytes) >>> 0)),
  };
  return self;
}
