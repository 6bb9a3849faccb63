import { Summaries } from '../analyzer/summary.ts';
import { loadConfig, milliseconds, responseTimeout } from '../config.ts';
import { InputError } from '../sensor/capture/source.ts';
import { type Batch, type Definition, nest, type Observation, observe } from '../sensor/observation.ts';
import { Sensor } from '../sensor/sensor.ts';
import { type Command, DONE, print, say, someFiles, textFlag } from './command.ts';
import { KEY_HELP, KEY_OPTIONS, keysOf } from './keyfiles.ts';
import { open } from './pass.ts';
import { TAG_HELP, TAG_OPTIONS, tagIndexOf } from './taglists.ts';

export const dissect: Command = {
  summary: 'observations as JSON lines',
  help: `stillwatch dissect FILE... [--protocol NAME] [--summary TIME] [--tags FILE]

Prints every observation as one line of JSON: transactions (request and response joined), channels, flows, sightings, flaws,
losses. Frame numbers count from 1 over all files given.

  --protocol NAME   only observations of one protocol: modbus, opcua, arp, dns, dhcp, lldp, ... or a kind: flow, sighting, flaw, loss
  --summary TIME    one line per TIME (such as 60s) for each read that comes again and again, and for the messages of each
                    encrypted channel, instead of one line each
${KEY_HELP}
${TAG_HELP}`,
  options: { protocol: { type: 'string' }, summary: { type: 'string' }, ...KEY_OPTIONS, ...TAG_OPTIONS },
  async run(paths, flags) {
    someFiles(paths, 'dissect');
    const wanted = textFlag(flags, 'protocol');
    const tags = await tagIndexOf(flags);
    const lines: string[] = [];
    const tell = (o: Observation) => {
      if (wanted === undefined || isOf(o, wanted)) lines.push(JSON.stringify(nest(tags.tagged(o))));
    };
    const summaries = summariesOf(textFlag(flags, 'summary'), tell);
    const definitions: (Definition | undefined)[] = [];
    const config = loadConfig(undefined, process.env);
    const keys = keysOf(flags, config);
    const sensor = new Sensor((batch) => write(batch, definitions, summaries, tell), { responseTimeout: responseTimeout(config), keys });
    const report = await open(paths).frames(async (block) => {
      sensor.take(block);
      await flush(lines);
    });
    sensor.end();
    summaries?.close();
    await flush(lines);
    for (const warning of [...report.warnings, ...(keys?.warnings() ?? [])]) say(`warning: ${warning}`);
    return DONE;
  },
};

function summariesOf(text: string | undefined, tell: (o: Observation) => void): Summaries | null {
  if (text === undefined) return null;
  const interval = milliseconds(text);
  if (!(interval >= 1)) throw new InputError(`--summary takes a time such as 60s or 5m, not "${text}"`);
  return new Summaries(interval, tell);
}

function write(batch: Batch, definitions: (Definition | undefined)[], summaries: Summaries | null, tell: (o: Observation) => void): void {
  for (const definition of batch.definitions) {
    definitions[definition.operation] = definition;
    summaries?.define(definition);
  }
  for (let i = 0; i < batch.rows; i++) {
    summaries?.add(batch, i);
    if (summaries?.covers(batch, i) !== true) tell(observe(batch, i, definitions[batch.operation[i] as number]));
  }
}

/** A protocol's own observations, and what is wrong with it; flows are a kind of their own. */
function isOf(o: Observation, wanted: string): boolean {
  if (o.kind === wanted || o.kind === `${wanted}-channel` || o['sighting.type'] === wanted) return true;
  return (o.kind === 'flaw' || o.kind === 'loss') && o['network.protocol'] === wanted;
}

async function flush(lines: string[]): Promise<void> {
  if (lines.length === 0) return;
  lines.push('');
  await print(lines.join('\n'));
  lines.length = 0;
}
