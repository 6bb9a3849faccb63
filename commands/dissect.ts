import { type Batch, type Definition, nest, type Observation, observe } from '../sensor/observation.ts';
import { Sensor } from '../sensor/sensor.ts';
import { type Command, DONE, print, say, someFiles, textFlag } from './command.ts';
import { open } from './pass.ts';
import { TAG_HELP, TAG_OPTIONS, tagIndexOf } from './taglists.ts';

export const dissect: Command = {
  summary: 'observations as JSON lines',
  help: `stillwatch dissect FILE... [--protocol NAME] [--tags FILE]

Prints every observation as one line of JSON: transactions (request and response joined), channels, flows, sightings, flaws,
losses. Frame numbers count from 1 over all files given.

  --protocol NAME   only observations of one protocol: modbus, opcua, arp, dns, dhcp, lldp, ... or a kind: flow, sighting, flaw, loss
${TAG_HELP}`,
  options: { protocol: { type: 'string' }, ...TAG_OPTIONS },
  async run(paths, flags) {
    someFiles(paths, 'dissect');
    const wanted = textFlag(flags, 'protocol');
    const tags = await tagIndexOf(flags);
    const definitions: (Definition | undefined)[] = [];
    const lines: string[] = [];
    const sensor = new Sensor((batch) => write(batch, definitions, (o) => tags.tagged(o), wanted, lines));
    const report = await open(paths).frames(async (block) => {
      sensor.take(block);
      await flush(lines);
    });
    sensor.end();
    await flush(lines);
    for (const warning of report.warnings) say(`warning: ${warning}`);
    return DONE;
  },
};

function write(
  batch: Batch,
  definitions: (Definition | undefined)[],
  tagged: (o: Observation) => Observation,
  wanted: string | undefined,
  lines: string[],
): void {
  for (const definition of batch.definitions) definitions[definition.operation] = definition;
  for (let i = 0; i < batch.rows; i++) {
    const observation = observe(batch, i, definitions[batch.operation[i] as number]);
    if (wanted === undefined || isOf(observation, wanted)) lines.push(JSON.stringify(nest(tagged(observation))));
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
