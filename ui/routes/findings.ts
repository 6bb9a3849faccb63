import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { z } from 'zod';
import { type DECISIONS, type Decision, type DecisionKind, type FindingView, knownOf, OPEN, RESOLUTIONS, STATUSES } from '../../analyzer/finding.ts';
import { StoreError } from '../../analyzer/store/store.ts';
import { atLeast, guardForm, may } from '../auth.ts';
import { type Ask, type Console, type Env, sessionOf, siteOf, waitingOn } from '../console.ts';
import { decision, Known, nonce } from '../decision.ts';
import { findingQuery, parse, parseFindingFilter } from '../filters.ts';
import { isOneSite, ownSite } from '../ownsite.ts';
import { type Form, LONGEST_SUPPRESSION } from '../pages/actions.ts';
import { findingPage } from '../pages/finding.ts';
import { findingsPage } from '../pages/findings.ts';
import { assignable } from '../people.ts';
import { reply } from '../reply.ts';

/** Kinds that a finding takes; approve, retire and edit are for facts and assets. */
const KINDS = ['acknowledge', 'start', 'assign', 'suppress', 'close', 'reopen', 'comment'] as const satisfies readonly (typeof DECISIONS)[number][];
type Kind = (typeof KINDS)[number];

const DONE: { [done in Kind | 'shown']: string } = {
  acknowledge: 'Acknowledged.',
  start: 'Work on it has started.',
  assign: 'Assigned.',
  suppress: 'Suppressed. What happens meanwhile is counted all the same.',
  shown: 'Its suppression has ended.',
  close: 'Closed. If the same happens again, a new finding opens.',
  reopen: 'Reopened.',
  comment: 'Comment added.',
};

/** Decoded observations shown with a finding. */
const MAX_OBSERVATIONS = 20;
const MAX_FRAMES = 60;

const DecisionForm = z.object({
  kind: z.enum(KINDS),
  resolution: z.enum(RESOLUTIONS).optional(),
  comment: z.string().trim().max(4000).default(''),
  /** '' for nobody. */
  assignee: z.string().trim().max(64).default(''),
  /** '' to end it. */
  until: z.union([z.literal(''), z.iso.datetime()]).default(''),
  nonce: z.string().min(8).max(64),
  /** The status the page showed. */
  seen: z.enum(STATUSES),
  known: Known,
});
type DecisionForm = z.infer<typeof DecisionForm>;

export function findingRoutes(console: Console): Hono<Env> {
  const app = new Hono<Env>();
  app.get('/', (c) => list(c, console));
  app.get('/:id', async (c) => {
    const finding = await found(c, console);
    return ownSite(c, console, finding.site) ?? story(c, console, finding, { done: c.req.query('done') });
  });
  app.post('/:id/decisions', atLeast('analyst'), (c) => decide(c, console));
  return app;
}

async function list(c: Ask, console: Console): Promise<Response> {
  const { store, rules } = console.options;
  const given = c.req.queries();
  const filter = parseFindingFilter(given);
  const strip = await console.strip();
  const now = console.options.now().getTime();
  const query = findingQuery(filter, strip.clock, now);
  const [page, facets] = await Promise.all([store.findings(query), store.findingFacets(query)]);
  return reply(
    c,
    console,
    { title: 'Findings', here: 'findings', strip },
    findingsPage({ filter, given, page, facets, strip, rules: rules(), me: sessionOf(c).account.name, now }),
  );
}

async function found(c: Ask, console: Console): Promise<FindingView> {
  const finding = await console.options.store.finding(c.req.param('id') ?? '');
  if (finding === null) throw new HTTPException(404, { message: 'There is no such finding. It may belong to another site or an older store.' });
  return finding;
}

type Told = { done?: string | undefined; refused?: Partial<Form>; status?: 200 | 409 | 422 };

