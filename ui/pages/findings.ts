import { html } from 'hono/html';
import { type FindingView, LEVELS, OPEN, STATUSES, type Standing, standing } from '../../analyzer/finding.ts';
import type { Facet, FindingFacets, Page } from '../../analyzer/store/store.ts';
import type { Html, RuleSummary, Strip } from '../console.ts';
import { count, counted } from '../figures.ts';
import { type FindingFilter, link, NOBODY, type Parameters, toggled, type WITHIN } from '../filters.ts';
import { ago, when } from '../time.ts';
import { icon } from './icon.ts';
import { type Column, chip, empty, headers, hidden, LEVEL_WORDS, level, pager, removable, STATUS_WORDS, statusPill } from './parts.ts';
import { at, inAll, SITE_COLUMN, siteCell } from './site.ts';

export type FindingsView = {
  filter: FindingFilter;
  given: Parameters;
  page: Page<FindingView>;
  facets: FindingFacets;
  strip: Strip;
  rules: RuleSummary[];
  /** Who asks, and when by the wall clock, ms since the epoch. */
  me: string;
  now: number;
};

const PATH = '/findings';
const WITHIN_WORDS: { [within in keyof typeof WITHIN]: string } = { '1h': 'last hour', '24h': 'last 24 hours', '7d': 'last 7 days', '30d': 'last 30 days' };
/** Rules offered as a filter; the most frequent first. */
const MAX_RULES = 40;
/** People offered as a filter, those with most first. */
const MAX_PEOPLE = 40;

export function findingsPage(view: FindingsView): Html {
  const filtered = isFiltered(view.filter);
  return html`<div class="heading"><h1>Findings</h1><p class="quiet">${counted(view.page.total, 'finding')}${filtered ? ' match' : ` ${view.filter.status === 'all' ? 'in all' : STATE_WORDS[view.filter.status]}`}</p>${search(view)}</div>
${filters(view)}
<p class="fresh" data-fresh hidden><a class="button small" href="${link(PATH, view.given, {})}">New findings arrived: show them</a></p>
${view.page.items.length === 0 ? nothing(view, filtered) : table(view)}`;
}

const STATE_WORDS: { [status in Standing | 'open']: string } = {
  open: 'open',
  new: 'new',
  acknowledged: 'acknowledged',
  in_progress: 'in progress',
  closed: 'closed',
  suppressed: 'suppressed',
};

const isFiltered = (filter: FindingFilter): boolean =>
  filter.level.length > 0 ||
  filter.rule.length > 0 ||
  filter.assignee.length > 0 ||
  filter.address !== undefined ||
  filter.q !== undefined ||
  filter.within !== undefined;

function search({ filter, given }: FindingsView): Html {
  const kept = Object.entries(given).filter(([name]) => !['q', 'within', 'cursor', 'from'].includes(name));
  return html`<form class="search" action="${PATH}" role="search">
${kept.map(([name, values]) => values.map((value) => hidden(name, value)))}
<label class="field">${icon('search')}<span class="unseen">Search title, explanation and addresses</span><input type="search" name="q" value="${filter.q ?? ''}" maxlength="200" placeholder="Title, words, address" data-search></label>
<label><span class="unseen">Seen within</span><select name="within" data-submits><option value="">any time</option>${Object.entries(WITHIN_WORDS).map(
    ([value, text]) => html`<option value="${value}" ${filter.within === value ? html`selected` : null}>${text}</option>`,
  )}</select></label>
<button class="button" type="submit">Search</button></form>`;
}

