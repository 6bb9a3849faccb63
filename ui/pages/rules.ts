import { html } from 'hono/html';
import { technique } from '../../analyzer/attack.ts';
import { levelRank } from '../../analyzer/finding.ts';
import type { Html, RuleSummary } from '../console.ts';
import { count, counted } from '../figures.ts';
import { chip, empty, level } from './parts.ts';

export type RulesView = {
  rules: RuleSummary[];
  /** Findings by rule name, in every state. */
  findings: Map<string, number>;
  show: 'all' | 'able' | 'unable' | 'off';
};

const isAble = (rule: RuleSummary): boolean => rule.enabled && rule.cannot_fire === null;
const SHOWS: { [show in RulesView['show']]: [title: string, test: (rule: RuleSummary) => boolean] } = {
  all: ['All', () => true],
  able: ['Can fire', isAble],
  unable: ['Cannot fire now', (rule) => rule.enabled && rule.cannot_fire !== null],
  off: ['Off', (rule) => !rule.enabled],
};

/** Read only: a rule is a file, and changing it is editing the file. */
export function rulesPage(view: RulesView): Html {
  const shown = view.rules.filter(SHOWS[view.show][1]).sort((a, b) => levelRank(b.level) - levelRank(a.level) || (a.title < b.title ? -1 : 1));
  return html`<div class="heading"><h1>Rules</h1><p class="quiet">${counted(view.rules.length, 'rule')}. Everything that fires is one of these files; tuning a detection is editing one.</p></div>
<div class="filters"><div class="group segmented" role="group" aria-label="Show">${Object.entries(SHOWS).map(([show, [title, test]]) => chip(title, show === 'all' ? '/rules' : `/rules?show=${show}`, view.rules.filter(test).length, view.show === show))}</div></div>
${shown.length === 0 ? nothing(view) : table(shown, view.findings)}`;
}

const table = (rules: RuleSummary[], findings: Map<string, number>): Html =>
  html`<div class="scroll"><table class="list tall" data-rows aria-label="Rules"><thead><tr><th scope="col" class="w-level">Level</th><th scope="col" class="w-rest">Rule</th><th scope="col" class="w-technique wide-only">ATT&CK</th><th scope="col" class="w-catalogue wide-only">Catalogue</th><th scope="col" class="w-able">Can it fire</th><th scope="col" class="w-count figure">Findings</th></tr></thead><tbody>${rules.map((rule) => row(rule, findings.get(rule.name) ?? 0))}</tbody></table></div>`;

function row(rule: RuleSummary, n: number): Html {
  return html`<tr id="${rule.name}" data-level="${rule.level}" class="${rule.enabled ? '' : 'off'}"><td class="w-level">${level(rule.level)}</td>
<td><details class="rule"><summary class="title">${rule.title}</summary><div class="more"><p class="mono quiet">${rule.name}</p>${rule.description === '' ? null : html`<p>${rule.description}</p>`}${rule.why ? html`<p>${rule.why}</p>` : null}${rule.blind === '' ? null : html`<p><b>Cannot see:</b> ${rule.blind}</p>`}</div></details></td>
<td class="wide-only">${rule.attack.map(tag)}</td>
<td class="wide-only">${rule.catalogue.map((name) => html`<span class="tag mono">${name}</span>`)}</td>
<td>${!rule.enabled ? html`<span class="quiet">off</span>` : rule.cannot_fire === null ? html`<span class="able">yes</span>` : html`<span class="unable">${rule.cannot_fire}</span>`}</td>
<td class="figure">${n === 0 ? html`<span class="quiet">0</span>` : html`<a href="/findings?status=all&rule=${encodeURIComponent(rule.name)}">${count(n)}</a>`}</td></tr>`;
}

function tag(id: string): Html | null {
  const known = technique(id);
  return known === null ? null : html`<span class="tag mono" title="${known.name} (${known.tactics.join(', ')})">${known.id}</span>`;
}

function nothing({ rules, show }: RulesView): Html {
  if (rules.length === 0) return empty('No rule is loaded', 'Rules are YAML files in the rules folder. The log says which could not be read.');
  return empty(
    show === 'off' ? 'No rule is switched off' : show === 'unable' ? 'Every enabled rule can fire' : 'No rule can fire now',
    'Choose another group above.',
    html`<a class="button" href="/rules">All rules</a>`,
  );
}
