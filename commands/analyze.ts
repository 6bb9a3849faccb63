import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readBaseline } from '../analyzer/baseline/file.ts';
import { levelRank } from '../analyzer/finding.ts';
import { loadConfig, responseTimeout } from '../config.ts';
import { InputError } from '../sensor/capture/source.ts';
import { type Command, exitCode, levelFlag, print, say, someFiles, textFlag } from './command.ts';
import { KEY_HELP, KEY_OPTIONS } from './keyfiles.ts';
import { compileRules, learningTime, open, Pass, type Result } from './pass.ts';
import { Progress } from './progress.ts';
import { TAG_HELP, TAG_OPTIONS, tagIndexOf } from './taglists.ts';
import { readersOf, WORKERS_HELP, WORKERS_OPTIONS } from './workers.ts';

export const analyze: Command = {
  summary: 'one pass over captures: what is there, and what is wrong',
  help: `stillwatch analyze FILE... [--baseline FILE] [--learn 30%|10m|90s] [--json] [--out DIR] [--fail-on LEVEL] [--rules DIR] [--tags FILE] [--keys PATH]
                   [--workers N]

Reads pcap and pcapng files (gzip too, - for standard input) as one capture, learns each device for the first part of it,
and reports what deviates afterwards.

  --baseline FILE   judge against what \`stillwatch learn\` wrote; nothing is learned unless --learn says so
  --learn TIME      how long each device is learned: a time (90s, 10m, 12h) or a share of the capture (default 30%)
  --json            print one JSON object: stats, coverage, assets, conversations, registers, findings
  --out DIR         write findings.json, assets.json, facts.json, conversations.json, registers.json and coverage.json there
  --fail-on LEVEL   exit 1 when a finding is at or above informational, low, medium, high or critical
  --rules DIR       more rule files beside those that come with Stillwatch (may be given more than once)
${KEY_HELP}
${WORKERS_HELP}
${TAG_HELP}`,
  options: {
    baseline: { type: 'string' },
    learn: { type: 'string' },
    json: { type: 'boolean' },
    out: { type: 'string' },
    'fail-on': { type: 'string' },
    rules: { type: 'string', multiple: true },
    ...KEY_OPTIONS,
    ...WORKERS_OPTIONS,
    ...TAG_OPTIONS,
  },
  async run(paths, flags) {
    someFiles(paths, 'analyze');
    const failOn = levelFlag(flags, 'fail-on');
    const rules = compileRules((flags['rules'] as string[] | undefined) ?? []);
    const tags = await tagIndexOf(flags);
    const file = textFlag(flags, 'baseline');
    const baseline = file === undefined ? null : readBaseline(file, 'error');
    const { learn, frames } = await learningTime(textFlag(flags, 'learn'), paths, baseline);
    const progress = new Progress(frames);
    const config = loadConfig(undefined, process.env);
    const pass = new Pass({
      rules,
      learn,
      baseline,
      tags,
      responseTimeout: responseTimeout(config),
      ...readersOf(paths, flags, config),
      onBlock: (p) => progress.show(p.sensor.frames, p.analyzer.findings.length),
    });
    await pass.readAll(open(paths));
    progress.clear();
    const result = pass.result();
    for (const warning of result.stats.warnings) say(`warning: ${warning}`);
    const out = textFlag(flags, 'out');
    if (out !== undefined) writeOut(out, result, pass.analyzer.facts.all());
    await print(flags['json'] === true ? `${JSON.stringify(result)}\n` : summary(result));
    return exitCode(
      result.findings.map((f) => f.level),
      failOn,
    );
  },
};

function writeOut(dir: string, result: Result, facts: unknown): void {
  const parts = {
    findings: result.findings,
    assets: result.assets,
    conversations: result.conversations,
    registers: result.registers,
    coverage: { stats: result.stats, ...result.coverage },
    facts,
  };
  try {
    mkdirSync(dir, { recursive: true });
    // All are written before the first gets its name: a full disk leaves none that is half.
    for (const [name, part] of Object.entries(parts)) writeFileSync(join(dir, `${name}.json.new`), `${JSON.stringify(part, null, 1)}\n`);
    for (const name of Object.keys(parts)) renameSync(join(dir, `${name}.json.new`), join(dir, `${name}.json`));
  } catch (error) {
    throw new InputError(
      `--out ${dir}: cannot be written (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}); choose a folder you may write to`,
    );
  }
}

/** The same for people. */
export function summary(result: Result): string {
  const { stats, coverage } = result;
  const lines = [
    `${stats.frames.toLocaleString('en')} frames, ${stats.first?.slice(0, 19) ?? '-'} to ${stats.last?.slice(0, 19) ?? '-'} UTC, ${stats.transactions.toLocaleString('en')} transactions, ${stats.assets} devices, ${stats.facts} facts learned`,
  ];
  const seen = coverage.protocols.slice(0, 8).map((p) => `${p.protocol} ${p.frames.toLocaleString('en')}`);
  if (seen.length > 0) lines.push(`frames by protocol: ${seen.join(', ')}`);
  if (result.findings.length === 0) lines.push('', 'No findings.');
  const sorted = [...result.findings].sort((a, b) => levelRank(b.level) - levelRank(a.level) || (a.opened < b.opened ? -1 : 1));
  for (const f of sorted) {
    const frames = f.occurrences[0]?.frames.join(', ') ?? '';
    lines.push('', `${f.level.toUpperCase()}  ${f.title}  (${f.rule.name}, ${f.count}x, ${f.opened.slice(0, 19)}, frames ${frames})`, `  ${f.explanation}`);
  }
  return `${lines.join('\n')}\n`;
}
