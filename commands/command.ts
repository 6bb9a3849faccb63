/** What a command of the command line is, and what all of them share. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { LEVELS, type Level, levelRank } from '../analyzer/finding.ts';
import { InputError } from '../sensor/capture/source.ts';

export type Command = {
  /** First line: what it does. */
  summary: string;
  /** The whole help text. */
  help: string;
  options: NonNullable<ParseArgsConfig['options']>;
  /** Resolves with the exit code: 0 done, 1 findings at or above --fail-on (or a failed check), 2 usage or input error. */
  run(paths: string[], flags: Flags): Promise<number>;
};

export type Flags = { [name: string]: string | boolean | (string | boolean)[] | undefined };

export const DONE = 0;
export const FOUND = 1;
export const WRONG = 2;

/** Splits arguments by the command's options. Throws an InputError of one line for what is not among them. */
export function parse(command: Command, args: string[]): { paths: string[]; flags: Flags } {
  try {
    const { values, positionals } = parseArgs({ args, options: { ...command.options, help: { type: 'boolean', short: 'h' } }, allowPositionals: true });
    return { paths: positionals, flags: values };
  } catch (error) {
    throw new InputError((error as Error).message.split(/\.\s/)[0] as string);
  }
}

export const textFlag = (flags: Flags, name: string): string | undefined => (typeof flags[name] === 'string' ? flags[name] : undefined);

export function someFiles(paths: string[], command: string): string[] {
  if (paths.length === 0) throw new InputError(`${command} needs a capture file (pcap or pcapng, - for standard input)`);
  return paths;
}

export function levelFlag(flags: Flags, name: string): Level | undefined {
  const text = textFlag(flags, name);
  if (text === undefined) return undefined;
  if (!(LEVELS as readonly string[]).includes(text)) throw new InputError(`--${name} takes one of ${LEVELS.join(', ')}, not "${text}"`);
  return text as Level;
}

/** 1 when a finding is at or above the level asked for. */
export function exitCode(levels: Iterable<Level>, failOn: Level | undefined): number {
  if (failOn === undefined) return DONE;
  for (const level of levels) if (levelRank(level) >= levelRank(failOn)) return FOUND;
  return DONE;
}

export const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Writes to stdout and waits while the reader is behind. */
export function print(text: string): Promise<void> {
  return new Promise((resolve) => {
    if (process.stdout.write(text)) resolve();
    else process.stdout.once('drain', resolve);
  });
}
