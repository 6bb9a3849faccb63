import { html } from 'hono/html';
import { type Asset, all, best } from '../../analyzer/asset.ts';
import type { Facet, Page } from '../../analyzer/store/store.ts';
import type { Html, Strip } from '../console.ts';
import { count, counted } from '../figures.ts';
import { type AssetFilter, link, type Parameters } from '../filters.ts';
import { protocolName, words } from '../names.ts';
import { when } from '../time.ts';
import { icon } from './icon.ts';
import { type Column, chip, empty, headers, hidden, pager, removable } from './parts.ts';
import { at, inAll, SITE_COLUMN, siteCell } from './site.ts';

export type AssetsView = { filter: AssetFilter; given: Parameters; page: Page<Asset>; facets: { role: Facet; protocol: Facet; vendor: Facet }; strip: Strip };

const PATH = '/assets';
/** Choices shown at once; the rest is behind a button. */
const MAX_CHIPS = 6;

export function assetsPage(view: AssetsView): Html {
  const { filter, page } = view;
  const filtered = [filter.q, filter.role, filter.protocol, filter.vendor].some((one) => one !== undefined);
  return html`<div class="heading"><h1>Assets</h1><p class="quiet">${counted(page.total, 'device')}${filtered ? ' match' : ' seen on the wire'}</p>${search(view)}</div>
<div class="filters facets">${facet(view, 'role', 'Role')}${facet(view, 'protocol', 'Protocol')}${facet(view, 'vendor', 'Vendor')}
${filter.q === undefined ? null : removable(`“${filter.q}”`, link(PATH, view.given, { q: null }))}${filtered ? html`<a class="clear" href="${PATH}">Clear filters</a>` : null}</div>
${page.items.length === 0 ? nothing(view, filtered) : table(view)}`;
}

const search = ({ filter, given }: AssetsView): Html => html`<form class="search" action="${PATH}" role="search">
${Object.entries(given)
  .filter(([name]) => !['q', 'cursor', 'from'].includes(name))
  .map(([name, values]) => values.map((value) => hidden(name, value)))}
<label class="field">${icon('search')}<span class="unseen">Search addresses, names, vendors, models</span><input type="search" name="q" value="${filter.q ?? ''}" maxlength="200" placeholder="Address, name, model" data-search></label>
<button class="button" type="submit">Search</button></form>`;

function facet({ filter, given, facets }: AssetsView, name: 'role' | 'protocol' | 'vendor', title: string): Html {
  const choice = ({ value, count }: { value: string; count: number }) =>
    chip(
      name === 'protocol' ? protocolName(value) : name === 'role' ? words(value) : value,
      link(PATH, given, { [name]: filter[name] === value ? null : value }),
      count,
      filter[name] === value,
    );
  const choices = facets[name].filter((one) => one.value !== '');
  const on = choices.findIndex((one) => one.value === filter[name]);
  const shown = choices.filter((_, i) => i < MAX_CHIPS || i === on);
  const rest = choices.filter((one) => !shown.includes(one)).slice(0, 100);
  return html`<div class="group" role="group" aria-label="${title}"><span class="label">${title}</span>${shown.length === 0 ? html`<span class="quiet">none known</span>` : shown.map(choice)}${
    rest.length === 0
      ? null
      : html`<details class="menu"><summary class="chip">more <span class="amount">${rest.length}</span></summary><div class="choices">${rest.map(choice)}</div></details>`
  }</div>`;
}

const COLUMNS: Column[] = [
  { title: 'Address', class: 'w-address', sort: 'address', ascending: true },
  { title: 'Name', class: 'w-name' },
  { title: 'Vendor', class: 'w-vendor' },
  { title: 'Model', class: 'w-model wide-only' },
  { title: 'Role', class: 'w-role' },
  { title: 'Purdue', class: 'w-risk figure' },
  { title: 'Protocols', class: 'w-rest' },
  { title: 'First seen', class: 'w-time widest-only', sort: 'first_seen' },
  { title: 'Last seen', class: 'w-time', sort: 'last_seen' },
  { title: 'State', class: 'w-state' },
];

function table({ filter, given, page, strip }: AssetsView): Html {
  const order = filter.order ?? (filter.sort === 'address' ? 'asc' : 'desc');
  const to = (sort: string, turned: string) => link(PATH, given, { sort: sort === 'address' ? null : sort, order: turned });
  const next = page.next === null ? null : link(PATH, given, { cursor: page.next, from: String(filter.from + page.items.length) });
  return html`<div class="scroll"><table class="list" data-rows aria-label="Assets">${headers(inAll(strip) ? [COLUMNS[0] as Column, SITE_COLUMN, ...COLUMNS.slice(1)] : COLUMNS, { by: filter.sort, order }, to)}
<tbody>${page.items.map((asset) => row(asset, strip.clock))}</tbody></table></div>
${pager(filter.from, page.items.length, page.total, link(PATH, given, {}), next)}`;
}

const or = (text: string): Html => (text === '' ? html`<span class="quiet">–</span>` : html`<span title="${text}">${text}</span>`);

function row(asset: Asset, clock: number): Html {
  return html`<tr>
<td class="mono cut"><a class="title" href="${at(`/assets/${encodeURIComponent(asset.id)}`, asset.site)}">${asset.address}</a></td>${siteCell(asset.site)}
<td class="cut">${or(best(asset, 'name') || best(asset, 'hostname'))}</td>
<td class="cut">${or(best(asset, 'vendor'))}</td>
<td class="cut wide-only">${or(best(asset, 'model') || best(asset, 'product'))}</td>
<td class="cut">${or(words(best(asset, 'role')))}</td>
<td class="figure">${best(asset, 'purdue_level') || html`<span class="quiet">–</span>`}</td>
<td class="cut">${or(all(asset, 'protocol').slice(0, 12).map(protocolName).join(', '))}</td>
<td class="widest-only">${when(asset.first_seen, clock)}</td>
<td>${when(asset.last_seen, clock)}</td>
<td><span class="state" data-state="${asset.state}">${asset.state}</span></td></tr>`;
}

function nothing({ strip }: AssetsView, filtered: boolean): Html {
  if (filtered) return empty('No asset matches these filters', 'Take a chip off, or all of them.', html`<a class="button" href="${PATH}">Clear filters</a>`);
  return empty(
    'No device seen yet',
    `Devices appear here as soon as one of their frames arrives; ${count(strip.status.frames)} frames were read from ${strip.status.source || 'the source'} so far.`,
    html`<a class="button" href="/coverage">Look at coverage</a>`,
  );
}
