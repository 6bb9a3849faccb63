import { listRules } from '../analyzer/rules/list.ts';
import { loadRules } from '../analyzer/rules/load.ts';
import { testRules } from '../analyzer/rules/trial.ts';
import { InputError } from '../sensor/capture/source.ts';
import { type Command, DONE, FOUND, print, say, WRONG } from './command.ts';
import { compileRules, RULES } from './pass.ts';

export const rules: Command = {
  summary: 'list, check and test the rules',
  help: `stillwatch rules list|check|test [--json] [--rules DIR]

  list    every rule: level, name, what it covers, and why it cannot fire if it cannot
  check   read every rule file; a line for each thing wrong with one
  test    run the examples inside the rule files through the analyzer

  --json       list as JSON
  --rules DIR  more rule files beside those that come with Stillwatch (may be given more than once)`,
  options: { json: { type: 'boolean' }, rules: { type: 'string', multiple: true } },
  async run(words, flags) {
    const dirs = (flags['rules'] as string[] | undefined) ?? [];
    const [action, ...rest] = words;
    if (rest.length > 0) throw new InputError(`rules ${action} takes no "${rest[0]}"; more rule files are named with --rules DIR`);
    if (action === 'list') return list(dirs, flags['json'] === true);
    if (action === 'check') return check(dirs);
    if (action === 'test') return test(dirs);
    throw new InputError(`rules takes list, check or test${action === undefined ? '' : `, not "${action}"`}`);
  },
};

async function list(dirs: string[], json: boolean): Promise<number> {
  const listed = listRules(compileRules(dirs).rules);
  if (json) await print(`${JSON.stringify(listed)}\n`);
  else
    await print(
      listed
        .map(
          (r) =>
            `${r.level.padEnd(13)} ${r.name.padEnd(36)} ${r.catalogue.join(' ').padEnd(14)} ${r.title}${r.cannot_fire === null ? '' : `  (cannot fire: ${r.cannot_fire})`}\n`,
        )
        .join(''),
    );
  return DONE;
}

async function check(dirs: string[]): Promise<number> {
  const { rules: loaded, problems } = loadRules([RULES, ...dirs]);
  for (const problem of problems) say(problem);
  await print(`${loaded.length} rules${problems.length === 0 ? ', all in order' : `, ${problems.length} problems`}\n`);
  return problems.length === 0 ? DONE : WRONG;
}

async function test(dirs: string[]): Promise<number> {
  const results = testRules(compileRules(dirs).rules);
  for (const result of results) if (!result.ok) say(`${result.rule}: ${result.it}: ${result.reason}`);
  const failed = results.filter((result) => !result.ok).length;
  await print(`${results.length} tests, ${failed} failed\n`);
  return failed === 0 ? DONE : FOUND;
}
