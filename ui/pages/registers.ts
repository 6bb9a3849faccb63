import { html } from 'hono/html';
import type { Asset } from '../../analyzer/asset.ts';
import type { Table } from '../../analyzer/point.ts';
import type { RegisterRange, RegisterTable } from '../../analyzer/registers/map.ts';
import type { Html, Strip } from '../console.ts';
import { count, counted } from '../figures.ts';
import { when } from '../time.ts';

export const TABLE_WORDS: { [table in Table]: string } = {
  coils: 'coils',
  discrete_inputs: 'discrete inputs',
  input_registers: 'input registers',
  holding_registers: 'holding registers',
};

/** Rows of the map on a device's card. */
const MAX_ROWS = 80;

/** The register map of a device: per unit and table who reads and who writes which addresses, from 0 as on the wire. */
export function registers(asset: Asset, tables: RegisterTable[], strip: Strip): Html {
  let room = MAX_ROWS;
  const shown = tables.map((table) => {
    const ranges = table.ranges.slice(0, Math.max(0, room));
    room -= ranges.length;
    return { table, ranges };
  });
  const left = tables.filter((table) => table.ranges.length > 0).length - shown.filter(({ ranges }) => ranges.length > 0).length;
  return html`<div class="scroll"><table class="list map" aria-label="Register map"><thead><tr><th scope="col" class="w-unit figure">Unit</th><th scope="col" class="w-role">Table</th><th scope="col" class="w-address figure">Addresses</th><th scope="col" class="w-count figure">Points</th><th scope="col" class="w-rest">Read by</th><th scope="col" class="w-rest">Written by</th><th scope="col" class="w-count figure">Reads</th><th scope="col" class="w-count figure">Writes</th><th scope="col" class="w-time">Last seen</th></tr></thead>${shown
    .filter(({ ranges }) => ranges.length > 0)
    .map(
      ({ table, ranges }) => html`<tbody>${ranges.map((range, n) => row(asset, table, range, n === 0, strip))}${more(asset, table, ranges.length)}</tbody>`,
    )}</table></div>${
    left > 0
      ? html`<p class="quiet">And ${counted(left, 'more table')}: <a href="${pointsOf(asset, tables[shown.findIndex(({ ranges }) => ranges.length === 0)] as RegisterTable)}">all points</a>.</p>`
      : null
  }`;
}

/** The page with the points of a table. */
export const pointsOf = (asset: Asset, { unit, table }: Pick<RegisterTable, 'unit' | 'table'>, from = 0): string =>
  `/assets/${encodeURIComponent(asset.id)}/points?unit=${unit}&table=${table}${from === 0 ? '' : `&from=${from}`}`;

function row(asset: Asset, table: RegisterTable, range: RegisterRange, first: boolean, strip: Strip): Html {
  const last = range.from + range.quantity - 1;
  const who = (parties: string[]): Html =>
    html`<td class="mono cut" title="${parties.slice(0, 20).join(', ')}">${some(parties) || html`<span class="quiet">–</span>`}</td>`;
  const head = first
    ? html`<th scope="rowgroup" class="figure">${table.unit}</th><td class="cut"><a href="${pointsOf(asset, table)}">${TABLE_WORDS[table.table]}</a></td>`
    : html`<td></td><td></td>`;
  return html`<tr>${head}<td class="mono figure"><a href="${pointsOf(asset, table, range.from)}">${range.from}${last === range.from ? '' : `–${last}`}</a></td><td class="figure">${count(range.quantity)}</td>${who(range.readers)}${who(range.writers)}<td class="figure">${count(range.reads)}</td><td class="figure">${count(range.writes)}</td><td>${when(range.last_seen, strip.clock)}</td></tr>`;
}

const more = (asset: Asset, table: RegisterTable, shown: number): Html | null =>
  table.ranges.length > shown
    ? html`<tr><td></td><td></td><td colspan="7"><a href="${pointsOf(asset, table)}">${counted(table.ranges.length - shown, 'more range')}</a></td></tr>`
    : null;

/** The first of a list and how many more there are. */
export const some = (addresses: string[]): string => `${addresses[0] ?? ''}${addresses.length > 1 ? ` +${addresses.length - 1}` : ''}`;
