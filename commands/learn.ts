import { readBaseline, writeBaseline } from '../analyzer/baseline/file.ts';
import { loadConfig, responseTimeout } from '../config.ts';
import { InputError } from '../sensor/capture/source.ts';
import { type Command, DONE, print, say, someFiles, textFlag } from './command.ts';
import { KEY_HELP, KEY_OPTIONS } from './keyfiles.ts';
import { compileRules, open, Pass } from './pass.ts';
import { Progress } from './progress.ts';
import { readersOf, WORKERS_HELP, WORKERS_OPTIONS } from './workers.ts';

export const learn: Command = {
  summary: 'write or extend a baseline',
  help: `stillwatch learn FILE... --baseline FILE [--keys PATH] [--workers N]

Learns everything in the captures as normal: who talks to whom, doing what, touching which points. What is learned is a
proposal until someone approves it. A baseline that exists is extended.

  --baseline FILE   the baseline to write or extend
${KEY_HELP}
${WORKERS_HELP}`,
  options: { baseline: { type: 'string' }, ...KEY_OPTIONS, ...WORKERS_OPTIONS },
  async run(paths, flags) {
    someFiles(paths, 'learn');
    const file = textFlag(flags, 'baseline');
    if (file === undefined) throw new InputError('learn needs --baseline FILE, the file to write what was learned to');
    const before = readBaseline(file, 'empty');
    const progress = new Progress(0);
    const known = { ...before, assets: [] };
    const config = loadConfig(undefined, process.env);
    const pass = new Pass({
      rules: compileRules([]),
      learn: Number.MAX_SAFE_INTEGER,
      baseline: known,
      responseTimeout: responseTimeout(config),
      ...readersOf(paths, flags, config),
      onBlock: (p) => progress.show(p.sensor.frames, 0),
    });
    await pass.readAll(open(paths));
    progress.clear();
    for (const warning of pass.warnings()) say(`warning: ${warning}`);
    const { analyzer } = pass;
    analyzer.inventory.merge(before.assets);
    writeBaseline(file, analyzer.inventory.all(), analyzer.facts.all());
    await print(
      `${file}: ${analyzer.facts.size} facts (${analyzer.facts.size - before.facts.length} new) about ${analyzer.inventory.size} devices, from ${pass.sensor.frames} frames\n`,
    );
    return DONE;
  },
};
