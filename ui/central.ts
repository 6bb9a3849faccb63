/** One console over many sites: each site's pages are those of its own console, and one more console shows all sites at once. */
import { Hono } from 'hono';
import { getCookie } from 'hono/cookie';
import { HTTPException } from 'hono/http-exception';
import { serialize } from 'hono/utils/cookie';
import type { Account, Accounts } from './accounts.ts';
import { createApp } from './app.ts';
import { isOfSite, recognise } from './auth.ts';
import type { ConsoleOptions, Env } from './console.ts';
import { isTagUpload } from './routes/tags.ts';

const COOKIE = 'stillwatch-site';
/** What the switcher calls all sites. */
const ALL = '*';
/** Consoles kept at hand. */
const MAX_CONSOLES = 200;

export type CentralOptions = {
  accounts: Accounts;
  /** Names of sites that an account may see. */
  sites: (account: Account) => string[];
  /** The console of a site. */
  site: (name: string) => ConsoleOptions;
  /** The console of all sites that an account may see. */
  all: (account: Account | null) => ConsoleOptions;
};

type App = ReturnType<typeof createApp>;

export function createCentral(options: CentralOptions): Hono<Env> {
  const apps = new Map<string, App>();
  const appOf = (key: string, make: () => ConsoleOptions): App => {
    const known = apps.get(key);
    if (known !== undefined) return known;
    if (apps.size >= MAX_CONSOLES) apps.clear();
    const made = createApp(make());
    apps.set(key, made);
    return made;
  };
  const app = new Hono<Env>();
  app.use(recognise(options.accounts));
  app.all('*', async (c) => {
    const account = c.get('session')?.account ?? null;
    const asked = c.req.query('site');
    const decides = c.req.method !== 'GET' && c.req.method !== 'HEAD' && isOfSite(c.req.path);
    // What a browser showed last is no answer to which site a form is for.
    const wanted = asked ?? (decides ? undefined : getCookie(c, COOKIE)) ?? ALL;
    const site = account !== null && options.sites(account).includes(wanted) ? wanted : null;
    if (isTagUpload(c.req.path) && c.req.method === 'POST') return c.text('Tag lists are brought in at the console of the site itself.', 403);
    const answering =
      site === null ? appOf(`* ${(account?.sites ?? []).join('\n')}`, () => options.all(account)) : appOf(`site ${site}`, () => options.site(site));
    const answer = await answering.fetch(c.req.raw, c.env);
    if (asked === undefined || account === null) return answer;
    const kept = new Response(answer.body, answer);
    if (decides && site !== null) lead(kept.headers, site);
    kept.headers.append('set-cookie', serialize(COOKIE, site ?? ALL, { path: '/', httpOnly: true, sameSite: 'Strict' }));
    return kept;
  });
  app.onError((error) => (error instanceof HTTPException ? error.getResponse() : new Response('This page could not be made.', { status: 500 })));
  return app;
}

/** A form leads back to a page of its own site. */
function lead(headers: Headers, site: string): void {
  const location = headers.get('location');
  if (location === null) return;
  const { pathname, searchParams, hash } = new URL(location, 'http://console');
  searchParams.set('site', site);
  headers.set('location', `${pathname}?${searchParams}${hash}`);
}
