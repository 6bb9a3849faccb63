/** What several sensors say of themselves, as one. */
import { type Coverage, type ProtocolCoverage, type Status, sum } from '../coverage.ts';
import type { Heard } from './roll.ts';

const EMPTY: Coverage = { interfaces: [], protocols: [], ceilings: [], clock_steps: 0 };

function protocols(all: readonly Heard[]): ProtocolCoverage[] {
  const found = new Map<string, ProtocolCoverage>();
  for (const one of all.flatMap(({ status }) => status.coverage.protocols)) {
    const known = found.get(one.protocol);
    found.set(one.protocol, known === undefined ? one : sum(known, one));
  }
  return [...found.values()];
}

/** ms by which a sensor's clock may be ahead of the last contact with any. */
const AHEAD = 86_400_000;

const latest = (clocks: readonly string[]): string => clocks.reduce((a, b) => (a === '' || Date.parse(b) > Date.parse(a) ? b : a), '');

/** One clock that is far ahead would put everything that happens elsewhere out of the last day: it counts only where there is no other site. */
function clockOf(all: readonly Heard[]): string {
  const end = Math.max(...all.map(({ contact }) => contact)) + AHEAD;
  const clocks = all.map(({ status }) => status.clock).filter((clock) => clock !== '');
  const near = latest(clocks.filter((clock) => Date.parse(clock) <= end));
  return near === '' && new Set(all.map(({ site }) => site)).size === 1 ? latest(clocks) : near;
}

/** `name` says which sensor a sentence or interface is of. */
export function together(all: readonly Heard[], name: (sensor: Heard) => string, source: string): Status {
  const heard = all.filter(({ silent }) => !silent);
  const silent = all
    .filter((sensor) => sensor.silent)
    .map((sensor) => `${name(sensor)} is silent since ${new Date(sensor.contact).toISOString().slice(0, 16).replace('T', ' ')} UTC.`);
  return {
    state: heard.some(({ status }) => status.state === 'capturing') ? 'capturing' : (heard[0]?.status.state ?? (all.length === 0 ? 'ended' : 'silent')),
    source,
    frames: all.reduce((n, { status }) => n + status.frames, 0),
    frames_per_second: heard.reduce((n, { status }) => n + status.frames_per_second, 0),
    clock: clockOf(all),
    assets_learning: all.reduce((n, { status }) => n + status.assets_learning, 0),
    assets_protected: all.reduce((n, { status }) => n + status.assets_protected, 0),
    blind: [...silent, ...heard.flatMap((sensor) => sensor.status.blind.map((sentence) => (all.length === 1 ? sentence : `${name(sensor)}: ${sentence}`)))],
    coverage: {
      ...EMPTY,
      interfaces: all.flatMap((sensor) => sensor.status.coverage.interfaces.map((one) => ({ ...one, name: `${name(sensor)} ${one.name}` }))),
      protocols: protocols(all),
      ceilings: all.length === 1 ? (all[0] as Heard).status.coverage.ceilings : [],
      clock_steps: all.reduce((n, { status }) => n + status.coverage.clock_steps, 0),
    },
  };
}
