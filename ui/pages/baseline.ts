import { html } from 'hono/html';
import { FACT_KINDS, FACT_STATES, type Fact, type FactKind, type FactState, factText } from '../../analyzer/fact.ts';
import type { Page } from '../../analyzer/store/store.ts';
import type { Html, Strip } from '../console.ts';
import { seenOf } from '../facts.ts';
import { count, counted, value } from '../figures.ts';
import { type FactFilter, link, type Parameters } from '../filters.ts';
import { protocolName } from '../names.ts';
import { when } from '../time.ts';
import { chip, csrfField, empty, hidden, pager, removable } from './parts.ts';
import { at, inAll, SITE_COLUMN, siteCell } from './site.ts';

export type BaselineView = {
  filter: FactFilter;
  given: Parameters;
  page: Page<Fact>;
  counts: { state: Map<FactState, number>; kind: Map<FactKind, number> };
  /** Ids of facts whose last decision has not reached the site yet. */
  waiting: ReadonlySet<string>;
  strip: Strip;
  /** null for who may only read. */
  form: { csrf: string; nonce: string; site: string | null } | null;
};

const PATH = '/baseline';
const STATE_WORDS: { [state in FactState]: string } = { proposed: 'Proposed', approved: 'Approved', retired: 'Retired' };
const KIND_WORDS: { [kind in FactKind]: string } = { peer: 'Peers', operation: 'Operations', point: 'Points' };

/** What was learned, to approve or retire, one by one or a page at once. */
export function baselinePage(view: BaselineView): Html {
  const { filter, given, page, counts } = view;
  const sum = (map: Map<string, number>) => [...map.values()].reduce((a, b) => a + b, 0);
  return html`<div class="heading"><h1>Baseline</h1><p class="quiet">${counted(page.total, 'fact')}. What was learned is a proposal until somebody approves it; a retired fact no longer counts as known.${inAll(view.strip) ? ' Choose a site to approve or retire.' : ''}</p></div>
<div class="filters"><div class="group segmented" role="group" aria-label="State">${chip('All', link(PATH, given, { state: null }), sum(counts.state), filter.state === undefined)}${FACT_STATES.map((state) => chip(STATE_WORDS[state], link(PATH, given, { state }), counts.state.get(state) ?? 0, filter.state === state))}</div>
<div class="group" role="group" aria-label="Kind">${FACT_KINDS.map((kind) => chip(KIND_WORDS[kind], link(PATH, given, { kind: filter.kind === kind ? null : kind }), counts.kind.get(kind) ?? 0, filter.kind === kind))}</div>
${filter.server === undefined ? null : removable(`server ${filter.server}`, link(PATH, given, { server: null }))}${filter.client === undefined ? null : removable(`client ${filter.client}`, link(PATH, given, { client: null }))}</div>
${page.items.length === 0 ? nothing(view) : listed(view)}`;
}

function listed(view: BaselineView): Html {
  const { given, page, form } = view;
  const next = page.next === null ? null : link(PATH, given, { cursor: page.next, from: String(view.filter.from + page.items.length) });
  const foot = pager(view.filter.from, page.items.length, page.total, link(PATH, given, {}), next);
  if (form === null) return html`${table(view)}${foot}`;
  return html`<form method="post" action="${at('/baseline/decisions', form.site)}">${csrfField(form.csrf)}${hidden('nonce', form.nonce)}${hidden('back', link(PATH, given, {}))}
<div class="bulk"><button class="button primary small" type="submit" name="kind" value="approve">Approve chosen</button><button class="button small" type="submit" name="kind" value="retire">Retire chosen</button><span class="quiet">Choose rows; the box in the header chooses all of this page.</span></div>
${table(view)}</form>${foot}`;
}

function table(view: BaselineView): Html {
  const { page, strip, form } = view;
  return html`<div class="scroll"><table class="list" data-rows aria-label="Facts"><thead><tr>${form === null ? null : html`<th scope="col" class="w-box"><input type="checkbox" data-all aria-label="All of this page"></th>`}${inAll(strip) ? html`<th scope="col" class="${SITE_COLUMN.class}">${SITE_COLUMN.title}</th>` : null}<th scope="col" class="w-as">Kind</th><th scope="col" class="w-address">Client</th><th scope="col" class="w-address">Server</th><th scope="col" class="w-rest">What</th><th scope="col" class="w-party">Range, last value</th><th scope="col" class="w-count figure">Times</th><th scope="col" class="w-time wide-only">First seen</th><th scope="col" class="w-time">Last seen</th><th scope="col" class="w-name">State</th></tr></thead><tbody>${page.items.map((fact) => row(fact, view))}</tbody></table></div>`;
}

function row(fact: Fact, { strip: { clock }, form, given, waiting }: BaselineView): Html {
  const address = (of: string, name: 'client' | 'server') =>
    of === '' ? html`<span class="quiet">–</span>` : html`<a class="mono" href="${link(PATH, given, { [name]: of })}">${of}</a>`;
  const who = fact.kind === 'point' ? html`<span class="mono">${parties(fact)}</span>` : address(fact.client, 'client');
  return html`<tr>${form !== null ? html`<td class="w-box"><input type="checkbox" name="fact" value="${fact.id}" aria-label="${factText(fact)}">${hidden('seen', seenOf(fact))}</td>` : null}${siteCell(fact.site)}
<td>${fact.kind}</td><td class="cut">${who}</td><td class="cut">${address(fact.server, 'server')}</td><td class="cut" title="${factText(fact)}">${what(fact)}</td>
<td class="figures">${fact.range === null ? html`${fact.text === undefined ? html`<span class="quiet">–</span>` : html`<b>${fact.text}</b>`}` : html`${value(fact.range.min)} to ${value(fact.range.max)}, <b>${value(fact.range.last)}</b>`}</td>
<td class="figure">${count(fact.count)}</td><td class="wide-only">${when(fact.first_seen, clock)}</td><td>${when(fact.last_seen, clock)}</td>
<td class="cut"><span class="fact-state" data-state="${fact.state}">${fact.state}</span>${fact.by === '' ? null : html` <span class="quiet">by ${fact.by}${waiting.has(fact.id) ? ', waiting for site' : ''}</span>`}</td></tr>`;
}

/** Who touches a point: its writers first. */
function parties(fact: Fact): string {
  const all = [...new Set([...fact.writers, ...(fact.callers ?? []), ...fact.readers, ...(fact.watchers ?? [])])];
  return `${all[0] ?? ''}${all.length > 1 ? ` +${all.length - 1}` : ''}`;
}

function what(fact: Fact): Html {
  const unit = fact.unit < 0 ? null : html` <span class="quiet">unit ${fact.unit}</span>`;
  if (fact.kind === 'peer') return html`${protocolName(fact.protocol)} <span class="mono quiet">port ${fact.port}</span>`;
  return html`<span class="mono">${fact.what}</span>${fact.name === undefined ? null : html` <span class="quiet">${fact.name}</span>`}${unit}${fact.access === '' ? null : html` <span class="tag">${fact.access}</span>`}`;
}

function nothing({ strip, given }: BaselineView): Html {
  if (Object.keys(given).length > 0)
    return empty('No fact matches these filters', 'Take a chip off, or all of them.', html`<a class="button" href="${PATH}">Clear filters</a>`);
  return empty(
    'Nothing learned yet',
    `Facts appear as soon as devices talk; ${count(strip.status.frames)} frames were read so far.`,
    html`<a class="button" href="/coverage">Look at coverage</a>`,
  );
}
