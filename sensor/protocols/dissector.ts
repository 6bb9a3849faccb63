/**
 * What a protocol has to be. A protocol is a folder with one of these and one line in `index.ts`.
 *
 * Bytes from the wire are hostile: `recognise` and `feed` never throw, never loop over a count that was not checked against
 * the bytes at hand, and keep every buffer under a named ceiling. A message that is out of spec is kept and flagged.
 */
import type { Ceiling } from '../coverage.ts';
import type { Operations } from '../operations.ts';
import type { Writer } from '../writer.ts';
import type { Keyring } from './opcua/keys/keyring.ts';

/** Which end of a flow sent the bytes: 0 is the flow's first address as keyed, 1 the other. Not the client or server role. */
export type Side = 0 | 1;

/** `feed`'s answer when the bytes are of another protocol after all. */
export const NOT_MINE = -1;

/** `recognise`'s answers. */
export const NO = 0;
export const YES = 1;
/** Too few bytes to tell. */
export const MORE = 2;
export type Recognition = typeof NO | typeof YES | typeof MORE;

/** What a dissector may know of its flow. Addresses are text, made once a flow. */
export type FlowInfo = {
  readonly transport: 'tcp' | 'udp';
  readonly vlan: number;
  /** By side. */
  readonly address: readonly [string, string];
  readonly port: readonly [number, number];
  /** The side that opened the connection (sent the SYN), or -1 for a flow joined midway. */
  readonly opener: Side | -1;
};

/** Where a dissector's findings go: rows and details to `writer`, operation numbers from `operations`. */
export type Sink = {
  readonly writer: Writer;
  readonly operations: Operations;
  /** How long (ms) a server may take to answer; learned of each connection when it is not said. */
  readonly responseTimeout?: number | undefined;
  /** Keys of OPC UA applications, where the plant gave any. */
  readonly keys?: Keyring | undefined;
};

export interface Dissector {
  /**
   * Takes bytes `start..end` of `view`, in order, from `side`. `at` is ms since the epoch, `frame` the number of the frame
   * in which the last byte of this range arrived. Returns how many bytes were used; what is left comes again with more
   * behind it. NOT_MINE ends the matter: the flow is never offered again.
   */
  feed(side: Side, view: DataView, start: number, end: number, at: number, frame: number): number;
  /** Bytes of `side` are missing from here on; resynchronise. What was not yet used is dropped. */
  gap(side: Side, at: number): void;
  /** About once a second of capture time: give up on requests that waited too long. */
  tick(at: number): void;
  /** The flow ended (`ended` false: only the capture did). Say what is still open. */
  close(at: number, ended: boolean): void;
  /** Side of the client (the one that asks), -1 when not known yet. */
  readonly client: Side | -1;
  /** Messages understood so far. */
  readonly messages: number;
  /** Messages out of spec so far. */
  readonly flaws: number;
  /** Messages whose body is encrypted. */
  readonly opaque: number;
}

export type Protocol = {
  /** Lower-case name as it stands in `network.protocol`. */
  readonly name: string;
  readonly transport: 'tcp' | 'udp' | 'any';
  /** Ports that are a hint, never a proof. */
  readonly ports: readonly number[];
  /** What a client opened at a server, such as a session, may show on another connection: one sensor has them all. */
  readonly joined?: boolean;
  /** Judges the first bytes that one side sent. `hinted`: one of the flow's ports is in `ports`. */
  recognise(view: DataView, start: number, end: number, hinted: boolean): Recognition;
  open(flow: FlowInfo, sink: Sink): Dissector;
  /** Tables and buffers that its connections share: how full they are and how often they were too small. */
  ceilings?(sink: Sink): Ceiling[];
};

/** A frame of a protocol right above the link layer (ARP, LLDP). Addresses are text, as in `00:1d:9c:c0:ff:ee`. */
export type LinkFrame = {
  readonly view: DataView;
  /** First byte after the EtherType (or after the LLC/SNAP header). */
  readonly start: number;
  readonly end: number;
  readonly source: string;
  readonly destination: string;
  readonly vlan: number;
  readonly at: number;
  readonly frame: number;
};

export type LinkProtocol = {
  readonly name: string;
  readonly etherTypes: readonly number[];
  /** One instance a sensor, so that it may remember what it already reported. */
  open(sink: Sink): { see(frame: LinkFrame): void };
};
