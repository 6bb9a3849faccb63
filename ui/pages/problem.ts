import { html } from 'hono/html';
import type { Html } from '../console.ts';
import { empty } from './parts.ts';

const TITLES: { [status: number]: string } = {
  400: 'That request makes no sense',
  403: 'Not allowed',
  404: 'There is nothing here',
  409: 'Somebody was faster',
  413: 'That is too large',
  429: 'Too many attempts',
  503: 'The store does not answer',
};

/** What went wrong, in one sentence, and a way on. Never a stack. */
export const problemPage = (status: number, message: string): Html =>
  html`<div class="problem">${empty(TITLES[status] ?? 'Something went wrong here', message, html`<a class="button" href="/findings">Go to findings</a>`)}<p class="quiet">${status}</p></div>`;
