import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { z } from 'zod';
import { type Asset, all, behindGateway, best } from '../../analyzer/asset.ts';
import { knownOf } from '../../analyzer/finding.ts';
import { CONFIGURATION, type Conversation, StoreError } from '../../analyzer/store/store.ts';
import { atLeast, guardForm, may } from '../auth.ts';
import { type Ask, type Console, type Env, sessionOf, siteOf, waitingOn } from '../console.ts';
import { decision, Known, nonce } from '../decision.ts';
import { deviceOf, deviceQuery } from '../device.ts';
import { assetQuery, parse, parseAssetFilter } from '../filters.ts';
import { isOneSite, ownSite } from '../ownsite.ts';
import { assetPage, type EditForm as Form } from '../pages/asset.ts';
import { assetsPage } from '../pages/assets.ts';
import { reply } from '../reply.ts';

/** Rows of each list on an asset's card; every list leads to the whole. */
const MAX_ROWS = 50;
const MAX_FINDINGS = 10;
/** Devices behind a gateway: there are 247 units. */
const MAX_BEHIND = 250;
/** Neighbours whose names are looked up. */
const MAX_NAMES = 50;

const DONE: { [done: string]: string } = {
  edit: 'Saved. What you wrote stays, whatever the wire says.',
  tags: 'Done. From now on values are read by these tags; the way back is beside them.',
  untagged: 'Removed. Values are bare numbers again; the way back is where the list was.',
};

const EDITABLE = ['name', 'role', 'purdue_level'] as const;

const text = z.string().trim().max(100).default('');
const EditForm = z.object({
  name: text,
  role: text,
  purdue_level: z.enum(['0', '1', '2', '3', '3.5', '4', '5', '']).default(''),
  was_name: z.string().max(1000).default(''),
  was_role: z.string().max(1000).default(''),
  was_purdue_level: z.string().max(1000).default(''),
  comment: z.string().trim().max(4000).default(''),
  nonce: z.string().min(8).max(64),
  /** How many decisions on it the page showed. */
  known: Known,
});

export function assetRoutes(console: Console): Hono<Env> {
  const app = new Hono<Env>();
  app.get('/', (c) => list(c, console));
  app.get('/:id', async (c) => {
    const asset = await found(c, console);
    return ownSite(c, console, asset.site) ?? card(c, console, asset);
  });
  app.post('/:id/edit', atLeast('analyst'), (c) => edit(c, console));
  return app;
}

async function list(c: Ask, console: Console): Promise<Response> {
  const { store } = console.options;
  const given = c.req.queries();
  const filter = parseAssetFilter(given);
  const query = assetQuery(filter);
  const [page, facets, strip] = await Promise.all([store.assets(query), store.assetFacets(query), console.strip()]);
  return reply(c, console, { title: 'Assets', here: 'assets', strip }, assetsPage({ filter, given, page, facets, strip }));
}

/** The asset that the path names, or 404. */
export async function found(c: Ask, console: Console): Promise<Asset> {
  const asset = await console.options.store.asset(c.req.param('id') ?? '');
  if (asset === null) throw new HTTPException(404, { message: 'No such device was ever seen.' });
  return asset;
}

async function card(c: Ask, console: Console, asset: Asset, refused: Pick<Form, 'problem' | 'typed'> | null = null): Promise<Response> {
  const { store, now } = console.options;
  const session = sessionOf(c);
  const { server, unit } = deviceOf(asset);
  const device = deviceQuery({ server, unit });
  const [conversations, registers, nodes, configured, findings, decisions, waiting, behind, strip] = await Promise.all([
    // A device behind a gateway has no address of its own: the gateway's conversations are those that reach it.
    store.conversations({ address: server, limit: MAX_ROWS }),
    store.registers(device),
    store.facts({ kind: 'point', protocol: 'opcua', server: asset.address, limit: MAX_ROWS }),
    store.tags({ ...device, owner: CONFIGURATION }),
    store.findings({ address: asset.address, limit: MAX_FINDINGS }),
    store.decisions({ kind: 'asset', id: asset.id }),
    waitingOn(console, { kind: 'asset', id: asset.id }),
    unit === null ? devicesBehind(console, asset) : [],
    console.strip(),
  ]);
  const names = await neighbours(console, asset, conversations.items);
  const form =
    may(session.account.role, 'analyst') && isOneSite(console)
      ? { csrf: session.csrf, site: siteOf(console), nonce: nonce(), known: knownOf(decisions), ...refused }
      : null;
  const said = DONE[c.req.query('done') ?? ''];
  const notice = said === undefined ? {} : { notice: said };
  const body = assetPage({
    asset,
    conversations,
    registers,
    nodes,
    configured: configured.length,
    tagged: decisions.some(({ kind }) => kind === 'tags'),
    findings,
    decisions,
    waiting,
    behind,
    names,
    strip,
    now: now().getTime(),
    form,
  });
  return reply(c, console, { title: best(asset, 'name') || asset.address, here: 'assets', strip, status: refused === null ? 200 : 409, ...notice }, body);
}

/** Devices behind a gateway; the search finds more than them. */
async function devicesBehind(console: Console, gateway: Asset): Promise<Asset[]> {
  if (!all(gateway, 'role').includes('gateway')) return [];
  const { items } = await console.options.store.assets({ text: `${gateway.address}/`, limit: MAX_BEHIND });
  return items.filter((asset) => behindGateway(asset.address)?.server === gateway.address);
}

async function neighbours(console: Console, asset: Asset, conversations: Conversation[]): Promise<Map<string, string>> {
  const others = [...new Set(conversations.flatMap((one) => [one.client, one.server]))].filter((one) => one !== asset.address).slice(0, MAX_NAMES);
  const known = await Promise.all(others.map((address) => console.options.store.asset(address)));
  const names = new Map<string, string>();
  for (const [i, address] of others.entries()) {
    const one = known[i] ?? null;
    const name = one === null ? '' : best(one, 'name') || best(one, 'hostname');
    if (name !== '') names.set(address, name);
  }
  return names;
}

/** Keeps only what changed since the form was drawn, so that saving a name doesn't make a learned role somebody's own. */
async function edit(c: Ask, console: Console): Promise<Response> {
  const given = parse(EditForm, await guardForm(c), []);
  const asset = await found(c, console);
  const changed = Object.fromEntries(EDITABLE.filter((name) => given[name] !== given[`was_${name}`]).map((name) => [name, given[name]]));
  if (Object.keys(changed).length > 0) {
    const on = { kind: 'asset', id: asset.id } as const;
    const { comment, known } = given;
    const by = sessionOf(c).account.name;
    const made = decision({ by, on, kind: 'edit', resolution: null, comment, edit: changed }, console.options.now(), given.nonce);
    try {
      await console.decide(made, known);
    } catch (error) {
      if (!(error instanceof StoreError) || error.kind !== 'conflict') throw error;
      return card(c, console, await found(c, console), { problem: error.message, typed: given });
    }
  }
  return c.redirect(`/assets/${encodeURIComponent(asset.id)}?done=edit`, 303);
}
