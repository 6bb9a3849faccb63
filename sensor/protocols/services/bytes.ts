/** A payload whose protocol is asked for. Reading past its end gives -1 (0 for `text`'s bytes), never an error. */
export class Bytes {
  readonly size: number;
  private readonly view: DataView;
  private readonly start: number;

  constructor(view: DataView, start: number, end: number) {
    this.view = view;
    this.start = start;
    this.size = Math.max(0, Math.min(end, view.byteLength) - start);
  }

  u8(at: number): number {
    return at >= 0 && at < this.size ? this.view.getUint8(this.start + at) : -1;
  }

  u16(at: number): number {
    return at >= 0 && at + 2 <= this.size ? this.view.getUint16(this.start + at) : -1;
  }

  u32(at: number): number {
    return at >= 0 && at + 4 <= this.size ? this.view.getUint32(this.start + at) : -1;
  }

  u16le(at: number): number {
    return at >= 0 && at + 2 <= this.size ? this.view.getUint16(this.start + at, true) : -1;
  }

  u32le(at: number): number {
    return at >= 0 && at + 4 <= this.size ? this.view.getUint32(this.start + at, true) : -1;
  }

  /** Whether these bytes stand at `at`. */
  has(at: number, ...bytes: number[]): boolean {
    return bytes.every((byte, i) => this.u8(at + i) === byte);
  }

  /** Whether this ASCII text stands at `at`, in capitals or not. */
  says(text: string, at = 0): boolean {
    for (let i = 0; i < text.length; i++) {
      const byte = this.u8(at + i);
      const wanted = text.charCodeAt(i);
      if (byte !== wanted && (byte | 0x20) !== (wanted | 0x20)) return false;
      if (byte !== wanted && !letter(byte)) return false;
    }
    return true;
  }

  saysAny(texts: readonly string[]): boolean {
    return texts.some((text) => this.says(text));
  }

  /** The first `n` bytes as Latin-1. */
  text(n: number): string {
    let out = '';
    for (let i = 0; i < Math.min(n, this.size); i++) out += String.fromCharCode(this.u8(i));
    return out;
  }
}

const letter = (byte: number): boolean => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
