/** Coverage of several sensors, one after the other or side by side, as one. */
import { byFrames, type Ceiling, type Coverage, type InterfaceCoverage, type ProtocolCoverage, sum } from '../coverage.ts';

export const NO_COVERAGE: Coverage = { interfaces: [], protocols: [], ceilings: [], clock_steps: 0 };

/** One after the other: counts are added up by name; how full a table is, and whether an interface is up, is as `b` says where it says it. */
export const addCoverage = (a: Coverage, b: Coverage): Coverage => add(a, b, (_, { used }) => used);

/** Side by side: what is in their tables is added up too. */
export const besideCoverage = (a: Coverage, b: Coverage): Coverage => add(a, b, (x, y) => x.used + y.used);

function add(a: Coverage, b: Coverage, used: (x: Ceiling, y: Ceiling) => number): Coverage {
  return {
    interfaces: byName(a.interfaces, b.interfaces, ({ name }) => name, sum<InterfaceCoverage>),
    protocols: byName(a.protocols, b.protocols, ({ protocol }) => protocol, sum<ProtocolCoverage>).sort(byFrames),
    ceilings: byName(
      a.ceilings,
      b.ceilings,
      ({ name }) => name,
      (x, y): Ceiling => ({ ...y, used: used(x, y), hit: x.hit + y.hit }),
    ),
    clock_steps: a.clock_steps + b.clock_steps,
  };
}

function byName<T>(a: readonly T[], b: readonly T[], nameOf: (one: T) => string, join: (x: T, y: T) => T): T[] {
  const all = new Map(a.map((one) => [nameOf(one), one]));
  for (const one of b) {
    const before = all.get(nameOf(one));
    all.set(nameOf(one), before === undefined ? one : join(before, one));
  }
  return [...all.values()];
}