function filters(view: FindingsView): Html {
  const { filter, given, facets } = view;
  const of = (facet: Facet, value: string) => facet.find((one) => one.value === value)?.count ?? 0;
  const sum = (statuses: readonly Standing[]) => statuses.reduce((n, one) => n + of(facets.status, one), 0);
  const suppressed = sum(['suppressed']);
  const status = (value: string, text: string, n: number) =>
    chip(text, link(PATH, given, { status: value === 'open' ? null : value }), n, filter.status === value);
  const shown: Standing[] = [...STATUSES, ...(suppressed > 0 || filter.status === 'suppressed' ? (['suppressed'] as const) : [])];
  return html`<div class="filters">
<div class="group segmented" role="group" aria-label="Status">${status('open', 'Open', sum(OPEN))}${shown.map((value) => status(value, STATUS_WORDS[value], sum([value])))}${status('all', 'All', sum(shown))}</div>
<div class="group" role="group" aria-label="Level">${[...LEVELS]
    .reverse()
    .map((value) =>
      chip(LEVEL_WORDS[value], link(PATH, given, { level: toggled(filter.level, value) }), of(facets.level, value), filter.level.includes(value), value),
    )}</div>
${ruleChoices(view)}
${assigneeChoices(view)}
${taken(view)}
</div>`;
}

function ruleChoices({ filter, given, facets, rules }: FindingsView): Html {
  const shown = facets.rule.slice(0, MAX_RULES);
  return html`<details class="menu"><summary class="chip">Rule <span class="amount">${count(facets.rule.length)}</span></summary><div class="choices">${
    shown.length === 0 ? html`<p class="quiet">No rule fired under the other filters.</p>` : null
  }${shown.map(({ value, count }) => chip(titleOf(rules, value), link(PATH, given, { rule: toggled(filter.rule, value) }), count, filter.rule.includes(value)))}</div></details>`;
}

/** Only where somebody was given anything. */
function assigneeChoices({ filter, given, facets, me }: FindingsView): Html | null {
  const named = facets.assignee.filter(({ value }) => value !== '');
  if (named.length === 0 && filter.assignee.length === 0) return null;
  const of = (name: string) => facets.assignee.find(({ value }) => value === name)?.count ?? 0;
  const one = (name: string, words: string, n: number) =>
    chip(words, link(PATH, given, { assignee: toggled(filter.assignee, name) }), n, filter.assignee.includes(name));
  const others = named.filter(({ value }) => value !== me).slice(0, MAX_PEOPLE);
  return html`<details class="menu"><summary class="chip">Assigned to <span class="amount">${count(named.length)}</span></summary><div class="choices">${one(me, 'you', of(me))}${one(NOBODY, 'nobody', of(''))}${others.map(({ value, count }) => one(value, value, count))}</div></details>`;
}

const titleOf = (rules: RuleSummary[], name: string): string => rules.find((rule) => rule.name === name)?.title ?? name;

/** Filters that no other control shows as on. */
function taken({ filter, given, rules, me }: FindingsView): Html {
  const whose = (name: string) => (name === me ? 'yours' : name === NOBODY ? 'assigned to nobody' : `assigned to ${name}`);
  return html`${filter.rule.map((name) => removable(titleOf(rules, name), link(PATH, given, { rule: toggled(filter.rule, name) })))}
${filter.assignee.map((name) => removable(whose(name), link(PATH, given, { assignee: toggled(filter.assignee, name) })))}
${filter.address === undefined ? null : removable(`address ${filter.address}`, link(PATH, given, { address: null }))}
${filter.q === undefined ? null : removable(`“${filter.q}”`, link(PATH, given, { q: null }))}
${filter.within === undefined ? null : removable(WITHIN_WORDS[filter.within], link(PATH, given, { within: null }))}
${isFiltered(filter) ? html`<a class="clear" href="${link(PATH, filter.status === 'open' ? {} : { status: [filter.status] }, {})}">Clear filters</a>` : null}`;
}

const COLUMNS: Column[] = [
  { title: 'Level', class: 'w-level' },
  { title: 'Risk', class: 'w-risk figure', sort: 'risk' },
  { title: 'Finding', class: 'w-rest' },
  { title: 'From', class: 'w-address' },
  { title: 'To', class: 'w-to wide-only' },
  { title: 'Times', class: 'w-count figure', sort: 'count' },
  { title: 'Status', class: 'w-status' },
  { title: 'Opened', class: 'w-time widest-only', sort: 'opened' },
  { title: 'Last seen', class: 'w-time', sort: 'last_seen' },
];

