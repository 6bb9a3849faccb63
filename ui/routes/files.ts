import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { Hono } from 'hono';
import type { Env } from '../console.ts';

const TYPES: { [ending: string]: string } = { css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8', svg: 'image/svg+xml' };

/** Style sheets and scripts, read once at start: no path of a request ever reaches the file system. */
export function fileRoutes(folder: URL): Hono<Env> {
  const files = new Map<string, { body: string; type: string; tag: string }>();
  for (const name of readdirSync(folder)) {
    const type = TYPES[name.split('.').pop() ?? ''];
    if (type === undefined) continue;
    const body = readFileSync(new URL(name, folder), 'utf8');
    files.set(name, { body, type, tag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` });
  }
  const app = new Hono<Env>();
  app.get('/:name', (c) => {
    const file = files.get(c.req.param('name'));
    if (file === undefined) return c.notFound();
    const headers = { 'content-type': file.type, etag: file.tag, 'cache-control': 'no-cache' };
    return c.req.header('if-none-match') === file.tag ? c.body(null, 304, headers) : c.body(file.body, 200, headers);
  });
  return app;
}
