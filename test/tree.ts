/** The project's own files, for the checks that read them. Paths are relative to the root, with `/`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';

const ROOT = new URL('../', import.meta.url);
const NOT_OURS = new Set(['node_modules', '.git', 'state']);

export const at = (path: string): URL => new URL(path, ROOT);
export const exists = (path: string): boolean => existsSync(at(path));
export const read = (path: string): string => readFileSync(at(path), 'utf8');

/** Every file at or under `path`. */
export function filesUnder(path = ''): string[] {
  if (path !== '' && !exists(path)) return [];
  if (/\.\w+$/.test(path)) return [path];
  return readdirSync(at(`./${path}/`), { withFileTypes: true })
    .filter((entry) => !NOT_OURS.has(entry.name))
    .flatMap((entry) => {
      const inside = path === '' ? entry.name : `${path}/${entry.name}`;
      return entry.isDirectory() ? filesUnder(inside) : [inside];
    })
    .sort();
}

export const isTest = (path: string): boolean => path.endsWith('.test.ts') || path.startsWith('test/');
export const isGenerated = (path: string): boolean => path.endsWith('.generated.ts');

/** TypeScript that ships, under the given folders or files; tests apart. */
export const codeUnder = (...paths: string[]): string[] =>
  paths.flatMap(filesUnder).filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts') && !isTest(path));

export const parse = (path: string): ts.SourceFile => ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest, true);

/** Module names as written, static and dynamic. */
export const importsOf = (path: string): string[] => ts.preProcessFile(read(path), true, true).importedFiles.map((file) => file.fileName);

export const lineOf = (source: ts.SourceFile, node: ts.Node): number => source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