async function story(c: Ask, console: Console, finding: FindingView, told: Told): Promise<Response> {
  const { store, rules, now } = console.options;
  const session = sessionOf(c);
  const frames = finding.occurrences.flatMap((one) => one.frames).slice(0, MAX_FRAMES);
  const [observations, decisions, strip, waiting] = await Promise.all([
    frames.length === 0 ? [] : store.observations({ frames, limit: MAX_OBSERVATIONS }),
    store.decisions({ kind: 'finding', id: finding.id }),
    console.strip(),
    waitingOn(console, { kind: 'finding', id: finding.id }),
  ]);
  const form = may(session.account.role, 'analyst') && isOneSite(console) ? { ...blank(c, console), known: knownOf(decisions), ...told.refused } : null;
  const rule = rules().find((one) => one.name === finding.rule.name) ?? null;
  const notice = Object.hasOwn(DONE, told.done ?? '') ? DONE[told.done as keyof typeof DONE] : undefined;
  const body = findingPage({ finding, rule, observations, decisions, waiting, strip, now: now().getTime(), decidable: isOneSite(console), form });
  return reply(c, console, { title: finding.title, here: 'findings', strip, status: told.status ?? 200, ...(notice === undefined ? {} : { notice }) }, body);
}

const blank = (c: Ask, console: Console): Form => {
  const { account, csrf } = sessionOf(c);
  return { csrf, site: siteOf(console), nonce: nonce(), me: account.name, people: assignable(console, account), now: console.options.now().getTime() };
};

/** What the decision changes beside the status. */
function editOf({ kind, assignee, until }: DecisionForm): Decision['edit'] {
  if (kind === 'assign') return { assignee };
  return kind === 'suppress' ? { until } : null;
}

async function decide(c: Ask, console: Console): Promise<Response> {
  const given = parse(DecisionForm, await guardForm(c), []);
  const finding = await found(c, console);
  const { kind, comment, resolution } = given;
  const on = { kind: 'finding', id: finding.id } as const;
  const made = decision(
    {
      by: sessionOf(c).account.name,
      on,
      kind,
      resolution: kind === 'close' ? (resolution ?? null) : null,
      comment,
      edit: editOf(given),
    },
    console.options.now(),
    given.nonce,
  );
  const repeated = (await console.options.store.decisions(on)).some((one) => one.id === made.id);
  if (!repeated) {
    const problem = refusal(finding, given) ?? misfit(given, assignable(console, sessionOf(c).account), console);
    if (problem !== null)
      return story(c, console, finding, {
        refused: { kind, comment, ...(resolution === undefined ? {} : { resolution }), problem: problem.text },
        status: problem.status,
      });
    try {
      await console.decide(made, given.known);
    } catch (error) {
      if (!(error instanceof StoreError) || error.kind !== 'conflict') throw error;
      return story(c, console, await found(c, console), { refused: { kind, comment, problem: error.message }, status: 409 });
    }
  }
  return c.redirect(`/findings/${encodeURIComponent(finding.id)}?done=${kind === 'suppress' && given.until === '' ? 'shown' : kind}`, 303);
}

const POSSIBLE: { [kind in Kind]: readonly string[] } = {
  acknowledge: ['new'],
  start: ['new', 'acknowledged'],
  assign: OPEN,
  suppress: OPEN,
  close: OPEN,
  reopen: ['closed'],
  comment: STATUSES,
} satisfies { [kind in DecisionKind & Kind]: readonly string[] };

/** Why this decision cannot be taken, or null. A page that showed another status was overtaken by somebody else's decision. */
function refusal(finding: FindingView, given: DecisionForm): { text: string; status: 409 | 422 } | null {
  if (given.kind !== 'comment' && given.seen !== finding.status)
    return { text: `Meanwhile ${finding.decided_by ?? 'somebody'} changed this finding. Look at it again before you decide.`, status: 409 };
  if (!POSSIBLE[given.kind].includes(finding.status)) return { text: 'That is not possible in the state this finding is in.', status: 409 };
  if (given.kind === 'close' && given.resolution === undefined) return { text: 'Choose what to close it as.', status: 422 };
  if ((given.kind === 'close' || given.kind === 'comment') && given.comment === '')
    return { text: given.kind === 'close' ? 'Give a reason.' : 'Write the comment first.', status: 422 };
  return null;
}

/** Why what the form holds does not do, or null. */
function misfit({ kind, assignee, until, comment }: DecisionForm, people: string[], console: Console): { text: string; status: 422 } | null {
  if (kind === 'assign' && assignee !== '' && !people.includes(assignee)) return { text: 'There is nobody of that name who may decide here.', status: 422 };
  if (kind !== 'suppress' || until === '') return null;
  const span = Date.parse(until) - console.options.now().getTime();
  if (span <= 0 || span > LONGEST_SUPPRESSION) return { text: 'Choose a time within the next year.', status: 422 };
  return comment === '' ? { text: 'Give a reason.', status: 422 } : null;
}
