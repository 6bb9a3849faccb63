/** How long to wait before trying again (ms): twice as long each time, with jitter, so that many sites do not come back at once. */

const FIRST = 500;
const LONGEST = 60_000;
/** A server may ask for more; longer than this is not heeded. */
const LONGEST_ASKED = 600_000;

/** `tries` failed in a row; `asked`: seconds of a `Retry-After` header. `chance` gives 0 to 1. */
export function pause(tries: number, asked: string | undefined, chance: () => number = Math.random): number {
  const seconds = Number(asked ?? Number.NaN);
  const wait = Math.min(LONGEST, FIRST * 2 ** Math.min(tries - 1, 16));
  const jittered = wait / 2 + (wait / 2) * chance();
  return Number.isFinite(seconds) && seconds >= 0 ? Math.max(jittered, Math.min(LONGEST_ASKED, seconds * 1000)) : jittered;
}
