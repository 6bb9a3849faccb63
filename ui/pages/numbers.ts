import { html } from 'hono/html';
import type { RegisterTable } from '../../analyzer/registers/map.ts';
import type { Candidate } from '../../analyzer/tags/guess.ts';
import type { Tag } from '../../analyzer/tags/tag.ts';
import type { Html } from '../console.ts';
import { value } from '../figures.ts';
import { type Offer, offers, type PointRow } from '../points.ts';

/** A row of a table, `columns` wide: registers as a number in each word order, the likeliest first, and why. */
export const numbers = (map: RegisterTable | null, row: PointRow, columns: number): Html =>
  html`<tr class="numbers"><td colspan="${columns}"><div>${offers(map, row).map((offer) => one(offer, row.tag))}</div>
<p class="quiet">${row.tag === null ? 'Offered, not assumed: a tag list with the type and word order of the device’s manual makes it a value.' : 'Not decoded until the tag list says its word order; the device’s manual does.'}</p></td></tr>`;

function one({ type, guess }: Offer, tag: Tag | null): Html {
  return html`<section><h2>As ${type}</h2><p>${guess.verdict}</p>
${guess.ranking.length === 0 ? null : html`<table class="list plain" aria-label="As ${type}"><thead><tr><th scope="col">Order</th><th scope="col" class="figure">Value</th><th scope="col">For and against</th></tr></thead><tbody>${guess.ranking.map((candidate) => ranked(candidate, tag, candidate.order === guess.best))}</tbody></table>`}</section>`;
}

function ranked({ order, value: number, reasons }: Candidate, tag: Tag | null, likely: boolean): Html {
  const scaled = typeof number === 'number' && tag !== null ? Number((number * tag.scale + tag.offset).toPrecision(12)) : number;
  const text = scaled === null ? 'none' : typeof scaled === 'number' ? value(scaled) : scaled;
  return html`<tr class="${likely ? 'likely' : ''}"><th scope="row" class="mono">${order}</th><td class="figure mono">${text}${tag === null || tag.eu === '' || scaled === null ? null : ` ${tag.eu}`}</td><td class="why">${reasons.join('; ') || '–'}</td></tr>`;
}
