/** Modbus for tests: messages as hex, and conversations of them as TCP or UDP frames. */
import type { Observation } from '../sensor/observation.ts';
import { crc16, lrc } from '../sensor/protocols/modbus/checksum.ts';
import { hex, join, u16, viewOf } from './lab/bytes.ts';
import { ACK, FIN, type Host, PSH, SYN, tcpFrame, udpFrame } from './lab/frames.ts';
import { type Frame, START, sense } from './sense.ts';

export const CLIENT: Host = { mac: '00:80:f4:00:00:05', ip: '10.0.0.5', port: 40_001 };
export const SERVER: Host = { mac: '00:80:f4:00:00:09', ip: '10.0.0.9', port: 502 };

/** A PDU in hex with its MBAP header. */
export function adu(
  transaction: number,
  pdu: string,
  { unit = 1, protocol = 0, length }: { unit?: number; protocol?: number; length?: number } = {},
): Uint8Array {
  const bytes = hex(pdu);
  return join(u16(transaction), u16(protocol), u16(length ?? bytes.length + 1), [unit], bytes);
}

/** A PDU in hex in a serial frame: RTU with its CRC, ASCII with its LRC. */
export type Wrap = (pdu: string, unit?: number) => Uint8Array;

export const rtu: Wrap = (pdu, unit = 1) => {
  const body = join([unit], hex(pdu));
  const crc = crc16(viewOf(body), 0, body.length);
  return join(body, [crc & 255, crc >> 8]);
};
export const ascii: Wrap = (pdu, unit = 1) => {
  const body = join([unit], hex(pdu));
  const digits = [...body, lrc(viewOf(body), 0, body.length)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return new TextEncoder().encode(`:${digits.toUpperCase()}\r\n`);
};

/** What the client (`>`) or the server (`<`) sends in a frame of its own; null: the capture lost that many bytes; a number: ms that pass. */
export type Step = readonly ['>' | '<', Uint8Array] | readonly ['>' | '<', null, number] | number;

export type Talk = { client?: Host; server?: Host; handshake?: boolean; opener?: '>' | '<'; close?: boolean; bytewise?: boolean; udp?: boolean; from?: number };

/** Frames 1 ms apart. A handshake takes frames 1 and 2, so messages count from 3. */
export function talk(
  steps: readonly Step[],
  { client = CLIENT, server = SERVER, handshake = true, opener = '>', close = false, bytewise = false, udp = false, from = START }: Talk = {},
): Frame[] {
  const frames: Frame[] = [];
  let at = from;
  let id = 0;
  const next = { '>': 1000, '<': 5000 };
  const put = (bytes: Uint8Array) => {
    // The IP id, and with it the header's sum, which nobody checks.
    bytes.set(u16(++id), 18);
    frames.push({ at: at++, bytes });
  };
  const send = (side: '>' | '<', flags: number, payload: Uint8Array) => {
    const [a, b] = side === '>' ? [client, server] : [server, client];
    put(udp ? udpFrame(a, b, payload) : tcpFrame(a, b, { seq: next[side] >>> 0, flags, payload }));
    next[side] += payload.length + ((flags & (SYN | FIN)) === 0 ? 0 : 1);
  };
  const none = new Uint8Array(0);
  if (handshake && !udp) {
    send(opener, SYN, none);
    send(opener === '>' ? '<' : '>', SYN | ACK, none);
  }
  for (const step of steps) {
    if (typeof step === 'number') at += step;
    else if (step[1] === null) next[step[0]] += step[2];
    else for (const part of bytewise ? [...step[1]].map((byte) => Uint8Array.of(byte)) : [step[1]]) send(step[0], ACK | PSH, part);
  }
  if (close && !udp) for (const side of ['>', '<'] as const) send(side, ACK | FIN, none);
  return frames;
}

/** What the sensor says of a conversation, Modbus only. */
export const messages = (steps: readonly Step[], options?: Talk): Observation[] => sense(talk(steps, options)).observations.filter((o) => o.kind === 'modbus');
