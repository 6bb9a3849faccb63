import { Hono } from 'hono';
import type { Console, Env } from '../console.ts';
import { coveragePage } from '../pages/coverage.ts';
import { reply } from '../reply.ts';

export function coverageRoutes(console: Console): Hono<Env> {
  const app = new Hono<Env>();
  app.get('/', async (c) => {
    const strip = await console.strip();
    return reply(c, console, { title: 'Coverage', here: 'coverage', strip }, coveragePage(strip));
  });
  return app;
}
