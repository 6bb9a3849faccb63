import { Hono } from 'hono';
import { z } from 'zod';
import { FACT_KINDS, FACT_STATES } from '../../analyzer/fact.ts';
import type { FactQuery } from '../../analyzer/store/store.ts';
import { atLeast, guardForm, may, safeNext } from '../auth.ts';
import { type Ask, type Console, type Env, sessionOf, siteOf } from '../console.ts';
import { decision, nonce } from '../decision.ts';
import { decideAll } from '../facts.ts';
import { counted } from '../figures.ts';
import { type FactFilter, PAGE_SIZE, parse, parseFactFilter } from '../filters.ts';
import { isOneSite } from '../ownsite.ts';
import { baselinePage } from '../pages/baseline.ts';
import { reply } from '../reply.ts';

const BulkForm = z.object({
  kind: z.enum(['approve', 'retire']),
  fact: z.array(z.string().max(200)).max(PAGE_SIZE).default([]),
  /** How each fact of the page stood. */
  seen: z.array(z.string().max(400)).max(PAGE_SIZE).default([]),
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
  const waiting = (await console.options.waitingFacts?.(page.items.map(({ id }) => id))) ?? new Set();
  const form = may(session.account.role, 'analyst') && isOneSite(console) ? { csrf: session.csrf, site: siteOf(console), nonce: nonce() } : null;
  const notice = told(c.req.query());
  const shown = Object.fromEntries(Object.entries(given).filter(([name]) => name !== 'done' && name !== 'late'));
  return reply(
    c,
    console,
    { title: 'Baseline', here: 'baseline', strip, ...notice },
    baselinePage({ filter, given: shown, page, counts, waiting, strip, form }),
  );
}

const Told = z.object({ done: z.coerce.number().int().min(0).max(PAGE_SIZE), late: z.coerce.number().int().min(0).max(PAGE_SIZE).default(0) });

/** How many were decided, and how many not because somebody was faster; nothing where nothing was. */
function told(asked: { done?: string; late?: string }): { notice?: string } {
  const { data } = Told.safeParse(asked);
  if (data === undefined) return {};
  const overtaken = data.late === 0 ? '' : ` Meanwhile somebody else decided on ${counted(data.late, 'fact')}: look again, then decide.`;
  return { notice: `${counted(data.done, 'fact')} decided.${overtaken}` };
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
  const given = parse(BulkForm, await guardForm(c), ['fact', 'seen']);
  const by = sessionOf(c).account.name;
  const made = [...new Set(given.fact)].map((id) =>
    decision({ by, on: { kind: 'fact', id }, kind: given.kind, resolution: null, comment: '', edit: null }, console.options.now(), given.nonce),
  );
  const { done, late } = await decideAll(console, made, given.seen);
  const back = new URL(safeNext(given.back), 'http://console');
  if (made.length > 0) back.searchParams.set('done', String(done));
  if (late > 0) back.searchParams.set('late', String(late));
  return c.redirect(`/baseline${back.search}`, 303);
}
