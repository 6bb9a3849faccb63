/** Time and chance come from outside: the same capture gives the same findings. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import ts from 'typescript';
import { codeUnder, lineOf, parse } from './tree.ts';

/** What lives in the present: live capture, schedules, what is written down and what is sent out. */
const MAY = [
  /^sensor\/capture\/(ring|library|cap|merged)\.ts$/,
  /^sensor\/process\/(reader|remote)\.ts$/,
  /^analyzer\/jobs\.ts$/,
  /^analyzer\/store\//,
  /^analyzer\/outputs\//,
];

const FORBIDDEN = new Set(['Date.now', 'Math.random', 'performance.now', 'performance.timeOrigin', 'process.hrtime', 'process.uptime']);
const CHANCE = new Set(['randomUUID', 'randomBytes', 'randomInt', 'getRandomValues']);

function offence(node: ts.Node): string {
  if (ts.isPropertyAccessExpression(node) && FORBIDDEN.has(node.getText())) return node.getText();
  if (ts.isIdentifier(node) && CHANCE.has(node.text)) return node.text;
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0) return 'new Date()';
  if (ts.isCallExpression(node) && node.expression.getText() === 'Date') return 'Date()';
  return '';
}

function offences(source: ts.SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const what = offence(node);
    if (what !== '') found.push(`${source.fileName}:${lineOf(source, node)} ${what}`);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

it('sensor and analyzer read no clock and roll no dice', () => {
  const files = codeUnder('sensor', 'analyzer').filter((path) => !MAY.some((pattern) => pattern.test(path)));
  assert.ok(files.length > 20, `${files.length} files`);
  assert.deepEqual(
    files.flatMap((path) => offences(parse(path))),
    [],
  );
});

it('finds each way to read a clock or roll dice, and not their names in comments', () => {
  const text =
    'Date.now(); new Date(); new Date; Date(); Math.random(); performance.now(); process.hrtime.bigint(); randomUUID();\n// Date.now()\nnew Date(5); "Math.random()"; Date.parse("x");';
  assert.equal(offences(ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, true)).length, 8);
});
