/** Assets as hosts of ECS, and the questions about them. */
import { type Asset, all, best } from '../../asset.ts';
import type { Decision } from '../../finding.ts';
import { choices, foldAsset } from '../fold.ts';
import { addressKey, micros, searchable } from '../order.ts';
import { sortNamed } from '../page.ts';
import type { AssetQuery, Facet, Page } from '../store.ts';
import { contentOf, wireField } from './checked.ts';
import { type Document, documentOf, get, type Hit, parsed, type Query, type Scope, type Source, search, sited, term, within } from './scope.ts';
import { byTerm, type Choice, containing, facets, page, type Sort, when } from './search.ts';
import { exact, ipOf, lower, macOf, wordsOf } from './values.ts';

const named = (name: string, value: string): Source => (value === '' ? {} : { [name]: exact(value) });

/** `wire` is the asset as the wire shows it. */
export function assetDocument(scope: Scope, wire: Asset, decisions: Decision[], sequence: number): Document {
  const asset = foldAsset(wire, decisions);
  const { id, address } = asset;
  const addresses = [...new Set([address, ...asset.ip, ...asset.mac].map(lower))];
  const ips = [...new Set([address, ...asset.ip].flatMap((one) => ipOf(one) ?? []))];
  const fields: Source = {
    'host.id': id,
    ...(ips.length === 0 ? {} : { 'host.ip': ips, 'related.ip': ips }),
    ...(asset.mac.length === 0 ? {} : { 'host.mac': asset.mac.map(macOf).map(exact) }),
    ...named('host.name', best(asset, 'name') || best(asset, 'hostname')),
    'host.type': all(asset, 'role').map(exact),
    ...named('device.manufacturer', best(asset, 'vendor')),
    ...named('device.model.name', best(asset, 'model')),
    ...named('device.serial_number', best(asset, 'serial')),
    ...named('ot.firmware', best(asset, 'firmware')),
    ...named('ot.purdue_level', best(asset, 'purdue_level')),
    'stillwatch.address': lower(address),
    'stillwatch.addresses': addresses,
    'stillwatch.address_key': exact(addressKey(address)),
    'stillwatch.first_seen': micros(asset.first_seen),
    'stillwatch.last_seen': micros(asset.last_seen),
    'stillwatch.search': wordsOf(searchable(address, ...asset.ip, ...asset.mac, ...asset.attributes.map(({ value }) => value))),
    'stillwatch.role': choices(asset, 'role').map(exact),
    'stillwatch.protocol': choices(asset, 'protocol').map(exact),
    'stillwatch.vendor': choices(asset, 'vendor').map(exact),
    ...(asset === wire ? {} : { 'stillwatch.wire': JSON.stringify(wire) }),
  };
  return documentOf(scope, 'assets', id, asset.first_seen, fields, JSON.stringify(asset), sequence);
}

/** The asset without edits, of its document. */
export const wireOf = (source: Source): Asset => parsed<Asset>(source, wireField(source));

function read(scope: Scope, source: Source): Asset | null {
  const asset = contentOf('asset', source);
  return asset === null ? null : { ...asset, ...sited(scope, source) };
}

const SORTS: { [name: string]: Sort } = {
  address: { field: 'stillwatch.address_key', type: 'string' },
  first_seen: { field: 'stillwatch.first_seen', type: 'number' },
  last_seen: { field: 'stillwatch.last_seen', type: 'number' },
};

async function newest(scope: Scope, clause: Query): Promise<Hit | undefined> {
  const sort = [{ 'stillwatch.last_seen': 'desc' }, { 'stillwatch.key': 'asc' }];
  return (await search(scope, ['assets'], { size: 1, query: within(scope, [clause]), sort })).hits.hits[0];
}

export async function readAsset(scope: Scope, idOrAddress: string): Promise<Asset | null> {
  const address = lower(idOrAddress.toWellFormed());
  const found =
    (await get(scope, 'assets', idOrAddress)) ??
    (await newest(scope, term('stillwatch.address', address))) ??
    (await newest(scope, term('stillwatch.addresses', address)));
  return found === null || found === undefined ? null : read(scope, found._source);
}

const clauses = (query: AssetQuery, choice: 'role' | 'protocol' | 'vendor'): Choice => {
  const field = `stillwatch.${choice}`;
  return { values: byTerm(field), clauses: when(query[choice], (value) => term(field, exact(value))) };
};

const choicesOf = (query: AssetQuery) => ({ role: clauses(query, 'role'), protocol: clauses(query, 'protocol'), vendor: clauses(query, 'vendor') });

export async function listAssets(scope: Scope, query: AssetQuery): Promise<Page<Asset>> {
  const name = query.sort ?? 'address';
  const { order = name === 'address' ? 'asc' : 'desc', limit, cursor } = query;
  const filter = [...containing(query.text), ...Object.values(choicesOf(query)).flatMap((one) => one.clauses)];
  return page(scope, { kind: 'assets', filter, sort: sortNamed(SORTS, name), order, limit, cursor, read: (source) => read(scope, source) });
}

export const countAssets = (scope: Scope, query: AssetQuery): Promise<{ role: Facet; protocol: Facet; vendor: Facet }> =>
  facets(scope, 'assets', containing(query.text), choicesOf(query));
