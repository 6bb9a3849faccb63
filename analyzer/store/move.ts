/** Everything in a store as lines of JSON: out of one backend or version, into another. */
import { entryOf } from './entry.ts';
import { type Batch, ENTRY_KINDS, type Entry, type EntryKind, type Store, StoreError } from './store.ts';

/** Counts changes of the lines: newer ones are refused by who does not know them. */
const VERSION = 1;

/** Entries that are saved at once. */
export const MAX_BATCH = 500;
/** And characters of their lines; what is larger alone goes alone. */
export const MAX_BATCH_TEXT = 8_388_608;

/** How many there are of each kind; those without any are not in it. */
export type Counts = { [kind in EntryKind]?: number };

type Told = (counts: Counts) => void;

const AGAIN = 'what came before was taken; export it again and import it over';

/** The lines, without their ends: a head, an entry a line, and how many there were of each kind, so that a cut file shows. */
export async function* exported(store: Store, now: Date, onProgress: Told = () => undefined): AsyncGenerator<string> {
  yield JSON.stringify({ stillwatch: 'store', version: VERSION, exported: now.toISOString() });
  const counts: Counts = {};
  for await (const { kind, value } of store.entries()) {
    yield JSON.stringify({ kind, value });
    counts[kind] = (counts[kind] ?? 0) + 1;
    onProgress(counts);
  }
  yield JSON.stringify({ stillwatch: 'end', counts });
}

/** `name`: of what the lines are from, for what is said of them. */
export type Import = { name: string; onProgress?: Told };

/**
 * Takes what `exported` gave. What is there already by the same id becomes as the lines have it, and doing it again changes nothing. Throws a StoreError of one
 * line for what is no export, is damaged, ends early or comes from a newer version; whatever stood before the fault was taken then.
 */
export async function imported(store: Store, lines: AsyncIterable<string>, { name, onProgress = () => undefined }: Import): Promise<Counts> {
  const counts: Counts = {};
  const intake = new Intake(store);
  try {
    for await (const { entry, size } of entriesOf(lines, name, counts)) {
      await intake.take(entry, size);
      onProgress(counts);
    }
  } finally {
    await intake.flush();
  }
  return counts;
}

const PLACES = {
  audit: 'audit',
  tagList: 'tagLists',
  asset: 'assets',
  fact: 'facts',
  finding: 'findings',
  conversation: 'conversations',
  registers: 'registers',
  observation: 'observations',
  health: 'health',
} as const satisfies { [kind in EntryKind]?: keyof Batch };

/** Gathers what is saved together. */
class Intake {
  private readonly store: Store;
  private batch: { [place in keyof Batch]?: unknown[] } = {};
  private entries = 0;
  private size = 0;

  constructor(store: Store) {
    this.store = store;
  }

  async take(entry: Entry, size: number): Promise<void> {
    if (entry.kind === 'decision') {
      // It writes an audit line too, behind those before it.
      await this.flush();
      return this.store.decide(entry.value);
    }
    if (this.size + size > MAX_BATCH_TEXT) await this.flush();
    (this.batch[PLACES[entry.kind]] ??= []).push(entry.value);
    this.size += size;
    if (++this.entries >= MAX_BATCH) await this.flush();
  }

  async flush(): Promise<void> {
    const { batch, entries } = this;
    [this.batch, this.entries, this.size] = [{}, 0, 0];
    if (entries > 0) await this.store.save(batch as Batch);
  }
}

const fault = (name: string, says: string): StoreError => new StoreError('query', `${name}: ${says}.`);

/** The JSON of each line that is not blank, with its number from 1; `undefined` for what is none. */
async function* parsed(lines: AsyncIterable<string>): AsyncGenerator<{ at: number; json: unknown; size: number }> {
  let at = 0;
  for await (const line of lines) {
    at++;
    if (/^\s*$/.test(line)) continue;
    yield { at, json: jsonOf(line), size: line.length };
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Entries between head and end; `counts` goes up with each. */
async function* entriesOf(lines: AsyncIterable<string>, name: string, counts: Counts): AsyncGenerator<{ entry: Entry; size: number }> {
  let place: 'head' | 'entries' | 'end' = 'head';
  let broken = 0;
  for await (const { at, json, size } of parsed(lines)) {
    // Only when another line follows: the last one of a cut file is no JSON either.
    if (broken > 0) throw fault(name, `line ${broken}: is no JSON, the file is damaged; ${AGAIN}`);
    if (place === 'end') throw fault(name, `line ${at}: comes after the end; import one export at a time`);
    if (place === 'head') {
      checkHead(json, name);
      place = 'entries';
    } else if (json === undefined) {
      broken = at;
    } else if (isEnd(json)) {
      checkEnd(json.counts, counts, name, at);
      place = 'end';
    } else {
      const found = entryOf(json);
      if ('wrong' in found) throw fault(name, `line ${at}: ${found.wrong}; ${AGAIN}`);
      counts[found.entry.kind] = (counts[found.entry.kind] ?? 0) + 1;
      yield { entry: found.entry, size };
    }
  }
  if (place === 'head') throw fault(name, 'is empty; name a file that `stillwatch store export` wrote');
  if (place === 'entries') throw fault(name, `ends in the middle; ${AGAIN}`);
}

function checkHead(json: unknown, name: string): void {
  const { stillwatch, version } = (json ?? {}) as { stillwatch?: unknown; version?: unknown };
  if (stillwatch !== 'store' || !Number.isSafeInteger(version) || (version as number) < 1)
    throw fault(name, 'is no export of a store; name a file that `stillwatch store export` wrote');
  if ((version as number) > VERSION) {
    throw fault(name, `was exported by a newer Stillwatch (version ${version}, this one knows up to ${VERSION}); update this one`);
  }
}

const isEnd = (json: unknown): json is { counts: unknown } => (json as { stillwatch?: unknown } | null)?.stillwatch === 'end';

function checkEnd(said: unknown, counts: Counts, name: string, at: number): void {
  const expected = (said ?? {}) as Counts;
  for (const kind of ENTRY_KINDS) {
    const [there, came] = [Number(expected[kind] ?? 0), counts[kind] ?? 0];
    if (there !== came) throw fault(name, `line ${at}: of ${there} entries of the kind ${kind} ${came} came; ${AGAIN}`);
  }
}
