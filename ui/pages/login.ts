import { html } from 'hono/html';
import type { Html } from '../console.ts';
import { MIN_PASSWORD } from '../password.ts';
import { bare } from './frame.ts';
import { hidden } from './parts.ts';

const problem = (text: string | null): Html | null => (text === null ? null : html`<p class="notice warn" role="alert">${text}</p>`);

export const loginPage = (given: { name: string; next: string; problem: string | null }): Html =>
  bare(
    'Log in',
    html`<form method="post" action="/login" class="door"><h1>Log in</h1>${problem(given.problem)}${hidden('next', given.next)}
<label class="stack">Name<input name="name" value="${given.name}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="64" required ${given.name === '' ? html`autofocus` : null}></label>
<label class="stack">Password<input name="password" type="password" autocomplete="current-password" maxlength="256" required ${given.name === '' ? null : html`autofocus`}></label>
<button class="button primary wide" type="submit">Log in</button></form>`,
  );

export const setupPage = (given: { token: string; name: string; problem: string | null }): Html =>
  bare(
    'Set up',
    html`<form method="post" action="/setup" class="door"><h1>Set up the first administrator</h1>${problem(given.problem)}
<p class="quiet">There is no account yet. The set-up token was printed on the terminal where Stillwatch started.</p>
<label class="stack">Set-up token<input name="token" class="mono" value="${given.token}" autocomplete="off" spellcheck="false" maxlength="256" required></label>
<label class="stack">Name<input name="name" value="${given.name}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="32" required></label>
<label class="stack">Password<input name="password" type="password" autocomplete="new-password" minlength="${MIN_PASSWORD}" maxlength="256" required></label>
<label class="stack">The same again<input name="again" type="password" autocomplete="new-password" minlength="${MIN_PASSWORD}" maxlength="256" required></label>
<p class="quiet">At least ${MIN_PASSWORD} characters. A sentence is good.</p>
<button class="button primary wide" type="submit">Create the administrator</button></form>`,
  );
