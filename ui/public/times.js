// The same words as ui/time.ts.
const STEPS = [
  [60_000, 1000, 's'],
  [3_600_000, 60_000, 'min'],
  [86_400_000, 3_600_000, 'h'],
  [60 * 86_400_000, 86_400_000, 'd'],
  [730 * 86_400_000, 30.44 * 86_400_000, 'months'],
  [Number.POSITIVE_INFINITY, 365.25 * 86_400_000, 'years'],
];

/** `12 min ago` of an RFC 3339 time, at `clock` in ms. */
export function ago(at, clock) {
  const distance = clock - Date.parse(at);
  if (Number.isNaN(distance)) return '';
  const size = Math.abs(distance);
  if (size < 2000) return 'now';
  const [, step, unit] = STEPS.find(([limit]) => size < limit);
  const text = `${Math.floor(size / step)} ${unit}`;
  return distance < 0 ? `in ${text}` : `${text} ago`;
}

/** Refreshes every relative time on the page. */
export function refresh(document, clock) {
  if (Number.isNaN(clock)) return;
  for (const time of document.querySelectorAll('time[data-ago]')) {
    const words = ago(time.dateTime, clock);
    if (time.textContent !== words) time.textContent = words;
  }
}
