/** Assets: what the wire showed is kept as it came, beside the same with people's edits. */
import type { Asset } from '../../asset.ts';
import { choices, foldAsset } from '../fold.ts';
import { addressKey, micros, searchable, words } from '../order.ts';
import { byCount, sortNamed } from '../page.ts';
import type { AssetQuery, Facet, Page } from '../store.ts';
import type { Database, Row } from './database.ts';
import { decisionsOn } from './decisions.ts';
import { type Filter, filterOf, page, type Sort, total, when, where } from './page.ts';

const SORTS: { [name: string]: Sort<Asset> } = {
  address: { column: 'address_key', type: 'string', of: (asset) => addressKey(asset.address) },
  first_seen: { column: 'first_seen', type: 'number', of: (asset) => micros(asset.first_seen) },
  last_seen: { column: 'last_seen', type: 'number', of: (asset) => micros(asset.last_seen) },
};

const SAVE = `INSERT INTO assets (id, address, address_key, first_seen, last_seen, search, json, wire) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET address = excluded.address, address_key = excluded.address_key, first_seen = excluded.first_seen,
    last_seen = excluded.last_seen, search = excluded.search, json = excluded.json, wire = excluded.wire`;

const CHOICES = ['role', 'protocol', 'vendor'] as const;
type Choice = (typeof CHOICES)[number];

const parse = (row: Row): Asset => JSON.parse(String(row['json'])) as Asset;

function valuesOf(asset: Asset): [name: string, value: string][] {
  const addresses = new Set([asset.address, ...asset.ip, ...asset.mac].map((address) => address.toLowerCase()));
  return [
    ...[...addresses].map((address): [string, string] => ['address', address]),
    ...CHOICES.flatMap((name) => choices(asset, name).map((value): [string, string] => [name, value])),
  ];
}

export function saveAsset(db: Database, wire: Asset): void {
  const { id, address } = wire;
  const asset = foldAsset(wire, decisionsOn(db, { kind: 'asset', id }));
  const search = searchable(address, ...asset.ip, ...asset.mac, ...asset.attributes.map((attribute) => attribute.value));
  const json = JSON.stringify(asset);
  db.run(
    SAVE,
    id,
    address.toLowerCase(),
    addressKey(address),
    micros(asset.first_seen),
    micros(asset.last_seen),
    search,
    json,
    asset === wire ? json : JSON.stringify(wire),
  );
  db.run('DELETE FROM asset_values WHERE asset = ?', id);
  for (const [name, value] of valuesOf(asset)) db.run('INSERT OR IGNORE INTO asset_values (asset, name, value) VALUES (?, ?, ?)', id, name, value);
}

/** After an edit; nothing when the asset has not arrived yet. */
export function refoldAsset(db: Database, id: string): void {
  const row = db.get('SELECT wire FROM assets WHERE id = ?', id);
  if (row !== undefined) saveAsset(db, JSON.parse(String(row['wire'])) as Asset);
}

export function readAsset(db: Database, idOrAddress: string): Asset | null {
  const address = idOrAddress.toLowerCase();
  const row =
    db.get('SELECT json FROM assets WHERE id = ?', idOrAddress) ??
    db.get('SELECT json FROM assets WHERE address = ? ORDER BY last_seen DESC, id', address) ??
    db.get("SELECT json FROM assets JOIN asset_values ON asset = id WHERE name = 'address' AND value = ? ORDER BY last_seen DESC, id", address);
  return row === undefined ? null : parse(row);
}

/** `without` leaves one choice open. */
function filterFor(query: AssetQuery, without?: Choice): Filter {
  return filterOf(
    ...words(query.text ?? '').map((word) => ['instr(search, ?) > 0', word] as const),
    ...CHOICES.filter((choice) => choice !== without).map((choice) =>
      when(query[choice], (value) => ['id IN (SELECT asset FROM asset_values WHERE name = ? AND value = ?)', choice, value] as const),
    ),
  );
}

export function listAssets(db: Database, query: AssetQuery): Page<Asset> {
  const filter = filterFor(query);
  const name = query.sort ?? 'address';
  const { order = name === 'address' ? 'asc' : 'desc', limit, cursor } = query;
  return page(db, { table: 'assets', columns: 'json', filter, sort: sortNamed(SORTS, name), order, limit, cursor, read: parse }, total(db, 'assets', filter));
}

function facet(db: Database, query: AssetQuery, choice: Choice): Facet {
  const filter = filterFor(query, choice);
  const among = filter.sql.length === 0 ? '' : ` AND asset IN (SELECT id FROM assets${where(filter)})`;
  const rows = db.all(`SELECT value, count(*) AS count FROM asset_values WHERE name = ?${among} GROUP BY value`, choice, ...filter.values);
  return byCount(rows.map(({ value, count }) => ({ value: String(value), count: Number(count) })));
}

export const countAssets = (db: Database, query: AssetQuery): { role: Facet; protocol: Facet; vendor: Facet } => ({
  role: facet(db, query, 'role'),
  protocol: facet(db, query, 'protocol'),
  vendor: facet(db, query, 'vendor'),
});
