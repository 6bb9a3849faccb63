/** What the fuzz run knows of a protocol: where real frames of it are, and how to make messages up. */
import { fileURLToPath } from 'node:url';
import { hex } from '../lab/bytes.ts';
import { CASES } from '../modbus-cases.ts';
import { mbap, randomExchange } from '../modbus-random.ts';
import { captures, shared } from '../shared.ts';
import type { Chance } from './mutate.ts';
import { opcua } from './opcua.ts';
import type { Speaker, Spoken } from './talkers.ts';

export type Target = { captures: () => string[]; port: number; speak: Speaker };

const PLANT = fileURLToPath(new URL('../captures/plant/plant.pcapng.gz', import.meta.url));

/** Captures with that protocol, or the sample plant where there are none. */
const found = (pattern: RegExp) => (): string[] => {
  const paths = captures.filter((path) => pattern.test(path)).map(shared);
  return paths.length > 0 ? paths : [PLANT];
};

/** One to four requests, then their answers, in another order at times; transaction ids come again soon. */
function modbus(next: Chance): Spoken[] {
  const count = next(4) === 0 ? 2 + next(3) : 1;
  const exchanges = Array.from({ length: count }, () => {
    const one = CASES[next(CASES.length)] as (typeof CASES)[0];
    const pdu = next(3) === 0 ? { request: hex(one.request), response: hex(one.response) } : randomExchange(next);
    const [id, unit] = [next(64), next(4)];
    return { asked: mbap(id, unit, pdu.request), told: mbap(id, unit, pdu.response) };
  });
  const answers = exchanges.map(({ told }): Spoken => ({ side: 1, bytes: told }));
  if (next(4) === 0) answers.reverse();
  return [...exchanges.map(({ asked }): Spoken => ({ side: 0, bytes: asked })), ...answers];
}

/** By the name given on the command line. */
export const TARGETS: { [protocol: string]: Target } = {
  modbus: { captures: found(/modbus|modicon|simlab|similicious/i), port: 502, speak: modbus },
  opcua: { captures: found(/opcua/i), port: 4840, speak: opcua },
};
