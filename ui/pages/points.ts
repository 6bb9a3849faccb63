import { html } from 'hono/html';
import { type Asset, best } from '../../analyzer/asset.ts';
import { isBits, NOTATIONS, type Notation, type Table, writtenAddress } from '../../analyzer/point.ts';
import type { RegisterTable } from '../../analyzer/registers/map.ts';
import { typeText } from '../../analyzer/tags/tag.ts';
import type { Html, Strip } from '../console.ts';
import { counted, value } from '../figures.ts';
import { link, type Parameters } from '../filters.ts';
import type { PointPage, PointRow } from '../points.ts';
import { when } from '../time.ts';
import { icon } from './icon.ts';
import { numbers } from './numbers.ts';
import { chip, empty, hidden } from './parts.ts';
import { some, TABLE_WORDS } from './registers.ts';

export type PointsView = {
  asset: Asset;
  filter: { notation: Notation; show: 'all' | 'named'; from: number; number?: number | undefined };
  given: Parameters;
  /** Every table of the device. */
  tables: RegisterTable[];
  unit: number;
  table: Table;
  map: RegisterTable | null;
  page: PointPage;
  strip: Strip;
};

const NOTATION_WORDS: { [notation in Notation]: string } = { wire: 'from 0', 'one-based': 'from 1', modicon: 'Modicon' };
/** Tables offered as chips; a gateway may have a thousand. */
const MAX_CHIPS = 40;

const pathOf = (view: Pick<PointsView, 'asset'>): string => `/assets/${encodeURIComponent(view.asset.id)}/points`;

export function pointsPage(view: PointsView): Html {
  const { asset, unit, table, map } = view;
  const name = best(asset, 'name') || asset.address;
  return html`<nav class="crumb"><a href="/assets/${encodeURIComponent(asset.id)}#points" data-key="u">${icon('back')}${name}</a></nav>
<div class="heading"><h1>Points</h1><p class="quiet">Unit ${unit}, ${TABLE_WORDS[table]} of <span class="mono">${asset.address}</span>: ${map === null ? 'none seen' : `${counted(map.points, 'point')} seen`}</p>${goTo(view)}</div>
${choosing(view)}
${view.page.rows.length === 0 ? nothing(view) : listed(view)}`;
}

/** The address of a form is always the one on the wire. */
const goTo = ({ given, filter }: PointsView): Html => html`<form class="search" action="" method="get">
${Object.entries(given)
  .filter(([name]) => !['from', 'number'].includes(name))
  .map(([name, values]) => values.map((one) => hidden(name, one)))}
<label class="goto">Go to address, from 0 <input type="number" name="from" min="0" max="65535" value="${filter.from === 0 ? '' : filter.from}"></label><button class="button" type="submit">Go</button></form>`;

function choosing(view: PointsView): Html {
  const { tables, given, filter, unit, table } = view;
  const path = pathOf(view);
  const change = (to: { [name: string]: string | null }) => link(path, given, { number: null, ...to });
  const at = tables.findIndex((one) => one.unit === unit && one.table === table);
  const start = Math.max(0, Math.min(at - MAX_CHIPS / 2, tables.length - MAX_CHIPS));
  return html`<div class="filters"><div class="group" role="group" aria-label="Table">${tables
    .slice(start, start + MAX_CHIPS)
    .map((one) =>
      chip(
        `${one.unit} · ${TABLE_WORDS[one.table]}`,
        change({ unit: String(one.unit), table: one.table }),
        one.points,
        one.unit === unit && one.table === table,
      ),
    )}</div>
<div class="group segmented" role="group" aria-label="Which points">${chip('All', change({ show: null }), null, filter.show === 'all')}${chip('Named', change({ show: 'named' }), null, filter.show === 'named')}</div>
<div class="group segmented" role="group" aria-label="How addresses are written"><span class="label">Addresses</span>${NOTATIONS.map((notation) =>
    chip(
      NOTATION_WORDS[notation],
      link(path, given, { notation: notation === 'wire' ? null : notation, from: String(filter.from) }),
      null,
      filter.notation === notation,
    ),
  )}</div></div>`;
}

function listed(view: PointsView): Html {
  const { page, filter, given } = view;
  const path = pathOf(view);
  const next = page.next === null ? null : link(path, given, { from: String(page.next), number: null });
  const [first, last] = [page.rows[0] as PointRow, page.rows.at(-1) as PointRow];
  return html`<div class="scroll"><table class="list points" aria-label="Points"><thead><tr><th scope="col" class="w-where figure">Address</th><th scope="col" class="w-rest">Name</th><th scope="col" class="w-value">Value</th><th scope="col" class="w-limits wide-only">Limits</th><th scope="col" class="w-wire">On the wire</th><th scope="col" class="w-learned" title="Lowest and highest value on the wire while it was learned">Learned</th><th scope="col" class="w-party">Read by</th><th scope="col" class="w-party">Written by</th><th scope="col" class="w-time">Last seen</th></tr></thead><tbody>${page.rows.map((row) => one(view, row))}</tbody></table></div>
<nav class="pager" aria-label="Pages"><span>Addresses ${written(view, first.address)} to ${written(view, last.address + last.cells.length - 1)}</span>${
    filter.from > 0 ? html`<a class="button small" href="${link(path, given, { number: null })}">First page</a>` : null
  }${next === null ? null : html`<a class="button small" href="${next}" rel="next">Next page ${icon('arrow')}</a>`}</nav>`;
}

const written = ({ filter, table }: PointsView, address: number): string => writtenAddress(filter.notation, table, address);

