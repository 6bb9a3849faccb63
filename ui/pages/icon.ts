import { html } from 'hono/html';
import type { Html } from '../console.ts';

/** Line icons on a 16 px grid, drawn in the colour of their text. */
const PATHS = {
  sites: ['M2 14V6.5L6 9V6.5L10 9V3h4v11z', 'M5 12h1M9 12h1'],
  findings: ['M3 14V2.5', 'M3 3h9.5l-2 3.25 2 3.25H3'],
  assets: ['M4.5 4.5h7v7h-7z', 'M6.5 1.5v3M9.5 1.5v3M6.5 11.5v3M9.5 11.5v3M1.5 6.5h3M1.5 9.5h3M11.5 6.5h3M11.5 9.5h3'],
  baseline: ['M1.5 12.5h13', 'M1.5 9.5c2.5 0 2.5-6 5-6s2.5 6 5 6c1.2 0 2-.8 3-2'],
  rules: ['M2.5 4h1M2.5 8h1M2.5 12h1', 'M6 4h8M6 8h8M6 12h8'],
  coverage: ['M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8z', 'M8 9.75a1.75 1.75 0 1 0 0-3.5 1.75 1.75 0 0 0 0 3.5z'],
  account: ['M8 8.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6z', 'M2.5 14c.6-2.4 2.8-3.5 5.5-3.5s4.9 1.1 5.5 3.5'],
  search: ['M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10z', 'M10.75 10.75 14 14'],
  close: ['M4 4l8 8M12 4l-8 8'],
  arrow: ['M3 8h10', 'M9.5 4.5 13 8l-3.5 3.5'],
  back: ['M13 8H3', 'M6.5 4.5 3 8l3.5 3.5'],
  warning: ['M8 2 14.5 13.5h-13z', 'M8 6.5v3.5M8 11.75v.1'],
  out: ['M6.5 2.5h-4v11h4', 'M6.5 8h7.5M11 5l3 3-3 3'],
  check: ['M3 8.5 6.5 12 13 4.5'],
} as const;

export type Icon = keyof typeof PATHS;

export const icon = (name: Icon): Html =>
  html`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">${PATHS[name].map((d) => html`<path d="${d}"/>`)}</svg>`;

/** The mark: an eye that is a still water line. */
export const mark = (): Html =>
  html`<svg class="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false"><path d="M2 12c3-5 6.3-7.5 10-7.5s7 2.5 10 7.5"/><path d="M2 16h5.5c1.8 0 1.8 2.5 4.5 2.5s2.7-2.5 4.5-2.5H22"/><circle cx="12" cy="11.5" r="2.75"/></svg>`;
