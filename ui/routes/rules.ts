import { Hono } from 'hono';
import { z } from 'zod';
import type { Console, Env } from '../console.ts';
import { parse } from '../filters.ts';
import { rulesPage } from '../pages/rules.ts';
import { reply } from '../reply.ts';

const RuleFilter = z.object({ show: z.enum(['all', 'able', 'unable', 'off']).default('all') });

export function ruleRoutes(console: Console): Hono<Env> {
  const app = new Hono<Env>();
  app.get('/', async (c) => {
    const { show } = parse(RuleFilter, c.req.queries(), []);
    const facets = await console.options.store.findingFacets({});
    const findings = new Map(facets.rule.map(({ value, count }) => [value, count]));
    return reply(c, console, { title: 'Rules', here: 'rules' }, rulesPage({ rules: console.options.rules(), findings, show }));
  });
  return app;
}
