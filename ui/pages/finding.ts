import { html } from 'hono/html';
import { ATTACK_VERSION, technique } from '../../analyzer/attack.ts';
import { type Decision, type FindingView, standing } from '../../analyzer/finding.ts';
import type { Kept } from '../../analyzer/store/store.ts';
import type { Html, RuleSummary, Strip } from '../console.ts';
import { count } from '../figures.ts';
import { absolute, when } from '../time.ts';
import { actions, type Form } from './actions.ts';
import { beside } from './beside.ts';
import { frames } from './frames.ts';
import { history } from './history.ts';
import { icon } from './icon.ts';
import { level, statusPill } from './parts.ts';

export type FindingStory = {
  finding: FindingView;
  rule: RuleSummary | null;
  observations: Kept[];
  decisions: Decision[];
  /** Ids of those that have not reached the site yet. */
  waiting: ReadonlySet<string>;
  strip: Strip;
  /** ms: decisions are taken by the wall clock. */
  now: number;
  /** Whether anybody decides on it here: not among those of all sites. */
  decidable: boolean;
  /** null for who may only read. */
  form: Form | null;
};

/** A finding as a story, top to bottom: what happened, beside what is normal, why it matters, what to do, the frames, the history. */
export function findingPage(story: FindingStory): Html {
  const { finding } = story;
  const seen = beside(finding, story.strip.clock);
  return html`<nav class="crumb"><a href="/findings" data-key="u">${icon('back')}Findings</a></nav>
<header class="lead" data-level="${finding.level}">
<p class="meta">${level(finding.level)}${statusPill(standing(finding, story.now), finding.resolution)}${finding.assignee === null ? null : html`<span class="quiet">Assigned to</span> <b>${finding.assignee}</b>`}<span class="quiet">Risk</span> <b class="figure">${finding.risk}</b></p>
<h1>${finding.title}</h1>
<p class="sentence">${finding.explanation}</p>
${away(story)}</header>
${story.form === null ? html`<p class="quiet readonly">${story.decidable ? 'You may read findings. Deciding takes the role analyst.' : 'Decisions are taken at the site of a finding.'}</p>` : actions(finding, story.form)}
<div class="columns">
<div class="story">
${seen === null ? null : html`<section aria-labelledby="beside"><h2 id="beside">Seen, beside what is normal</h2>${seen}</section>`}
<section aria-labelledby="why"><h2 id="why">Why it matters</h2>${why(story)}</section>
<section aria-labelledby="todo"><h2 id="todo">What to do</h2>${todo(finding)}</section>
<section aria-labelledby="frames"><h2 id="frames">Frames</h2>${frames(finding, story.observations, story.strip.clock)}</section>
<section aria-labelledby="history"><h2 id="history">History</h2>${history(finding, story.decisions, story.waiting, story.strip.clock, story.now)}</section>
</div>
${facts(story)}
</div>`;
}

/** Who wanted it out of sight, for how long and why. */
function away({ finding, now }: FindingStory): Html | null {
  const { suppressed } = finding;
  if (suppressed === null || standing(finding, now) !== 'suppressed') return null;
  return html`<p class="notice plain"><span>Suppressed by <b>${suppressed.by}</b> until ${absolute(suppressed.until).slice(0, 16)} UTC: ${suppressed.reason} <span class="quiet">Counted all the same: ${count(finding.count)} so far.</span></span></p>`;
}

