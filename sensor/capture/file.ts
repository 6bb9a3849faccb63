import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { type Bytes, EMPTY, openBytes, StreamBytes } from './bytes.ts';
import type { Format } from './format.ts';
import { Gunzip, GZIP_MAGIC } from './gunzip.ts';
import { notCapture } from './magic.ts';
import { pcapOf } from './pcapfile.ts';
import { pcapngOf } from './pcapng.ts';
import { Block, InputError, type Source, type SourceReport } from './source.ts';
import { Window } from './window.ts';

/** Frames in a block. Blocks end with the bytes in memory as a rule, long before they hold this many. */
export const BLOCK_FRAMES = 16_384;
export const STDIN = '-';

/**
 * Reads capture files one after the other as one capture: pcap and pcapng, plain or gzip, `-` for standard input. Interface
 * ids go on from file to file; times are as the files have them. `frames` rejects with an InputError before the first frame
 * when one of the paths is no capture; what is broken later is a warning.
 */
export function openFiles(paths: readonly string[], stdin: () => Readable = () => process.stdin): Source {
  return new Files(paths, stdin);
}

/** What is in the files, from their record headers. Times are ms since the epoch, 0 without frames; `bytes` as on the wire. */
export type Span = { first: number; last: number; frames: number; bytes: number };

/** Reads over all files once. Rejects with an InputError for standard input, which can be read only once. */
export async function spanOf(paths: readonly string[]): Promise<Span> {
  if (paths.includes(STDIN)) throw new InputError('standard input can be read only once, so a share of it is not known; give a time such as 10m, or a file');
  const span = { first: Number.POSITIVE_INFINITY, last: 0, frames: 0, bytes: 0 };
  const report = await openFiles(paths).frames((block) => measure(block, span));
  span.frames = report.frames;
  if (report.frames === 0) span.first = 0;
  return span;
}

function measure(block: Block, span: Span): void {
  const { at, length, count } = block;
  for (let i = 0; i < count; i++) {
    const time = at[i] as number;
    if (time < span.first) span.first = time;
    if (time > span.last) span.last = time;
    span.bytes += length[i] as number;
  }
}

class Files implements Source {
  private readonly paths: readonly string[];
  private readonly stdin: () => Readable;
  private readonly window = new Window();
  private readonly block = new Block(this.window.view, BLOCK_FRAMES);
  readonly report: SourceReport = { frames: 0, interfaces: [], warnings: [] };
  private bytes: Bytes | undefined;
  private stopped = false;

  constructor(paths: readonly string[], stdin: () => Readable) {
    this.paths = paths;
    this.stdin = stdin;
  }

  stop(): void {
    this.stopped = true;
    this.bytes?.close();
  }

  async frames(onBlock: (block: Block) => void | Promise<void>): Promise<SourceReport> {
    if (this.paths.filter((path) => path === STDIN).length > 1) throw new InputError('standard input (-) is named twice, but can be read only once');
    // A file that is no capture must show before an hour of work on the others, not after it.
    if (this.paths.length > 1) for (const path of this.paths) if (path !== STDIN) openBytes(path).close();
    for (const path of this.paths) if (!this.stopped) await this.file(path, onBlock);
    return this.report;
  }

  private async file(path: string, onBlock: (block: Block) => void | Promise<void>): Promise<void> {
    const name = path === STDIN ? 'standard input' : path;
    this.bytes = path === STDIN ? new StreamBytes(this.stdin()) : openBytes(path);
    try {
      const format = await this.format(name);
      await this.read(format, onBlock);
      if (!this.stopped) this.warn(name, format);
      this.report.frames += format.frames;
    } finally {
      this.bytes.close();
    }
  }

  /** Finds out what the file is, by its first bytes and never by its name. */
  private async format(name: string): Promise<Format> {
    const { window } = this;
    window.over(this.bytes as Bytes);
    if ((await window.need(2)) && window.view.getUint16(window.start) === GZIP_MAGIC) {
      this.bytes = new Gunzip(window.take(), this.bytes as Bytes);
      window.over(this.bytes);
    }
    if (!(await window.need(4)) && window.left === 0) throw new InputError(`${name}: ${this.bytes?.problem || EMPTY}`);
    const magic = window.left < 4 ? 0 : window.view.getUint32(window.start);
    const { interfaces } = this.report;
    const format = pcapOf(magic, basename(name), interfaces) ?? pcapngOf(magic, basename(name), interfaces);
    if (format === undefined) throw new InputError(`${name}: ${notCapture(window)}`);
    return format;
  }

  private async read(format: Format, onBlock: (block: Block) => void | Promise<void>): Promise<void> {
    const { window, block } = this;
    do {
      do {
        block.count = 0;
        format.fill(window, block);
        if (block.count > 0) await onBlock(block);
        if (this.stopped) return;
      } while (block.count === BLOCK_FRAMES);
      if (format.problem !== '') return;
      // A regular file never waits, but timers and the console must have their turn.
      await setImmediate();
    } while (!this.stopped && (await window.more()));
  }

  private warn(name: string, format: Format): void {
    const { warnings } = this.report;
    const cut = format.problem === '' ? format.cut(this.window) : '';
    const early = this.bytes?.problem ?? '';
    if (format.problem !== '') warnings.push(`${name}: ${format.problem}; read up to there`);
    else if (early !== '') warnings.push(`${name}: ${early} after frame ${format.frames}; read up to there`);
    else if (cut !== '') warnings.push(`${name}: ends ${cut}; read up to there`);
    else if (format.frames === 0) warnings.push(`${name}: holds no frames`);
    if (format.remark !== '') warnings.push(`${name}: ${format.remark}`);
  }
}
