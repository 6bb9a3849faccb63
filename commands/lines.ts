/** Lines in and out of files, plain or gzip, one at a time however many there are; `-` is standard input or output. */
import { createWriteStream, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Bytes, openBytes, StreamBytes } from '../sensor/capture/bytes.ts';
import { STDIN } from '../sensor/capture/file.ts';
import { Gunzip, GZIP_MAGIC } from '../sensor/capture/gunzip.ts';
import { InputError } from '../sensor/capture/source.ts';
import { print } from './command.ts';

/** Characters of a line. The longest that is written holds as many tags as there is room for. */
const MAX_LINE = 268_435_456;
/** Bytes read at a time. */
const PIECE = 262_144;
/** Characters written at a time. */
const BLOCK = 65_536;

const WORDS = { empty: 'is empty', directory: 'is a directory; name a file in it' };

export const nameOf = (path: string): string => (path === STDIN ? 'standard input' : path);

/** The first bytes, and what reads those behind them. */
async function unpacked(path: string): Promise<{ head: Uint8Array; bytes: Bytes }> {
  const bytes = path === STDIN ? new StreamBytes(process.stdin) : openBytes(path, WORDS);
  const piece = new Uint8Array(PIECE);
  let length = 0;
  for (let n = -1; length < 2 && n !== 0; length += n) n = await bytes.read(piece.subarray(length));
  const head = piece.subarray(0, length);
  if (length < 2 || new DataView(piece.buffer).getUint16(0) !== GZIP_MAGIC) return { head, bytes };
  return { head: new Uint8Array(0), bytes: new Gunzip(head, bytes) };
}

async function* texts(path: string): AsyncGenerator<string> {
  const { head, bytes } = await unpacked(path);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    yield decoder.decode(head, { stream: true });
    const piece = new Uint8Array(PIECE);
    for (let n = await bytes.read(piece); n > 0; n = await bytes.read(piece)) yield decoder.decode(piece.subarray(0, n), { stream: true });
    // Of what is cut short the lines that are there are good, and the last one tells.
    if (bytes.problem !== '' && !bytes.problem.endsWith('cut short')) throw new InputError(`${nameOf(path)}: ${bytes.problem}; take another copy of it`);
  } catch (error) {
    if (error instanceof TypeError) throw new InputError(`${nameOf(path)}: is not UTF-8 text; take another copy of it`);
    throw error;
  } finally {
    bytes.close();
  }
}

/** Without their ends. Throws an InputError of one line for what cannot be read or is no text. */
export async function* linesOf(path: string): AsyncGenerator<string> {
  let parts: string[] = [];
  let length = 0;
  for await (const text of texts(path)) {
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      yield parts.join('') + text.slice(from, end);
      [parts, length, from] = [[], 0, end + 1];
    }
    parts.push(text.slice(from));
    length += text.length - from;
    if (length > MAX_LINE) throw new InputError(`${nameOf(path)}: has a line of more than ${MAX_LINE} characters; name a file of lines`);
  }
  if (length > 0) yield parts.join('');
}

/** Each with its end, many at a time. */
async function* blocks(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let block = '';
  for await (const line of lines) {
    block += `${line}\n`;
    if (block.length < BLOCK) continue;
    yield block;
    block = '';
  }
  yield block;
}

/** Writes a file whole or not at all, for its owner alone, compressed when its name ends in .gz. A pipe or a device is written to as it is. */
export async function writeLines(path: string, lines: AsyncIterable<string>): Promise<void> {
  if (path === STDIN) {
    for await (const block of blocks(lines)) await print(block);
    return;
  }
  const regular = !existsSync(path) || statSync(path).isFile();
  const target = regular ? `${path}.new` : path;
  try {
    if (regular) rmSync(target, { force: true });
    const file = createWriteStream(target, regular ? { mode: 0o600, flags: 'wx', flush: true } : {});
    await (path.endsWith('.gz') ? pipeline(blocks(lines), createGzip(), file) : pipeline(blocks(lines), file));
    if (regular) renameSync(target, path);
  } catch (error) {
    if (regular) discard(target);
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!/^E[A-Z]+$|^ERR_FS_/.test(code)) throw error;
    throw new InputError(`${path}: cannot be written (${code}); name a file in a folder you may write to, with room for it`);
  }
}

/** What is left of a file that was not finished. */
function discard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The first error tells more.
  }
}
