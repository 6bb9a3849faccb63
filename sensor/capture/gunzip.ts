import { constants, createGunzip } from 'node:zlib';
import type { Bytes } from './bytes.ts';

/** RFC 1952 section 2.3.1: ID1, ID2. */
export const GZIP_MAGIC = 0x1f8b;

/** Compressed bytes inflated at a time, at most. Deflate makes at most 1,032 bytes out of one, so 32 MiB wait in memory at worst. */
const PIECE = 32_768;
/** And at least. zlib drops what it has of a piece in which the damage lies, so pieces grow with what was read: little is lost of a small file. */
const FIRST_PIECE = 512;
const GROWTH = 32;

/** gzip of one or more members (RFC 1952 section 2.2), inflated as it is read. */
export class Gunzip implements Bytes {
  problem = '';
  private readonly inflater = createGunzip({ chunkSize: 1 << 15 });
  private readonly inflated: Uint8Array[] = [];
  private readonly rest: Bytes;
  private readonly buffer = new Uint8Array(PIECE);
  private head: Uint8Array;
  private taken = 0;
  private ended = false;

  /** `head` are the bytes already taken from `rest`. */
  constructor(head: Uint8Array, rest: Bytes) {
    this.head = head;
    this.rest = rest;
    this.inflater.on('data', (chunk: Uint8Array) => this.inflated.push(chunk));
    this.inflater.on('end', () => {
      this.ended = true;
    });
    this.inflater.on('error', (error: Error & { errno?: number }) => {
      this.ended = true;
      this.problem = error.errno === constants.Z_BUF_ERROR ? 'the compressed data is cut short' : 'the compressed data is damaged';
    });
  }

  async read(into: Uint8Array): Promise<number> {
    while (this.inflated.length === 0 && !this.ended) await this.inflate();
    const chunk = this.inflated[0];
    if (chunk === undefined) return 0;
    const n = Math.min(into.length, chunk.length);
    into.set(chunk.subarray(0, n));
    if (n === chunk.length) this.inflated.shift();
    else this.inflated[0] = chunk.subarray(n);
    return n;
  }

  close(): void {
    this.ended = true;
    this.inflater.destroy();
    this.rest.close();
  }

  private async inflate(): Promise<void> {
    const piece = await this.piece();
    if (this.ended) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = () => resolve();
    this.inflater.once('error', done);
    this.inflater.once('close', done);
    if (piece.length > 0) this.inflater.write(piece, done);
    else this.inflater.once('end', done).end();
    await promise;
    for (const event of ['error', 'close', 'end']) this.inflater.off(event, done);
    if (piece.length === 0 && this.problem === '') this.problem = this.rest.problem;
  }

  private async piece(): Promise<Uint8Array> {
    if (this.head.length === 0) this.head = this.buffer.subarray(0, await this.rest.read(this.buffer));
    const piece = this.head.subarray(0, Math.min(PIECE, Math.max(FIRST_PIECE, this.taken / GROWTH)));
    this.head = this.head.subarray(piece.length);
    this.taken += piece.length;
    return piece;
  }
}
