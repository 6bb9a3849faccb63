/** Gathers frames that a driver hands out one by one into blocks. Its memory is bounded: what finds no room is counted as lost. */
import { Block } from './source.ts';

/** Bytes and frames of a block. There are two: one is filled while the other is worked on. */
const BLOCK_BYTES = 4_194_304;
const BLOCK_FRAMES = 16_384;

type OnBlock = (block: Block) => void | Promise<void>;

export class Collector {
  frames = 0;
  /** Frames that came while both blocks were full. */
  lost = 0;
  private readonly blocks = [
    new Block(new DataView(new ArrayBuffer(BLOCK_BYTES)), BLOCK_FRAMES),
    new Block(new DataView(new ArrayBuffer(BLOCK_BYTES)), BLOCK_FRAMES),
  ];
  private filling = this.blocks[0] as Block;
  private used = 0;
  private working: Promise<void> | null = null;
  private readonly onBlock: OnBlock;

  constructor(onBlock: OnBlock) {
    this.onBlock = onBlock;
  }

  /** Copies a frame in. `length` is what it had on the wire. */
  add(bytes: Uint8Array, captured: number, length: number, at: number, linktype: number): void {
    let block = this.filling;
    if (block.count === BLOCK_FRAMES || this.used + captured > BLOCK_BYTES) {
      this.hand();
      block = this.filling;
      if (block.count === BLOCK_FRAMES || this.used + captured > BLOCK_BYTES) {
        this.lost++;
        return;
      }
    }
    new Uint8Array(block.view.buffer, this.used, captured).set(bytes.subarray(0, captured));
    const i = block.count++;
    block.offset[i] = this.used;
    block.captured[i] = captured;
    block.length[i] = length;
    block.at[i] = at;
    block.interfaceId[i] = 0;
    block.linktype[i] = linktype;
    this.used += captured;
    this.frames++;
  }

  /** Hands on what there is, unless the block before is still worked on. An empty block says that nothing came until `now` (ms since the epoch). */
  hand(now = Number.NaN): void {
    if (this.working !== null) return;
    const block = this.filling;
    block.idleUntil = block.count === 0 ? now : Number.NaN;
    if (block.count === 0 && Number.isNaN(now)) return;
    this.filling = this.blocks[block === this.blocks[0] ? 1 : 0] as Block;
    this.filling.count = 0;
    this.used = 0;
    const work = this.onBlock(block);
    if (work === undefined) return;
    this.working = work.then(() => {
      this.working = null;
    });
  }

  /** Resolves when everything was handed on. */
  async finish(): Promise<void> {
    await this.working;
    this.hand();
    await this.working;
  }
}
