/** Where short requests wait for their answers: slots of one size in a few large buffers, so that waiting allocates nothing. */

/** Bytes of a slot: nearly all requests fit. */
export const SLOT = 512;
const SLOTS_OF_SLAB = 128;

/** Slots are numbered from 0 and come back by `free`. Whoever takes them sees to it that there are not too many. */
export class Shelf {
  private readonly slabs: DataView[] = [];
  private readonly unused: number[] = [];

  /** Copies `start..end` (at most SLOT bytes) of `view` and gives the slot they are in. */
  put(view: DataView, start: number, end: number): number {
    if (this.unused.length === 0) this.grow();
    const slot = this.unused.pop() as number;
    const slab = this.view(slot);
    let to = this.start(slot);
    let from = start;
    for (; from + 4 <= end; from += 4, to += 4) slab.setInt32(to, view.getInt32(from));
    for (; from < end; from++, to++) slab.setUint8(to, view.getUint8(from));
    return slot;
  }

  view(slot: number): DataView {
    return this.slabs[Math.floor(slot / SLOTS_OF_SLAB)] as DataView;
  }

  /** Where the slot begins in its view. */
  start(slot: number): number {
    return (slot % SLOTS_OF_SLAB) * SLOT;
  }

  free(slot: number): void {
    this.unused.push(slot);
  }

  private grow(): void {
    const first = this.slabs.length * SLOTS_OF_SLAB;
    this.slabs.push(new DataView(new ArrayBuffer(SLOTS_OF_SLAB * SLOT)));
    for (let slot = first + SLOTS_OF_SLAB - 1; slot >= first; slot--) this.unused.push(slot);
  }
}
