/** Whether captures are read in this process or by sensors in processes of their own. */
import type { Config } from '../config.ts';
import { InputError } from '../sensor/capture/source.ts';
import { MAX_WORKERS } from '../sensor/process/options.ts';
import { type Flags, textFlag } from './command.ts';
import { keyPaths, keysOf } from './keyfiles.ts';
import type { PassOptions } from './pass.ts';

const STDIN = '-';

export const WORKERS_OPTIONS = { workers: { type: 'string' } } as const;

export const WORKERS_HELP = `  --workers N       processes that decode, each a share of the conversations, while this one judges (default 0: this one does
                    both); for large captures and four processors or more. What is found is the same`;

/** How captures are read, and their keys: here, or by the processes that read them. */
export function readersOf(files: readonly string[], flags: Flags, config: Config): Pick<PassOptions, 'captures' | 'keys'> {
  const workers = workersFlag(flags);
  if (workers === 0) return { keys: keysOf(flags, config) };
  if (files.includes(STDIN)) throw new InputError('standard input can be read by one process only; leave --workers out, or give a file');
  return { captures: { files, workers, keys: keyPaths(flags, config) } };
}

function workersFlag(flags: Flags): number {
  const text = textFlag(flags, 'workers') ?? '0';
  const workers = Number(text);
  if (text.trim() === '' || !Number.isInteger(workers) || workers < 0 || workers > MAX_WORKERS)
    throw new InputError(`--workers takes a number from 0 to ${MAX_WORKERS}, not "${text}"`);
  return workers;
}
