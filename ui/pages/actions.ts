import { html } from 'hono/html';
import { type FindingView, RESOLUTIONS, type Resolution, standing } from '../../analyzer/finding.ts';
import type { Html } from '../console.ts';
import { absolute } from '../time.ts';
import { button, csrfField, hidden, key } from './parts.ts';
import { at } from './site.ts';

/** What a decision form carries, and what came back with one that was refused. */
export type Form = {
  csrf: string;
  /** The site it decides for, where there are many. */
  site: string | null;
  nonce: string;
  /** Which decisions the page showed: see `knownOf`. */
  known?: string[];
  /** Who is asked, and everybody whom a finding may be given to. */
  me: string;
  people: string[];
  /** ms since the epoch, by the wall clock. */
  now: number;
  problem?: string;
  kind?: string;
  resolution?: string;
  comment?: string;
};

/** How long a finding may be suppressed, in days. */
const SPANS: [days: number, words: string][] = [
  [1, 'a day'],
  [7, 'a week'],
  [30, '30 days'],
  [90, '90 days'],
];
const DAY = 86_400_000;
export const LONGEST_SUPPRESSION = 366 * DAY;

const CHOICES: { [resolution in Resolution]: [title: string, hint: string] } = {
  true_positive: ['True positive', 'It happened and it should not have.'],
  false_positive: ['False positive', 'The rule is wrong here. Say why, so that it can be tuned.'],
  authorised_change: ['Authorised change', 'It happened and somebody had approved it. Name who, or the work order.'],
};

/** Every decision that is possible now, with its key. Plain forms: a script only adds the keys. */
export function actions(finding: FindingView, form: Form): Html {
  const { status } = finding;
  const suppressed = standing(finding, form.now) === 'suppressed';
  const open = (kind: string) => (form.kind === kind && form.problem !== undefined ? html`open` : null);
  return html`<div class="actions" role="group" aria-label="Decide">
${form.problem === undefined ? null : html`<p class="notice warn" role="alert">${form.problem}</p>`}
${status === 'new' ? simple(finding, form, 'acknowledge', button('Acknowledge', 'a', 'primary')) : null}
${status === 'new' || status === 'acknowledged' ? simple(finding, form, 'start', button('Start work', 's', status === 'acknowledged' ? 'primary' : '')) : null}
${status === 'closed' ? simple(finding, form, 'reopen', button('Reopen', 'r', 'primary')) : html`<details class="popover" ${open('close')}><summary class="button${status === 'in_progress' ? ' primary' : ''}" data-key="c">Close…${key('c')}</summary>${closing(finding, form)}</details>`}
${status === 'closed' ? null : html`<details class="popover" ${open('assign')}><summary class="button" data-key="t">Assign…${key('t')}</summary>${assigning(finding, form)}</details>`}
${
  status === 'closed'
    ? null
    : suppressed
      ? simple(finding, form, 'suppress', html`${hidden('until', '')}${button('End suppression', 'p')}`)
      : html`<details class="popover" ${open('suppress')}><summary class="button" data-key="p">Suppress…${key('p')}</summary>${suppressing(finding, form)}</details>`
}
<details class="popover" ${open('comment')}><summary class="button" data-key="m">Comment…${key('m')}</summary>${commenting(finding, form)}</details>
</div>`;
}

const carried = (finding: FindingView, form: Form, kind: string): Html =>
  html`${csrfField(form.csrf)}${hidden('nonce', form.nonce)}${hidden('kind', kind)}${hidden('seen', finding.status)}${form.known === undefined ? null : hidden('known', form.known.join(' '))}`;

const target = (finding: FindingView, { site }: Form): string => at(`/findings/${encodeURIComponent(finding.id)}/decisions`, site);

const simple = (finding: FindingView, form: Form, kind: string, submit: Html): Html =>
  html`<form method="post" action="${target(finding, form)}">${carried(finding, form, kind)}${submit}</form>`;

function closing(finding: FindingView, form: Form): Html {
  return html`<form method="post" action="${target(finding, form)}" class="panel">${carried(finding, form, 'close')}
<fieldset><legend>Close as</legend>${RESOLUTIONS.map((value) => {
    const [title, hint] = CHOICES[value];
    return html`<label class="radio"><input type="radio" name="resolution" value="${value}" required ${form.resolution === value ? html`checked` : null}><span><b>${title}</b><small>${hint}</small></span></label>`;
  })}</fieldset>
<label class="stack">Reason<textarea name="comment" rows="3" maxlength="4000" required placeholder="What you found, for who reads this next">${form.kind === 'close' ? (form.comment ?? '') : ''}</textarea></label>
<p class="quiet">If the same happens again after closing, a new finding opens.</p>
${button('Close finding', '', 'primary')}</form>`;
}

function assigning(finding: FindingView, form: Form): Html {
  const { assignee } = finding;
  const others = [...new Set([...form.people, ...(assignee === null ? [] : [assignee])])].filter((name) => name !== form.me);
  const choice = (name: string, words: string) => html`<option value="${name}" ${name === (assignee ?? form.me) ? html`selected` : null}>${words}</option>`;
  return html`<form method="post" action="${target(finding, form)}" class="panel">${carried(finding, form, 'assign')}
<label class="stack">Assign to<select name="assignee">${choice(form.me, `${form.me} (you)`)}${others.map((name) => choice(name, name))}${assignee === null ? null : choice('', 'nobody')}</select></label>
${button('Assign', '', 'primary')}</form>`;
}

function suppressing(finding: FindingView, form: Form): Html {
  const until = (days: number) => new Date(Math.ceil(form.now / 60_000) * 60_000 + days * DAY).toISOString();
  return html`<form method="post" action="${target(finding, form)}" class="panel">${carried(finding, form, 'suppress')}
<label class="stack">For<select name="until">${SPANS.map(([days, words]) => html`<option value="${until(days)}">${words}, until ${absolute(until(days)).slice(0, 16)} UTC</option>`)}</select></label>
<label class="stack">Reason<textarea name="comment" rows="3" maxlength="4000" required placeholder="Why it need not be looked at until then, and who agreed">${form.kind === 'suppress' ? (form.comment ?? '') : ''}</textarea></label>
<p class="quiet">It leaves the open findings until then. What happens meanwhile is counted all the same, and anything else about the same device still opens a finding.</p>
${button('Suppress finding', '', 'primary')}</form>`;
}

const commenting = (
  finding: FindingView,
  form: Form,
): Html => html`<form method="post" action="${target(finding, form)}" class="panel">${carried(finding, form, 'comment')}
<label class="stack">Comment<textarea name="comment" rows="3" maxlength="4000" required>${form.kind === 'comment' ? (form.comment ?? '') : ''}</textarea></label>
${button('Add comment', '', 'primary')}</form>`;