function table(view: FindingsView): Html {
  const { filter, given, page, strip } = view;
  const to = (sort: string, order: string) => link(PATH, given, { sort: sort === 'last_seen' ? null : sort, order: order === 'desc' ? null : order });
  const next = page.next === null ? null : link(PATH, given, { cursor: page.next, from: String(filter.from + page.items.length) });
  return html`<div class="scroll"><table class="list" data-rows aria-label="Findings">${headers(inAll(strip) ? [COLUMNS[0] as Column, SITE_COLUMN, ...COLUMNS.slice(1)] : COLUMNS, { by: filter.sort, order: filter.order ?? 'desc' }, to)}
<tbody>${page.items.map((finding) => row(finding, strip.clock, view.now))}</tbody></table></div>
${pager(filter.from, page.items.length, page.total, link(PATH, given, {}), next)}`;
}

function row(finding: FindingView, clock: number, now: number): Html {
  return html`<tr data-level="${finding.level}" class="${finding.status === 'new' ? 'unread' : ''}">
<td class="w-level">${level(finding.level)}</td>
${siteCell(finding.site)}<td class="figure">${finding.risk}</td>
<td class="w-rest"><a class="title" href="${at(`/findings/${encodeURIComponent(finding.id)}`, finding.site)}" title="${finding.explanation}">${finding.title}</a><span class="aside">${finding.explanation}</span></td>
<td class="mono cut">${party(finding.actor.ip, finding.actor.name)}</td>
<td class="mono cut wide-only">${party(finding.target.ip, finding.target.name)}${finding.target.unit_id === null ? null : html`<span class="quiet"> unit ${finding.target.unit_id}</span>`}</td>
<td class="figure">${count(finding.count)}</td>
<td class="cut" title="${finding.assignee === null ? '' : `assigned to ${finding.assignee}`}">${statusPill(standing(finding, now), null)}${finding.assignee === null ? null : html` <span class="quiet">${finding.assignee}</span>`}</td>
<td class="widest-only">${when(finding.opened, clock)}</td>
<td>${when(finding.last_seen, clock)}</td></tr>`;
}

const party = (ip: string | null, name: string | null): Html =>
  ip === null && name === null
    ? html`<span class="quiet">–</span>`
    : html`<span title="${[name, ip].filter((part) => part !== null).join(' ')}">${ip ?? name}</span>`;

function nothing({ filter, strip, facets }: FindingsView, filtered: boolean): Html {
  const { status } = strip;
  if (filtered)
    return empty(
      'No finding matches these filters',
      'Each filter is a chip above; take one off, or all of them.',
      html`<a class="button" href="${PATH}">Clear filters</a>`,
    );
  if (facets.status.some((one) => one.count > 0) && filter.status !== 'all')
    return empty(
      filter.status === 'open' ? 'Nothing is open' : `No finding is ${STATE_WORDS[filter.status]}`,
      'There are findings in other states.',
      html`<a class="button" href="${PATH}?status=all">Show all findings</a>`,
    );
  if (status.frames === 0)
    return empty(
      'No frame has arrived yet',
      `Nothing was read from ${status.source || 'the source'}. Check that the mirror port is cabled to the capture interface and that the switch sends both directions.`,
      html`<a class="button" href="/coverage">Look at coverage</a>`,
    );
  if (status.assets_learning > 0)
    return empty(
      'No findings while learning',
      html`${counted(status.assets_learning, 'asset')} ${status.assets_learning === 1 ? 'is' : 'are'} still being learned: what they do now becomes normal. Rules that need no baseline watch already.`,
      html`<a class="button" href="/baseline">Review what was learned</a>`,
    );
  return empty(
    'No findings',
    `Every rule that can fire has stayed silent since the capture began${status.clock === '' ? '' : `; the last frame was seen ${ago(status.clock, strip.clock)} by the sensor's clock`}.`,
    html`<a class="button" href="/rules">See which rules watch</a>`,
  );
}
