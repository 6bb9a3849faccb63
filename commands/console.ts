import { loadConfig } from '../config.ts';
import { type Command, DONE, textFlag } from './command.ts';

export const consoleCommand: Command = {
  summary: 'one console over the sites that ship to a cluster',
  help: `stillwatch console [--config FILE]

Serves the findings, assets, baselines and sensors of all sites whose appliances ship to the cluster that the configuration names
(elasticsearch.nodes), together and site by site. What is decided here reaches the site within seconds of its being reachable.
Captures nothing. Accounts are kept in the state directory and may be limited to sites.

  --config FILE     configuration (YAML); every key also has an environment name, such as STILLWATCH_ELASTICSEARCH_NODES`,
  options: { config: { type: 'string' } },
  async run(_paths, flags) {
    const config = loadConfig(textFlag(flags, 'config'), process.env);
    const { Central } = await import('./central.ts');
    const central = new Central(config);
    const stopped = new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    });
    await central.start(textFlag(flags, 'config') !== undefined);
    await stopped;
    await central.stop();
    return DONE;
  },
};
