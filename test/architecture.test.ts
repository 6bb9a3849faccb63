/** Who may import whom, and where things live. */
import assert from 'node:assert/strict';
import { posix } from 'node:path';
import { it } from 'node:test';
import { codeUnder, exists, filesUnder, importsOf, isTest } from './tree.ts';

type Direction = { from: RegExp; may: RegExp; packages: RegExp };

const DIRECTIONS: Direction[] = [
  { from: /^sensor\//, may: /^sensor\//, packages: /^(koffi|pcap|cap)$/ },
  { from: /^analyzer\//, may: /^(analyzer\/|sensor\/observation\.ts$)/, packages: /^(yaml|zod|node-cron|nodemailer|@elastic\/elasticsearch)$/ },
  {
    from: /^ui\//,
    // What a point and a tag are, and how a list is read, is vocabulary; what is seen of them comes from the store.
    may: /^(ui\/|analyzer\/(finding|asset|fact|coverage|attack|point)\.ts$|analyzer\/store\/store\.ts$|analyzer\/registers\/map\.ts$|analyzer\/tags\/)/,
    packages: /^(hono|@hono\/node-server|zod)(\/|$)/,
  },
  { from: /^config\.ts$/, may: /^(sensor|analyzer|ui)\//, packages: /^(zod|yaml)$/ },
  { from: /^(main\.ts$|commands\/)/, may: /./, packages: /./ },
];

const CODE = ['sensor', 'analyzer', 'ui', 'commands', 'config.ts', 'main.ts'];

/** What is wrong with one import, or ''. */
function wrong(file: string, name: string, { may, packages }: Direction): string {
  if (name.startsWith('node:')) return '';
  if (!name.startsWith('.')) return packages.test(name) ? '' : `${file} may not use the package ${name}`;
  const target = posix.normalize(`${posix.dirname(file)}/${name}`);
  if (isTest(target)) return `${file} imports a test: ${target}`;
  if (!exists(target)) return `${file} imports ${target}, which is not there`;
  return may.test(target) ? '' : `${file} may not import ${target}`;
}

const complaints = (file: string, names: string[]): string[] => {
  const direction = DIRECTIONS.find(({ from }) => from.test(file));
  return direction === undefined ? [`${file} has no place in the layout`] : names.map((name) => wrong(file, name, direction)).filter(Boolean);
};

it('code imports in the directions of the design only', () => {
  const files = codeUnder(...CODE);
  assert.ok(files.length > 20, `${files.length} files`);
  assert.deepEqual(
    files.flatMap((file) => complaints(file, importsOf(file))),
    [],
  );
});

it('an import against the direction is found', () => {
  const cases = [
    ['sensor/sensor.ts', '../analyzer/finding.ts'],
    ['sensor/sensor.ts', 'zod'],
    ['analyzer/analyzer.ts', '../sensor/cursor.ts'],
    ['analyzer/analyzer.ts', '../ui/app.ts'],
    ['ui/app.ts', '../analyzer/store/sqlite.ts'],
    ['ui/pages/frame.ts', '../../sensor/observation.ts'],
    ['ui/app.ts', '../main.ts'],
    ['analyzer/store/sqlite.ts', './sqlite.test.ts'],
    ['main.ts', './test/samples.ts'],
    ['main.ts', './nowhere.ts'],
    ['other/thing.ts', 'node:fs'],
  ] as const;
  for (const [file, name] of cases) assert.equal(complaints(file, [name]).length, 1, `${file} -> ${name}`);
  assert.deepEqual(complaints('analyzer/analyzer.ts', ['../sensor/observation.ts', './finding.ts', 'node:fs', 'yaml']), []);
});

it('scripts of the browser import each other only', () => {
  for (const file of filesUnder('ui/public').filter((path) => path.endsWith('.js'))) {
    for (const name of importsOf(file)) assert.match(name, /^\.\/[\w-]+\.js$/, `${file} imports ${name}`);
  }
});

const LAYOUT = [
  'sensor/capture sensor/decode sensor/flow sensor/protocols sensor/protocols/modbus sensor/protocols/opcua',
  'analyzer/inventory analyzer/baseline analyzer/rules analyzer/store',
  'rules/modbus rules/opcua rules/network rules/health',
  'ui/routes ui/pages ui/public deploy docs test/captures test/lab test/bench test/e2e',
].flatMap((line) => line.split(' '));

it('every folder of the layout has something in it', () => {
  assert.deepEqual(
    LAYOUT.filter((folder) => filesUnder(folder).length === 0),
    [],
  );
});

it('no folder is a drawer for anything', () => {
  const drawers = filesUnder().filter((path) =>
    path
      .split('/')
      .slice(0, -1)
      .some((folder) => /^(src|lib|utils?|common|helpers?|types)$/.test(folder)),
  );
  assert.deepEqual(drawers, []);
});
