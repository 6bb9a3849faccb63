import { EXCEPTION, type Kind, type Observation, OUTCOMES, type Peer, timestamp } from '../../observation.ts';
import { trouble } from '../../trouble.ts';
import type { FlowInfo, Side, Sink } from '../dissector.ts';
import type { Fields } from './call.ts';
import { type Ledger, ledgerOf } from './ledger.ts';
import { Nonces } from './nonces.ts';
import { frameOrNull, round3 } from './observe.ts';
import { Tokens } from './tokens.ts';

/** Ports of OPC UA servers: the registered ones, and those of vendors. A hint only. */
export const PORTS: readonly number[] = [4840, 4841, 4843, 4855, 4885, 4897, 26543, 48010, 48020, 48031, 48050, 49320, 51210, 53520, 53530, 62541];

/** How sure it is which side is the client. */
export const GUESS = 1;
/** A request's or response's type id. */
export const TYPED = 2;
/** Hello, acknowledge, reverse hello. */
export const GREETED = 3;

/** Malformed spots of one connection that are told one by one; the rest is counted. */
const MAX_FLAWS = 100;

const UNTAGGED = {};

/** What one record is about; frames 0 for a half that was not seen. */
export type Seen = { client: Side; at: number; outcome: number; latency: number; requestFrame: number; responseFrame: number };

/** One connection: who is who, and where its observations go. */
export class Link {
  readonly flow: FlowInfo;
  readonly sink: Sink;
  readonly ledger: Ledger;
  readonly nonces = new Nonces();
  readonly tokens: Tokens;
  client: Side | -1 = -1;
  flaws = 0;
  private certainty = 0;
  private known: Peer | null = null;
  private told = 0;
  private readonly servers: readonly [string, string];

  constructor(flow: FlowInfo, sink: Sink) {
    this.flow = flow;
    this.sink = sink;
    this.ledger = ledgerOf(sink.operations);
    this.tokens = new Tokens(this.ledger);
    const { address, port } = flow;
    this.servers = [`${address[1]} ${port[1]}`, `${address[0]} ${port[0]}`];
  }

  /** `side` looks like the client. A better reason overrules a worse one; false when it contradicts one as good. */
  learn(side: Side, certainty: number): boolean {
    if (certainty > this.certainty) {
      if (side !== this.client) this.known = null;
      this.client = side;
      this.certainty = certainty;
    }
    return side === this.client;
  }

  /** The client, guessed by who opened the connection and by ports when nothing told yet. */
  clientSide(): Side {
    if (this.client >= 0) return this.client as Side;
    const { opener, port } = this.flow;
    const hinted = PORTS.includes(port[0]) !== PORTS.includes(port[1]);
    const guess = hinted ? PORTS.includes(port[1]) : opener >= 0 ? opener === 0 : port[0] > port[1];
    this.learn(guess ? 0 : 1, GUESS);
    return this.client as unknown as Side;
  }

  /** The server's address and port: sessions live there. */
  server(client: Side): string {
    return this.servers[client];
  }

  peer(): Peer {
    if (this.known !== null) return this.known;
    const client = this.clientSide();
    const server = (1 - client) as Side;
    const { address, port, transport, vlan } = this.flow;
    this.known = this.sink.operations.peer({ client: address[client], server: address[server], port: port[server], transport, protocol: 'opcua', vlan });
    return this.known;
  }

  /** The fields of addresses of a definition. */
  addresses(): Fields {
    const client = this.clientSide();
    const server = (1 - client) as Side;
    const { address, port, transport, vlan } = this.flow;
    return {
      'source.ip': address[client],
      'destination.ip': address[server],
      'destination.port': port[server],
      'network.transport': transport,
      'network.protocol': 'opcua',
      ...(vlan === 0 ? UNTAGGED : { 'network.vlan.id': vlan }),
    };
  }

  /** The beginning of an observation: what it is, when, between whom. */
  observation(kind: Kind, { client, at, outcome, latency, requestFrame, responseFrame }: Seen): Observation {
    const server = (1 - client) as Side;
    const { address, port, transport, vlan } = this.flow;
    return {
      kind,
      '@timestamp': timestamp(at),
      'source.ip': address[client],
      'source.port': port[client],
      'destination.ip': address[server],
      'destination.port': port[server],
      'network.transport': transport,
      'network.protocol': 'opcua',
      ...(vlan === 0 ? UNTAGGED : { 'network.vlan.id': vlan }),
      outcome: OUTCOMES[outcome] as string,
      latency: round3(latency),
      request_frame: frameOrNull(requestFrame),
      response_frame: frameOrNull(responseFrame),
    };
  }

  /** Tells one observation that began with `observation`. */
  tell(observation: Observation, { client, at, outcome, latency, requestFrame, responseFrame }: Seen, status: number): void {
    const { batch } = this.sink.writer;
    const i = this.sink.writer.detail(observation, at, requestFrame);
    batch.outcome[i] = outcome;
    batch.latency[i] = latency;
    batch.responseFrame[i] = responseFrame;
    batch.port[i] = this.flow.port[client];
    batch.status[i] = outcome === EXCEPTION ? status : 0;
    if (observation['opcua.flaws'] !== undefined) this.flaws++;
  }

  /** Tells one whole observation; `fields` are those behind `response_frame`. */
  emit(kind: Kind, seen: Seen, fields: Fields, status: number): void {
    this.tell(Object.assign(this.observation(kind, seen), fields), seen, status);
  }

  /** A malformed spot that belongs to no transaction. `side` sent it; `bytes` were skipped. */
  flaw(reason: string, side: Side, bytes: number, at: number, frame: number): void {
    this.flaws++;
    if (this.told++ >= MAX_FLAWS) {
      this.ledger.refused.flaws++;
      return;
    }
    this.sink.writer.detail(trouble('flaw', this.flow, side, 'opcua', reason, bytes, at, frame), at, frame);
  }
}
