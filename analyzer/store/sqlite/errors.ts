/** What SQLite and the file system say, as one line that names the file and the fix. */
import { StoreError } from '../store.ts';

const NOT_WRITABLE = 'cannot be written: give its owner write permission, or point the state directory (STILLWATCH_STATE) elsewhere';
const NO_PLACE = 'cannot be opened: make its folder, or point the state directory (STILLWATCH_STATE) elsewhere';
const DAMAGED = 'is damaged: restore it from a backup, or move it (and its -wal and -shm) away to start with an empty one';
const FULL = 'cannot grow, the disk is full: free some space; nothing was half-written';

/** By SQLite's primary result code, https://sqlite.org/rescode.html. */
const BY_RESULT: { [code: number]: string } = {
  5: 'is locked by another process: stop the other one that uses it',
  6: 'is locked by another process: stop the other one that uses it',
  8: NOT_WRITABLE,
  10: 'cannot be read or written (input/output error): check the disk, its free space and its limits',
  11: DAMAGED,
  13: FULL,
  14: NO_PLACE,
  26: 'is not a database, or is damaged: move it away, or restore it from a backup',
};

const BY_SYSTEM: { [code: string]: string } = {
  EACCES: NOT_WRITABLE,
  EPERM: NOT_WRITABLE,
  EROFS: NOT_WRITABLE,
  ENOSPC: FULL,
  EDQUOT: FULL,
  EEXIST: NO_PLACE,
  EISDIR: 'is a folder: name a file',
  ENOENT: NO_PLACE,
  ENOTDIR: NO_PLACE,
};

type Coded = { code?: string; errcode?: number; message?: string };

function words({ code = '', errcode = 0, message = '' }: Coded): string {
  if (code === 'ERR_INVALID_STATE') return 'is closed';
  if (code === 'ERR_SQLITE_ERROR') return BY_RESULT[errcode & 0xff] ?? `refused this (${message.replaceAll(/\s+/g, ' ')})`;
  return BY_SYSTEM[code] ?? `cannot be used (${code})`;
}

/** A StoreError for what the database or file system threw; anything else is a mistake of ours and comes back as it is. */
export function explain(error: unknown, path: string): unknown {
  if (error instanceof StoreError || !(error instanceof Error)) return error;
  const { code } = error as Coded;
  if (typeof code !== 'string' || !/^(ERR_SQLITE_ERROR|ERR_INVALID_STATE|E[A-Z]+)$/.test(code)) return error;
  return new StoreError('storage', `${path} ${words(error as Coded)}.`);
}
