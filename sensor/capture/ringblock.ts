/** One block of an AF_PACKET ring, version 3, as the kernel fills it (linux/if_packet.h: tpacket_block_desc, tpacket3_hdr). */
import type { Block } from './source.ts';

/** Of a block: whose it is, how many frames it holds, where the first one is. */
const STATUS = 8;
const FRAMES = 12;
const FIRST = 16;
export const TP_STATUS_KERNEL = 0;
export const TP_STATUS_USER = 1;

/** Of a frame. */
const NEXT = 0;
const SECONDS = 4;
const NANOSECONDS = 8;
const CAPTURED = 12;
const LENGTH = 16;
const FLAGS = 20;
const MAC = 24;
const VLAN_TCI = 32;
const VLAN_TPID = 36;
/** `TP_STATUS_VLAN_VALID`: the tag was taken out of the frame; `TP_STATUS_VLAN_TPID_VALID`: and its TPID is told. */
const VLAN_VALID = 0x10;
const TPID_VALID = 0x40;
const TPID_8021Q = 0x8100;
/** Bytes of a tag, and of the addresses in front of it. */
export const TAG = 4;
const ADDRESSES = 12;
/** Shortest frame that a tag can be put back into. */
const HEADER = 14;

/** Bytes that a frame takes in a block at the least: its header, the address behind it, a minimum of data. */
const LEAST = 96;

/** Most frames that a block of `size` bytes can hold. */
export const framesIn = (size: number): number => Math.ceil(size / LEAST);

/** The status of the block at `start`. */
export const statusOf = (words: Int32Array, start: number): number => Atomics.load(words, (start + STATUS) >> 2);

/** Gives the block back to the kernel. */
export const release = (words: Int32Array, start: number): void => void Atomics.store(words, (start + STATUS) >> 2, TP_STATUS_KERNEL);

/**
 * Puts the frames of the ring's block at `start..start + size` into `block`, whose view is over the whole ring; VLAN tags that the kernel took out are put
 * back in place. What points outside the block ends the reading: false.
 */
export function fill(block: Block, start: number, size: number, linktype: number, interfaceId: number): boolean {
  const { view } = block;
  const end = start + size;
  block.count = 0;
  let at = start + view.getUint32(start + FIRST, true);
  for (let left = view.getUint32(start + FRAMES, true); left > 0; left--) {
    if (at + LEAST - HEADER > end || block.count === block.at.length) return false;
    let offset = at + view.getUint16(at + MAC, true);
    let captured = view.getUint32(at + CAPTURED, true);
    let length = view.getUint32(at + LENGTH, true);
    if (offset + captured > end) return false;
    if ((view.getUint32(at + FLAGS, true) & VLAN_VALID) !== 0 && captured >= HEADER) {
      untag(view, at, offset);
      offset -= TAG;
      captured += TAG;
      length += TAG;
    }
    const i = block.count++;
    block.offset[i] = offset;
    block.captured[i] = captured;
    block.length[i] = length;
    block.at[i] = view.getUint32(at + SECONDS, true) * 1000 + view.getUint32(at + NANOSECONDS, true) / 1e6;
    block.interfaceId[i] = interfaceId;
    block.linktype[i] = linktype;
    at += view.getUint32(at + NEXT, true);
  }
  return true;
}

/** Moves the addresses of the frame at `offset` forward and writes its tag behind them; the ring reserves the room. */
function untag(view: DataView, header: number, offset: number): void {
  for (let i = 0; i < ADDRESSES; i += 4) view.setUint32(offset - TAG + i, view.getUint32(offset + i));
  const told = (view.getUint32(header + FLAGS, true) & TPID_VALID) !== 0;
  view.setUint16(offset - TAG + ADDRESSES, told ? view.getUint16(header + VLAN_TPID, true) : TPID_8021Q);
  view.setUint16(offset - TAG + ADDRESSES + 2, view.getUint32(header + VLAN_TCI, true) & 0xffff);
}
