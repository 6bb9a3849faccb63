/**
 * Writes a pcap of cyclic Modbus polls with well-formed TCP: each flow is a client that polls one server (FC3 of 10 registers 90 %,
 * FC1 of 16 coils 5 %, FC4 4 %, FC6 1 %), request and response one segment each, values that change, frames of 66 to 85 bytes.
 */
import { closeSync, openSync, writeSync } from 'node:fs';

const CHUNK = 1 << 22;
const LARGEST = 128;
const START = 1_700_000_000_000_000;
const STEP = 15;

type FlowState = { client: number; server: number; port: number; sent: number; answered: number; id: number };

class Writer {
  private readonly bytes = new Uint8Array(CHUNK);
  private readonly view = new DataView(this.bytes.buffer);
  private readonly file: number;
  private at = 0;
  private micros = START;
  frames = 0;

  constructor(path: string) {
    this.file = openSync(path, 'w');
    const header = [0xa1b2c3d4, (4 << 16) | 2, 0, 0, 65_535, 1];
    for (const word of header) this.word(word);
  }

  private word(value: number): void {
    this.view.setUint32(this.at, value, true);
    this.at += 4;
  }

  /** One TCP segment from `source` to `destination` (host numbers in 10.0.0.0/16). */
  frame(source: number, destination: number, ports: number, sequence: number, acknowledged: number, flags: number, data: number[]): void {
    if (this.at + LARGEST > CHUNK) this.flush();
    const size = Math.max(60, 54 + data.length);
    for (const word of [Math.floor(this.micros / 1e6), this.micros % 1e6, size, size]) this.word(word);
    const { view } = this;
    const p = this.at;
    this.bytes.fill(0, p, p + size);
    view.setUint16(p, 0x0200);
    view.setUint16(p + 4, destination);
    view.setUint16(p + 6, 0x0200);
    view.setUint16(p + 10, source);
    view.setUint16(p + 12, 0x0800);
    this.internet(p + 14, source, destination, 40 + data.length);
    view.setUint32(p + 34, ports);
    view.setUint32(p + 38, sequence);
    view.setUint32(p + 42, acknowledged);
    view.setUint16(p + 46, 0x5000 | flags);
    view.setUint16(p + 48, 8192);
    this.bytes.set(data, p + 54);
    view.setUint16(p + 50, checksum(view, p + 34, 20 + data.length, 6 + 20 + data.length + sum16(view, p + 26, 8)));
    this.at += size;
    this.micros += STEP;
    this.frames++;
  }

  private internet(p: number, source: number, destination: number, total: number): void {
    const { view } = this;
    view.setUint16(p, 0x4500);
    view.setUint16(p + 2, total);
    view.setUint16(p + 4, this.frames & 0xffff);
    view.setUint16(p + 6, 0x4000);
    view.setUint16(p + 8, 0x4006);
    view.setUint32(p + 12, 0x0a000000 | source);
    view.setUint32(p + 16, 0x0a000000 | destination);
    view.setUint16(p + 10, checksum(view, p, 20, 0));
  }

  flush(): void {
    writeSync(this.file, this.bytes, 0, this.at);
    this.at = 0;
  }

  close(): void {
    this.flush();
    closeSync(this.file);
  }
}

function sum16(view: DataView, start: number, length: number): number {
  let sum = 0;
  for (let i = 0; i + 1 < length; i += 2) sum += view.getUint16(start + i);
  return length % 2 === 1 ? sum + (view.getUint8(start + length - 1) << 8) : sum;
}

/** RFC 1071 over `length` bytes, on top of a pseudo header's sum. */
function checksum(view: DataView, start: number, length: number, before: number): number {
  let sum = before + sum16(view, start, length);
  while (sum > 0xffff) sum = (sum >>> 16) + (sum & 0xffff);
  return ~sum & 0xffff;
}

const word = (value: number): number[] => [(value >> 8) & 255, value & 255];

/** Request and response PDU number `id`; `choice` is even over 0 to 1. */
function poll(choice: number, id: number): [number[], number[]] {
  if (choice < 0.9)
    return [
      [3, 0, 100, 0, 10],
      [3, 20, ...Array.from({ length: 10 }, (_, k) => word((id + k) & 0x3ff)).flat()],
    ];
  if (choice < 0.95)
    return [
      [1, 0, 0, 0, 16],
      [1, 2, ...word(id & 0xffff)],
    ];
  if (choice < 0.99)
    return [
      [4, 0, 30, 0, 2],
      [4, 4, ...word(id & 0xff), 0, 7],
    ];
  const write = [6, 0, 200, ...word(id & 0x3f)];
  return [write, write];
}

/** mulberry32: the same seed gives the same file. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Writes about `frames` frames over `flows` connections to `path`; returns how many. */
export function generate(path: string, frames: number, flows: number, seed = 1): number {
  const out = new Writer(path);
  const chance = random(seed);
  const open: FlowState[] = [];
  for (let i = 0; i < flows; i++) {
    const flow = {
      client: 1 + (i % 8),
      server: 100 + (i % 60_000),
      port: 1024 + (i % 60_000),
      sent: Math.floor(chance() * 2 ** 31),
      answered: Math.floor(chance() * 2 ** 31),
      id: 0,
    };
    out.frame(flow.client, flow.server, (flow.port << 16) | 502, flow.sent++, 0, 2, []);
    out.frame(flow.server, flow.client, (502 << 16) | flow.port, flow.answered++, flow.sent, 0x12, []);
    out.frame(flow.client, flow.server, (flow.port << 16) | 502, flow.sent, flow.answered, 0x10, []);
    open.push(flow);
  }
  for (let i = 0; out.frames < frames; i++) exchange(out, open[i % flows] as FlowState, chance());
  out.close();
  return out.frames;
}

function exchange(out: Writer, flow: FlowState, choice: number): void {
  flow.id = (flow.id + 1) & 0xffff;
  const [ask, answer] = poll(choice, flow.id);
  const request = [...word(flow.id), 0, 0, ...word(ask.length + 1), 1, ...ask];
  const response = [...word(flow.id), 0, 0, ...word(answer.length + 1), 1, ...answer];
  out.frame(flow.client, flow.server, (flow.port << 16) | 502, flow.sent, flow.answered, 0x18, request);
  flow.sent += request.length;
  out.frame(flow.server, flow.client, (502 << 16) | flow.port, flow.answered, flow.sent, 0x18, response);
  flow.answered += response.length;
}
