/** pcapng: draft-ietf-opsawg-pcapng. */
import { addInterface, type Format, wireLength } from './format.ts';
import type { Block, Interface } from './source.ts';
import { MAX_FRAME, MAX_RECORD, type Window } from './window.ts';

/** Section 4.1. Reads the same in both byte orders. */
export const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
/** Obsolete (appendix A), still written by old tools. */
const PACKET = 2;
const SIMPLE_PACKET = 3;
const INTERFACE_STATISTICS = 5;
const ENHANCED_PACKET = 6;

const BYTE_ORDER = 0x1a2b3c4d;
/** Type, length, and the length again. */
const ENVELOPE = 12;
/** Bytes of a block without frame that are looked at; names and comments beyond them are passed over. */
const HEAD = 65_536;
/** Interfaces of one section. */
const MAX_SECTION_INTERFACES = 4096;

/** How times and sizes of one interface are to be read. at = ticks * times / per + offset. */
type Link = { id: number; linktype: number; snaplen: number; times: number; per: number; offset: number };

export function pcapngOf(magic: number, name: string, interfaces: Interface[]): Format | undefined {
  return magic === SECTION_HEADER ? new Pcapng(name, interfaces) : undefined;
}

class Pcapng implements Format {
  frames = 0;
  problem = '';
  private readonly name: string;
  private readonly interfaces: Interface[];
  private links: Link[] = [];
  private little = false;
  private timeless = 0;
  private last = 0;

  constructor(name: string, interfaces: Interface[]) {
    this.name = name;
    this.interfaces = interfaces;
  }

  get remark(): string {
    return this.timeless === 0 ? '' : `${this.timeless} frames carry no time (simple packet blocks); each was given the time of the frame before it`;
  }

  fill(window: Window, block: Block): void {
    const full = block.offset.length;
    while (block.count < full && !window.passing && this.record(window, block));
  }

  cut(window: Window): string {
    if (window.passing) return `inside a block after frame ${this.frames}`;
    if (window.left === 0) return '';
    if (window.left < ENVELOPE) return `inside the header of a block after frame ${this.frames} (${window.left} of ${ENVELOPE} bytes)`;
    const type = window.view.getUint32(window.start, this.little);
    const what = isPacket(type) ? `the block of frame ${this.frames + 1}` : `a block after frame ${this.frames}`;
    return `inside ${what} (${window.left} of ${window.view.getUint32(window.start + 4, this.little)} bytes)`;
  }

  /** Takes one block; false when the window holds none whole, or a corrupt one. */
  private record(window: Window, block: Block): boolean {
    if (window.end - window.start < ENVELOPE) return false;
    const type = window.view.getUint32(window.start, this.little);
    if (type === SECTION_HEADER && !this.order(window)) return false;
    const total = window.view.getUint32(window.start + 4, this.little);
    if (total < ENVELOPE || (total & 3) !== 0) return this.corrupt(`a block after frame ${this.frames} claims ${total} bytes`);
    return isPacket(type) ? this.packet(type, total, window, block) : this.other(type, total, window);
  }

  /** Section 4.1: the byte-order magic of a section header rules until the next one. */
  private order(window: Window): boolean {
    const little = window.view.getUint32(window.start + 8, true) === BYTE_ORDER;
    if (!little && window.view.getUint32(window.start + 8) !== BYTE_ORDER)
      return this.corrupt(`the section header after frame ${this.frames} has no byte-order magic`);
    this.little = little;
    return true;
  }

  private packet(type: number, total: number, window: Window, block: Block): boolean {
    const { view, start } = window;
    const fixed = type === SIMPLE_PACKET ? 16 : 32;
    if (total < fixed || total > MAX_RECORD)
      return this.corrupt(`the block of frame ${this.frames + 1} claims ${total} bytes (${fixed} to ${MAX_RECORD} are possible)`);
    if (window.end - start < total) return false;
    const again = view.getUint32(start + total - 4, this.little);
    if (again !== total) return this.corrupt(`the block of frame ${this.frames + 1} has ${total} bytes by its start and ${again} by its end`);
    const number = type === ENHANCED_PACKET ? view.getUint32(start + 8, this.little) : type === PACKET ? view.getUint16(start + 8, this.little) : 0;
    const link = this.links[number];
    if (link === undefined) return this.corrupt(`frame ${this.frames + 1} is of interface ${number}, which was not described`);
    const done = type === SIMPLE_PACKET ? this.simple(link, total, window, block) : this.enhanced(link, total, window, block);
    if (done && type === PACKET) this.lost(link, view.getUint16(start + 10, this.little));
    if (done) window.start += total;
    return done;
  }

  /** Section 4.3; a Packet Block (appendix A) has the same layout from its time on. */
  private enhanced(link: Link, total: number, window: Window, block: Block): boolean {
    const { view, start } = window;
    const { little } = this;
    const size = view.getUint32(start + 20, little);
    if (size > total - 32 || size > MAX_FRAME) return this.corrupt(`frame ${this.frames + 1} claims ${size} bytes in a block of ${total}`);
    const ticks = view.getUint32(start + 12, little) * 4294967296 + view.getUint32(start + 16, little);
    this.last = (ticks * link.times) / link.per + link.offset;
    this.add(block, link, start + 28, size, view.getUint32(start + 24, little));
    return true;
  }

