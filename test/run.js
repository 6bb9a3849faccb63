// `npm test [-- PATTERN]`: type check, style check, then every *.test.ts; ends with the summary of node:test. Plain JavaScript: a Node
// too old for the tests starts it and hands over to the pinned one. With STILLWATCH_REQUIRE_ALL=1 a skipped test is a failure.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED = 24;
/** Of one test, ms: a hanging test must not hang the run. */
const TIMEOUT = 240_000;
const FOLDERS = ['sensor', 'analyzer', 'ui', 'commands', 'test'];

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');
const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` };
const run = (args) => spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' });
// What the test runner tells its children: a run inside a test is a run of its own.
delete env.NODE_TEST_CONTEXT;
delete env.STILLWATCH_HANDED_OVER;

function handOver() {
  const node = join(bin, 'node');
  if (!existsSync(node) || process.env.STILLWATCH_HANDED_OVER) {
    console.error(`The tests need Node.js ${NEEDED} or newer and this is ${process.version}: run \`npm ci\`, which brings one on Linux, or install it.`);
    return 2;
  }
  const { status } = spawnSync(node, process.argv.slice(1), { env: { ...env, STILLWATCH_HANDED_OVER: '1' }, stdio: 'inherit' });
  return status ?? 1;
}

function testFiles(patterns) {
  const found = [];
  const walk = (folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory() && entry.name !== 'node_modules') walk(path);
      else if (entry.name.endsWith('.test.ts')) found.push(path);
    }
  };
  for (const folder of FOLDERS) walk(folder);
  return found.sort().filter((path) => patterns.length === 0 || patterns.some((pattern) => path.includes(pattern) || path === relative(root, pattern)));
}

const CHECKS = [
  ['tsc --noEmit', ['node_modules/typescript/bin/tsc', '--noEmit']],
  ['biome check', ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.']],
];

function check() {
  const failed = [];
  for (const [name, args] of CHECKS) {
    const good = run(args).status === 0;
    console.log(`${good ? 'passed' : 'FAILED'}: ${name}`);
    if (!good) failed.push(name);
  }
  return failed;
}

/** Runs the files; names the tests that were skipped. */
function test(files) {
  const folder = mkdtempSync(join(tmpdir(), 'stillwatch-test-'));
  const skips = join(folder, 'skipped');
  const reporters = ['--test-reporter=spec', '--test-reporter-destination=stdout', '--test-reporter=./test/skipped.js', `--test-reporter-destination=${skips}`];
  try {
    const { status } = run(['--test', '--test-concurrency=2', `--test-timeout=${TIMEOUT}`, ...reporters, ...files]);
    const skipped = existsSync(skips) ? readFileSync(skips, 'utf8').split('\n').filter(Boolean) : [];
    return { passed: status === 0, skipped };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function main(patterns) {
  const files = testFiles(patterns);
  if (files.length === 0) {
    console.error(`No test file matches ${patterns.join(' ')}.`);
    return 2;
  }
  const failed = patterns.length === 0 ? check() : [];
  const { passed, skipped } = test(files);
  const all = process.env.STILLWATCH_REQUIRE_ALL === '1';
  for (const name of failed) console.error(`FAILED: ${name} (see above)`);
  for (const name of all ? skipped : []) console.error(`FAILED: skipped, and STILLWATCH_REQUIRE_ALL=1 allows no skip: ${name}`);
  return passed && failed.length === 0 && (!all || skipped.length === 0) ? 0 : 1;
}

process.exitCode = Number.parseInt(process.versions.node, 10) < NEEDED ? handOver() : main(process.argv.slice(2));
