/** pcap: draft-ietf-opsawg-pcap, libpcap's pcap-savefile(5), and Alexey Kuznetzov's variant with a longer record header. */
import { addInterface, type Format, wireLength } from './format.ts';
import type { Block, Interface } from './source.ts';
import { MAX_FRAME, type Window } from './window.ts';

const FILE_HEADER = 24;

type Kind = {
  little: boolean;
  /** Units of the second time field in a millisecond. */
  perMs: number;
  recordHeader: number;
};

/** Section 4: the magic as its four bytes stand in the file. */
const KINDS = new Map<number, Kind>([
  [0xa1b2c3d4, { little: false, perMs: 1e3, recordHeader: 16 }],
  [0xd4c3b2a1, { little: true, perMs: 1e3, recordHeader: 16 }],
  [0xa1b23c4d, { little: false, perMs: 1e6, recordHeader: 16 }],
  [0x4d3cb2a1, { little: true, perMs: 1e6, recordHeader: 16 }],
  // Interface index, protocol and packet type follow the lengths.
  [0xa1b2cd34, { little: false, perMs: 1e3, recordHeader: 24 }],
  [0x34cdb2a1, { little: true, perMs: 1e3, recordHeader: 24 }],
]);

/** The format of a file that begins with these four bytes, read big-endian; undefined when it is not pcap. */
export function pcapOf(magic: number, name: string, interfaces: Interface[]): Format | undefined {
  const kind = KINDS.get(magic);
  return kind === undefined ? undefined : new Pcap(kind, name, interfaces);
}

class Pcap implements Format {
  frames = 0;
  problem = '';
  readonly remark = '';
  private readonly kind: Kind;
  private readonly name: string;
  private readonly interfaces: Interface[];
  private id = -1;
  private linktype = 0;

  constructor(kind: Kind, name: string, interfaces: Interface[]) {
    this.kind = kind;
    this.name = name;
    this.interfaces = interfaces;
  }

  fill(window: Window, block: Block): void {
    if (this.id < 0 && !this.head(window)) return;
    const { little, perMs, recordHeader } = this.kind;
    const { view, end } = window;
    const { offset, captured, length, at, interfaceId, linktype } = block;
    const { id, linktype: link } = this;
    const full = offset.length;
    let p = window.start;
    let n = block.count;
    while (n < full && end - p >= recordHeader) {
      const size = view.getUint32(p + 8, little);
      if (size > MAX_FRAME) {
        this.problem = `frame ${this.frames + n - block.count + 1} claims ${size} bytes (${MAX_FRAME} at most)`;
        break;
      }
      const data = p + recordHeader;
      if (end - data < size) break;
      offset[n] = data;
      captured[n] = size;
      length[n] = wireLength(view.getUint32(p + 12, little), size);
      at[n] = view.getUint32(p, little) * 1000 + view.getUint32(p + 4, little) / perMs;
      interfaceId[n] = id;
      linktype[n] = link;
      n++;
      p = data + size;
    }
    this.frames += n - block.count;
    block.count = n;
    window.start = p;
  }

  cut(window: Window): string {
    if (this.id < 0) return `inside the file header (${window.left} of ${FILE_HEADER} bytes)`;
    if (window.left === 0) return '';
    const { little, recordHeader } = this.kind;
    const frame = this.frames + 1;
    if (window.left < recordHeader) return `inside the header of frame ${frame} (${window.left} of ${recordHeader} bytes)`;
    return `inside frame ${frame} (${window.left - recordHeader} of ${window.view.getUint32(window.start + 8, little)} bytes)`;
  }

  /** Section 4: the upper half of the last word speaks of the frame check sequence, the lower is the link type. */
  private head(window: Window): boolean {
    if (window.left < FILE_HEADER) return false;
    this.linktype = window.view.getUint32(window.start + 20, this.kind.little) & 0xffff;
    this.id = addInterface(this.interfaces, { name: this.name, linktype: this.linktype, dropped: null });
    window.pass(FILE_HEADER);
    return true;
  }
}
