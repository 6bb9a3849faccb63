import { type Dissector, NOT_MINE, type Side } from './dissector.ts';

/** Looks at one datagram of `side`. False when it makes no sense as one of this protocol. Sets `client` when the datagram shows who asks. */
export type Look = (datagrams: Datagrams, side: Side, view: DataView, start: number, end: number, at: number, frame: number) => boolean;

/** The dissector of a protocol whose every datagram stands alone. */
export class Datagrams implements Dissector {
  client: Side | -1 = -1;
  messages = 0;
  flaws = 0;
  readonly opaque = 0;
  private readonly look: Look;

  constructor(look: Look) {
    this.look = look;
  }

  feed(side: Side, view: DataView, start: number, end: number, at: number, frame: number): number {
    if (this.look(this, side, view, start, end, at, frame)) this.messages++;
    else if (this.messages === 0) return NOT_MINE;
    else this.flaws++;
    return end - start;
  }

  gap(): void {}
  tick(): void {}
  close(): void {}
}
