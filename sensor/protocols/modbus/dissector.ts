import type { Dissector, FlowInfo, Side, Sink } from '../dissector.ts';
import { Exchange } from './exchange.ts';
import type { Framing } from './observe.ts';

/** How messages are wrapped: finds them and hands them to the exchange. `feed` is that of a dissector. */
export interface Envelope {
  feed(side: Side, view: DataView, start: number, end: number, at: number, frame: number): number;
  /** Bytes of `side` are missing from here on. */
  gap(side: Side): void;
}

/** Modbus in any envelope. */
export class ModbusDissector implements Dissector {
  readonly opaque = 0;
  private readonly exchange: Exchange;
  private readonly envelope: Envelope;

  constructor(flow: FlowInfo, sink: Sink, framing: Framing, client: Side | -1, wrapped: (exchange: Exchange) => Envelope) {
    this.exchange = new Exchange(flow, sink, framing, client);
    this.envelope = wrapped(this.exchange);
  }

  get client(): Side | -1 {
    return this.exchange.client;
  }

  get messages(): number {
    return this.exchange.messages;
  }

  get flaws(): number {
    return this.exchange.flaws;
  }

  feed(side: Side, view: DataView, start: number, end: number, at: number, frame: number): number {
    return this.envelope.feed(side, view, start, end, at, frame);
  }

  gap(side: Side): void {
    this.envelope.gap(side);
    this.exchange.gap(side);
  }

  tick(at: number): void {
    this.exchange.tick(at);
  }

  close(at: number, ended: boolean): void {
    this.exchange.close(at, ended);
  }
}
