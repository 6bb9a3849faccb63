import { html } from 'hono/html';
import type { Asset } from '../../analyzer/asset.ts';
import type { Decision } from '../../analyzer/finding.ts';
import { NOTATIONS, type Notation } from '../../analyzer/point.ts';
import type { Html } from '../console.ts';
import { counted } from '../figures.ts';
import { absolute } from '../time.ts';
import { button, csrfField, hidden } from './parts.ts';
import { at } from './site.ts';

const NOTATION_CHOICES: { [notation in Notation]: string } = {
  wire: 'from 0, as on the wire',
  'one-based': 'from 1',
  modicon: 'Modicon references (40001)',
};

type Form = { csrf: string; nonce: string; site: string | null } | null;

/** The tag list of a device: which one counts, and the forms to import, export, remove, and go back. `configured`: tags that the configuration gives it. */
export function tagList(asset: Asset, decisions: Decision[], configured: number, form: Form): Html {
  const tagged = decisions.filter(({ kind }) => kind === 'tags');
  const [before, now] = [tagged.at(-2), tagged.at(-1)];
  const counts = (now?.edit?.['list'] ?? '') !== '';
  return html`<div class="taglist" id="tags"><p>${counts && now !== undefined ? html`<b>${counted(Number(now.edit?.['tags'] ?? 0), 'tag')}</b> of <span class="mono">${now.edit?.['file']}</span> <span class="quiet">by ${now.by}, ${absolute(now['@timestamp']).replace(/\.\d+/, '')}</span>` : html`<span class="quiet">${configured > 0 ? `${counted(configured, 'tag')} of the configuration.` : 'No tag list: values are bare numbers. A list gives them names, engineering units and limits.'}</span>`}</p>
<div class="buttons">${form === null ? null : form.site === null ? importing(asset, form, counts) : html`<span class="quiet">Lists are brought in at the console of the site itself.</span>`}${counts ? html`<a class="button small" href="/assets/${encodeURIComponent(asset.id)}/tags.csv">Export CSV</a>` : null}${form === null ? null : html`${counts ? deciding(asset, form, now, '', 'Remove') : null}${before === undefined || now === undefined ? null : undo(asset, form, before, now)}`}</div></div>`;
}

function undo(asset: Asset, form: NonNullable<Form>, before: Decision, now: Decision): Html | null {
  const list = before.edit?.['list'] ?? '';
  if (list === (now.edit?.['list'] ?? '') || list === '') return null;
  return deciding(asset, form, now, list, `Back to ${before.edit?.['file']} (${before.edit?.['tags']})`);
}

const deciding = (asset: Asset, form: NonNullable<Form>, now: Decision | undefined, list: string, text: string): Html =>
  html`<form method="post" action="${at(`/assets/${encodeURIComponent(asset.id)}/tags/apply`, form.site)}">${csrfField(form.csrf)}${hidden('nonce', form.nonce)}${hidden('list', list)}${hidden('was', now?.edit?.['list'] ?? '')}<button class="button small" type="submit">${text}</button></form>`;

const importing = (
  asset: Asset,
  form: NonNullable<Form>,
  counts: boolean,
): Html => html`<details class="popover"><summary class="button small">${counts ? 'Replace tag list…' : 'Import tag list…'}</summary>
<form method="post" action="/assets/${encodeURIComponent(asset.id)}/tags" enctype="multipart/form-data" class="panel">${csrfField(form.csrf)}
<label class="stack">Tag list (CSV)<input type="file" name="list" accept=".csv,.txt,text/csv" required></label>
<label class="stack">Addresses, where the list has no column notation<select name="notation"><option value="">not said: from 0</option>${NOTATIONS.map((one) => html`<option value="${one}">${NOTATION_CHOICES[one]}</option>`)}</select></label>
<p class="quiet">Columns: <span class="mono">unit, table, address, name, type, word_order, scale, offset, engineering_unit, low, high</span>. You see what changes before it does.</p>
${button('Read the list', '', 'primary')}</form></details>`;
