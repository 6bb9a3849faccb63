/** The console: pages a SOC analyst and an OT engineer decide in, rendered on the server. */
import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { secureHeaders } from 'hono/secure-headers';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { StoreError } from '../analyzer/store/store.ts';
import { gate, guardOrigin, guardSite, recognise } from './auth.ts';
import { type Ask, type Console, type ConsoleOptions, type Env, openConsole } from './console.ts';
import { bare } from './pages/frame.ts';
import { problemPage } from './pages/problem.ts';
import { reply } from './reply.ts';
import { accountRoutes } from './routes/account.ts';
import { assetRoutes } from './routes/assets.ts';
import { baselineRoutes } from './routes/baseline.ts';
import { coverageRoutes } from './routes/coverage.ts';
import { doorRoutes } from './routes/door.ts';
import { fileRoutes } from './routes/files.ts';
import { findingRoutes } from './routes/findings.ts';
import { pointRoutes } from './routes/points.ts';
import { ruleRoutes } from './routes/rules.ts';
import { siteRoutes } from './routes/sites.ts';
import { statusRoutes } from './routes/status.ts';
import { isTagUpload, tagRoutes } from './routes/tags.ts';

export type { ConsoleOptions, RuleSummary } from './console.ts';

/** A form holds a comment at most. */
const MAX_BODY = 64 * 1024;

export function createApp(options: ConsoleOptions): Hono<Env> {
  const console = openConsole(options);
  const app = new Hono<Env>();
  app.use(headers());
  app.route('/public', fileRoutes(new URL('./public/', import.meta.url)));
  app.use(async (c, next) => {
    await next();
    c.header('cache-control', 'no-store');
  });
  const small = bodyLimit({ maxSize: MAX_BODY, onError: (c) => c.text('That form is too large.', 413) });
  // A tag list is larger: its route has a limit of its own, behind the gate.
  app.use((c, next) => (isTagUpload(c.req.path) ? next() : small(c, next)));
  app.use(recognise(options.accounts), guardOrigin());
  app.route('/', doorRoutes(console));
  app.use(gate(options.accounts));
  if (options.sites !== undefined) app.use(guardSite(options.sites));
  app.get('/', (c) => c.redirect(options.sites === undefined ? '/findings' : '/sites', 302));
  if (options.sites !== undefined) app.route('/sites', siteRoutes(console, options.sites));
  app.route('/findings', findingRoutes(console));
  app.route('/assets', assetRoutes(console));
  app.route('/assets', pointRoutes(console));
  app.route('/assets', tagRoutes(console));
  app.route('/baseline', baselineRoutes(console));
  app.route('/rules', ruleRoutes(console));
  app.route('/coverage', coverageRoutes(console));
  app.route('/account', accountRoutes(console));
  app.route('/status.json', statusRoutes(console));
  app.notFound((c) => problem(c, console, 404, 'The address leads nowhere. It may be from an older version, or mistyped.'));
  app.onError((error, c) => failed(error, c, console));
  return app;
}

function headers() {
  const self = ["'self'"];
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: self,
      styleSrc: self,
      imgSrc: ["'self'", 'data:'],
      connectSrc: self,
      formAction: self,
      frameAncestors: ["'none'"],
      baseUri: ["'none'"],
    },
    xFrameOptions: 'DENY',
    // `no-referrer` would make browsers send `Origin: null` with our own forms.
    referrerPolicy: 'same-origin',
    crossOriginOpenerPolicy: 'same-origin',
    crossOriginResourcePolicy: 'same-origin',
    // The console may be reached by a plain address inside the plant; whoever puts TLS before it sets this there.
    strictTransportSecurity: false,
  });
}

const STATUS_OF = { query: 400, conflict: 409, storage: 503 } as const;

/** Refusals say their sentence; anything unforeseen says only a number that stands in the log beside what happened. */
function failed(error: Error, c: Ask, console: Console): Promise<Response> | Response {
  if (error instanceof HTTPException) return problem(c, console, error.status as ContentfulStatusCode, error.message);
  if (error instanceof StoreError) return problem(c, console, STATUS_OF[error.kind], error.message);
  const reference = randomUUID().slice(0, 8);
  const log = console.options.log ?? ((line: string) => process.stderr.write(`${line}\n`));
  log(`console: ${reference} ${c.req.method} ${c.req.path}: ${error.stack ?? error.message}`);
  return problem(c, console, 500, `This page could not be made. The log names the cause beside ${reference}.`);
}

async function problem(c: Ask, console: Console, status: ContentfulStatusCode, message: string): Promise<Response> {
  const body = problemPage(status, message);
  if ((c.get('session') ?? null) === null) return c.html(bare('Problem', body), status);
  return reply(c, console, { title: 'Problem', here: null, status, strip: console.known() }, body).catch(() => c.html(bare('Problem', body), status));
}
