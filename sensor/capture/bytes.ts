import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { InputError } from './source.ts';

/** A run of bytes, read once from its start. */
export interface Bytes {
  /** Fills `into` from its start with at least one byte; 0 at the end. */
  read(into: Uint8Array): number | Promise<number>;
  /** Why the bytes ended before their time, '' when they did not. */
  readonly problem: string;
  /** Lets go of what is open. A read that still waits answers 0. */
  close(): void;
}

export const EMPTY = 'is empty; was the capture stopped before its first frame was written?';
const DIRECTORY = 'is a directory; name the capture files in it';
const MISSING = 'no such file; check the path';
const FORBIDDEN = 'no permission to read it; check its owner and mode, or run as a user who may';
const REASONS: { [code: string]: string } = {
  ENOENT: MISSING,
  ENOTDIR: MISSING,
  ENAMETOOLONG: MISSING,
  EISDIR: DIRECTORY,
  EACCES: FORBIDDEN,
  EPERM: FORBIDDEN,
  EMFILE: 'too many files are open; raise the limit (ulimit -n)',
};

/** Opens a file or a pipe. Throws InputError, naming the file and the fix, when there is nothing to read. `empty` and `directory`: what is said of those. */
export function openBytes(path: string, { empty = EMPTY, directory = DIRECTORY } = {}): Bytes {
  const fd = descriptor(path);
  const stat = fstatSync(fd);
  const wrong = stat.isDirectory() ? directory : stat.isFile() && stat.size === 0 ? empty : '';
  if (wrong !== '') {
    closeSync(fd);
    throw new InputError(`${path}: ${wrong}`);
  }
  return stat.isFile() ? new FileBytes(fd) : new StreamBytes(createReadStream('', { fd, highWaterMark: 1 << 20 }));
}

function descriptor(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw new InputError(`${path.replaceAll('\0', '\\0')}: ${REASONS[codeOf(error)] ?? `cannot be read (${codeOf(error)})`}`);
  }
}

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? String(error);

/** A regular file. Read synchronously: out of the page cache that is faster than a round trip through the thread pool. */
class FileBytes implements Bytes {
  problem = '';
  private fd: number;

  constructor(fd: number) {
    this.fd = fd;
  }

  read(into: Uint8Array): number {
    if (this.fd < 0) return 0;
    try {
      return readSync(this.fd, into, 0, into.length, null);
    } catch (error) {
      this.problem = `reading failed (${codeOf(error)})`;
      return 0;
    }
  }

  close(): void {
    if (this.fd >= 0) closeSync(this.fd);
    this.fd = -1;
  }
}

/** Standard input or a pipe: whoever writes it may keep us waiting. */
export class StreamBytes implements Bytes {
  problem = '';
  private readonly stream: Readable;
  private readonly chunks: AsyncIterator<Uint8Array>;
  private chunk: Uint8Array = new Uint8Array(0);

  constructor(stream: Readable) {
    this.stream = stream;
    this.chunks = stream[Symbol.asyncIterator]();
  }

  async read(into: Uint8Array): Promise<number> {
    while (this.chunk.length === 0) {
      const next = await this.next();
      if (next === undefined) return 0;
      this.chunk = next;
    }
    const n = Math.min(into.length, this.chunk.length);
    into.set(this.chunk.subarray(0, n));
    this.chunk = this.chunk.subarray(n);
    return n;
  }

  close(): void {
    this.stream.destroy();
  }

  private async next(): Promise<Uint8Array | undefined> {
    try {
      const { done, value } = await this.chunks.next();
      return done ? undefined : value;
    } catch (error) {
      if (!this.stream.destroyed || codeOf(error) !== 'ERR_STREAM_PREMATURE_CLOSE') this.problem = `reading failed (${codeOf(error)})`;
      return undefined;
    }
  }
}
