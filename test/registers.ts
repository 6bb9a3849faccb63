/** Modbus conversations through sensor and analyzer, for tests of what the analyzer makes of addresses. */
import { Analyzer, type AnalyzerOptions } from '../analyzer/analyzer.ts';
import { RuleSet } from '../analyzer/rules/compile.ts';
import { type Observation, rowFields } from '../sensor/observation.ts';
import { Sensor } from '../sensor/sensor.ts';
import type { Host } from './lab/frames.ts';
import { adu, SERVER, type Step, talk } from './modbus-wire.ts';
import { blockOf, START } from './sense.ts';

export const ipFrom = (ip: string, port: number): Host => ({ mac: '00:80:f4:00:00:06', ip, port });

/** PDUs in hex, request and response; null: nobody answers. */
export type Said = { client: Host; unit?: number; say: readonly (readonly [request: string, response: string | null])[] };

export type Replayed = { analyzer: Analyzer; kept: Observation[] };

/** Conversations one after the other, each on a connection of its own; the capture goes on for a minute after the last. */
export function replay(conversations: readonly Said[], options: Partial<AnalyzerOptions> = {}, each: (analyzer: Analyzer) => void = () => {}): Replayed {
  const kept: Observation[] = [];
  const analyzer = new Analyzer({ rules: new RuleSet([], rowFields), learn: 0, onKept: (o) => kept.push(o), ...options });
  const sensor = new Sensor((batch) => {
    analyzer.take(batch);
    each(analyzer);
  });
  let from = START;
  for (const { client, unit = 1, say } of conversations) {
    const steps = say.flatMap(([request, response], n): Step[] => [
      ['>', adu(n + 1, request, { unit })],
      ...(response === null ? [40_000] : [['<', adu(n + 1, response, { unit })] satisfies Step]),
    ]);
    const frames = talk([...steps, 40_000, ['>', adu(0x7fff, '07', { unit })], ['<', adu(0x7fff, '07 00', { unit })]], { client, server: SERVER, from });
    sensor.take(blockOf(frames));
    from = (frames.at(-1)?.at ?? from) + 100;
  }
  sensor.end();
  return { analyzer, kept };
}
