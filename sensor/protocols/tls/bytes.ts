/** Reads fields of a handshake message; past its end everything is 0 or empty and `short` is set. */
export class Bytes {
  short = false;
  private readonly view: DataView;
  private at: number;
  private readonly end: number;

  constructor(view: DataView, start: number, end: number) {
    this.view = view;
    this.at = start;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  /** Big-endian number of 1 to 4 bytes. */
  uint(size: number): number {
    if (!this.has(size)) return 0;
    let value = 0;
    for (let i = 0; i < size; i++) value = value * 256 + this.view.getUint8(this.at + i);
    this.at += size;
    return value;
  }

  skip(size: number): void {
    if (this.has(size)) this.at += size;
  }

  /** A vector (RFC 8446, 3.4): its length in `size` bytes, then that many bytes. Cut short, it is what there is. */
  vector(size: number): Bytes {
    const length = this.uint(size);
    if (length > this.left) this.short = true;
    const stop = this.at + Math.min(length, this.left);
    const inner = new Bytes(this.view, this.at, stop);
    this.at = stop;
    return inner;
  }

  /** What is left, as it lies in the view. */
  rest(): { view: DataView; start: number; size: number } {
    return { view: this.view, start: this.at, size: this.left };
  }

  /** What is left as text of at most `limit` characters; bytes that are not printable ASCII become dots. */
  text(limit: number): string {
    let out = '';
    for (let i = this.at; i < this.end && out.length < limit; i++) {
      const byte = this.view.getUint8(i);
      out += byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';
    }
    this.at = this.end;
    return out;
  }

  /** What is left in hexadecimal, at most `limit` bytes of it. */
  hex(limit: number): string {
    let out = '';
    for (let i = this.at; i < this.end && i < this.at + limit; i++) out += this.view.getUint8(i).toString(16).padStart(2, '0');
    return out;
  }

  private has(size: number): boolean {
    if (this.left >= size) return true;
    this.short = true;
    this.at = this.end;
    return false;
  }
}
