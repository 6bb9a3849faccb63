/** Whether captures are read in this process or by sensors in processes of their own. */
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Config } from '../config.ts';
import { InputError } from '../sensor/capture/source.ts';
import { MAX_WORKERS } from '../sensor/process/options.ts';
import { type Flags, textFlag } from './command.ts';
import { keyPaths, keysOf } from './keyfiles.ts';
import type { PassOptions } from './pass.ts';

/** Bytes of captures from which on a second process is worth its start. */
const LARGE = 33_554_432;
const STDIN = '-';

export const WORKERS_OPTIONS = { workers: { type: 'string' } } as const;

export const WORKERS_HELP = `  --workers N       processes that decode, each a share of the conversations, while this one judges; 0: everything in one
                    process (default 1 for large captures, else 0). What is found is the same`;

/** How captures are read, and their keys: here, or by the processes that read them. */
export function readersOf(files: readonly string[], flags: Flags, config: Config): Pick<PassOptions, 'captures' | 'keys'> {
  const workers = workersFlag(flags) ?? (large(files) && availableParallelism() > 1 ? 1 : 0);
  if (workers === 0) return { keys: keysOf(flags, config) };
  if (files.includes(STDIN)) throw new InputError('standard input can be read by one process only; leave --workers out, or give a file');
  return { captures: { files, workers, keys: keyPaths(flags, config) } };
}

function workersFlag(flags: Flags): number | undefined {
  const text = textFlag(flags, 'workers');
  if (text === undefined) return undefined;
  const workers = Number(text);
  if (text.trim() === '' || !Number.isInteger(workers) || workers < 0 || workers > MAX_WORKERS)
    throw new InputError(`--workers takes a number from 0 to ${MAX_WORKERS}, not "${text}"`);
  return workers;
}

/** What cannot be read is not: opening it says why. */
function large(files: readonly string[]): boolean {
  if (files.includes(STDIN)) return false;
  return files.reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0) >= LARGE;
}
