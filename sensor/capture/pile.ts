/** A block with memory of its own, that frames are copied into one by one until it is full. */
import { Block } from './source.ts';

const BYTES = 4_194_304;
const FRAMES = 16_384;

export class Pile {
  readonly block = new Block(new DataView(new ArrayBuffer(BYTES)), FRAMES);
  private readonly memory = Buffer.from(this.block.view.buffer);
  private used = 0;

  /** Copies in a frame that begins at `start` of `from`. False when there is no room for it. */
  add(from: Buffer, start: number, captured: number, length: number, at: number, linktype: number, interfaceId: number): boolean {
    const { block, used } = this;
    if (block.count === FRAMES || used + captured > BYTES) return false;
    from.copy(this.memory, used, start, start + captured);
    const i = block.count++;
    block.offset[i] = used;
    block.captured[i] = captured;
    block.length[i] = length;
    block.at[i] = at;
    block.interfaceId[i] = interfaceId;
    block.linktype[i] = linktype;
    this.used += captured;
    return true;
  }

  clear(): void {
    this.block.count = 0;
    this.used = 0;
  }
}
