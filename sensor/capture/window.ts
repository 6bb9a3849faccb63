import type { Bytes } from './bytes.ts';

/**
 * The largest frame believed, 262,144 bytes: the most that tcpdump and Wireshark write (their MAXIMUM_SNAPLEN and
 * WTAP_MAX_PACKET_SIZE_STANDARD). A header that claims more is a corrupt header.
 */
export const MAX_FRAME = 262_144;
/** The largest record handled as a whole: a frame, its header and its options. */
export const MAX_RECORD = MAX_FRAME + 65_536;
/** Room to read into. Measured: between 128 KiB and 1 MiB it makes no difference. */
const CHUNK = 1 << 19;

/** The part of a file that is in memory: `start` to `end` of one buffer that is used again and again. */
export class Window {
  readonly bytes = new Uint8Array(CHUNK + MAX_RECORD);
  readonly view = new DataView(this.bytes.buffer);
  start = 0;
  end = 0;
  private from: Bytes | undefined;
  /** Bytes to pass over that are not in memory yet. */
  private owed = 0;

  /** Begins with other bytes. */
  over(from: Bytes): void {
    this.from = from;
    this.start = 0;
    this.end = 0;
    this.owed = 0;
  }

  get left(): number {
    return this.end - this.start;
  }

  /** Still passing over something. */
  get passing(): boolean {
    return this.owed > 0;
  }

  /** Passes over `n` bytes, in memory or not. */
  pass(n: number): void {
    const here = Math.min(n, this.end - this.start);
    this.start += here;
    this.owed += n - here;
  }

  /** A copy of what is in memory, which is passed over. */
  take(): Uint8Array {
    const taken = this.bytes.slice(this.start, this.end);
    this.start = this.end;
    return taken;
  }

  /** Moves what is left to the front and reads on behind it. False at the end of the bytes. */
  async more(): Promise<boolean> {
    this.bytes.copyWithin(0, this.start, this.end);
    this.end -= this.start;
    this.start = 0;
    const read = (await this.from?.read(this.bytes.subarray(this.end))) ?? 0;
    this.end += read;
    const owed = this.owed;
    this.owed = 0;
    this.pass(owed);
    return read > 0;
  }

  /** Reads until at least `n` bytes are in memory. False when there are fewer. */
  async need(n: number): Promise<boolean> {
    while (this.left < n) if (!(await this.more())) return false;
    return true;
  }
}
