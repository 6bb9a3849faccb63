/** How long functions and files may be. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import ts from 'typescript';
import { codeUnder, isGenerated, lineOf, parse } from './tree.ts';

const MEDIAN_FUNCTION = 10;
const LONGEST_FUNCTION = 60;
const LONGEST_FILE = 400;

const files = codeUnder('sensor', 'analyzer', 'ui', 'commands', 'config.ts', 'main.ts').filter((path) => !isGenerated(path));

type Size = { lines: number; where: string; named: boolean };

/** Every function with a body, from its first line to its last, both counted; what stands inside another counts for both. */
function functionsOf(source: ts.SourceFile): Size[] {
  const sizes: Size[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && (node as ts.FunctionLikeDeclaration).body !== undefined) {
      const first = lineOf(source, node);
      const lines = source.getLineAndCharacterOfPosition(node.end).line + 2 - first;
      sizes.push({ lines, where: `${source.fileName}:${first} ${node.name?.getText() ?? ''}`, named: node.name !== undefined });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return sizes;
}

/** Arrows of one line are expressions rather than functions: they do not pull the median down. */
const counted = (sizes: Size[]): number[] => sizes.filter(({ lines, named }) => lines > 1 || named).map(({ lines }) => lines);
const median = (numbers: number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

it(`half the functions have at most ${MEDIAN_FUNCTION} lines, none more than ${LONGEST_FUNCTION}`, () => {
  const sizes = files.flatMap((path) => functionsOf(parse(path)));
  assert.ok(sizes.length > 100, `${sizes.length} functions`);
  assert.deepEqual(
    sizes.filter(({ lines }) => lines > LONGEST_FUNCTION).map(({ lines, where }) => `${lines} lines: ${where}`),
    [],
  );
  assert.ok(median(counted(sizes)) <= MEDIAN_FUNCTION, `median ${median(counted(sizes))}`);
});

it(`no file has more than ${LONGEST_FILE} lines`, () => {
  const long = files.map((path) => ({ path, lines: parse(path).text.split('\n').length })).filter(({ lines }) => lines > LONGEST_FILE);
  assert.deepEqual(long, []);
});

it('measures functions as they stand', () => {
  const source = ts.createSourceFile(
    'x.ts',
    'const a = () => 1;\nfunction b() {\n  return [1].map((x) => {\n    return x;\n  });\n}\nclass C { get d() { return 1; } }',
    ts.ScriptTarget.Latest,
    true,
  );
  assert.deepEqual(functionsOf(source), [
    { lines: 1, where: 'x.ts:1 ', named: false },
    { lines: 5, where: 'x.ts:2 b', named: true },
    { lines: 3, where: 'x.ts:3 ', named: false },
    { lines: 1, where: 'x.ts:7 d', named: true },
  ]);
  assert.deepEqual(counted(functionsOf(source)), [5, 3, 1]);
  assert.equal(median([9, 1, 5]), 5);
});
