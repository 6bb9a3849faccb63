import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { type Ask, type Console, type Html, type Strip, sessionOf } from './console.ts';
import { framed, type Place } from './pages/frame.ts';

/** A page in its frame. `strip` when the route needed it already. */
export async function reply(
  c: Ask,
  console: Console,
  page: { title: string; here: Place | null; notice?: string; status?: ContentfulStatusCode; strip?: Strip },
  body: Html,
): Promise<Response> {
  const { status, ...rest } = page;
  return c.html(framed({ ...rest, session: sessionOf(c), strip: page.strip ?? (await console.strip()) }, body), status ?? 200);
}
