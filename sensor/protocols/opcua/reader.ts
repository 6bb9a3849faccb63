import { Cursor } from '../../cursor.ts';

/** Nesting of Variants, DataValues and DiagnosticInfos that is followed (Part 6, 5.1.5 asks decoders for at least 100). */
export const MAX_DEPTH = 100;
/** Bytes of one string that are kept; the rest is skipped and an ellipsis put in its place. */
export const MAX_TEXT = 8192;
/** Bytes of one ByteString that are kept, as base64. */
export const MAX_BLOB = 512;
/** Values kept of one message, over all its arrays and nodes: an element of an array costs more than its byte on the wire. */
export const MAX_KEPT = 20_000;
/** Flaws kept of one message. */
const MAX_FLAWS = 16;

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes up to which a text is worth looking at byte by byte: most are short names without letters beyond ASCII. */
const SHORT_TEXT = 64;

/** Short texts met lately, each at the place its bytes point to: names and URIs come again and again. */
const MET = 4096;
const met: string[] = new Array(MET).fill('');

/** The text of `size` ASCII bytes; null when there are others among them. */
function ascii(view: DataView, start: number, size: number): string | null {
  let place = size;
  for (let i = start; i < start + size; i++) {
    const byte = view.getUint8(i);
    if (byte > 0x7f) return null;
    place = (Math.imul(place, 31) + byte) | 0;
  }
  place &= MET - 1;
  const known = met[place] as string;
  if (known.length === size && spells(known, view, start)) return known;
  return (met[place] = Buffer.from(view.buffer, view.byteOffset + start, size).toString('latin1'));
}

/** Whether the bytes from `start` on spell `text`, which is ASCII. */
function spells(text: string, view: DataView, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== view.getUint8(start + i)) return false;
  return true;
}

/** Where a ByteString lies; `size` is -1 for a null one. */
export type Span = { start: number; size: number };

/** A cursor over one message that also remembers what was wrong with it. */
export class Reader extends Cursor {
  depth = 0;
  flaws: string[] = [];
  /** Elements of inner lists that were read past. */
  leftOff = 0;
  private kept = 0;

  /** Starts on another message. */
  begin(view: DataView, start: number, end: number): this {
    this.depth = 0;
    this.kept = 0;
    this.leftOff = 0;
    if (this.flaws.length > 0) this.flaws = [];
    this.over(view, start, end);
    return this;
  }

  /** Whether one more value of this message may be kept. */
  keep(): boolean {
    return this.kept++ < MAX_KEPT;
  }

  flaw(id: string): void {
    if (this.flaws.length < MAX_FLAWS && !this.flaws.includes(id)) this.flaws.push(id);
  }

  /** Part 6, 5.2.2.4: Int32 length, -1 is null. */
  private length(): number {
    const n = this.i32le();
    if (n < -1) this.flaw('negative_length');
    if (n > this.left) this.flaw('length_beyond_message');
    return n < 0 ? -1 : n;
  }

  string(): string | null {
    const n = this.length();
    if (n < 0) return null;
    const at = this.take(n);
    if (at < 0) return '';
    const kept = Math.min(n, MAX_TEXT);
    if (kept === n && n <= SHORT_TEXT) {
      const text = ascii(this.view, at, n);
      if (text !== null) return text;
    }
    const bytes = new Uint8Array(this.view.buffer, this.view.byteOffset + at, kept);
    try {
      return kept < n ? `${strict.decode(bytes)}…` : strict.decode(bytes);
    } catch {
      if (kept === n) this.flaw('not_utf8');
      return new TextDecoder().decode(bytes) + (kept < n ? '…' : '');
    }
  }

  /** Where the next ByteString lies, without a copy. */
  span(): Span {
    const size = this.length();
    if (size < 0) return { start: this.at, size: -1 };
    const start = this.take(size);
    return start < 0 ? { start: this.at, size: 0 } : { start, size };
  }

  /** A ByteString as base64, cut at MAX_BLOB bytes. */
  base64(): string | null {
    const { start, size } = this.span();
    if (size < 0) return null;
    const text = Buffer.from(this.view.buffer, this.view.byteOffset + start, Math.min(size, MAX_BLOB)).toString('base64');
    return size > MAX_BLOB ? `${text}…` : text;
  }

  skipString(): void {
    const n = this.length();
    if (n > 0) this.skip(n);
  }

  /** An array's length as claimed and believed (Part 6, 5.2.5): Int32, -1 is null, capped by what the bytes left could hold. */
  items(bytesEach: number): number {
    const claimed = this.i32le();
    if (claimed < -1) this.flaw('negative_length');
    const believed = this.count(claimed, bytesEach);
    if (claimed > believed) this.flaw('length_beyond_message');
    return believed;
  }

  strings(max: number): string[] {
    const out: string[] = [];
    for (let n = this.items(4); n > 0 && !this.short; n--) {
      if (out.length < max && this.keep()) out.push(this.string() ?? '');
      else this.skipString();
    }
    return out;
  }

  /** Goes one level deeper; false (and everything is short from here on) past MAX_DEPTH. Pair with `leave`. */
  enter(): boolean {
    if (++this.depth <= MAX_DEPTH) return true;
    this.flaw('depth_over_limit');
    this.skip(this.left + 1);
    return false;
  }

  leave(): void {
    this.depth--;
  }
}
