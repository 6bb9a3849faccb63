import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { z } from 'zod';
import { type Asset, best } from '../../analyzer/asset.ts';
import { NOTATIONS } from '../../analyzer/point.ts';
import type { TagListHead } from '../../analyzer/store/store.ts';
import { exportTags } from '../../analyzer/tags/export.ts';
import { importTags } from '../../analyzer/tags/import.ts';
import { changesOf, tagListOf } from '../../analyzer/tags/list.ts';
import { MAX_TAGS } from '../../analyzer/tags/tag.ts';
import { atLeast, guardForm } from '../auth.ts';
import { type Ask, type Console, type Env, sessionOf } from '../console.ts';
import { decision, nonce } from '../decision.ts';
import { deviceOf } from '../device.ts';
import { parse } from '../filters.ts';
import { ownSite } from '../ownsite.ts';
import { tagPreviewPage, tagProblemsPage } from '../pages/tagimport.ts';
import { reply } from '../reply.ts';
import { found } from './assets.ts';

/** Bytes of an uploaded list: 200,000 rows have about 14 MB. */
const MAX_UPLOAD = 40 * 1024 * 1024;
/** Where the body of a POST may be as large as that: nowhere else. */
const UPLOAD = /^\/assets\/[^/]+\/tags$/;
export const isTagUpload = (path: string): boolean => UPLOAD.test(path);

const ImportForm = z.object({ notation: z.enum(NOTATIONS).optional() });
const ApplyForm = z.object({
  /** Id of the list that shall count, '' for none. */
  list: z.string().max(64).default(''),
  /** The one that counted when the form was drawn. */
  was: z.string().max(64).default(''),
  comment: z.string().trim().max(4000).default(''),
  nonce: z.string().min(8).max(64),
});

export function tagRoutes(console: Console): Hono<Env> {
  const app = new Hono<Env>();
  const limit = bodyLimit({
    maxSize: MAX_UPLOAD,
    onError: () => {
      throw new HTTPException(413, { message: `A tag list has at most ${MAX_UPLOAD / 1024 / 1024} MB. Import it in parts, for one device each.` });
    },
  });
  app.post('/:id/tags', atLeast('analyst'), limit, (c) => upload(c, console));
  app.post('/:id/tags/apply', atLeast('analyst'), (c) => apply(c, console));
  app.get('/:id/tags.csv', (c) => download(c, console));
  return app;
}

/** Reads the list and shows what it would change. Nothing counts before that is confirmed. */
async function upload(c: Ask, console: Console): Promise<Response> {
  const { store } = console.options;
  const { notation } = parse(ImportForm, await guardForm(c), []);
  const asset = await found(c, console);
  const file = await uploaded(c);
  const device = deviceOf(asset);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const own = await store.tags({ owner: asset.id });
  const others = (await store.tagLists()).filter(({ counts, owner }) => counts && owner !== asset.id);
  const room = MAX_TAGS - others.reduce((sum, { tags }) => sum + tags, 0);
  const read = await importTags(bytes, { ...device, notation: notation ?? null }, room);
  const title = `Tags of ${best(asset, 'name') || asset.address}`;
  if (read.faults > 0) return reply(c, console, { title, here: 'assets', status: 422 }, tagProblemsPage(asset, file.name, read));
  const list = tagListOf(asset.id, file.name.slice(0, 200), read.tags);
  await store.save({ tagLists: [list] });
  const form = { csrf: sessionOf(c).csrf, nonce: nonce(), was: await counting(console, asset) };
  return reply(c, console, { title, here: 'assets' }, tagPreviewPage(asset, list, changesOf(own, read.tags), form));
}

async function uploaded(c: Ask): Promise<File> {
  const { list } = await c.req.parseBody();
  if (list instanceof File && list.size > 0) return list;
  throw new HTTPException(400, {
    message: list instanceof File && list.name !== '' ? `${list.name.slice(0, 200)} is empty.` : 'Choose a tag list, a CSV file, first.',
  });
}

/** Id of the list that counts for an asset, '' for none. */
async function counting(console: Console, asset: Asset): Promise<string> {
  const decisions = await console.options.store.decisions({ kind: 'asset', id: asset.id });
  return decisions.findLast(({ kind }) => kind === 'tags')?.edit?.['list'] ?? '';
}

async function apply(c: Ask, console: Console): Promise<Response> {
  const given = parse(ApplyForm, await guardForm(c), []);
  const asset = await found(c, console);
  const list = given.list === '' ? null : await ownList(console, asset, given.list);
  const before = await counting(console, asset);
  const made = decision(
    {
      by: sessionOf(c).account.name,
      on: { kind: 'asset', id: asset.id },
      kind: 'tags',
      resolution: null,
      comment: given.comment,
      edit: { list: list?.id ?? '', file: list?.file ?? '', tags: String(list?.tags ?? 0) },
    },
    console.options.now(),
    given.nonce,
  );
  const repeated = (await console.options.store.decisions(made.on)).some(({ id }) => id === made.id);
  if (!repeated && before !== given.was)
    throw new HTTPException(409, { message: 'Meanwhile somebody changed the tags of this device. Look at its card, then decide again.' });
  if (!repeated) await console.decide(made);
  return c.redirect(`/assets/${encodeURIComponent(asset.id)}?done=${list === null ? 'untagged' : 'tags'}#tags`, 303);
}

async function ownList(console: Console, asset: Asset, id: string): Promise<TagListHead> {
  const list = (await console.options.store.tagLists(asset.id)).find((one) => one.id === id);
  if (list === undefined) throw new HTTPException(404, { message: 'That list is no longer kept. Import it again.' });
  return list;
}

/** What counts for the device, as a list that can be imported again. */
async function download(c: Ask, console: Console): Promise<Response> {
  const asset = await found(c, console);
  const away = ownSite(c, console, asset.site);
  if (away !== null) return away;
  const tags = await console.options.store.tags({ owner: asset.id });
  const name = `tags-${asset.address.replaceAll(/[^\w.-]+/g, '-')}.csv`;
  return c.body(exportTags(tags), 200, { 'content-type': 'text/csv; charset=utf-8', 'content-disposition': `attachment; filename="${name}"` });
}
