import { Hono } from 'hono';
import { type Console, type Env, type Sites, sessionOf } from '../console.ts';
import { sitesPage } from '../pages/sites.ts';
import { reply } from '../reply.ts';

/** The overview of a console over many sites. */
export function siteRoutes(console: Console, sites: Sites): Hono<Env> {
  const app = new Hono<Env>();
  app.get('/', async (c) => {
    const views = await sites.views(sessionOf(c).account);
    return reply(c, console, { title: 'Sites', here: 'sites' }, sitesPage(views, console.options.now().getTime()));
  });
  return app;
}
