import { html } from 'hono/html';
import { LEVELS } from '../../analyzer/finding.ts';
import type { Session } from '../accounts.ts';
import type { Html, Strip } from '../console.ts';
import { count, short } from '../figures.ts';
import { absolute } from '../time.ts';
import { type Icon, icon, mark } from './icon.ts';
import { csrfField, LEVEL_WORDS } from './parts.ts';

export type Place = 'sites' | 'findings' | 'assets' | 'baseline' | 'rules' | 'coverage' | 'account';

export type Frame = {
  title: string;
  here: Place | null;
  session: Session;
  strip: Strip;
  /** One sentence on what the last form did. */
  notice?: string;
};

const RAIL: [place: Place, href: string, text: string, glyph: Icon][] = [
  ['findings', '/findings', 'Findings', 'findings'],
  ['assets', '/assets', 'Assets', 'assets'],
  ['baseline', '/baseline', 'Baseline', 'baseline'],
  ['rules', '/rules', 'Rules', 'rules'],
  ['coverage', '/coverage', 'Coverage', 'coverage'],
];

const SITES: (typeof RAIL)[number] = ['sites', '/sites', 'Sites', 'sites'];

/** Whose pages these are, where there are many sites. Choosing leads to the same page of another. */
function switcher({ strip: { sites }, session, here }: Frame): Html | null {
  if (sites === undefined) return null;
  const page = here === null || here === 'account' ? 'findings' : here;
  return html`<form class="site" action="/${page}"><label><span class="unseen">Site</span><select name="site" data-submits><option value="*" ${sites.here === null ? html`selected` : null}>All sites</option>${sites
    .all(session.account)
    .map(
      (name) => html`<option ${name === sites.here ? html`selected` : null}>${name}</option>`,
    )}</select></label><noscript><button class="button small" type="submit">Go</button></noscript></form>`;
}

const head = (title: string): Html => html`<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Stillwatch</title>
<link rel="icon" href="/public/mark.svg" type="image/svg+xml">
<link rel="stylesheet" href="/public/theme.css">
<link rel="stylesheet" href="/public/frame.css">
<link rel="stylesheet" href="/public/form.css">
<link rel="stylesheet" href="/public/filter.css">
<link rel="stylesheet" href="/public/list.css">
<link rel="stylesheet" href="/public/story.css">
<link rel="stylesheet" href="/public/evidence.css">
<link rel="stylesheet" href="/public/points.css">
<script type="module" src="/public/console.js"></script>
</head>`;

/** A page inside the rail and the strip. */
export function framed(frame: Frame, body: Html): Html {
  return html`<!doctype html>
<html lang="en">
${head(frame.title)}
<body class="framed">
<a class="skip" href="#main">Skip to the content</a>
${rail(frame)}
<div class="page">
${strip(frame.strip)}
<main id="main" tabindex="-1">
${frame.session.account.temporary ? temporary() : null}
${frame.notice === undefined ? null : html`<p class="notice" role="status">${icon('check')}${frame.notice}</p>`}
${body}
</main>
</div>
${keysHelp()}
</body>
</html>`;
}

/** A page before the login: no rail, no strip. */
export function bare(title: string, body: Html): Html {
  return html`<!doctype html>
<html lang="en">
${head(title)}
<body class="bare"><main id="main"><div class="brand">${mark()}<span>Stillwatch</span></div>${body}</main></body>
</html>`;
}

function rail(frame: Frame): Html {
  const { account, csrf } = frame.session;
  return html`<nav class="rail" aria-label="Pages">
<a class="brand" href="/">${mark()}<span>Stillwatch</span></a>
${switcher(frame)}
<ul>${(frame.strip.sites === undefined ? RAIL : [SITES, ...RAIL]).map(([place, href, text, glyph]) => html`<li><a href="${href}" ${frame.here === place ? html`aria-current="page"` : null}>${icon(glyph)}<span>${text}</span></a></li>`)}</ul>
<div class="who">
<a href="/account" ${frame.here === 'account' ? html`aria-current="page"` : null}>${icon('account')}<span>${account.name}<small>${account.role}</small></span></a>
<form method="post" action="/logout">${csrfField(csrf)}<button type="submit" title="Log out" aria-label="Log out">${icon('out')}</button></form>
</div>
</nav>`;
}

export const STATE_WORDS = { capturing: 'Capturing', replaying: 'Replaying', ended: 'Replay ended', failed: 'Capture failed', silent: 'Silent' } as const;

