import { html } from 'hono/html';
import { type Asset, best } from '../../analyzer/asset.ts';
import type { TagList } from '../../analyzer/store/store.ts';
import type { Imported } from '../../analyzer/tags/import.ts';
import type { Changes } from '../../analyzer/tags/list.ts';
import { needsOrder, type Tag, tagPoint, typeText } from '../../analyzer/tags/tag.ts';
import type { Html } from '../console.ts';
import { count, counted, value } from '../figures.ts';
import { icon } from './icon.ts';
import { button, csrfField, hidden } from './parts.ts';

/** Tags shown of each kind of change. */
const MAX_SHOWN = 20;

const cardOf = (asset: Asset): string => `/assets/${encodeURIComponent(asset.id)}`;

const head = (asset: Asset, title: string): Html =>
  html`<nav class="crumb"><a href="${cardOf(asset)}#tags" data-key="u">${icon('back')}${best(asset, 'name') || asset.address}</a></nav><header class="lead"><h1>${title}</h1></header>`;

/** What is wrong with a list, line by line. */
export function tagProblemsPage(asset: Asset, file: string, { problems, faults, rows }: Imported): Html {
  return html`${head(asset, 'The list was not taken')}
<p class="notice warn" role="alert">${icon('warning')}<span>${file.slice(0, 200)} has ${counted(faults, 'problem')}${rows === 0 ? '' : ` in ${counted(rows, 'row')}`}. A list is taken whole or not at all; the tags of this device are as they were.</span></p>
<div class="scroll"><table class="list tall problems" aria-label="Problems"><thead><tr><th scope="col" class="w-count figure">Line</th><th scope="col" class="w-role">Column</th><th scope="col" class="w-rest">What is wrong, and what to do</th></tr></thead><tbody>${problems.map(
    ({ line, column, text }) => html`<tr><td class="figure">${line === 0 ? '–' : count(line)}</td><td class="mono">${column || '–'}</td><td>${text}</td></tr>`,
  )}</tbody></table></div>
${faults > problems.length ? html`<p class="quiet">And ${counted(faults - problems.length, 'more problem')}; mend these first.</p>` : null}
<p class="after"><a class="button" href="${cardOf(asset)}#tags">Back to the device</a></p>`;
}

export type ApplyForm = { csrf: string; nonce: string /** The list that counts now. */; was: string };

/** What a list would change, before it does. */
export function tagPreviewPage(asset: Asset, list: TagList, changes: Changes, form: ApplyForm): Html {
  const { added, removed, changed, unchanged } = changes;
  const undecided = list.tags.filter((tag) => needsOrder(tag) && tag.order === null).length;
  const nothing = added.length + removed.length + changed.length === 0;
  return html`${head(asset, nothing ? 'This list changes nothing' : 'What this list changes')}
<p class="sentence">${list.file}: ${counted(list.tags.length, 'tag')}. ${nothing ? 'Every one of them counts already.' : `${count(added.length)} new, ${count(changed.length)} changed, ${count(removed.length)} gone, ${count(unchanged)} as before. Nothing has been changed yet.`}</p>
${undecided === 0 ? null : html`<p class="notice warn">${icon('warning')}<span>${counted(undecided, 'value')} of several registers without a word order: they get their names, and stay undecoded until a list says the order. Their points show what each order would give.</span></p>`}
<div class="actions">${nothing ? null : html`<form method="post" action="${cardOf(asset)}/tags/apply">${csrfField(form.csrf)}${hidden('nonce', form.nonce)}${hidden('list', list.id)}${hidden('was', form.was)}${button(`Use these ${count(list.tags.length)} tags`, '', 'primary')}</form>`}<a class="button" href="${cardOf(asset)}#tags">${nothing ? 'Back to the device' : 'Leave it as it is'}</a></div>
${part('New', added, (tag) => line(tag))}
${part('Changed', changed, ({ before, after }) => html`<td class="mono">${tagPoint(after)}</td><td>${before.name === after.name ? after.name : html`<s>${before.name}</s> ${after.name}`}</td><td>${differs(meaning(before), meaning(after))}</td>`)}
${part('Gone', removed, (tag) => line(tag))}`;
}

function part<T>(title: string, all: readonly T[], cells: (one: T) => Html): Html | null {
  if (all.length === 0) return null;
  return html`<section><h2>${title} <span class="amount">${count(all.length)}</span></h2><div class="scroll"><table class="list" aria-label="${title}"><thead><tr><th scope="col" class="w-point">Point</th><th scope="col" class="w-rest">Name</th><th scope="col" class="w-rest">Value</th></tr></thead><tbody>${all
    .slice(0, MAX_SHOWN)
    .map(
      (one) => html`<tr>${cells(one)}</tr>`,
    )}</tbody></table></div>${all.length > MAX_SHOWN ? html`<p class="quiet">And ${count(all.length - MAX_SHOWN)} more.</p>` : null}</section>`;
}

const line = (tag: Tag): Html => html`<td class="mono">${tagPoint(tag)}</td><td>${tag.name}</td><td>${meaning(tag)}</td>`;

const differs = (before: string, after: string): Html | string => (before === after ? after : html`<s>${before}</s> ${after}`);

/** `float32 CDAB x 0.1 m, 0 to 10`. */
function meaning(tag: Tag): string {
  const scaled = `${tag.scale === 1 ? '' : ` × ${value(tag.scale)}`}${tag.offset === 0 ? '' : ` ${tag.offset < 0 ? '−' : '+'} ${value(Math.abs(tag.offset))}`}`;
  const limits = tag.low === null && tag.high === null ? '' : `, ${tag.low ?? 'any'} to ${tag.high ?? 'any'}`;
  return `${typeText(tag)}${tag.order === null ? '' : ` ${tag.order}`}${scaled}${tag.eu === '' ? '' : ` ${tag.eu}`}${limits}`;
}
