import { html } from 'hono/html';
import type { Html } from './console.ts';

const STEPS: [limit: number, size: number, unit: string][] = [
  [60_000, 1000, 's'],
  [3_600_000, 60_000, 'min'],
  [86_400_000, 3_600_000, 'h'],
  [60 * 86_400_000, 86_400_000, 'd'],
  [730 * 86_400_000, 30.44 * 86_400_000, 'months'],
  [Number.POSITIVE_INFINITY, 365.25 * 86_400_000, 'years'],
];

/** `12 min ago`, `in 3 h`, `now`; '' for what is no time. `ui/public/times.js` says the same in the browser. */
export function ago(at: string, clock: number): string {
  const distance = clock - Date.parse(at);
  if (Number.isNaN(distance)) return '';
  const size = Math.abs(distance);
  if (size < 2000) return 'now';
  const [, step, unit] = STEPS.find(([limit]) => size < limit) as (typeof STEPS)[number];
  const text = `${Math.floor(size / step)} ${unit}`;
  return distance < 0 ? `in ${text}` : `${text} ago`;
}

/** `2026-03-01 08:00:00.123 UTC`: as precise as what came in, up to milliseconds. */
export function absolute(at: string): string {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d{1,3})?/.exec(at);
  return match === null ? at.slice(0, 40) : `${match[1]} ${match[2]}${match[3] ?? ''} UTC`;
}

/** Relative to the sensor's clock, absolute on hover. */
export function when(at: string, clock: number): Html {
  if (Number.isNaN(Date.parse(at))) return html`<span class="quiet">–</span>`;
  return html`<time datetime="${at}" title="${absolute(at)}" data-ago>${ago(at, clock)}</time>`;
}
