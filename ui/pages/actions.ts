import { html } from 'hono/html';
import { type FindingView, RESOLUTIONS, type Resolution } from '../../analyzer/finding.ts';
import type { Html } from '../console.ts';
import { button, csrfField, hidden, key } from './parts.ts';

/** What a decision form carries, and what came back with one that was refused. */
export type Form = { csrf: string; nonce: string; after?: number; problem?: string; kind?: string; resolution?: string; comment?: string };

const CHOICES: { [resolution in Resolution]: [title: string, hint: string] } = {
  true_positive: ['True positive', 'It happened and it should not have.'],
  false_positive: ['False positive', 'The rule is wrong here. Say why, so that it can be tuned.'],
  authorised_change: ['Authorised change', 'It happened and somebody had approved it. Name who, or the work order.'],
};

/** Every decision that is possible now, with its key. Plain forms: a script only adds the keys. */
export function actions(finding: FindingView, form: Form): Html {
  const { status } = finding;
  const open = (kind: string) => (form.kind === kind && form.problem !== undefined ? html`open` : null);
  return html`<div class="actions" role="group" aria-label="Decide">
${form.problem === undefined ? null : html`<p class="notice warn" role="alert">${form.problem}</p>`}
${status === 'new' ? simple(finding, form, 'acknowledge', button('Acknowledge', 'a', 'primary')) : null}
${status === 'new' || status === 'acknowledged' ? simple(finding, form, 'start', button('Start work', 's', status === 'acknowledged' ? 'primary' : '')) : null}
${status === 'closed' ? simple(finding, form, 'reopen', button('Reopen', 'r', 'primary')) : html`<details class="popover" ${open('close')}><summary class="button${status === 'in_progress' ? ' primary' : ''}" data-key="c">Close…${key('c')}</summary>${closing(finding, form)}</details>`}
<details class="popover" ${open('comment')}><summary class="button" data-key="m">Comment…${key('m')}</summary>${commenting(finding, form)}</details>
</div>`;
}

const carried = (finding: FindingView, form: Form, kind: string): Html =>
  html`${csrfField(form.csrf)}${hidden('nonce', form.nonce)}${hidden('kind', kind)}${hidden('seen', finding.status)}${form.after === undefined ? null : hidden('after', String(form.after))}`;

const target = (finding: FindingView): string => `/findings/${encodeURIComponent(finding.id)}/decisions`;

const simple = (finding: FindingView, form: Form, kind: string, submit: Html): Html =>
  html`<form method="post" action="${target(finding)}">${carried(finding, form, kind)}${submit}</form>`;

function closing(finding: FindingView, form: Form): Html {
  return html`<form method="post" action="${target(finding)}" class="panel">${carried(finding, form, 'close')}
<fieldset><legend>Close as</legend>${RESOLUTIONS.map((value) => {
    const [title, hint] = CHOICES[value];
    return html`<label class="radio"><input type="radio" name="resolution" value="${value}" required ${form.resolution === value ? html`checked` : null}><span><b>${title}</b><small>${hint}</small></span></label>`;
  })}</fieldset>
<label class="stack">Reason<textarea name="comment" rows="3" maxlength="4000" required placeholder="What you found, for who reads this next">${form.kind === 'close' ? (form.comment ?? '') : ''}</textarea></label>
<p class="quiet">If the same happens again after closing, a new finding opens.</p>
${button('Close finding', '', 'primary')}</form>`;
}

const commenting = (
  finding: FindingView,
  form: Form,
): Html => html`<form method="post" action="${target(finding)}" class="panel">${carried(finding, form, 'comment')}
<label class="stack">Comment<textarea name="comment" rows="3" maxlength="4000" required>${form.kind === 'comment' ? (form.comment ?? '') : ''}</textarea></label>
${button('Add comment', '', 'primary')}</form>`;
