/** A tag list from a file: all of it, or what is wrong with it. */
import { setImmediate } from 'node:timers/promises';
import { looksLikeReference, parseReference, type Table } from '../point.ts';
import { type Column, type Header, missing, readHeader } from './columns.ts';
import { notText, type Row, rows, separatorOf, textOf } from './csv.ts';
import { overlaps } from './overlap.ts';
import { type Given, readTag, SAY_WHICH } from './row.ts';
import { byPoint, MAX_TAGS, type Tag, tagPoint } from './tag.ts';

/** Problems told of one list; the rest is counted. */
export const MAX_PROBLEMS = 20;
/** Rows read before others get their turn: a long list must not keep the console or the capture waiting. */
const PORTION = 4000;

export type Problem = {
  /** From 1; 0 where it is about the whole file. */
  line: number;
  /** '' where it is about the whole row. */
  column: string;
  text: string;
};

export type Imported = {
  /** By point; empty when there is any problem. */
  tags: Tag[];
  /** The first MAX_PROBLEMS. */
  problems: Problem[];
  /** How many there are in all. */
  faults: number;
  rows: number;
};

/** `line 12, column type: "floaty" is no type; ...` */
export const problemText = ({ line, column, text }: Problem): string =>
  [line === 0 ? '' : `line ${line}`, column === '' ? '' : `column ${column}`].filter((part) => part !== '').join(', ') +
  (line === 0 && column === '' ? '' : ': ') +
  text;

/** Reads a list. Never throws for what is in it. `room`: tags that may still come. */
export async function importTags(bytes: Uint8Array, given: Given, room = MAX_TAGS): Promise<Imported> {
  const reading = new Reading(given, room);
  const unreadable = notText(bytes);
  if (unreadable !== null) reading.fault(0, '', unreadable);
  else await reading.all(textOf(bytes));
  return reading.result();
}

const SERVER_MISSING = 'is missing; add it, or name the one device with the list: 10.0.0.9=FILE';

class Reading {
  private readonly given: Given;
  private readonly room: number;
  private readonly tags: Tag[] = [];
  private readonly lines: number[] = [];
  private readonly problems: Problem[] = [];
  private readonly words = new Map<string, string>();
  private faults = 0;
  private read = 0;
  /** By table: rows whose notation nobody said and whose number might be a reference, and whether all of the table are such. */
  private readonly doubts = new Map<Table, { rows: { line: number; text: string }[]; all: boolean }>();

  constructor(given: Given, room: number) {
    this.given = given;
    this.room = room;
  }

  fault(line: number, column: string, text: string): void {
    this.faults++;
    if (this.problems.length < MAX_PROBLEMS) this.problems.push({ line, column, text });
  }

  async all(text: string): Promise<void> {
    const all = rows(text, separatorOf(text));
    const first = all.next().value as Row | undefined;
    if (first === undefined) return this.fault(0, '', 'is empty; its first line names the columns');
    const header = this.header(first);
    if (header === null) return;
    for (const row of all) {
      if (!this.row(row, header)) break;
      if (this.read % PORTION === 0) await setImmediate();
    }
    if (this.read === 0) this.fault(0, '', 'has a header and no tag');
    this.ambiguous();
    this.clashes();
  }

  /** Null when rows cannot be read with it. */
  private header(row: Row): Header | null {
    const header = readHeader(row.fields);
    for (const { column, text } of header.faults) this.fault(row.line, column, text);
    const tableTold = header.at.has('notation') || this.given.notation === 'modicon';
    const required: Column[] = ['unit', 'address', 'name', 'type'];
    if (!tableTold) required.push('table');
    if (this.given.server === null) required.push('server');
    for (const column of missing(header, required)) this.fault(row.line, column, column === 'server' ? SERVER_MISSING : 'is missing');
    return this.faults === 0 ? header : null;
  }

  /** False when there is no room for more. */
  private row({ line, fields, flaw }: Row, header: Header): boolean {
    this.read++;
    if (flaw !== '') this.fault(line, '', flaw);
    else if (fields.slice(width(header)).some((field) => field.trim() !== ''))
      this.fault(line, '', `has ${fields.length} fields where the header has ${width(header)}; a field with a separator in it needs quotes`);
    else this.tag(line, fields, header);
    if (this.tags.length <= this.room) return true;
    this.fault(line, '', `is one tag too many: ${this.room} have room, of ${MAX_TAGS} in all`);
    return false;
  }

  private tag(line: number, fields: string[], header: Header): void {
    const field = (column: Column): string => fields[header.at.get(column) ?? -1] ?? '';
    const tag = readTag(field, this.given, (column, text) => this.fault(line, column, text));
    if (tag === null) return;
    tag.server = this.once(tag.server);
    tag.eu = this.once(tag.eu);
    this.tags.push(tag);
    this.lines.push(line);
    if (this.given.notation === null && field('notation').trim() === '') this.doubt(line, field('address').trim(), tag.table);
  }

  /** The same words over and over are kept once. */
  private once(word: string): string {
    const known = this.words.get(word);
    if (known === undefined) this.words.set(word, word);
    return known ?? word;
  }

  private doubt(line: number, text: string, table: Table): void {
    const doubt = this.doubts.get(table) ?? { rows: [], all: true };
    this.doubts.set(table, doubt);
    if (looksLikeReference(text, table)) doubt.rows.push({ line, text });
    else doubt.all = false;
  }

  /**
   * A number is a wire address unless the list says otherwise. But where every address of a table looks like a Modicon reference into
   * just this table, they very likely are: then the list has to say.
   */
  private ambiguous(): void {
    for (const { rows, all } of this.doubts.values()) {
      if (!all) continue;
      for (const { line, text } of rows)
        this.fault(line, 'address', `${text} may be wire address ${Number(text)} or the Modicon reference of ${parseReference(text)?.address}; ${SAY_WHICH}`);
    }
  }

  private clashes(): void {
    const named = (n: number): string => `${(this.tags[n] as Tag).name} (${tagPoint(this.tags[n] as Tag)})`;
    for (const found of overlaps(this.tags).sort((a, b) => a.tag - b.tag)) {
      this.fault(this.lines[found.tag] as number, 'address', `${named(found.tag)} overlaps ${named(found.with)} of line ${this.lines[found.with]}`);
    }
  }

  result(): Imported {
    const { problems, faults, read } = this;
    return { tags: faults > 0 ? [] : this.tags.sort(byPoint), problems, faults, rows: read };
  }
}

const width = (header: Header): number => Math.max(...header.at.values()) + 1;
