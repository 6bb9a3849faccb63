/** Who asks, and whether the question may be one that somebody else's page made a browser ask. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { HTTPException } from 'hono/http-exception';
import type { MiddlewareHandler } from 'hono/types';
import { ABSOLUTE, type Accounts, ROLES, type Role } from './accounts.ts';
import type { Ask, Env, Sites } from './console.ts';

const COOKIE = 'stillwatch';

const isHttps = (c: Ask): boolean => new URL(c.req.url).protocol === 'https:' || c.req.header('x-forwarded-proto') === 'https';

/** The peer's address as the server saw it; '' where there is no connection (tests). No header is believed. */
export function addressOf(c: Ask): string {
  const incoming = (c.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined)?.incoming;
  return incoming?.socket?.remoteAddress ?? '';
}

export function logIn(c: Ask, accounts: Accounts, name: string): void {
  const options = { path: '/', httpOnly: true, sameSite: 'Strict', secure: isHttps(c), maxAge: ABSOLUTE / 1000 } as const;
  setCookie(c, COOKIE, accounts.openSession(name), options);
}

export function logOut(c: Ask, accounts: Accounts): void {
  const token = getCookie(c, COOKIE);
  if (token !== undefined) accounts.closeSession(token);
  deleteCookie(c, COOKIE, { path: '/', secure: isHttps(c) });
}

/** Finds the session. Polling (`/status.json`) is not use: a forgotten screen logs itself out. */
export function recognise(accounts: Accounts): MiddlewareHandler<Env> {
  return async (c, next) => {
    const token = getCookie(c, COOKIE);
    c.set('session', token === undefined ? null : accounts.session(token, c.req.path !== '/status.json'));
    await next();
  };
}

/**
 * Refuses a POST that another origin made: browsers say where a form came from in Origin and Sec-Fetch-Site. A request with neither
 * is no browser's; it still needs the session's token (see `guardForm`). SameSite=Strict on the cookie is the second fence.
 */
export function guardOrigin(): MiddlewareHandler<Env> {
  return async (c, next) => {
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD' && !sameOrigin(c)) throw new HTTPException(403, { message: 'This form was sent from another site.' });
    await next();
  };
}

function sameOrigin(c: Ask): boolean {
  const site = c.req.header('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  const origin = c.req.header('origin');
  if (origin === undefined) return true;
  const host = c.req.header('host') ?? new URL(c.req.url).host;
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** Lets nobody through without a session: pages lead to the login, the rest gets 401. */
export function gate(accounts: Accounts): MiddlewareHandler<Env> {
  return async (c, next) => {
    if (c.get('session') !== null) return next();
    if (c.req.path === '/status.json') return c.json({ error: 'log in first' }, 401);
    if (accounts.count() === 0) return c.redirect('/setup', 303);
    if (c.req.method !== 'GET') throw new HTTPException(403, { message: 'Your session has ended. Log in and try again.' });
    const { pathname, search } = new URL(c.req.url);
    return c.redirect(pathname === '/' ? '/login' : `/login?next=${encodeURIComponent(pathname + search)}`, 303);
  };
}

/**
 * At a console over many sites every form names its site in its address: two tabs may show two sites, and findings, assets and facts have the same
 * ids at each. What names none that this account sees comes here, to the pages of all sites, and decides nothing.
 */
export function guardSite({ here }: Sites): MiddlewareHandler<Env> {
  return async (c, next) => {
    if (here !== null || c.req.method === 'GET' || c.req.method === 'HEAD' || !isOfSite(c.req.path)) return next();
    const asked = c.req.query('site') ?? '*';
    if (asked === '*') throw new HTTPException(400, { message: 'This form does not say which site it is for. Open the page of that site and try again.' });
    throw new HTTPException(403, { message: 'There is no such site, or your account does not see it. Nothing was changed.' });
  };
}

/** Whether it is about something of a site: accounts are those of the console. */
export const isOfSite = (path: string): boolean => !/^\/(login|logout|setup|account)(\/|$)/.test(path);

/** Refuses who is less than `role`. */
export function atLeast(role: Role): MiddlewareHandler<Env> {
  return async (c, next) => {
    if (!may(c.get('session')?.account.role, role)) throw new HTTPException(403, { message: `This takes the role ${role}.` });
    await next();
  };
}

export const may = (own: Role | undefined, needed: Role): boolean => own !== undefined && ROLES.indexOf(own) >= ROLES.indexOf(needed);

/** The fields of a form, each a list, once its token proved to be this session's. */
export async function guardForm(c: Ask): Promise<{ [name: string]: string[] }> {
  const fields = await readForm(c);
  const session = c.get('session');
  if (session === null || !equal(fields['csrf']?.[0] ?? '', session.csrf))
    throw new HTTPException(403, { message: 'This form is out of date. Go back, reload the page and try again.' });
  return fields;
}

/** The text fields of a form; files are dropped. */
export async function readForm(c: Ask): Promise<{ [name: string]: string[] }> {
  const body = await c.req.parseBody({ all: true }).catch(() => {
    throw new HTTPException(400, { message: 'The form could not be read.' });
  });
  const fields: { [name: string]: string[] } = Object.create(null);
  for (const [name, value] of Object.entries(body)) fields[name] = [value].flat().filter((one) => typeof one === 'string');
  return fields;
}

/** Compares secrets in time that depends on neither. */
export const equal = (a: string, b: string): boolean => timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());

/** Where to go after a login: a page of ours, never another site. */
export function safeNext(next: string): string {
  const url = URL.canParse(next, 'http://console') ? new URL(next, 'http://console') : null;
  return url !== null && url.origin === 'http://console' && next.startsWith('/') ? url.pathname + url.search : '/findings';
}
