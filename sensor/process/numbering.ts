/**
 * Numbers of operations and peers over several sensors, one after the other or side by side: each counts from 1 on its own, the analyzer hears of each thing
 * under one number.
 */
import type { Batch, Definition, Peer } from '../observation.ts';
import { MAX_OPERATIONS, MAX_PEERS } from '../operations.ts';

export class Numbering {
  private readonly peers = new Map<string, Peer>();
  private readonly free: number[] = [];
  private next = 0;

  /** A number of the analyzer's for an operation. The sensors' own ceilings see to it that there is one. */
  take(): number {
    const n = this.free.pop() ?? ++this.next;
    if (n > MAX_OPERATIONS) throw new Error(`sensors defined more than ${MAX_OPERATIONS} operations`);
    return n;
  }

  give(n: number): void {
    this.free.push(n);
  }

  /** The same peer under one number, whichever sensor names it; number 0 past the ceiling. */
  peer(of: Peer): Peer {
    if (of.number === 0) return of;
    const key = `${of.client} ${of.server} ${of.port} ${of.transport} ${of.protocol} ${of.vlan}`;
    const known = this.peers.get(key);
    if (known !== undefined) return known;
    const peer = { ...of, number: this.peers.size < MAX_PEERS ? this.peers.size + 1 : 0 };
    if (peer.number > 0) this.peers.set(key, peer);
    return peer;
  }
}

/** The numbers of one sensor's life. */
export class Translation {
  private readonly numbering: Numbering;
  private readonly global = new Int32Array(MAX_OPERATIONS + 1);
  private highest = 0;

  constructor(numbering: Numbering) {
    this.numbering = numbering;
  }

  /** Puts the analyzer's numbers into a batch. */
  apply(batch: Batch): void {
    const { definitions, operation, rows } = batch;
    for (const [i, definition] of definitions.entries()) definitions[i] = this.define(definition);
    for (let i = 0; i < rows; i++) operation[i] = this.of(operation[i] as number);
  }

  /** A definition under the analyzer's numbers. */
  define(definition: Definition): Definition {
    const n = definition.operation;
    if (this.global[n] === 0) this.global[n] = this.numbering.take();
    if (n > this.highest) this.highest = n;
    return { ...definition, operation: this.global[n] as number, peer: this.numbering.peer(definition.peer) };
  }

  /** The analyzer's number for one of the sensor's; 0 for none. */
  of(operation: number): number {
    return this.global[operation] as number;
  }

  /** The sensor is gone: its numbers are free. */
  end(): void {
    for (let n = 1; n <= this.highest; n++) if ((this.global[n] as number) > 0) this.numbering.give(this.global[n] as number);
    this.global.fill(0, 0, this.highest + 1);
    this.highest = 0;
  }
}
