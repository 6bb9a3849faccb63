/** Pages of one thing, asked for among those of all sites: each thing is one site's, and decided on there. */
import { type Ask, type Console, sessionOf, siteOf } from './console.ts';

/** The way to this page at the site of what it shows, null where that is here. */
export function ownSite(c: Ask, { options }: Console, site: string | undefined): Response | null {
  const { sites } = options;
  // A site that nobody heard of has no pages of its own.
  if (sites === undefined || sites.here !== null || site === undefined || !sites.all(sessionOf(c).account).includes(site)) return null;
  const { pathname, searchParams } = new URL(c.req.url);
  searchParams.set('site', site);
  return c.redirect(`${pathname}?${searchParams}`, 302);
}

/** Whether what is shown can be decided on here: it takes one site. */
export const isOneSite = (console: Console): boolean => console.options.sites === undefined || siteOf(console) !== null;
