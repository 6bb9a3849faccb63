import { Hono } from 'hono';
import { z } from 'zod';
import { FACT_KINDS, FACT_STATES } from '../../analyzer/fact.ts';
import type { FactQuery } from '../../analyzer/store/store.ts';
import { atLeast, guardForm, may, safeNext } from '../auth.ts';
import { type Ask, type Console, type Env, sessionOf, siteOf } from '../console.ts';
import { decision, nonce } from '../decision.ts';
import { type FactFilter, PAGE_SIZE, parse, parseFactFilter } from '../filters.ts';
import { isOneSite } from '../ownsite.ts';
import { baselinePage } from '../pages/baseline.ts';
import { reply } from '../reply.ts';

const BulkForm = z.object({
  kind: z.enum(['approve', 'retire']),
  fact: z.array(z.string().max(200)).max(PAGE_SIZE).default([]),
  nonce: z.string().min(8).max(64),
  back: z.string().max(2000).default('/baseline'),
});

export function baselineRoutes(console: Console): Hono<Env> {
  const app = new Hono<Env>();
  app.get('/', (c) => list(c, console));
  app.post('/decisions', atLeast('analyst'), (c) => decide(c, console));
  return app;
}

async function list(c: Ask, console: Console): Promise<Response> {
  const session = sessionOf(c);
  const given = c.req.queries();
  const filter = parseFactFilter(given);
  const { from: _, ...asked } = filter;
  const [page, counts, strip] = await Promise.all([console.options.store.facts({ ...asked, limit: PAGE_SIZE }), countFacts(console, filter), console.strip()]);
  const form = may(session.account.role, 'analyst') && isOneSite(console) ? { csrf: session.csrf, site: siteOf(console), nonce: nonce() } : null;
  const done = z.coerce.number().int().min(1).max(PAGE_SIZE).safeParse(c.req.query('done'));
  const notice = done.success ? { notice: `${done.data} ${done.data === 1 ? 'fact' : 'facts'} decided.` } : {};
  const shown = Object.fromEntries(Object.entries(given).filter(([name]) => name !== 'done'));
  return reply(c, console, { title: 'Baseline', here: 'baseline', strip, ...notice }, baselinePage({ filter, given: shown, page, counts, strip, form }));
}

/** Each count ignores its own filter, as the store's facets do. */
async function countFacts(console: Console, filter: FactFilter) {
  const of = async (query: FactQuery) => (await console.options.store.facts({ ...query, limit: 1 })).total;
  const { kind, state, server, client } = filter;
  const who = { ...(server === undefined ? {} : { server }), ...(client === undefined ? {} : { client }) };
  const states = await Promise.all(FACT_STATES.map((one) => of({ ...who, state: one, ...(kind === undefined ? {} : { kind }) })));
  const kinds = await Promise.all(FACT_KINDS.map((one) => of({ ...who, kind: one, ...(state === undefined ? {} : { state }) })));
  return { state: new Map(FACT_STATES.map((one, i) => [one, states[i] ?? 0])), kind: new Map(FACT_KINDS.map((one, i) => [one, kinds[i] ?? 0])) };
}

async function decide(c: Ask, console: Console): Promise<Response> {
  const given = parse(BulkForm, await guardForm(c), ['fact']);
  const by = sessionOf(c).account.name;
  for (const id of given.fact) {
    await console.decide(
      decision({ by, on: { kind: 'fact', id }, kind: given.kind, resolution: null, comment: '', edit: null }, console.options.now(), given.nonce),
    );
  }
  const back = new URL(safeNext(given.back), 'http://console');
  if (given.fact.length > 0) back.searchParams.set('done', String(given.fact.length));
  return c.redirect(`/baseline${back.search}`, 303);
}
