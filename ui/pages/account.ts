import { html } from 'hono/html';
import { type Account, ROLES, type Session } from '../accounts.ts';
import type { Html } from '../console.ts';
import { MIN_PASSWORD } from '../password.ts';
import { absolute } from '../time.ts';
import { button, csrfField, hidden } from './parts.ts';

export type AccountView = {
  session: Session;
  /** All accounts, for administrators; null for everybody else. */
  accounts: Account[] | null;
  problem: { form: 'password' | 'accounts'; text: string } | null;
  /** Names of sites, where there are many; else null. */
  sites: string[] | null;
};

const DOES = { viewer: 'reads', analyst: 'reads and decides', administrator: 'reads, decides and manages accounts' } as const;

export function accountPage(view: AccountView): Html {
  const { account } = view.session;
  return html`<div class="heading"><h1>${account.name}</h1><p class="quiet">${account.role}: ${DOES[account.role]}</p></div>
<section aria-labelledby="password"><h2 id="password">Change password</h2>${problem(view, 'password')}
<form method="post" action="/account/password" class="narrow">${csrfField(view.session.csrf)}
<input class="unseen" name="username" value="${account.name}" autocomplete="username" tabindex="-1" readonly aria-hidden="true">
<label class="stack">Current password<input name="current" type="password" autocomplete="current-password" maxlength="256" required></label>
<label class="stack">New password<input name="password" type="password" autocomplete="new-password" minlength="${MIN_PASSWORD}" maxlength="256" required></label>
<label class="stack">The same again<input name="again" type="password" autocomplete="new-password" minlength="${MIN_PASSWORD}" maxlength="256" required></label>
<p class="quiet">At least ${MIN_PASSWORD} characters. Every other session of yours ends.</p>${button('Change password', '', 'primary')}</form></section>
${view.accounts === null ? null : everybody(view, view.accounts)}`;
}

const problem = (view: AccountView, form: 'password' | 'accounts'): Html | null =>
  view.problem?.form === form ? html`<p class="notice warn" role="alert">${view.problem.text}</p>` : null;

function everybody(view: AccountView, accounts: Account[]): Html {
  const { account } = view.session;
  return html`<section aria-labelledby="accounts"><h2 id="accounts">Accounts <span class="amount">${accounts.length}</span></h2>${problem(view, 'accounts')}
<div class="scroll"><table class="list" aria-label="Accounts"><thead><tr><th scope="col" class="w-rest">Name</th><th scope="col" class="w-name">Role</th><th scope="col" class="w-name">Last login</th><th scope="col" class="w-name">Password</th><th scope="col" class="w-status"><span class="unseen">Remove</span></th></tr></thead><tbody>${accounts.map((one) => row(view, one))}</tbody></table></div>
<h3>Add an account</h3>
<form method="post" action="/account/add" class="narrow">${csrfField(view.session.csrf)}
<label class="stack">Name<input name="name" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="32" required></label>
<label class="stack">Role<select name="role">${ROLES.map((role) => html`<option value="${role}" ${role === 'analyst' ? html`selected` : null}>${role}: ${DOES[role]}</option>`)}</select></label>
<label class="stack">One-time password<input name="password" type="password" autocomplete="new-password" minlength="${MIN_PASSWORD}" maxlength="256" required></label>
${view.sites === null ? null : html`<label class="stack">Sites<select name="site" multiple ${account.sites.length === 0 ? null : html`required`} size="${Math.min(6, Math.max(2, view.sites.length))}">${view.sites.map((site) => html`<option>${site}</option>`)}</select></label><p class="quiet">${account.sites.length === 0 ? 'None chosen: all sites, and those to come.' : 'At least one.'}</p>`}
<p class="quiet">They are asked to choose their own after the first login.</p>${button('Add account', '')}</form></section>`;
}

function row(view: AccountView, one: Account): Html {
  const self = one.name === view.session.account.name;
  return html`<tr><td>${one.name}${self ? html` <span class="quiet">you</span>` : null}</td><td>${one.role}${one.sites.length === 0 ? null : html` <span class="quiet">${one.sites.join(', ')}</span>`}</td><td>${one.last_login === '' ? html`<span class="quiet">never</span>` : absolute(one.last_login)}</td><td>${one.temporary ? html`<span class="unable">one-time</span>` : 'own'}</td><td>${
    self
      ? null
      : html`<form method="post" action="/account/remove">${csrfField(view.session.csrf)}${hidden('name', one.name)}<button class="button small" type="submit">Remove</button></form>`
  }</td></tr>`;
}
