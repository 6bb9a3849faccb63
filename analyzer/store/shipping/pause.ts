/** How long to wait before trying again (ms): twice as long each time, with jitter, so that many sites do not come back at once. */

const FIRST = 500;
const LONGEST = 60_000;
/** A server may ask for more; longer than this is not heeded. */
const LONGEST_ASKED = 600_000;

/** What a `Retry-After` header asks for, in seconds (RFC 9110 section 10.2.3: a number or a date); NaN when it asks for nothing. */
function secondsOf(asked: string | undefined, now: number): number {
  const seconds = Number(asked ?? Number.NaN);
  return Number.isNaN(seconds) ? (Date.parse(asked ?? '') - now) / 1000 : seconds;
}

/** `tries` failed in a row; `asked`: a `Retry-After` header. `chance` gives 0 to 1; `now`: ms since the epoch. */
export function pause(tries: number, asked: string | undefined, chance: () => number = Math.random, now = Date.now()): number {
  const seconds = secondsOf(asked, now);
  const wait = Math.min(LONGEST, FIRST * 2 ** Math.min(tries - 1, 16));
  const jittered = wait / 2 + (wait / 2) * chance();
  return Number.isFinite(seconds) && seconds >= 0 ? Math.max(jittered, Math.min(LONGEST_ASKED, seconds * 1000)) : jittered;
}
