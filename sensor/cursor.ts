/** Reads forward through bytes nobody vouches for. Past the end it reads 0 and stays `short`; it never throws. */
export class Cursor {
  view: DataView = new DataView(new ArrayBuffer(0));
  at = 0;
  end = 0;
  /** More was asked for than there was. */
  short = false;

  over(view: DataView, start: number, end: number): this {
    this.view = view;
    this.at = start;
    this.end = end;
    this.short = false;
    return this;
  }

  get left(): number {
    return this.end - this.at;
  }

  /** Claims `n` bytes and returns where they start, or -1 and everything is short from here on. */
  take(n: number): number {
    if (n < 0 || n > this.end - this.at) {
      this.short = true;
      this.at = this.end;
      return -1;
    }
    const at = this.at;
    this.at += n;
    return at;
  }

  /** A count from the wire, believed only as far as the bytes left could hold that many items of at least `bytesEach`. */
  count(claimed: number, bytesEach: number): number {
    const room = Math.floor((this.end - this.at) / bytesEach);
    if (claimed > room) this.short = true;
    return claimed < 0 ? 0 : Math.min(claimed, room);
  }

  u8(): number {
    const at = this.take(1);
    return at < 0 ? 0 : this.view.getUint8(at);
  }

  /** Big-endian, as IP, TCP and Modbus write. */
  u16(): number {
    const at = this.take(2);
    return at < 0 ? 0 : this.view.getUint16(at);
  }

  u32(): number {
    const at = this.take(4);
    return at < 0 ? 0 : this.view.getUint32(at);
  }

  /** Little-endian, as OPC UA and pcapng of most machines write. */
  u16le(): number {
    const at = this.take(2);
    return at < 0 ? 0 : this.view.getUint16(at, true);
  }

  u32le(): number {
    const at = this.take(4);
    return at < 0 ? 0 : this.view.getUint32(at, true);
  }

  i32le(): number {
    const at = this.take(4);
    return at < 0 ? 0 : this.view.getInt32(at, true);
  }

  f32le(): number {
    const at = this.take(4);
    return at < 0 ? 0 : this.view.getFloat32(at, true);
  }

  f64le(): number {
    const at = this.take(8);
    return at < 0 ? 0 : this.view.getFloat64(at, true);
  }

  /** A copy of the next `n` bytes. */
  bytes(n: number): Uint8Array {
    const at = this.take(n);
    return at < 0 ? new Uint8Array(0) : new Uint8Array(this.view.buffer, this.view.byteOffset + at, n).slice();
  }

  /** The next `n` bytes as text; bytes that are not UTF-8 become U+FFFD. */
  text(n: number): string {
    const at = this.take(n);
    return at < 0 ? '' : utf8.decode(new Uint8Array(this.view.buffer, this.view.byteOffset + at, n));
  }

  skip(n: number): void {
    this.take(n);
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
