/** Set-up, login and logout: the pages that need no session. */
import { Hono } from 'hono';
import { z } from 'zod';
import { AccountError, type Accounts } from '../accounts.ts';
import { addressOf, equal, guardForm, logIn, logOut, readForm, safeNext } from '../auth.ts';
import type { Ask, Console, Env } from '../console.ts';
import { parse } from '../filters.ts';
import { loginPage, setupPage } from '../pages/login.ts';
import { Busy } from '../password.ts';

const LoginForm = z.object({ name: z.string().trim().max(64).default(''), password: z.string().max(1000).default(''), next: z.string().max(2000).default('') });
const SetupForm = z.object({
  token: z.string().max(256).default(''),
  name: z.string().trim().max(64).default(''),
  password: z.string().max(1000).default(''),
  again: z.string().max(1000).default(''),
});

export function doorRoutes({ options: { accounts, setupToken } }: Console): Hono<Env> {
  const app = new Hono<Env>();
  app.get('/login', (c) => {
    if (accounts.count() === 0) return c.redirect('/setup', 303);
    return c.get('session') === null
      ? c.html(loginPage({ name: '', next: (c.req.query('next') ?? '').slice(0, 2000), problem: null }))
      : c.redirect('/findings', 303);
  });
  app.post('/login', (c) => login(c, accounts));
  app.get('/setup', (c) => {
    const token = (c.req.query('token') ?? '').slice(0, 256);
    return accounts.count() > 0 ? c.redirect('/login', 303) : c.html(setupPage({ token, name: '', problem: null }));
  });
  app.post('/setup', (c) => (accounts.count() > 0 ? c.redirect('/login', 303) : setup(c, accounts, setupToken)));
  app.post('/logout', async (c) => {
    if (c.get('session') !== null) await guardForm(c);
    logOut(c, accounts);
    return c.redirect('/login', 303);
  });
  return app;
}

async function login(c: Ask, accounts: Accounts): Promise<Response> {
  const { name, password, next } = parse(LoginForm, await readForm(c), []);
  const again = (problem: string, status: 401 | 429 | 503) => c.html(loginPage({ name, next, problem }), status);
  const wait = accounts.wait(name, addressOf(c));
  if (wait > 0) return again(`Too many failed attempts. Try again in ${Math.ceil(wait / 1000)} s.`, 429);
  try {
    const account = await accounts.verify(name, password, addressOf(c));
    if (account === null) return again('Name and password do not belong together.', 401);
    logIn(c, accounts, account.name);
    return c.redirect(safeNext(next), 303);
  } catch (error) {
    if (error instanceof Busy) return again('Too many people are logging in at this moment. Try again.', 503);
    throw error;
  }
}

async function setup(c: Ask, accounts: Accounts, setupToken: string): Promise<Response> {
  const { token, name, password, again } = parse(SetupForm, await readForm(c), []);
  const refuse = (problem: string, status: 403 | 422 | 429) => c.html(setupPage({ token, name, problem }), status);
  const wait = accounts.wait('set-up', addressOf(c));
  if (wait > 0) return refuse(`Too many failed attempts. Try again in ${Math.ceil(wait / 1000)} s.`, 429);
  if (setupToken === '' || !equal(token, setupToken)) {
    accounts.failed('set-up', addressOf(c));
    return refuse('This is not the token that was printed on the terminal.', 403);
  }
  if (password !== again) return refuse('The two passwords differ.', 422);
  try {
    await accounts.create(name, password, 'administrator', { first: true });
  } catch (error) {
    if (error instanceof AccountError) return refuse(error.message, 422);
    throw error;
  }
  logIn(c, accounts, name);
  return c.redirect('/findings', 303);
}