  /** Section 4.4: no time, and its size follows from the block's, the frame's and the snap length. */
  private simple(link: Link, total: number, window: Window, block: Block): boolean {
    const wire = window.view.getUint32(window.start + 8, this.little);
    const size = Math.min(wire, total - 16, link.snaplen === 0 ? MAX_FRAME : link.snaplen);
    if (size > MAX_FRAME) return this.corrupt(`frame ${this.frames + 1} claims ${size} bytes (${MAX_FRAME} at most)`);
    this.timeless++;
    this.add(block, link, window.start + 12, size, wire);
    return true;
  }

  private add(block: Block, link: Link, offset: number, captured: number, wire: number): void {
    const n = block.count++;
    block.offset[n] = offset;
    block.captured[n] = captured;
    block.length[n] = wireLength(wire, captured);
    block.at[n] = this.last;
    block.interfaceId[n] = link.id;
    block.linktype[n] = link.linktype;
    this.frames++;
  }

  /** Any block without a frame. Its head is read, the rest passed over. */
  private other(type: number, total: number, window: Window): boolean {
    if (window.left < Math.min(total, HEAD)) return false;
    const { start } = window;
    const end = start + Math.min(total, HEAD) - (total <= HEAD ? 4 : 0);
    if (total <= HEAD && window.view.getUint32(end, this.little) !== total) return this.corrupt(`the lengths of a block after frame ${this.frames} differ`);
    if (type === SECTION_HEADER) this.links = [];
    if (type === INTERFACE_DESCRIPTION && !this.describe(window.view, start, end)) return false;
    if (type === INTERFACE_STATISTICS) this.count(window.view, start, end);
    window.pass(total);
    return true;
  }

  /** Section 4.2. */
  private describe(view: DataView, start: number, end: number): boolean {
    if (end - start < 16 || this.links.length === MAX_SECTION_INTERFACES)
      return this.corrupt(`an interface description after frame ${this.frames} is too short or one too many`);
    const linktype = view.getUint16(start + 8, this.little);
    const place = this.links.length === 0 ? this.name : `${this.name}#${this.links.length}`;
    const name = this.option(view, start + 16, end, 2);
    const text = name < 0 ? place : utf8.decode(bytesOf(view, name, Math.min(256, view.getUint16(name - 2, this.little)))).replace(/\0.*$/s, '');
    const id = addInterface(this.interfaces, { name: text === '' ? place : text, linktype, dropped: null });
    const resolution = this.option(view, start + 16, end, 9);
    const shift = this.option(view, start + 16, end, 14);
    const offset = shift < 0 ? 0 : this.wide(view, shift) * 1000;
    this.links.push({ id, linktype, snaplen: view.getUint32(start + 12, this.little), ...units(resolution < 0 ? 6 : view.getUint8(resolution)), offset });
    return true;
  }

  /** Section 4.6: isb_ifdrop and isb_osdrop count from the start of the capture. */
  private count(view: DataView, start: number, end: number): void {
    if (end - start < 20) return;
    const link = this.links[view.getUint32(start + 8, this.little)];
    const [card, system] = [this.option(view, start + 20, end, 5), this.option(view, start + 20, end, 7)];
    if (link === undefined || (card < 0 && system < 0)) return;
    this.told(link, (card < 0 ? 0 : this.wide(view, card)) + (system < 0 ? 0 : this.wide(view, system)));
  }

  /** Appendix A: frames lost between the one before and this one; 65,535 is "not known". */
  private lost(link: Link, frames: number): void {
    if (frames > 0 && frames < 0xffff) this.told(link, (this.interfaces[link.id]?.dropped ?? 0) + frames);
  }

  private told(link: Link, dropped: number): void {
    const one = this.interfaces[link.id];
    if (one !== undefined) one.dropped = dropped;
  }

  /** Section 3.5: where the value of an option starts; -1 when it is missing or too short for its meaning. */
  private option(view: DataView, start: number, end: number, wanted: number): number {
    for (let p = start; end - p >= 4; ) {
      const code = view.getUint16(p, this.little);
      const size = view.getUint16(p + 2, this.little);
      if (code === 0 || size > end - p - 4) return -1;
      if (code === wanted) return size >= (LEAST[wanted] ?? 0) ? p + 4 : -1;
      p += 4 + size + (-size & 3);
    }
    return -1;
  }

  private wide(view: DataView, p: number): number {
    const [high, low] = this.little ? [p + 4, p] : [p, p + 4];
    return view.getInt32(high, this.little) * 4294967296 + view.getUint32(low, this.little);
  }

  private corrupt(problem: string): false {
    this.problem = problem;
    return false;
  }
}

/** Bytes an option needs: if_tsresol 1, the 64-bit ones 8. */
const LEAST: { [code: number]: number } = { 5: 8, 7: 8, 9: 1, 14: 8 };

const isPacket = (type: number) => type === ENHANCED_PACKET || type === SIMPLE_PACKET || type === PACKET;

/** Section 4.2, if_tsresol: the top bit makes the rest a negative power of 2, else of 10. Written so that whole units stay exact. */
function units(resolution: number): { times: number; per: number } {
  const power = resolution & 0x7f;
  if (resolution & 0x80) return { times: 1000 / 2 ** power, per: 1 };
  return power < 3 ? { times: 10 ** (3 - power), per: 1 } : { times: 1, per: 10 ** (power - 3) };
}

const utf8 = new TextDecoder();
const bytesOf = (view: DataView, start: number, n: number) => new Uint8Array(view.buffer, view.byteOffset + start, n);
