/** Writes what is generated in docs/ and deploy/: `node test/docs.ts`. `test/docs.test.ts` fails when it is stale. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { posix } from 'node:path';
import ts from 'typescript';
import { FIELDS, type Field, SUMMARY_FIELDS } from '../analyzer/rules/fields.ts';
import { DEPLOYED, elasticSection, placeOfField } from './docs-elastic.ts';
import { table } from './table.ts';
import { at, codeUnder, lineOf, parse } from './tree.ts';

const MADE = '<!-- Made by `npm run docs`; edits here are lost. -->\n';

type Limit = { name: string; value: string; file: string; meaning: string; next: number };

/** The words of the comment above a statement, or behind it on its line. */
function commentOf(source: ts.SourceFile, statement: ts.Node): string {
  const above = ts.getLeadingCommentRanges(source.text, statement.pos) ?? [];
  const behind = ts.getTrailingCommentRanges(source.text, statement.end) ?? [];
  // A comment that ends before an empty line is about something else: the file.
  const near = above.filter((range) => !/\n\s*\n/.test(source.text.slice(range.end, statement.getStart())));
  return [...near, ...behind].map((range) => source.text.slice(range.pos, range.end).replaceAll(/^\/\*+|\*\/$|^\s*\*(?!\/)|^\/\//gm, '')).join(' ');
}

const numberOf = (text: string): string => (/^[\d_]+$/.test(text) ? Number(text.replaceAll('_', '')).toLocaleString('en-US') : `\`${text}\``);

function limitsOf(file: string): Limit[] {
  const source = parse(file);
  const found: Limit[] = [];
  for (const statement of source.statements.filter(ts.isVariableStatement)) {
    const own = commentOf(source, statement);
    // One comment may stand above several.
    const line = lineOf(source, statement);
    const meaning = own === '' && line === found.at(-1)?.next ? found.at(-1)!.meaning : own;
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (!name.getText().startsWith('MAX_') || initializer === undefined) continue;
      found.push({ name: name.getText(), value: numberOf(initializer.getText()), file, meaning, next: line + 1 });
    }
  }
  return found;
}

/** Every constant named MAX_* of the sensor and the analyzer. */
export const limits = (): Limit[] => codeUnder('sensor', 'analyzer').flatMap(limitsOf);

const PARTS: [heading: string, folder: string][] = [
  ['Sensor', 'sensor/'],
  ['Analyzer', 'analyzer/'],
];

export function limitsPage(): string {
  const all = limits();
  const parts = PARTS.map(([heading, folder]) => {
    const rows = all.filter(({ file }) => file.startsWith(folder)).map(({ name, value, file, meaning }) => [`\`${name}\``, value, meaning, `\`${file}\``]);
    return `## ${heading}\n\n${table(['Ceiling', 'Value', 'What it bounds', 'Where'], rows)}\n`;
  });
  const intro = 'Every table, buffer and queue that is fed from the wire has a ceiling. What is beyond one is dropped and counted, never kept without bound.';
  return [`${MADE}\n# Limits\n\n${intro}\n`, ...parts].join('\n');
}

const SECTIONS: [heading: string, has: (name: string) => boolean][] = [
  ['Modbus', (name) => name.startsWith('modbus.')],
  ['OPC UA', (name) => name.startsWith('opcua.')],
  ['TLS', (name) => name.startsWith('tls.')],
  ['Baseline', (name) => name.startsWith('baseline.')],
];

const row = ({ name, type, meaning, words }: Field): string[] => [
  `\`${name}\``,
  type,
  placeOfField(name),
  words === null || words.length === 0 ? meaning : `${meaning}: ${words.map((word) => `\`${word}\``).join(', ')}`,
];

export function fieldsPage(): string {
  const head = ['Field', 'Type', 'In Elasticsearch', 'Meaning'];
  const rest = FIELDS.filter(({ name }) => !SECTIONS.some(([, has]) => has(name)));
  const parts = SECTIONS.map(([heading, has]) => `## ${heading}\n\n${table(head, FIELDS.filter(({ name }) => has(name)).map(row))}\n`);
  const about =
    'What is kept of reads that come again and again, and of the messages of encrypted channels, as `stillwatch dissect --summary` prints it. Rules do not see these.';
  const summaries = `## Summaries\n\n${about}\n\n${table(head, SUMMARY_FIELDS.map(row))}\n`;
  const intro = 'What an observation may hold, as `stillwatch dissect` prints it and as rules name it. Names are those of ECS where ECS has one.';
  const there = 'In Elasticsearch a field has the type in the third column, and its own name where the column gives no other.';
  return [`${MADE}\n# Fields\n\n${intro} ${there}\n`, `## General\n\n${table(head, rest.map(row))}\n`, ...parts, summaries, elasticSection()].join('\n');
}

export const PAGES: [path: string, make: () => string][] = [['docs/limits.md', limitsPage], ['docs/fields.md', fieldsPage], ...DEPLOYED];

function write(path: string, text: string): void {
  mkdirSync(at(posix.dirname(path)), { recursive: true });
  writeFileSync(at(path), text);
}

if (import.meta.main) for (const [path, make] of PAGES) write(path, make());
