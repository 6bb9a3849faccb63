import { html } from 'hono/html';
import type { Decision, FindingView } from '../../analyzer/finding.ts';
import type { Html } from '../console.ts';
import { absolute, when } from '../time.ts';
import { RESOLUTION_WORDS } from './parts.ts';

const VERBS: { [kind in Decision['kind']]: string } = {
  acknowledge: 'acknowledged it',
  start: 'started work on it',
  assign: 'assigned it',
  suppress: 'suppressed it',
  close: 'closed it',
  reopen: 'reopened it',
  comment: 'commented',
  approve: 'approved it',
  retire: 'retired it',
  edit: 'edited it',
  tags: 'changed its tags',
};

/** The sensor's line first, then every decision, oldest first. `clock` is the sensor's, `now` the wall clock decisions are taken by. */
export function history(finding: FindingView, decisions: Decision[], waiting: ReadonlySet<string>, clock: number, now: number): Html {
  return html`<ol class="history">
<li><span class="dot"></span><p><b>Stillwatch</b> opened it <span class="quiet">${when(finding.opened, clock)} by the sensor's clock, ${absolute(finding.opened)}</span></p></li>
${decisions.map((decision) => entry(decision, now, waiting.has(decision.id)))}</ol>`;
}

/** `waits`: its site has not taken it yet. */
export const entry = (decision: Decision, now: number, waits = false): Html =>
  html`<li data-kind="${decision.kind}"><span class="dot"></span><p><b>${decision.by}</b> ${decision.kind === 'suppress' && !decision.edit?.['until'] ? 'ended its suppression' : VERBS[decision.kind]}${
    decision.resolution === null ? '' : ` as ${RESOLUTION_WORDS[decision.resolution]}`
  }${told(decision)} <span class="quiet">${wall(decision['@timestamp'], now)}${waits ? ' · waiting for site' : ''}</span></p>${decision.comment === '' ? null : html`<blockquote>${decision.comment}</blockquote>`}</li>`;

/** What a decision changes, after the verb. */
function told({ kind, edit }: Decision): string {
  if (edit === null) return '';
  if (kind === 'assign') return ` to ${edit['assignee'] || 'nobody'}`;
  if (kind === 'suppress') return edit['until'] ? ` until ${absolute(edit['until'])}` : '';
  return `: ${kind === 'tags' ? tagging(edit) : changes(edit)}`;
}

const changes = (edit: { [attribute: string]: string }): string =>
  Object.entries(edit)
    .map(([name, value]) => `${name.replaceAll('_', ' ')} ${value === '' ? 'cleared' : `is ${value}`}`)
    .join(', ');

const tagging = ({ list, file, tags }: { [name: string]: string }): string => (list ? `${tags} tags of ${file} count` : 'no list counts any more');

/** Wall time: not refreshed by the sensor's clock. */
function wall(at: string, now: number): Html {
  const date = absolute(at).replace(/\.\d+/, '');
  return html`<time datetime="${at}" title="${date}">${now - Date.parse(at) < 60_000 ? 'just now' : date}</time>`;
}
