/** `stillwatch store`: everything in a store, out of it into a file, and from a file into it. */
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { exported, imported } from '../analyzer/store/move.ts';
import { openSqlite } from '../analyzer/store/sqlite.ts';
import type { Store } from '../analyzer/store/store.ts';
import { type Config, loadConfig } from '../config.ts';
import { InputError } from '../sensor/capture/source.ts';
import { type Command, DONE, type Flags, print, say, textFlag } from './command.ts';
import { linesOf, nameOf, writeLines } from './lines.ts';
import { claim } from './lock.ts';
import { Tally } from './tally.ts';

const STDOUT = '-';

const BACKENDS = ['sqlite', 'elasticsearch'] as const;
type Backend = (typeof BACKENDS)[number];

export const store: Command = {
  summary: 'move everything that is stored: back up, restore, change the backend',
  help: `stillwatch store export [--config FILE] [--from sqlite|elasticsearch] [--out FILE]
stillwatch store import FILE [--config FILE] [--to sqlite|elasticsearch]

Writes everything that is stored as lines of JSON, and takes them into another store: findings, devices, facts, conversations,
register maps, tag lists, observations, measurements, decisions and the audit trail. Accounts, keys and the configuration are
files of their own.

An export may be made while the appliance runs; an import into its own store asks for it to be stopped. Importing again changes
nothing; what is there by the same id becomes as the file has it.

  --config FILE     configuration whose state directory, site and cluster are meant
  --from NAME       the store to export: sqlite (of the state directory, default) or elasticsearch (of this site)
  --to NAME         the store to import into, the same
  --out FILE        where to write (default standard output); compressed when FILE ends in .gz

FILE of an import may be compressed, or - for standard input.`,
  options: { config: { type: 'string' }, from: { type: 'string' }, to: { type: 'string' }, out: { type: 'string' } },
  async run([action, ...files], flags) {
    if (action === 'export') return exportStore(files, flags);
    if (action === 'import') return importStore(files, flags);
    throw new InputError(`store takes export or import${action === undefined ? '' : `, not "${action}"`}`);
  },
};

function backendFlag(flags: Flags, name: 'from' | 'to'): Backend {
  const text = textFlag(flags, name) ?? 'sqlite';
  if (!(BACKENDS as readonly string[]).includes(text)) throw new InputError(`--${name} takes one of ${BACKENDS.join(', ')}, not "${text}"`);
  return text as Backend;
}

/** Refuses options of the other action: one that is passed over would mean another store than was meant. */
function without(flags: Flags, action: string, names: string[]): void {
  for (const name of names) if (flags[name] !== undefined) throw new InputError(`store ${action} takes no --${name}; see stillwatch store --help`);
}

const configOf = (flags: Flags): Config => loadConfig(textFlag(flags, 'config'), process.env);

async function exportStore(files: string[], flags: Flags): Promise<number> {
  without(flags, 'export', ['to']);
  if (files.length > 0) throw new InputError(`store export takes --out FILE, not "${files[0]}"`);
  const from = backendFlag(flags, 'from');
  const out = textFlag(flags, 'out') ?? STDOUT;
  const config = configOf(flags);
  const opened = from === 'sqlite' ? existing(config) : await central(config);
  const tally = new Tally('exported');
  try {
    await writeLines(out, exported(opened.store, new Date(), tally.show));
  } finally {
    tally.clear();
    await opened.close();
  }
  if (out === STDOUT) say(tally.text());
  else await print(`${out}: ${tally.text()}\n`);
  return DONE;
}

async function importStore(files: string[], flags: Flags): Promise<number> {
  without(flags, 'import', ['from', 'out']);
  const [file] = files;
  if (file === undefined || files.length > 1) throw new InputError('store import takes one file that `stillwatch store export` wrote (- for standard input)');
  const to = backendFlag(flags, 'to');
  const config = configOf(flags);
  const lines = linesOf(file);
  // A file that cannot be read shows before a store is made for it.
  const first = await lines.next();
  const opened = to === 'sqlite' ? own(config) : await central(config);
  const tally = new Tally('imported');
  try {
    await imported(opened.store, chained(first, lines), { name: nameOf(file), onProgress: tally.show });
  } finally {
    tally.clear();
    await opened.close();
  }
  await print(`${nameOf(file)}: ${tally.text()}\n`);
  return DONE;
}

async function central(config: Config): Promise<{ store: Store; close(): Promise<void> }> {
  const { openCentral } = await import('./cluster.ts');
  return openCentral(config);
}

async function* chained<T>(first: IteratorResult<T>, rest: AsyncIterable<T>): AsyncGenerator<T> {
  if (first.done === true) return;
  yield first.value;
  yield* rest;
}

type Opened = { store: Store; close(): Promise<void> };

const pathOf = ({ state }: Config): string => join(state, 'stillwatch.db');

/** The appliance's store, to read; never made for it. */
function existing(config: Config): Opened {
  const path = pathOf(config);
  if (!existsSync(path)) throw new InputError(`${path} does not exist: name the state directory of the appliance (STILLWATCH_STATE, or state in --config)`);
  const store = openSqlite(path);
  return { store, close: () => store.close() };
}

/** The appliance's store, to write: refused while the appliance runs. */
function own(config: Config): Opened {
  folder(config.state);
  const release = claim(config.state);
  try {
    const store = openSqlite(pathOf(config));
    return { store, close: () => store.close().finally(release) };
  } catch (error) {
    release();
    throw error;
  }
}

function folder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o750 });
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new InputError(`state directory ${path} cannot be written (${codeOf(error)}); set STILLWATCH_STATE to a folder you may write to`);
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);
