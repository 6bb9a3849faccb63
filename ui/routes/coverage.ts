import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { atLeast, guardForm, may } from '../auth.ts';
import { type Console, type Env, sessionOf } from '../console.ts';
import { counted } from '../figures.ts';
import { coveragePage } from '../pages/coverage.ts';
import { shippingSection } from '../pages/shipping.ts';
import { reply } from '../reply.ts';

/** What `?replayed=TAKEN-REFUSED-QUEUED` says. */
function notice(replayed: string | undefined): string | undefined {
  const [taken, refused, queued] =
    /^(\d{1,7})-(\d{1,7})-(\d{1,7})$/
      .exec(replayed ?? '')
      ?.slice(1)
      .map(Number) ?? [];
  if (taken === undefined || refused === undefined || queued === undefined) return undefined;
  const again = refused === 0 ? '' : `, ${counted(refused, 'document')} refused again: see the reason below`;
  return `${counted(taken, 'document')} taken now${queued === 0 ? '' : `, ${counted(queued, 'document')} on the way`}${again}.`;
}

export function coverageRoutes(console: Console): Hono<Env> {
  const app = new Hono<Env>();
  app.get('/', async (c) => {
    const strip = await console.strip();
    const { account, csrf } = sessionOf(c);
    const mayReplay = console.options.replay !== undefined && may(account.role, 'analyst');
    const shipping = shippingSection(strip.status, console.options.now().getTime(), mayReplay ? csrf : null);
    const told = notice(c.req.query('replayed'));
    return reply(c, console, { title: 'Coverage', here: 'coverage', strip, ...(told === undefined ? {} : { notice: told }) }, coveragePage(strip, shipping));
  });
  app.post('/replay', atLeast('analyst'), async (c) => {
    await guardForm(c);
    if (console.options.replay === undefined) throw new HTTPException(404, { message: 'Nothing is shipped from here.' });
    const { taken, refused, queued } = await console.options.replay();
    return c.redirect(`/coverage?replayed=${taken}-${refused}-${queued}`, 303);
  });
  return app;
}
