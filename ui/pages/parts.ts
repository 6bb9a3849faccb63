/** Small pieces that several pages show. */
import { html } from 'hono/html';
import type { Level, Resolution, Standing } from '../../analyzer/finding.ts';
import type { Html } from '../console.ts';
import { type Icon, icon } from './icon.ts';

export const STATUS_WORDS: { [status in Standing]: string } = {
  new: 'New',
  acknowledged: 'Acknowledged',
  in_progress: 'In progress',
  closed: 'Closed',
  suppressed: 'Suppressed',
};
export const LEVEL_WORDS: { [level in Level]: string } = { informational: 'Info', low: 'Low', medium: 'Medium', high: 'High', critical: 'Critical' };
export const RESOLUTION_WORDS: { [resolution in Resolution]: string } = {
  true_positive: 'true positive',
  false_positive: 'false positive',
  authorised_change: 'authorised change',
};

/** A coloured bar and a word: colour never speaks alone. */
export const level = (of: Level): Html => html`<span class="level" data-level="${of}">${LEVEL_WORDS[of]}</span>`;

export const statusPill = (of: Standing, resolution: Resolution | null): Html =>
  html`<span class="status" data-status="${of}">${STATUS_WORDS[of]}${of === 'closed' && resolution !== null ? html`<span class="quiet"> · ${RESOLUTION_WORDS[resolution]}</span>` : null}</span>`;

/** Says why there is nothing and what to do. */
export const empty = (title: string, why: string | Html, action: Html | null = null): Html =>
  html`<div class="empty"><h2>${title}</h2><p>${why}</p>${action === null ? null : html`<p>${action}</p>`}</div>`;

/** A field that a form sends along unseen. */
export const hidden = (name: string, value: string): Html => html`<input type="hidden" name="${name}" value="${value}">`;

export const csrfField = (token: string): Html => hidden('csrf', token);

export const key = (name: string): Html => html`<kbd>${name}</kbd>`;

export const chip = (text: string, href: string, amount: number | null, on: boolean, tone: Level | null = null): Html =>
  html`<a class="chip${on ? ' on' : ''}" href="${href}" ${on ? html`aria-current="true"` : null}${tone === null ? null : html` data-level="${tone}"`}><span>${text}</span>${amount === null ? null : html`<span class="amount">${amount.toLocaleString('en-US')}</span>`}</a>`;

/** A filter that is on, with a way to take it off. */
export const removable = (text: string, href: string): Html =>
  html`<a class="chip on" href="${href}" title="Remove this filter"><span>${text}</span>${icon('close')}</a>`;

export type Column = { title: string; sort?: string; class: string; ascending?: boolean };

/** Table headers; those with `sort` are links that sort, or turn the order when they are what is sorted by. */
export const headers = (columns: Column[], sorted: { by: string; order: string }, to: (sort: string, order: string) => string): Html =>
  html`<thead><tr>${columns.map((column) => header(column, sorted, to))}</tr></thead>`;

function header(column: Column, sorted: { by: string; order: string }, to: (sort: string, order: string) => string): Html {
  if (column.sort === undefined) return html`<th scope="col" class="${column.class}">${column.title}</th>`;
  const on = sorted.by === column.sort;
  const first = column.ascending === true ? 'asc' : 'desc';
  const next = on ? (sorted.order === 'asc' ? 'desc' : 'asc') : first;
  const aria = on ? (sorted.order === 'asc' ? 'ascending' : 'descending') : 'none';
  return html`<th scope="col" class="${column.class}" aria-sort="${aria}"><a href="${to(column.sort, next)}">${column.title}<span class="sort" aria-hidden="true">${on ? (sorted.order === 'asc' ? '↑' : '↓') : ''}</span></a></th>`;
}

/** The foot of a list: which part of it this is, and the way on. */
export function pager(from: number, shown: number, total: number, first: string, next: string | null): Html {
  return html`<nav class="pager" aria-label="Pages"><span>${shown === 0 ? '0' : `${from.toLocaleString('en-US')}–${(from + shown - 1).toLocaleString('en-US')}`} of ${total.toLocaleString('en-US')}</span>
    ${from > 1 ? html`<a class="button small" href="${first}">First page</a>` : null}
    ${next === null ? null : html`<a class="button small" href="${next}" rel="next">Next page ${icon('arrow')}</a>`}</nav>`;
}

export const button = (text: string, shortcut: string, tone: '' | 'primary' | 'danger' = '', glyph: Icon | null = null): Html =>
  html`<button type="submit" class="button ${tone}" ${shortcut === '' ? null : html`data-key="${shortcut}"`}>${glyph === null ? null : icon(glyph)}${text}${shortcut === '' ? null : key(shortcut)}</button>`;