function why({ finding, rule, strip }: FindingStory): Html {
  const text = rule?.why || rule?.description || '';
  const known = finding.tags.map(technique).filter((one) => one !== null);
  return html`${text === '' ? null : html`<p>${text}</p>`}
${
  known.length === 0
    ? null
    : html`<ul class="techniques">${known.map(
        (one) =>
          html`<li><a class="mono" rel="noreferrer" href="https://attack.mitre.org/techniques/${one.id.replace('.', '/')}/">${one.id}</a><span><b>${one.name}</b><small>${one.tactics.join(', ')} · ATT&CK for ICS ${ATTACK_VERSION}${one.former === null ? null : html` · formerly <span class="mono">${one.former}</span>`}</small></span></li>`,
      )}</ul>`
}
${finding.blind === '' && strip.status.blind.length === 0 ? null : html`<div class="limits"><h3>What this cannot see</h3>${finding.blind === '' ? null : html`<p>${finding.blind}</p>`}${strip.status.blind.slice(0, 5).map((sentence) => html`<p class="now">${icon('warning')}${sentence}</p>`)}</div>`}`;
}

const todo = ({ respond }: FindingView): Html => html`<div class="pair">
<div class="card"><h3>In the SOC</h3><p>${respond.soc || 'The rule gives no advice for the SOC.'}</p></div>
<div class="card"><h3>In the plant</h3><p>${respond.plant || 'The rule gives no advice for the plant.'}</p></div>
</div>`;

function facts({ finding, rule, strip }: FindingStory): Html {
  return html`<aside class="facts" aria-label="At a glance"><dl>
${party('From', finding.actor.ip, finding.actor.name, '')}
${party('To', finding.target.ip, finding.target.name, finding.target.unit_id === null ? '' : `unit ${finding.target.unit_id}`)}
<div><dt>Times</dt><dd class="figure">${count(finding.count)}</dd></div>
<div><dt>Opened</dt><dd>${when(finding.opened, strip.clock)}<small>${absolute(finding.opened)}</small></dd></div>
<div><dt>Last seen</dt><dd>${when(finding.last_seen, strip.clock)}<small>${absolute(finding.last_seen)}</small></dd></div>
<div><dt>Risk</dt><dd>${risk(finding)}</dd></div>
<div><dt>Rule</dt><dd>${rule === null ? finding.rule.name : html`<a href="/rules#${encodeURIComponent(finding.rule.name)}">${finding.rule.name}</a>`}<small>version ${finding.rule.version} · <a href="/findings?status=all&rule=${encodeURIComponent(finding.rule.name)}">all its findings</a></small></dd></div>
<div><dt>Made from</dt><dd><small>rule <span class="mono hash" title="${finding.inputs.rule}">${finding.inputs.rule.slice(0, 12)}</span></small><small>baseline <span class="mono hash" title="${finding.inputs.baseline}">${finding.inputs.baseline.slice(0, 12)}</span></small><small>finding <span class="mono hash" title="${finding.id}">${finding.id.slice(0, 12)}</span></small></dd></div>
</dl></aside>`;
}

function party(label: string, ip: string | null, name: string | null, more: string): Html | null {
  if (ip === null && name === null) return null;
  return html`<div><dt>${label}</dt><dd>${ip === null ? name : html`<a class="mono" href="/assets/${encodeURIComponent(ip)}">${ip}</a>`}<small>${[ip === null ? '' : (name ?? ''), more].filter((part) => part !== '').join(' · ')}</small>${
    ip === null ? null : html`<small><a href="/findings?status=all&address=${encodeURIComponent(ip)}">its findings</a></small>`
  }</dd></div>`;
}

/** Level, criticality and confidence are shares of one; their product is the risk. */
function risk({ risk, risk_factors: factors }: FindingView): Html {
  return html`<b class="figure">${risk}</b> <span class="quiet">of 100</span>${[
    ['level', factors.level],
    ['asset criticality', factors.criticality],
    ['confidence', factors.confidence],
  ].map(
    ([name, share]) =>
      html`<small class="factor"><span>${name}</span><svg class="bar" width="56" height="6" aria-hidden="true"><rect class="track" width="100%" height="6" rx="3"/><rect class="fill" width="${Math.round(100 * Math.min(1, Math.max(0, Number(share))))}%" height="6" rx="3"/></svg><span class="figure">${share}</span></small>`,
  )}`;
}
