import type { Block, Interface } from './source.ts';
import type { Window } from './window.ts';

/** A capture file format, read record by record. One instance a file. */
export interface Format {
  /** Frames handed out so far. */
  readonly frames: number;
  /** What is wrong with the next record, in words that follow the file's name; then there is no going on. '' when nothing is. */
  readonly problem: string;
  /** What a reader should know of the file though nothing is broken; '' as a rule. */
  readonly remark: string;
  /** Appends frames to `block` until it is full or the window holds no whole record. Leaves the window where the next record starts. */
  fill(window: Window, block: Block): void;
  /** Where the bytes end when they end here, in words: `inside frame 4711 (17 of 60 bytes)`. '' between two records. */
  cut(window: Window): string;
}

/** Interfaces told apart: what a block's column of ids can hold. The frames of all further ones count for the last. */
export const MAX_INTERFACES = 65_536;

/** Adds an interface and returns its id. */
export function addInterface(interfaces: Interface[], one: Interface): number {
  return interfaces.length < MAX_INTERFACES ? interfaces.push(one) - 1 : MAX_INTERFACES - 1;
}

/** What a header says of the size on the wire, as far as it can be true: never less than was captured, never past 2^31. */
export function wireLength(claimed: number, captured: number): number {
  return claimed < captured || claimed > 0x7fffffff ? captured : claimed;
}
