import { Hono } from 'hono';
import { z } from 'zod';
import { best } from '../../analyzer/asset.ts';
import { ADDRESSES, NOTATIONS, TABLES, type Table } from '../../analyzer/point.ts';
import type { Tag } from '../../analyzer/tags/tag.ts';
import { TagIndex } from '../../analyzer/tags/tags.ts';
import type { Ask, Console, Env } from '../console.ts';
import { deviceOf, deviceQuery } from '../device.ts';
import { parse } from '../filters.ts';
import { ownSite } from '../ownsite.ts';
import { pointsPage } from '../pages/points.ts';
import { pointPage, reach } from '../points.ts';
import { reply } from '../reply.ts';
import { found } from './assets.ts';

/** Rows of one page. */
const ROWS = 100;

const address = z.coerce.number().int().min(0).max(65_535);
const PointFilter = z.object({
  unit: z.coerce.number().int().min(0).max(255).optional(),
  table: z.enum(TABLES).optional(),
  notation: z.enum(NOTATIONS).default('wire'),
  show: z.enum(['all', 'named']).default('all'),
  from: address.default(0),
  /** Address whose registers are shown as numbers. */
  number: address.optional(),
});
export type PointFilter = z.infer<typeof PointFilter>;

export function pointRoutes(console: Console): Hono<Env> {
  const app = new Hono<Env>();
  app.get('/:id/points', (c) => points(c, console));
  return app;
}

async function points(c: Ask, console: Console): Promise<Response> {
  const { store } = console.options;
  const asset = await found(c, console);
  const away = ownSite(c, console, asset.site);
  if (away !== null) return away;
  const given = c.req.queries();
  const filter = parse(PointFilter, given, []);
  const device = deviceOf(asset);
  const [tables, strip] = await Promise.all([store.registers(deviceQuery(device)), console.strip()]);
  const unit = filter.unit ?? device.unit ?? tables[0]?.unit ?? 0;
  const table = filter.table ?? tables.find((one) => one.unit === unit)?.table ?? 'holding_registers';
  const map = tables.find((one) => one.unit === unit && one.table === table) ?? null;
  const named = filter.show === 'named';
  const tags = await tagsFrom(console, { server: device.server, unit, table }, filter.from, named ? ADDRESSES : reach(map, filter.from, ROWS));
  const page = pointPage(map, tags, filter.from, ROWS, named);
  const body = pointsPage({ asset, filter, given, tables, unit, table, map, page, strip });
  return reply(c, console, { title: `Points of ${best(asset, 'name') || asset.address}`, here: 'assets', strip }, body);
}

/** Addresses that are looked through for tags at first; four times as many as long as they do not fill a page. */
const STRETCH = 2048;

/** Tags of a table by address: those up to `to`, or so many of them that no page needs more. */
async function tagsFrom(console: Console, table: { server: string; unit: number; table: Table }, from: number, to: number): Promise<Tag[]> {
  for (let stretch = STRETCH; ; stretch *= 4) {
    const end = Math.min(to, from + stretch);
    const listed = await console.options.store.tags({ ...table, from, to: end });
    const tags = new TagIndex(listed).within(table.server, table.unit, table.table, from, end);
    if (end === to || tags.length > ROWS) return tags;
  }
}