const dash = (): Html => html`<span class="quiet">–</span>`;

function one(view: PointsView, row: PointRow): Html {
  const { tag, cells } = row;
  const last = cells.length - 1;
  const address = `${written(view, row.address)}${last === 0 ? '' : `–${written(view, row.address + last)}`}${tag === null || tag.bit === null ? '' : `.${tag.bit}`}`;
  const ranges = cells.flatMap(({ range }) => (range === null ? [] : [range]));
  const readers = [...new Set(ranges.flatMap((range) => range.readers))];
  const writers = [...new Set(ranges.flatMap((range) => range.writers))];
  const seen =
    ranges
      .map((range) => range.last_seen)
      .sort()
      .at(-1) ?? '';
  const shown = view.filter.number === row.address && row.open;
  const who = (parties: string[]): Html => html`<td class="mono cut" title="${parties.slice(0, 20).join(', ')}">${some(parties) || dash()}</td>`;
  return html`<tr id="p${row.address}${tag === null || tag.bit === null ? '' : `-${tag.bit}`}"><td class="mono figure">${address}</td><td class="cut" title="${tag?.name ?? ''}">${tag === null ? dash() : html`${tag.name} <span class="quiet">${typeText(tag)}${tag.order === null ? '' : ` ${tag.order}`}</span>`}</td><td>${reading(view, row, shown)}</td><td class="figures wide-only">${limits(row)}</td><td class="mono cut">${raw(row)}</td><td class="figures">${learned(row)}</td>${who(readers)}${who(writers)}<td>${seen === '' ? html`<span class="quiet">never</span>` : when(seen, view.strip.clock)}</td></tr>${shown ? numbers(view.map, row, 9) : null}`;
}

function reading(view: PointsView, row: PointRow, shown: boolean): Html {
  const { tag, reading: read, open } = row;
  const toggle = (text: string): Html =>
    html`<a class="offer" href="${link(pathOf(view), view.given, { number: shown ? null : String(row.address), ...(view.filter.from === 0 ? {} : { from: String(view.filter.from) }) })}#p${row.address}" aria-expanded="${String(shown)}">${text}</a>`;
  if (tag === null || read === null) return open ? toggle('as number') : dash();
  if (read.state === 'undecided') return html`<span class="quiet">word order?</span> ${toggle('candidates')}`;
  if (read.value === null) return html`<span class="quiet">${row.cells.some((cell) => cell.value === null) ? 'not seen' : 'no number'}</span>`;
  const text = typeof read.value === 'boolean' ? (read.value ? 'on' : 'off') : typeof read.value === 'number' ? value(read.value) : read.value;
  return html`<b class="figures">${text}</b>${tag.eu === '' ? null : html` ${tag.eu}`}${
    read.state === 'high'
      ? html` <span class="limit">above ${value(tag.high as number)}</span>`
      : read.state === 'low'
        ? html` <span class="limit">below ${value(tag.low as number)}</span>`
        : null
  }`;
}

function limits({ tag }: PointRow): Html | string {
  if (tag === null || (tag.low === null && tag.high === null)) return dash();
  return `${tag.low === null ? 'any' : value(tag.low)} to ${tag.high === null ? 'any' : value(tag.high)}`;
}

/** Registers as numbers and, of one alone, in hexadecimal, as manuals of bit fields write them. */
function raw({ cells, tag }: PointRow): Html | string {
  if (tag !== null && tag.bit !== null) return dash();
  if (cells.every((cell) => cell.value === null)) return dash();
  const only = cells.length === 1 ? (cells[0]?.value ?? null) : null;
  const text = cells.map((cell) => cell.value ?? '?').join(' ');
  return only === null || only < 2 ? text : html`${text} <span class="quiet">0x${only.toString(16).padStart(4, '0')}</span>`;
}

/** Ranges of single registers; those of a value that takes several do not add up to its range. */
function learned({ cells, tag }: PointRow): Html | string {
  const [cell] = cells;
  if (cells.length > 1 || (tag !== null && tag.bit !== null) || cell === undefined || cell.low === null || cell.high === null) return dash();
  return cell.low === cell.high ? `always ${cell.low}` : `${value(cell.low)} to ${value(cell.high)}`;
}

function nothing(view: PointsView): Html {
  const { map, filter, table, unit, asset, tables } = view;
  const card = `/assets/${encodeURIComponent(asset.id)}#tags`;
  if (filter.from > 0)
    return empty(
      'No point from here on',
      'The table ends before this address.',
      html`<a class="button" href="${link(pathOf(view), view.given, { number: null })}">First page</a>`,
    );
  if (filter.show === 'named')
    return empty(
      'No point has a name',
      `No tag list names any of the ${TABLE_WORDS[table]} of unit ${unit}. Import one on the device's card.`,
      html`<a class="button" href="${card}">Tag list</a>`,
    );
  const why = isBits(table)
    ? 'Nobody was seen reading or writing one.'
    : 'Nobody was seen reading or writing one; addresses that the device refused are not listed.';
  const other = tables[0];
  return empty(
    map === null && tables.length > 0 ? `Unit ${unit} showed no ${TABLE_WORDS[table]}` : 'No point was seen yet',
    why,
    other === undefined
      ? html`<a class="button" href="/coverage">Look at coverage</a>`
      : html`<a class="button" href="${link(pathOf(view), {}, { unit: String(other.unit), table: other.table })}">Unit ${other.unit}, ${TABLE_WORDS[other.table]}</a>`,
  );
}