/** What is watched, how well, what is learned, what is open, what time it is there. `data-*` is what `public/live.js` refreshes. */
export function strip({ status, open, sites }: Strip): Html {
  return html`<header class="strip" data-tone="${toneOf(status)}" data-strip aria-label="Sensor">
<div class="gauges">
<span class="gauge"><span class="pulse" data-state="${status.state}"></span><b data-field="state">${STATE_WORDS[status.state]}</b> <span class="mono source" data-field="source" title="${status.source}">${status.source}</span></span>
<span class="gauge"><span data-field="rate">${short(status.frames_per_second)}</span> <span class="quiet">frames/s</span></span>
<span class="gauge" data-field="loss">${loss(status)}</span>
<span class="gauge" data-field="learning">${learning(status)}</span>
<span class="gauge levels"><span class="quiet">Open</span>${[...LEVELS].reverse().map((level) => html`<a href="/findings?level=${level}" data-level="${level}" class="${open[level] === 0 ? 'none' : ''}" title="${LEVEL_WORDS[level]} and open"><span data-open="${level}">${count(open[level])}</span> ${LEVEL_WORDS[level].toLowerCase()}</a>`)}</span>
<span class="gauge clock"><span class="quiet">Sensor clock</span> <time class="mono" data-field="clock" datetime="${status.clock}">${status.clock === '' ? 'no frame yet' : absolute(status.clock).replace(/\.\d+/, '')}</time></span>
</div>
${status.local ? html`<p class="blindness">${icon('warning')}<span>${sites === undefined ? html`<b>Shown from this appliance:</b> ${status.local} <a href="/coverage#shipping">Elasticsearch</a>` : html`<b>Not up to date:</b> ${status.local}`}</span></p>` : null}
<p class="blindness" data-field="blind" ${status.blind.length === 0 ? html`hidden` : null}>${icon('warning')}<span><b>Not seen:</b> <span data-blind>${blindness(status.blind)}</span> <a href="/coverage">Coverage</a></span></p>
</header>`;
}

export const toneOf = (status: Strip['status']): 'failed' | 'blind' | 'sound' =>
  status.state === 'failed' || status.state === 'silent' ? 'failed' : status.blind.length > 0 ? 'blind' : 'sound';

/** The strip's words for loss: how many of how many, or that nobody knows. Shared with `/status.json`. */
export function loss(status: Strip['status']): string {
  const known = status.coverage.interfaces.filter((one) => one.dropped !== null);
  if (known.length < status.coverage.interfaces.length || known.length === 0) return 'loss unknown';
  const dropped = known.reduce((sum, one) => sum + (one.dropped ?? 0), 0);
  return dropped === 0 ? 'no loss' : `${count(dropped)} lost`;
}

export function learning(status: Strip['status']): string {
  const all = status.assets_learning + status.assets_protected;
  if (all === 0) return 'no asset yet';
  return status.assets_learning === 0 ? `${count(all)} assets protected` : `learning ${count(status.assets_learning)} of ${count(all)} assets`;
}

/** At most two sentences; the coverage page has all of them. */
export function blindness(sentences: string[]): string {
  const more = sentences.length - 2;
  return `${sentences.slice(0, 2).join(' ')}${more > 0 ? ` And ${more} more.` : ''}`;
}

const temporary = (): Html =>
  html`<p class="notice warn">${icon('warning')}<span>You logged in with a one-time password that was shown on a terminal. <a href="/account">Choose your own</a>.</span></p>`;

const KEYS: [keys: string[], what: string][] = [
  [['j', 'k'], 'Next and previous row'],
  [['Enter'], 'Open the row'],
  [['/'], 'Search'],
  [['a'], 'Acknowledge the finding'],
  [['s'], 'Start work on it'],
  [['t'], 'Assign it'],
  [['p'], 'Suppress it for some time'],
  [['c'], 'Close it'],
  [['r'], 'Reopen it'],
  [['m'], 'Comment'],
  [['e'], 'Edit the asset'],
  [['u'], 'Back to the list'],
  [['g', 'f'], 'Findings'],
  [['g', 'a'], 'Assets'],
  [['?'], 'This help'],
];

const keysHelp = (): Html =>
  html`<dialog id="keys" aria-labelledby="keys-title"><h2 id="keys-title">Keys</h2><dl>${KEYS.map(
    ([keys, what]) => html`<div><dt>${keys.map((name) => html`<kbd>${name}</kbd>`)}</dt><dd>${what}</dd></div>`,
  )}</dl><form method="dialog"><button class="button small" type="submit">Close</button></form></dialog>`;
