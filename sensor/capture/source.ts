/** Where frames come from. Time comes only from here. */

/** Frames in one piece of memory, as they came. Reused by the source once `onBlock` has returned. */
export class Block {
  view: DataView;
  /** Frames in this block. */
  count = 0;
  /** Of an empty block: nothing came until then (ms since the epoch). NaN where that is not known. */
  idleUntil = Number.NaN;
  readonly offset: Int32Array;
  /** Bytes captured (may be fewer than were on the wire). */
  readonly captured: Int32Array;
  /** Bytes on the wire. */
  readonly length: Int32Array;
  /** ms since the epoch, with fractions. */
  readonly at: Float64Array;
  /** Index into the source's `interfaces`. */
  readonly interfaceId: Uint16Array;
  /** LINKTYPE_ number of each frame. */
  readonly linktype: Uint16Array;

  constructor(view: DataView, frames: number) {
    this.view = view;
    this.offset = new Int32Array(frames);
    this.captured = new Int32Array(frames);
    this.length = new Int32Array(frames);
    this.at = new Float64Array(frames);
    this.interfaceId = new Uint16Array(frames);
    this.linktype = new Uint16Array(frames);
  }
}

/** `ring`: kernel times, drops counted. `pcap`: libpcap's times and counts. `cap`: times of the callback, drops unknown. */
export const DRIVERS = ['ring', 'pcap', 'cap'] as const;
export type DriverName = (typeof DRIVERS)[number];

export type Interface = {
  name: string;
  linktype: number;
  /** Frames the capturing machine says it lost; null when it does not say. */
  dropped: number | null;
  /** Whether it is up, of an interface captured from live. */
  up?: boolean;
  /** How it is captured from live: what its times and drop counts are worth. */
  driver?: DriverName;
};

/** What came of reading a source. */
export type SourceReport = {
  frames: number;
  interfaces: Interface[];
  /** One readable line each, naming the thing and the fix: a file cut short, a corrupt block. Empty when all went well. */
  warnings: string[];
};

export interface Source {
  /** As of now; what `frames` resolves with. */
  readonly report: SourceReport;
  /** Hands out every frame in order; ends when the source does or `stop` was called. Rejects only for what a user must fix. */
  frames(onBlock: (block: Block) => void | Promise<void>): Promise<SourceReport>;
  stop(): void;
}

/** What a user must fix, in one line: `main.ts` prints the message and exits 2. */
export class InputError extends Error {}
