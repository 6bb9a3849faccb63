/** Tag lists named on the command line or in the configuration. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { basename } from 'node:path';
import { isNotation, NOTATIONS, type Notation } from '../analyzer/point.ts';
import { CONFIGURATION, type Store } from '../analyzer/store/store.ts';
import { importTags, problemText } from '../analyzer/tags/import.ts';
import { tagListOf } from '../analyzer/tags/list.ts';
import { overlaps } from '../analyzer/tags/overlap.ts';
import { MAX_TAGS, type Tag, tagPoint } from '../analyzer/tags/tag.ts';
import { TagIndex } from '../analyzer/tags/tags.ts';
import { InputError } from '../sensor/capture/source.ts';
import { type Flags, say, textFlag } from './command.ts';

/** Options of every command that takes tag lists. */
export const TAG_OPTIONS = { tags: { type: 'string', multiple: true }, notation: { type: 'string' } } as const;

export const TAG_HELP = `  --tags FILE       a tag list (CSV) that names values; 10.0.0.9=FILE where it has no column server (may be given more than once)
  --notation NAME   how the lists write addresses where they do not say: wire (from 0), one-based or modicon`;

/** `10.0.0.9=FILE`, `10.0.0.9/3=FILE` for one unit, or `FILE`. */
export function tagSource(text: string): { server: string | null; unit: number | null; file: string } {
  const match = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?=(.+)$/.exec(text);
  if (match === null || isIP(match[1] as string) === 0) return { server: null, unit: null, file: text };
  return { server: (match[1] as string).toLowerCase(), unit: match[2] === undefined ? null : Number(match[2]), file: match[3] as string };
}

export function notationFlag(flags: Flags): Notation | null {
  const text = textFlag(flags, 'notation');
  if (text === undefined) return null;
  if (!isNotation(text)) throw new InputError(`--notation takes one of ${NOTATIONS.join(', ')}, not "${text}"`);
  return text;
}

/** Reads every list. All problems of a list are told on stderr; then an InputError of one line says that nothing was taken. */
export async function readTagLists(sources: readonly string[], notation: Notation | null): Promise<Tag[]> {
  const all: Tag[] = [];
  const files: string[] = [];
  for (const source of sources) {
    const { server, unit, file } = tagSource(source);
    const { tags, problems, faults } = await importTags(bytesOf(file), { server, unit, notation }, MAX_TAGS - all.length);
    for (const problem of problems) say(`${file}: ${problemText(problem)}`);
    if (faults > problems.length) say(`${file}: and ${faults - problems.length} more`);
    if (faults > 0) throw new InputError(`${file}: ${faults} ${faults === 1 ? 'problem' : 'problems'}; nothing of the list was taken`);
    for (const tag of tags) {
      all.push(tag);
      files.push(file);
    }
  }
  apart(all, files);
  return all;
}

/** Makes the lists of the configuration count in the store; a decision is written when they are others than before. */
export async function configureTags(store: Store, tags: Tag[], files: readonly string[], now: Date): Promise<void> {
  const on = { kind: 'asset', id: CONFIGURATION } as const;
  const list = tagListOf(CONFIGURATION, files.map((file) => basename(file)).join(', '), tags);
  const decisions = await store.decisions(on);
  const before = decisions.findLast(({ kind }) => kind === 'tags')?.edit?.['list'] ?? '';
  const id = tags.length === 0 ? '' : list.id;
  if (id === before) return;
  if (id !== '') await store.save({ tagLists: [list] });
  const edit = { list: id, file: list.file, tags: String(tags.length) };
  const made = { id: randomUUID(), '@timestamp': now.toISOString(), by: CONFIGURATION, on, edit, after: decisions.length };
  await store.decide({ ...made, kind: 'tags', resolution: null, comment: '' });
}

/** The tags of the command line, ready for use. */
export async function tagIndexOf(flags: Flags): Promise<TagIndex> {
  return new TagIndex(await readTagLists((flags['tags'] as string[] | undefined) ?? [], notationFlag(flags)));
}

function apart(tags: readonly Tag[], files: readonly string[]): void {
  const [first] = overlaps(tags);
  if (first === undefined) return;
  const named = (n: number): string => `${(tags[n] as Tag).name} (${(tags[n] as Tag).server} ${tagPoint(tags[n] as Tag)}, ${files[n]})`;
  throw new InputError(`tag ${named(first.tag)} overlaps ${named(first.with)}; take one of them out`);
}

function bytesOf(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    throw new InputError(`tag list ${file} cannot be read (${code === 'ENOENT' ? 'there is no such file' : code})`);
  }
}
