/** What a stranger who clones the project relies on. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { at, exists, filesUnder, read } from './tree.ts';

type Package = { license: string; scripts: Record<string, string>; bin: Record<string, string> } & Record<
  'dependencies' | 'optionalDependencies' | 'devDependencies',
  Record<string, string>
>;
const manifest = JSON.parse(read('package.json')) as Package;

/** What git knows or would add; everything there is where git is not. */
function ownFiles(): string[] {
  const root = fileURLToPath(at(''));
  if (!exists('.git')) return filesUnder();
  const args = ['-c', `safe.directory=${root.replace(/\/$/, '')}`, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter((path) => path !== '' && exists(path));
}

/** The text of every text file. */
const texts = (): [path: string, text: string][] =>
  ownFiles()
    .filter((path) => !path.startsWith('test/captures/'))
    .map((path): [string, Buffer] => [path, readFileSync(at(path))])
    .filter(([, bytes]) => !bytes.subarray(0, 8000).includes(0))
    .map(([path, bytes]) => [path, bytes.toString()]);

/** Lines that match, as `path:line text`. */
const matches = (path: string, text: string, pattern: RegExp): string[] =>
  text.split('\n').flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1} ${line.trim().slice(0, 120)}`] : []));

const everywhere = (pattern: RegExp, only: (path: string) => boolean = () => true): string[] =>
  texts()
    .filter(([path]) => only(path) && path !== 'test/repository.test.ts')
    .flatMap(([path, text]) => matches(path, text, pattern));

const MACHINE_PATH = /(?<![\w.$})\]*@-])\/(work|home|Users|root|tmp)\/[\w.-]|\b[A-Z]:\\\\?Users\\/;
const REGISTRY = /https?:\/\/[^\s"'/]*(registry|npmjs|npmmirror|yarnpkg|artifactory|nexus|verdaccio)|^\s*(@[\w-]+:)?registry\s*=|"resolved":\s*"http/i;
const SECRET =
  /^[\s#-]*["']?[\w-]*(password|passwd|secret|token|api_?key|private_?key)["']?\s*[:=]\s*(?!\s*(["']{2}|null|\$\{[^}]*\}|<[^>]*>|\{|#|\/run\/secrets\/|$))\S/i;
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----\s*$/;

it('is under the Apache licence, version 2.0, in full', () => {
  const licence = read('LICENSE');
  assert.match(licence, /Apache License\s+Version 2\.0, January 2004/);
  assert.match(licence, /9\. Accepting Warranty or Additional Liability/);
  assert.match(licence, /END OF TERMS AND CONDITIONS/);
  assert.equal(manifest.license, 'Apache-2.0');
});

it('has the scripts that the README names, and the files they start', () => {
  for (const name of ['start', 'test', 'check', 'bench']) assert.ok(manifest.scripts[name], name);
  const files = [...Object.values(manifest.scripts).flatMap((script) => script.match(/[\w/.-]+\.(js|ts|gz)\b/g) ?? []), ...Object.values(manifest.bin)];
  assert.deepEqual(
    files.filter((path) => !exists(path)),
    [],
  );
  for (const [, name] of read('README.md').matchAll(/npm run ([\w:-]+)/g)) assert.ok(manifest.scripts[name!], `README names npm run ${name}`);
});

it('names no package registry', () => {
  assert.deepEqual(everywhere(REGISTRY), []);
});

it('locks every package that a locked one may want, or `npm ci` refuses', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { optionalDependencies?: Record<string, string>; dependencies?: Record<string, string> }>;
  };
  const missing = Object.entries(packages).flatMap(([path, locked]) =>
    Object.keys({ ...locked.dependencies, ...locked.optionalDependencies })
      .filter((name) => packages[`node_modules/${name}`] === undefined && packages[`${path}/node_modules/${name}`] === undefined)
      .map((name) => `${path} wants ${name}`),
  );
  assert.deepEqual(missing, []);
});

it('names no path of anybody’s machine', () => {
  assert.deepEqual(everywhere(MACHINE_PATH), []);
});

it('shows no secret in its examples, and holds no private key', () => {
  assert.deepEqual(
    everywhere(SECRET, (path) => /^deploy\/|\.(ya?ml|env|conf|service|ini|toml)$/.test(path) && !path.startsWith('rules/')),
    [],
  );
  assert.deepEqual(everywhere(PRIVATE_KEY), []);
});

it('says in docs/architecture.md what each dependency is for', () => {
  const lines = read('docs/architecture.md').split('\n');
  const names = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.devDependencies });
  assert.deepEqual(
    names.filter((name) => !lines.some((line) => line.includes(`\`${name}\``))),
    [],
  );
});

it('recognises what it looks for', () => {
  const bad: [RegExp, string][] = [
    [MACHINE_PATH, 'cd /home/anna/x'],
    [MACHINE_PATH, "open('/tmp/a.db')"],
    [MACHINE_PATH, 'C:\\Users\\anna'],
    [REGISTRY, 'registry=https://example.org/'],
    [REGISTRY, '"resolved": "https://example.org/a.tgz"'],
    [REGISTRY, 'see https://registry.example.org/a'],
    [SECRET, '  password: hunter2'],
    [SECRET, 'STILLWATCH_API_KEY=abc'],
    [SECRET, '# client_secret: "abc"'],
    [PRIVATE_KEY, '-----BEGIN RSA PRIVATE KEY-----'],
  ];
  for (const [pattern, line] of bad) assert.match(line, pattern);
  const good: [RegExp, string][] = [
    [MACHINE_PATH, 'https://example.org/home/anna'],
    [MACHINE_PATH, 'rm -rf /tmp/*'],
    [MACHINE_PATH, `$\{folder}/tmp/x`],
    [SECRET, '  password: ""'],
    [SECRET, `  password: $\{STILLWATCH_PASSWORD}`],
    [SECRET, '  password: # set it in the environment'],
    [SECRET, '  password:'],
  ];
  for (const [pattern, line] of good) assert.doesNotMatch(line, pattern);
});
